from nodenet.node import net
from nodenet.timers import setTimeout


def scenario(h):
    log = h.actor("main")

    def accepted(s):
        def data(d):
            log("data", d)
            raise Exception("of a listener")

        def end():
            log("end")
            server.close()

        s.on("data", data)
        s.on("end", end)

    def listening():
        s = net.connect(h.port, h.host, lambda: s.write("a"))
        setTimeout(lambda: s.end("b"), 30)
        s.resume()

    server = net.createServer(accepted).listen(h.port, h.host, listening)
