from nodenet.node import net
from nodenet.node.abort import AbortController
from tests.node.netwatch import watch


def scenario(h):
    log = h.actor("main")
    controller = AbortController()
    s = watch(log, net.connect({"port": h.port, "host": h.host, "signal": controller.signal}))
    log(s.destroyed)
    controller.abort()
    log(s.destroyed, s.errored is not None)
