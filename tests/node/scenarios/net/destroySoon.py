from nodenet.node import net
from tests.node.netwatch import watch


def scenario(h):
    log = h.actor("main")
    client = h.actor("client")

    def accepted(s):
        watch(log, s)
        s.write("bye")
        s.destroySoon()
        log(s.destroyed, s.writableEnded)

    def listening():
        s = net.connect(h.port, h.host)
        s.on("data", lambda d: client("data", d))
        s.on("close", lambda *_: server.close())

    server = net.createServer(accepted).listen(h.port, h.host, listening)
