from nodenet.node import errors
from nodenet.node._inspect import inspect


def scenario(h):
    log = h.actor("main")

    class Foo:
        def __init__(self):
            self.a = 1

    def foo():
        pass

    def say(*args):
        log(errors.ERR_INVALID_ARG_VALUE(*args).message)

    circle = {"a": 1}
    circle["self"] = circle
    values = [
        "x",
        "it's",
        "a\"b'c",
        "a\"'`c",
        "\n\t\x00\x1b\x7f\\",
        5,
        -0.0,
        0.5,
        1e21,
        True,
        None,
        errors.undefined,
        lambda: None,
        foo,
        Foo,
        [],
        {},
        [1, "two", None],
        ["a", [1, [2, [3, [4]]]]],
        {"a": 1, "b-c": "x", "d": {"e": {"f": {"g": 1}}}},
        b"ab",
        bytes(51),
        Foo(),
        "y" * 200,
        {"port": "1", "host": errors.undefined, "f": foo, "b": b"x"},
        [errors.undefined, {"a": []}],
        ["a" * 70, "b"],
        {"a": "a" * 70, "b": {"c": 1}},
    ]
    for value in values:
        say("x", value)
    say("options.x", 5, "is not supported")
    say("options", {"a": 1}, 'must have the property "port" or "path"')
    e = errors.ERR_INVALID_ARG_VALUE("x", 5)
    log(e, isinstance(e, TypeError), e.name, e.code)
    log(inspect(circle))
