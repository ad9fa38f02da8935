from nodenet.node import net
from nodenet.timers import nextTick
from tests.node.netwatch import about, watch


def scenario(h):
    log = h.actor("main")

    def listening():
        s = watch(log, net.connect(h.port, h.host)).resume()

        def write():
            log("write", s.write("x", lambda e: log("callback", about(e))), s.writableEnded)

        def ended():
            log("ended", s.writableEnded)
            nextTick(write)

        s.on("end", lambda: nextTick(ended))
        s.on("close", lambda *_: server.close())

    server = net.createServer(lambda s: s.end()).listen(h.port, h.host, listening)
