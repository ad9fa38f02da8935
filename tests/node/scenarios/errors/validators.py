from nodenet.node import validators as v
from tests.node.harness import ODD, attempt


def scenario(h):
    log = h.actor("main")
    for value in ODD:
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
