from nodenet.node import net
from nodenet.timers import setTimeout
from tests.node.netwatch import about, watch


def scenario(h):
    log = h.actor("main")
    server = net.createServer(lambda s: setTimeout(lambda: s.resetAndDestroy(), 10) and None)

    def listening():
        s = watch(log, net.connect(h.port, h.host))
        s.pause()

        def write():
            log(s.write("x", lambda e: log("x", about(e))), s.destroyed)
            log(s.write("y", lambda e: log("y", about(e))), s.destroyed)

        setTimeout(write, 50)
        s.on("close", lambda *_: server.close())

    server.listen(h.port, h.host, listening)
