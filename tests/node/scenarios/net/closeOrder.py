from nodenet.node import net
from nodenet.timers import setTimeout


def scenario(h):
    log = h.actor("main")
    clients = []

    # One connection is accepted a turn, after which those that are closed are told, last first.
    def accepted(s):
        log("connection")
        setTimeout(lambda: log("turn"), 0)
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
