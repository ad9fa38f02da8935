from nodenet.node import net
from tests.node.harness import attempt


def scenario(h):
    log = h.actor("main")
    for args in (
        [True],
        [[]],
        [{}],
        [""],
        [float("nan")],
        [-1],
        [65536],
        ["1.5"],
        [1.5],
        [{"port": True}],
        [{"port": []}],
        [{"port": ""}],
        [{"port": "abc"}],
        [{"port": -1}],
        [{"path": ""}],
        [{"path": 1}],
        [{"path": "5"}],
        [{"host": "x"}],
        [{"fd": -1}],
        [{"fd": "1"}],
        [{"path": "\0x", "readableAll": True}],
        [{"port": "a", "path": "b"}],
        [{"port": True, "host": "h"}],
        [{"signal": 5, "port": 0}],
        [{"signal": None, "port": 0}],
    ):
        attempt(log, "listen", lambda args=args: net.createServer().listen(*args))
    for args in (
        [5],
        ["a"],
        [None],
        [{"keepAliveInitialDelay": "a"}],
        [{"highWaterMark": "a"}],
        [{"highWaterMark": -1}],
        [True],
        [{}, 5],
    ):
        attempt(log, "Server", lambda args=args: net.Server(*args))
    attempt(log, "getConnections", lambda: net.createServer().getConnections(5))
