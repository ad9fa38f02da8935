from nodenet.node import net
from tests.node.netwatch import watch


def scenario(h):
    log = h.actor("main")
    s = watch(log, net.connect({"port": h.port, "host": h.host}))
    s.on("error", lambda e: log("in error", s.destroyed, s.connecting, s.pending, s.readyState))
    s.on("close", lambda *_: log("in close", s.destroyed, s.closed, s.remoteAddress))
    log(s.connecting, s.readyState)
