from nodenet.node import net
from tests.node.netwatch import watch


def scenario(h):
    log = h.actor("main")
    watch(log, net.connect({"port": h.port, "host": h.host, "localAddress": "10.99.99.99"}))
    # JavaScript has one kind of number: 5000.0 is an integer, and printed as one.
    options = {"port": h.port, "host": h.host, "localAddress": "10.99.99.99"}
    options["localPort"] = 5000.0
    watch(h.actor("b"), net.connect(options))
