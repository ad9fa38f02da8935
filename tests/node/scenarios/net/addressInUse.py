from nodenet.node import net
from tests.node.netwatch import watch


def scenario(h):
    log = h.actor("main")

    def listening():
        server = watch(log, net.createServer())
        server.listen({"port": h.port, "host": h.host}, lambda: log("listener"))

        def failed(e):
            log(server.listening, server.listenerCount("listening"))
            first.close(lambda: server.listen(h.port, h.host, lambda: server.close()))

        server.once("error", failed)

    first = net.createServer().listen(h.port, h.host, listening)
