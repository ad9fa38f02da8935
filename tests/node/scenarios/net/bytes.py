from nodenet.node import net


def scenario(h):
    log = h.actor("main")
    peer = h.actor("server")

    def accepted(s):
        s.on("data", lambda d: None)
        s.on("end", lambda: peer(s.bytesRead, s.bytesWritten))
        s.end("four")

    def listening():
        s = net.connect({"port": h.port, "host": h.host, "allowHalfOpen": True})
        s.write("äö")
        s.write(b"abc")
        s.write("616263", "hex")
        log(s.bytesWritten, s.bytesRead, s.writableLength, s.bufferSize, s.writableNeedDrain)
        s.on("connect", lambda: log(s.bytesWritten, s.bytesRead, s.writableLength))
        s.on("data", lambda d: None)

        def end():
            log(s.bytesRead)
            s.end("!")
            log(s.bytesWritten)

        def closed(hadError):
            log(s.bytesRead, s.bytesWritten, s.bufferSize)
            server.close()

        s.on("end", end)
        s.on("close", closed)

    server = net.createServer(accepted).listen(h.port, h.host, listening)
