from nodenet.node import net
from nodenet.timers import setTimeout
from tests.node.netwatch import watch


def scenario(h):
    log = h.actor("main")

    def accepted(s):
        s.resume()
        setTimeout(lambda: s.write("x"), 60)
        setTimeout(lambda: s.end(), 300)

    def listening():
        s = watch(log, net.connect({"port": h.port, "host": h.host, "timeout": 100}))
        log(s.timeout)
        s.on("data", lambda d: log("data", d))
        s.on("close", lambda *_: server.close())

    server = net.createServer(accepted).listen(h.port, h.host, listening)
