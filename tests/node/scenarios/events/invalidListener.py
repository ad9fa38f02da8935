from nodenet.node.events import EventEmitter
from tests.node.harness import attempt


def scenario(h):
    log = h.actor("main")

    class Foo:
        pass

    e = EventEmitter()
    for method in (
        "on",
        "addListener",
        "once",
        "prependListener",
        "prependOnceListener",
        "off",
        "removeListener",
    ):
        call = getattr(e, method)
        attempt(log, method, lambda: call("x", None))  # noqa: B023
        attempt(log, method, lambda: call("x"))  # noqa: B023
    for value in (
        5,
        1.5,
        -0.0,
        True,
        "",
        "x",
        {},
        [],
        b"a",
        Foo(),
        float("nan"),
        -float("inf"),
        Exception("x"),
        TypeError("x"),
        1e21,
        1e-7,
    ):
        attempt(log, "on", lambda: e.on("x", value))  # noqa: B023
    attempt(log, "long", lambda: e.on("x", "a" * 28))
    attempt(log, "longer", lambda: e.on("x", "a" * 29))
    attempt(log, "quote", lambda: e.on("x", 'it\'s "so"'))
    e.on("newListener", lambda *args: log("never"))
    attempt(log, "on", lambda: e.on("x", 5))
