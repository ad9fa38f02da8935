from nodenet.node import net
from tests.node.netwatch import about, watch


def scenario(h):
    log = h.actor("main")
    h.finish(400)
    watch(log, net.connect(h.port, "nosuch.invalid"))
    peer = h.actor("server")
    server = net.createServer().on("error", lambda e: peer("error", about(e)))
    server.listen(h.port, "nosuch.invalid")
