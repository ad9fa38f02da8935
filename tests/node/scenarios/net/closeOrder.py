from nodenet.node import net


def scenario(h):
    log = h.actor("main")
    clients = []

    # Of those that are closed at once, the last is told first.
    def accepted(s):
        log("connection")
        s.resume()
        clients.append(s)
        if len(clients) == 3:
            for index, each in enumerate(clients):
                each.on("close", lambda *_, index=index: log("closed", index))
                each.destroy()
            server.close()

    def listening():
        for _ in range(3):
            net.connect(h.port, h.host).resume()

    server = net.createServer(accepted).listen(h.port, h.host, listening)
