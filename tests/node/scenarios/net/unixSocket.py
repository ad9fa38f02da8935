import os

from nodenet.node import net
from tests.node.harness import attempt
from tests.node.netwatch import watch


def scenario(h):
    log = h.actor("main")
    peer = h.actor("server")
    path = h.dir + "/s"

    def accepted(s):
        watch(peer, s)
        peer(s.address(), s.remoteAddress, s.localAddress, server.address() == path)
        s.pipe(s)

    def listening():
        s = watch(log, net.connect(path))

        def connected():
            log(s.address(), s.remoteAddress, s.remotePort, s.readyState)
            attempt(log, "reset", lambda: s.resetAndDestroy())

        s.on("connect", connected)
        s.on("data", lambda d: log("data", d))
        s.end("over")
        s.on("close", lambda *_: server.close(lambda: log(os.path.exists(path))))

    server = net.createServer(accepted).listen(path, listening)
