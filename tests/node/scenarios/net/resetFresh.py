from nodenet.node import net
from tests.node.netwatch import watch


def scenario(h):
    log = h.actor("main")
    s = watch(log, net.Socket())
    log(s.resetAndDestroy() is s, s.destroyed)
