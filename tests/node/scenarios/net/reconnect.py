from nodenet.node import net
from tests.node.netwatch import watch


def scenario(h):
    log = h.actor("main")
    times = []

    def listening():
        s = watch(log, net.Socket())
        s.on("data", lambda d: log("data", d))

        def closed(hadError):
            times.append(1)
            if len(times) < 3:
                s.connect(h.port, h.host, lambda: log("listener", s.bytesRead))
            else:
                server.close()

        s.on("close", closed)
        s.connect(h.port, h.host, lambda: log("listener", s.bytesRead))

    server = net.createServer(lambda s: s.end(str(len(times)))).listen(
        h.port, h.host, listening
    )
