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
        attempt(log, "String", lambda: v.validateString(value, "x"))  # noqa: B023
        attempt(log, "Boolean", lambda: v.validateBoolean(value, "x"))  # noqa: B023
        attempt(log, "Function", lambda: v.validateFunction(value, "x"))  # noqa: B023
        attempt(log, "Array", lambda: v.validateArray(value, "x"))  # noqa: B023
        attempt(log, "Buffer", lambda: v.validateBuffer(value, "x"))  # noqa: B023
        attempt(log, "StringArray", lambda: v.validateStringArray(value, "x"))  # noqa: B023
        attempt(log, "Object", lambda: v.validateObject(value, "x"))  # noqa: B023
        attempt(log, "functions", lambda: v.validateObject(value, "x", functions=True))  # noqa: B023
        attempt(log, "nullable", lambda: v.validateObject(value, "x", nullable=True))  # noqa: B023
        attempt(log, "arrays", lambda: v.validateObject(value, "x", arrays=True))  # noqa: B023
        attempt(log, "one of", lambda: v.validateOneOf(value, "x", ["x", 1, True, None]))  # noqa: B023
        attempt(log, "longer", lambda: v.validateArray(value, "x", 1))  # noqa: B023
