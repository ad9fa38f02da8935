from nodenet.node import net
from tests.node.netwatch import watch


def scenario(h):
    log = h.actor("main")
    server = net.createServer()

    def listening():
        log(server.address())
        watch(log, net.connect(h.port, h.host)).on("close", lambda *_: server.close())

    server.listen({"port": h.port, "host": "::", "ipv6Only": True}, listening)
