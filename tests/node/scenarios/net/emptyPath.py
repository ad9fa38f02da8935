from nodenet.node import net
from tests.node.harness import attempt


def scenario(h):
    log = h.actor("main")

    # A path that is none is none; without a port it is port 0.
    def one(path):
        s = net.connect({"path": path, "host": h.host})
        s.on("error", lambda e: log(path, e))
        return s.connecting

    for path in ["", 0, False]:
        attempt(log, "path", lambda path=path: one(path))
    attempt(log, "number", lambda: net.connect({"path": 5}))
    attempt(log, "null", lambda: net.connect({"path": None}))
    attempt(log, "port", lambda: net.connect({"port": None, "path": None}))
    attempt(log, "true", lambda: net.connect({"port": True}))
    attempt(log, "host", lambda: net.connect({"port": h.port, "host": 5}))
