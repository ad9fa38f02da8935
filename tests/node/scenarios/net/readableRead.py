from nodenet.node import net
from tests.node.netwatch import watch


def scenario(h):
    log = h.actor("main")

    def listening():
        s = watch(log, net.connect(h.port, h.host))

        def readable():
            while (d := s.read(4)) is not None:
                log("read", d)

        s.on("readable", readable)
        s.on("close", lambda *_: server.close())

    server = net.createServer(lambda s: s.end("abcdef")).listen(h.port, h.host, listening)
