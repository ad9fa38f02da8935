from nodenet.node import net
from nodenet.timers import setTimeout
from tests.node.netwatch import watch


def scenario(h):
    log = h.actor("main")
    big = bytes(8 * 1024 * 1024)

    def listening():
        s = watch(log, net.connect({"port": h.port, "host": h.host}))

        def drained():
            log(s.writableNeedDrain, s.writableLength)
            s.end()

        def connected():
            log(s.write(bytes(100)), s.writableNeedDrain, s.writableLength)
            log(
                s.write(big, lambda *e: log("written", *e)),
                s.writableNeedDrain,
                s.writableLength,
            )
            log(s.write("x"), s.writableLength, s.bytesWritten)
            s.on("drain", drained)

        s.on("connect", connected)
        s.on("close", lambda *_: server.close())
        s.resume()

    def accepted(s):
        setTimeout(lambda: s.resume(), 50)

    server = net.createServer(accepted).listen(h.port, h.host, listening)
