import os

from nodenet.node import net
from tests.node.netwatch import watch


def scenario(h):
    log = h.actor("main")
    watch(log, net.createServer()).listen(h.port, "10.99.99.99")
    watch(h.actor("path"), net.createServer()).listen(h.dir + "/no/path")
    null = os.open(os.devnull, os.O_RDONLY)
    watch(h.actor("fd"), net.createServer()).listen({"fd": null})
    watch(h.actor("badFd"), net.createServer()).listen({"fd": 99})
    net.createServer().listen(h.port, "10.99.99.98")
    os.close(null)
