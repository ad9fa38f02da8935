from nodenet.node import net
from tests.node.netwatch import about, watch


def scenario(h):
    log = h.actor("main")
    peer = h.actor("server")

    def accepted(s):
        watch(peer, s).resume()
        s.on("close", lambda *_: server.close())

    def listening():
        s = net.connect(h.port, h.host)
        log(s.resetAndDestroy() is s, s.destroyed)
        s.on("close", lambda *a: log("close", *a))
        s.on("error", lambda e: log("error", about(e)))

    server = net.createServer(accepted).listen(h.port, h.host, listening)
