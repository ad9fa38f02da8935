from nodenet.node import net
from tests.node.netwatch import about, watch


def scenario(h):
    log = h.actor("main")
    s = watch(log, net.connect(h.port, h.host))
    log(s.write("x", lambda e: log("x", about(e))), s.write("y", lambda e: log("y", about(e))))
    log(s.bytesWritten, s.writableLength, s.bufferSize)
    s.end(lambda e: log("end", about(e)))
    s.destroy()
    log(s.connecting, s.pending, s.bytesWritten)
