from nodenet.node import net
from tests.node.netwatch import watch


def scenario(h):
    log = h.actor("main")

    def listening():
        s = watch(log, net.connect(h.port, h.host))
        s.on("error", lambda e: log(s.destroyed, s.remotePort == h.port))
        s.on("close", lambda *_: server.close()).resume()

    server = net.createServer(lambda s: s.resetAndDestroy()).listen(h.port, h.host, listening)
