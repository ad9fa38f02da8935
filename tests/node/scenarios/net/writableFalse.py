from nodenet.node import net
from tests.node.netwatch import watch


def scenario(h):
    log = h.actor("main")

    def listening():
        s = watch(log, net.connect({"port": h.port, "host": h.host, "writable": False}))
        log(s.writable, s.readyState)
        s.on("data", lambda d: log("data", d))
        s.on("close", lambda *_: server.close())

    server = net.createServer(lambda s: s.end("x")).listen(h.port, h.host, listening)
