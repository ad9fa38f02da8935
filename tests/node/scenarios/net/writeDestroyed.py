from nodenet.node import net
from tests.node.netwatch import about, watch


def scenario(h):
    log = h.actor("main")
    s = watch(log, net.Socket())
    s.destroy()
    log(s.write("x", lambda e: log("callback", about(e))))
    log(s.end("y", lambda e: log("end", about(e))) is s)
