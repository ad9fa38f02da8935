from nodenet.node import net
from nodenet.node.abort import AbortController
from tests.node.netwatch import watch


def scenario(h):
    log = h.actor("main")
    controller = AbortController()
    server = watch(log, net.createServer())

    def listening():
        log(server.listening)
        controller.abort()
        log(server.listening)

    server.listen({"port": h.port, "host": h.host, "signal": controller.signal}, listening)
    aborted = AbortController()
    aborted.abort()
    other = watch(h.actor("other"), net.createServer())
    other.listen({"port": 0, "host": h.host, "signal": aborted.signal})
