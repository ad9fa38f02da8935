from nodenet.node import net


def scenario(h):
    log = h.actor("main")

    def listening():
        s = net.Socket()

        def state(when):
            log(
                when,
                s.readyState,
                s.pending,
                s.connecting,
                s.readable,
                s.writable,
                s.destroyed,
                s.closed,
                s.writableEnded,
                s.writableFinished,
            )

        state("new")
        s.connect(h.port, h.host)
        state("connect")
        for name in "connect", "ready", "end", "finish", "close":
            s.on(name, lambda *_, name=name: state(name))
        s.on("close", lambda *_: server.close())
        s.resume()

    server = net.createServer(lambda s: s.end()).listen(h.port, h.host, listening)
