from nodenet.node import net
from nodenet.timers import setTimeout


def scenario(h):
    log = h.actor("main")

    def accepted(s):
        sizes = []

        def end():
            log("end", sum(sizes))
            server.close()

        def later():
            log(s.readableLength > 0, s.readableLength < 1e6, s.bytesRead == s.readableLength)
            s.on("data", lambda d: sizes.append(len(d)))
            s.on("end", end)

        setTimeout(later, 50)

    def listening():
        net.connect(h.port, h.host).resume().end(bytes(10 * 1024 * 1024))

    server = net.createServer(accepted).listen(h.port, h.host, listening)
