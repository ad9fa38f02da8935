from nodenet.node import net
from nodenet.timers import setTimeout
from tests.node.netwatch import watch


def scenario(h):
    log = h.actor("main")

    def connected(s):
        log("closing", server.close(lambda *a: log("callback", *a)) is server)
        log(server.listening, server.address())

        def later():
            log("end")
            s.end()

        setTimeout(later, 30)

    server = watch(log, net.createServer(connected))
    server.on("close", lambda: log("last"))
    server.listen(h.port, h.host, lambda: net.connect(h.port, h.host).resume())
