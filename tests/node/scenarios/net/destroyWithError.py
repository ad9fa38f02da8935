from nodenet.node import net
from nodenet.timers import nextTick
from tests.node.netwatch import watch


def scenario(h):
    log = h.actor("main")

    def listening():
        s = watch(log, net.connect(h.port, h.host))

        def connected():
            log(s.remotePort == h.port, s.destroy(Exception("mine")) is s, s.destroyed)
            s.destroy(Exception("second"))
            nextTick(lambda: log("tick", s.errored, s.closed))

        def closed(hadError):
            log(s.remotePort == h.port, s.pending, s.readyState)
            server.close()

        s.on("connect", connected)
        s.on("close", closed)

    server = net.createServer(lambda s: s.resume()).listen(h.port, h.host, listening)
