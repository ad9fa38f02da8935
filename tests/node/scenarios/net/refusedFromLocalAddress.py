from nodenet.node import net
from tests.node.netwatch import watch


def scenario(h):
    log = h.actor("main")
    watch(log, net.connect({"port": h.port, "host": h.host, "localAddress": "127.0.0.2"}))
