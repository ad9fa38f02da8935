from nodenet.node import net
from tests.node.netwatch import watch


def scenario(h):
    log = h.actor("main")
    watch(log, net.connect({"port": 1, "host": "255.255.255.255"}))
