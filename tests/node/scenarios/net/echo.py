from nodenet.node import net
from tests.node.netwatch import watch


def scenario(h):
    log = h.actor("main")
    peer = h.actor("server")

    def connected(s):
        watch(peer, s)
        s.pipe(s)
        s.on("close", lambda hadError: server.close(lambda: peer("closed")))

    server = net.createServer(connected)

    def listening():
        c = watch(log, net.connect({"port": h.port, "host": h.host}))
        c.on("data", lambda d: log("data", d))
        log(c.write("hello"), c.connecting, c.pending, c.readyState)
        c.end(" world")

    server.listen(h.port, h.host, listening)
