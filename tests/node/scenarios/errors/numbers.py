from nodenet.node import validators as v
from tests.node.harness import ODD, attempt


def scenario(h):
    log = h.actor("main")
    for value in ODD:
        attempt(log, "Number", lambda: v.validateNumber(value, "x"))  # noqa: B023
        attempt(log, "Number, 0", lambda: v.validateNumber(value, "x", 0))  # noqa: B023
        attempt(log, "Number, 0, 5", lambda: v.validateNumber(value, "x", 0, 5))  # noqa: B023
        attempt(log, "Integer", lambda: v.validateInteger(value, "x"))  # noqa: B023
        attempt(log, "Integer, 1", lambda: v.validateInteger(value, "x", 1))  # noqa: B023
        attempt(log, "Integer, -5, 5", lambda: v.validateInteger(value, "x", -5, 5))  # noqa: B023
        attempt(log, "Int32", lambda: v.validateInt32(value, "x"))  # noqa: B023
        attempt(log, "Uint32", lambda: v.validateUint32(value, "x"))  # noqa: B023
        attempt(log, "Uint32, true", lambda: v.validateUint32(value, "x", True))  # noqa: B023
        attempt(log, "most", lambda: v.validateNumber(value, "x", None, 5))  # noqa: B023
