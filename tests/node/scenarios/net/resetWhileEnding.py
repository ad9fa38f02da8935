from nodenet.node import net
from tests.node.harness import attempt
from tests.node.netwatch import watch


def scenario(h):
    log = h.actor("main")

    def accepted(s):
        watch(log, s)
        s.on("error", lambda e: log(s.destroyed, s.pending, s.localAddress))
        s.end()
        attempt(log, "reset", lambda: s.resetAndDestroy() is s)
        log(s.destroyed, s.pending)
        server.close()

    server = net.createServer(accepted)
    server.listen(h.port, h.host, lambda: net.connect(h.port, h.host).resume())
    h.finish(50)
