import os

from nodenet.node import net
from tests.node.harness import attempt


def scenario(h):
    log = h.actor("main")
    for fd in "a", -1, 1.5, 999.0, None, True:
        attempt(log, "fd", lambda fd=fd: net.Socket({"fd": fd}))
    fd = os.open(h.dir, os.O_RDONLY)
    attempt(log, "file", lambda: net.Socket({"fd": fd}))
    os.close(fd)
