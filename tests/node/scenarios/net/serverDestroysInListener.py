from nodenet.node import net
from tests.node.netwatch import watch


def scenario(h):
    log = h.actor("main")

    def accepted(s):
        watch(log, s)
        s.write("lost?")
        log(s.destroy() is s, s.readyState)
        server.getConnections(lambda e, n: log("connections", n))
        server.close(lambda: log("closed"))

    def listening():
        net.connect(h.port, h.host).on("error", lambda e: None).resume()

    server = net.createServer(accepted).listen(h.port, h.host, listening)
