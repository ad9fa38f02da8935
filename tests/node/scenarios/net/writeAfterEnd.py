from nodenet.node import net
from tests.node.netwatch import about, watch


def scenario(h):
    log = h.actor("main")

    def listening():
        s = watch(log, net.connect(h.port, h.host)).resume()

        def connected():
            s.end()
            log(s.write("x", lambda e: log("callback", about(e))), s.destroyed)

        s.on("connect", connected)
        s.on("close", lambda *_: server.close())

    server = net.createServer(lambda s: s.resume()).listen(h.port, h.host, listening)
