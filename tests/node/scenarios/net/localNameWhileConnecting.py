from nodenet.node import net
from nodenet.timers import nextTick


def shown(s):
    kind = "undefined" if s.localPort is None else "number"
    return s.connecting, s.localAddress, s.localFamily, kind, s.remoteAddress


def scenario(h):
    log = h.actor("main")

    def accepted(s):
        s.on("error", lambda e: None)
        s.resume()

    def listening():
        later = net.connect(h.port, h.host)
        later.on(
            "connectionAttempt",
            lambda *_: nextTick(lambda: log("tick", *shown(later))),
        )

        def connected():
            log("connect", *shown(later))
            later.destroy()
            log("destroyed", *shown(later))
            early = net.connect(h.port, h.host)
            log("early", *shown(early))
            early.on(
                "connectionAttempt",
                lambda *_: nextTick(lambda: log("early, tick", *shown(early))),
            )

            def earlyConnected():
                log("early, connect", *shown(early))
                early.destroy()
                server.close()

            early.on("connect", earlyConnected)

        later.on("connect", connected)

    server = net.createServer(accepted)
    server.listen(h.port, h.host, listening)
