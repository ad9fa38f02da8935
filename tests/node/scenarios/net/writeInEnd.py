from nodenet.node import net
from nodenet.timers import setTimeout
from tests.node.netwatch import watch


def scenario(h):
    log = h.actor("main")

    def listening():
        s = watch(log, net.connect(h.port, h.host)).resume()

        def later():
            log("later", s.writable, s.write("y", lambda e: log("y", e)))

        def end():
            log("in end", s.writable, s.write("x"), s.destroyed)
            setTimeout(later, 20)

        s.on("end", end)
        s.on("close", lambda *_: server.close())

    server = net.createServer(lambda s: s.end()).listen(h.port, h.host, listening)
