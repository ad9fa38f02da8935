from nodenet.node import net
from nodenet.timers import setTimeout
from tests.node.netwatch import watch


def scenario(h):
    log = h.actor("main")

    def accepted(s):
        s.write("one")
        setTimeout(lambda: s.end("two"), 30)

    def listening():
        s = watch(log, net.connect(h.port, h.host))

        def later():
            log(s.readableLength, s.isPaused())
            s.resume()

        def data(d):
            log("data", d)
            s.pause()
            setTimeout(later, 60)

        s.on("data", data)
        s.on("close", lambda *_: server.close())

    server = net.createServer(accepted).listen(h.port, h.host, listening)
