from nodenet.node import net


def scenario(h):
    log = h.actor("main")

    def accepted(s):
        log(
            server.noDelay, server.keepAlive, server.keepAliveInitialDelay, server.highWaterMark
        )
        log(s.setNoDelay(False) is s, s.setKeepAlive(False) is s, s.server is server)
        s.end()

    def listening():
        options = {"noDelay": True, "keepAlive": True, "keepAliveInitialDelay": -5}
        s = net.connect({"port": h.port, "host": h.host, **options}).resume()
        s.on("close", lambda *_: server.close())

    options = {"noDelay": True, "keepAlive": True, "keepAliveInitialDelay": 5000}
    server = net.createServer(options, accepted).listen(h.port, h.host, listening)
    log(server.allowHalfOpen, server.pauseOnConnect, server.maxConnections)
