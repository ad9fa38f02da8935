from nodenet.node import net
from nodenet.node.abort import AbortController
from tests.node.netwatch import watch


def scenario(h):
    log = h.actor("main")
    controller = AbortController()
    controller.abort()
    s = watch(log, net.Socket({"signal": controller.signal}))
    log(s.destroyed)
