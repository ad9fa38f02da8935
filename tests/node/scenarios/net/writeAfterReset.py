from nodenet.node import net
from nodenet.timers import setTimeout
from tests.node.netwatch import watch


def scenario(h):
    # Nothing is read: the write is what finds the RST.
    log = h.actor("main")

    def accepted(s):
        def write():
            log(s.write("x", lambda e=None: log("written", e)), s.bytesWritten)

        watch(log, s)
        setTimeout(write, 40)

    def listening():
        def reset():
            client.resetAndDestroy()
            server.close()

        client = net.connect(h.port, h.host, lambda: setTimeout(reset, 20))

    server = net.createServer({"pauseOnConnect": True}, accepted)
    server.listen(h.port, h.host, listening)
