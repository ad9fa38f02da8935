from nodenet.node import net
from tests.node.netwatch import watch


def scenario(h):
    log = h.actor("main")

    def listening():
        s = watch(log, net.connect(h.port, h.host)).setEncoding("utf8")
        s.on("data", lambda d: log("data", d))
        s.on("close", lambda *_: server.close())

    server = net.createServer(lambda s: s.end("aäb".encode())).listen(h.port, h.host, listening)
