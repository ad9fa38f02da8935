from nodenet.node import net
from nodenet.timers import nextTick


def scenario(h):
    log = h.actor("main")

    def listening():
        def connected():
            log("connected")
            s.write("a", lambda *e: log("a", *e))
            s.write("b", "utf8", lambda *e: log("b", *e))
            nextTick(lambda: log("tick"))
            s.end("c", lambda *_: log("end", s.writableFinished))
            log("returned")

        s = net.connect(h.port, h.host, connected)
        s.write("early", lambda *e: log("early", *e))
        s.on("finish", lambda: log("finish")).resume()
        s.on("close", lambda *_: server.close())

    server = net.createServer(lambda s: s.resume()).listen(h.port, h.host, listening)
