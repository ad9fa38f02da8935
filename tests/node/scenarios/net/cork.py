from nodenet.node import net
from nodenet.timers import nextTick


def scenario(h):
    log = h.actor("main")
    client = h.actor("client")

    def accepted(s):
        s.on("data", lambda d: log("data", d))
        s.on("close", lambda *_: server.close())

    def listening():
        def connected():
            s.cork()
            s.write("a")
            s.write(b"b")
            s.write("63", "hex")
            client(s.writableLength, s.writableCorked, s.bytesWritten)

            def later():
                s.uncork()
                s.end()

            nextTick(later)

        s = net.connect(h.port, h.host, connected).resume()

    server = net.createServer(accepted).listen(h.port, h.host, listening)
