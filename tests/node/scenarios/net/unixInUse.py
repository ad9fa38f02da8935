from nodenet.node import net
from tests.node.netwatch import watch


def scenario(h):
    log = h.actor("main")
    path = h.dir + "/s"

    def listening():
        server = watch(log, net.createServer())
        server.listen(path)
        server.on("error", lambda e: first.close())

    first = net.createServer().listen(path, listening)
