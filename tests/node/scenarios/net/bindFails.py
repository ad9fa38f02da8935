from nodenet.node import net
from tests.node.netwatch import watch


def scenario(h):
    log = h.actor("main")
    watch(log, net.connect({"port": h.port, "host": h.host, "localAddress": "10.99.99.99"}))
    options = {"port": h.port, "host": h.host, "localAddress": "10.99.99.99", "localPort": 5000}
    watch(h.actor("b"), net.connect(options))
