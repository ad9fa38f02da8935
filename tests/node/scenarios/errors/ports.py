from nodenet.node import errors
from nodenet.node import validators as v
from tests.node.harness import attempt


def scenario(h):
    log = h.actor("main")
    for value in (
        errors.undefined,
        None,
        True,
        False,
        0,
        -0.0,
        1,
        -1,
        1.5,
        float("nan"),
        float("inf"),
        2**31,
        2**32,
        2**53,
        "",
        "x",
        "80",
        " 80 ",
        "0x50",
        "0b11",
        "1e2",
        "1_0",
        "Infinity",
        "-1",
        "65536",
        [],
        [1],
        {},
        lambda: None,
        b"x",
    ):
        attempt(log, "port", lambda: v.validatePort(value))  # noqa: B023
        attempt(log, "named", lambda: v.validatePort(value, "options.port", False))  # noqa: B023
        attempt(log, "signal", lambda: v.validateAbortSignal(value, "options.signal"))  # noqa: B023
