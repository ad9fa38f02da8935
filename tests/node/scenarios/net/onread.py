from nodenet.node import net
from tests.node.netwatch import watch


def scenario(h):
    log = h.actor("main")
    buffer = bytearray(4)
    got = []

    def onread(n, its):
        got.append(its[:n].decode("latin-1"))
        if its is not buffer:
            log("another buffer")
        return True

    def listening():
        options = {"port": h.port, "host": h.host}
        s = watch(
            log, net.connect({**options, "onread": {"buffer": buffer, "callback": onread}})
        )
        s.on("data", lambda d: log("data", d))
        s.on("end", lambda: log("".join(got), s.bytesRead, s.listenerCount("data")))
        s.on("close", lambda *_: server.close())

    server = net.createServer(lambda s: s.end("abcdefghij")).listen(h.port, h.host, listening)
