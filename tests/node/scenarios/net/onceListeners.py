from nodenet.node import net


def scenario(h):
    log = h.actor("main")

    def f():
        log("connected")

    def listening():
        log(server.listenerCount("listening"), server.listenerCount("close"))
        s = net.connect(h.port, h.host, f)
        log(s.listenerCount("connect"), s.listeners("connect")[0] is f, s.eventNames())
        s.on("connect", lambda: log(s.listenerCount("connect")))
        s.on("close", lambda *_: server.close()).resume()

    server = net.createServer(lambda s: s.end()).listen(h.port, h.host, listening)
    log(server.listenerCount("listening"), server.eventNames())
