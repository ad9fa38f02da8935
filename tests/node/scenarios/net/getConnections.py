from nodenet.node import net


def scenario(h):
    log = h.actor("main")

    def accepted(s):
        log(server.getConnections(lambda *a: log("connections", *a)) is server, "asked")
        s.resume()

        def closed(*_):
            server.getConnections(lambda *a: log("connections", *a))
            server.close()

        s.on("close", closed)

    def listening():
        net.connect(h.port, h.host).end()

    server = net.createServer(accepted).listen(h.port, h.host, listening)
