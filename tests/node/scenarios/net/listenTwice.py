from nodenet.node import net
from tests.node.harness import attempt
from tests.node.netwatch import watch


def scenario(h):
    log = h.actor("main")
    server = watch(log, net.createServer())

    def again():
        log("listener", server.address()["address"])
        server.close()

    def listening():
        attempt(log, "again", lambda: server.listen(h.port))
        server.close()
        attempt(log, "same tick", lambda: server.listen(h.port, h.host, again) is server)

    server.listen(h.port, listening)
    attempt(log, "at once", lambda: server.listen(h.port))
