from nodenet.node import net
from tests.node.harness import attempt


def scenario(h):
    log = h.actor("main")
    s = net.Socket()
    for args in (
        ["100"],
        [True],
        [None],
        [float("nan")],
        [float("inf")],
        [-1],
        [[]],
        [{}],
        [0, 5],
        [1, 5],
        [1, "x"],
        [0, None],
        [1, None],
    ):
        attempt(log, "setTimeout", lambda args=args: s.setTimeout(*args) is s)
    log(s.timeout)

    def f():
        pass

    s.setTimeout(10, f)
    log(s.timeout, s.listenerCount("timeout"))
    s.setTimeout(0, f)
    log(s.timeout, s.listenerCount("timeout"))
    s.destroy()
    attempt(log, "destroyed", lambda: s.setTimeout("x") is s)
    log(s.timeout)
