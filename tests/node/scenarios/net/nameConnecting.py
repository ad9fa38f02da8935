from nodenet.node import net


def scenario(h):
    log = h.actor("main")
    s = net.connect(h.port, h.host)
    log(s.localAddress)
    s.on("connectionAttempt", lambda *_: log("attempt", s.localAddress))
    s.on("connectionAttemptFailed", lambda *_: log("failed", s.localAddress, s.connecting))
    s.on("error", lambda e: log(e.code, s.localAddress))

    def closed(*_):
        bound = net.connect({"port": h.port, "host": h.host, "localAddress": "127.0.0.2"})
        bound.on("connectionAttempt", lambda *_: log("attempt", bound.localAddress))
        bound.on("error", lambda e: log(e.code))

    s.on("close", closed)
