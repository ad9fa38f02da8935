from nodenet.node import net
from nodenet.timers import setTimeout
from tests.node.netwatch import watch


def scenario(h):
    log = h.actor("main")
    peer = h.actor("server")

    def accepted(s):
        watch(peer, s).resume()
        s.on("close", lambda *_: server.close())

    def listening():
        s = watch(log, net.connect(h.port, h.host))
        s.on(
            "connect",
            lambda: setTimeout(lambda: log(s.resetAndDestroy() is s, s.destroyed), 20),
        )

    server = net.createServer(accepted).listen(h.port, h.host, listening)
