from nodenet.node import validators as v
from tests.node.harness import ODD, attempt


def scenario(h):
    log = h.actor("main")
    for value in ODD:
        attempt(log, "port", lambda: v.validatePort(value))  # noqa: B023
        attempt(log, "named", lambda: v.validatePort(value, "options.port", False))  # noqa: B023
        attempt(log, "signal", lambda: v.validateAbortSignal(value, "options.signal"))  # noqa: B023
