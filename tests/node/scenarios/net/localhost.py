from nodenet.node import net
from tests.node.netwatch import watch


def scenario(h):
    log = h.actor("main")

    def listening():
        s = watch(log, net.connect(h.port, lambda: log("listener", s.remotePort == h.port)))
        log(s.connecting, s._handle is not None)
        s.resume()
        s.on("close", lambda *_: server.close())

    server = net.createServer(lambda s: s.end()).listen(h.port, listening)
