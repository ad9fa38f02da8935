from nodenet.node import net
from tests.node.netwatch import watch


def scenario(h):
    log = h.actor("main")
    watch(log, net.connect(h.dir + "/nobody"))
    watch(h.actor("dir"), net.connect({"path": h.dir}))
