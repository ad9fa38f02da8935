from nodenet.node import net
from nodenet.timers import setTimeout
from tests.node.netwatch import watch


def scenario(h):
    log = h.actor("main")

    def accepted(s):
        watch(log, s)
        log(s.isPaused(), s.readableFlowing)
        s.on("data", lambda d: log("data", d))

        def later():
            log(s.bytesRead)
            s.resume()

        setTimeout(later, 30)
        s.on("close", lambda *_: server.close())

    def listening():
        net.connect(h.port, h.host).end("abc")

    server = net.createServer({"pauseOnConnect": True}, accepted)
    server.listen(h.port, h.host, listening)
