from nodenet.node import net
from nodenet.timers import setTimeout
from tests.node.netwatch import watch


def scenario(h):
    log = h.actor("main")
    server = net.createServer(lambda s: setTimeout(lambda: s.resetAndDestroy(), 10) and None)

    def listening():
        s = watch(log, net.connect(h.port, h.host))
        s.pause()
        # Nobody asks for the outcome.
        setTimeout(lambda: log(s.write(b"x"), s.destroyed, s.bytesWritten), 50)
        s.on("close", lambda *_: server.close())

    server.listen(h.port, h.host, listening)
