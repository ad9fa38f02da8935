from nodenet.node import errors


def scenario(h):
    log = h.actor("main")

    class Foo:
        pass

    def foo():
        pass

    def say(*args):
        log(errors.ERR_INVALID_ARG_TYPE(*args).message)

    say("x", "string", 5)
    say("options.x", ["string", "number"], None)
    say("x", ["string", "Buffer", "TypedArray", "DataView"], errors.undefined)
    say("x", ["string", "number", "boolean"], [])
    say("x", ["Buffer", "Uint8Array"], {})
    say("x", ["Object", "Function"], "x")
    say("x", ["Object", "Buffer", "string"], "x")
    say("first argument", "Function", Foo)
    say("x", "a dictionary", lambda: None)
    say("x", "Iterable", foo)
    say("x", ["ReadableStream", "WritableStream", "Stream", "string", "('a'|'b')"], Foo())
    say("x", ["one", "Two words", "three"], True)
    say("x", "Two words", False)
    for value in (
        0,
        -0.0,
        1.0,
        123456789012,
        1e300,
        1.5e-9,
        0.000001,
        0.1,
        float("nan"),
        float("inf"),
        -float("inf"),
        errors.Symbol("s"),
        "",
        "a'b",
        set(),
        b"x",
        bytearray(1),
    ):
        say("x", "string", value)
