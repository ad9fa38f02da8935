from nodenet.node import net
from nodenet.timers import setTimeout
from tests.node.netwatch import watch


def scenario(h):
    log = h.actor("main")

    def listening():
        s = watch(log, net.connect(h.port, h.host))

        def later():
            log(s.bytesRead, s.readableLength, s.readableFlowing)
            s.on("data", lambda d: log("data", d))
            s.on("close", lambda *_: server.close())

        setTimeout(later, 50)

    server = net.createServer(lambda s: s.end("abc")).listen(h.port, h.host, listening)
