from nodenet.node import net
from tests.node.harness import attempt


def scenario(h):
    log = h.actor("main")

    def accepted(s):
        log("connection")
        s.end()

    def listening():
        s = net.Socket()
        s.connect(h.port, h.host, lambda: log("first"))
        attempt(log, "missing", lambda: s.connect({}))
        s.on("close", lambda *_: server.close()).resume()

    server = net.createServer(accepted).listen(h.port, h.host, listening)
