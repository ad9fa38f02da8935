from nodenet.node import net


def scenario(h):
    log = h.actor("main")
    clients = h.actor("clients")

    def accepted(s):
        log("connection")
        s.resume()

    def listening():
        server.maxConnections = 1

        def connected():
            second = net.connect(h.port, h.host, lambda: clients("second connected"))

            def closed(*a):
                clients("second closed", *a)
                first.end()

            second.on("close", closed).resume()

        first = net.connect(h.port, h.host, connected)
        first.resume().on("close", lambda *_: server.close())

    def dropped(data):
        log(
            "drop",
            data["localAddress"],
            data["localPort"],
            data["localFamily"],
            data["remoteAddress"],
            data["remotePort"] > 0,
            data["remoteFamily"],
        )

    server = net.createServer(accepted).listen(h.port, h.host, listening)
    server.on("drop", dropped)
