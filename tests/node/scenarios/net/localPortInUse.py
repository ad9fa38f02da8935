from nodenet.node import net
from tests.node.netwatch import watch


def scenario(h):
    log = h.actor("main")

    def listening():
        options = {"localPort": h.port, "localAddress": h.host}
        s = watch(log, net.connect({"port": 1, "host": h.host, **options}))
        s.on("close", lambda *_: server.close())

    server = net.createServer().listen(h.port, h.host, listening)
