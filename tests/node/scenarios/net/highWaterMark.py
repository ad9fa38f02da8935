from nodenet.node import net


def scenario(h):
    log = h.actor("main")

    def accepted(s):
        log(s.readableHighWaterMark, s.writableHighWaterMark)
        log(s.write("1234"), s.write("5"), s.writableLength)
        s.end()

    def listening():
        s = net.connect({"port": h.port, "host": h.host, "highWaterMark": 7}).resume()
        log(s.readableHighWaterMark, s.writableHighWaterMark, s.write("123456"), s.write("7"))
        s.on("close", lambda *_: server.close())

    server = net.createServer({"highWaterMark": 5}, accepted).listen(h.port, h.host, listening)
