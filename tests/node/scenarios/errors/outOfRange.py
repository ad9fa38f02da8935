from nodenet.node import errors


def scenario(h):
    log = h.actor("main")
    for value in (
        0,
        -1,
        1.5,
        float("nan"),
        float("inf"),
        -float("inf"),
        2**32,
        2**32 + 1,
        -(2**33),
        1e15,
        123456789012,
        1e21,
        4294967296.5,
        "x",
        None,
        True,
    ):
        log(errors.ERR_OUT_OF_RANGE("n", ">= 0 && <= 5", value))
    e = errors.ERR_OUT_OF_RANGE("n", "an integer", 1)
    log(isinstance(e, OverflowError), e.name)
    for value in (-1, 65536, float("nan"), 1.5, "", "x", None, errors.undefined, True, [], {}):
        log(errors.ERR_SOCKET_BAD_PORT("options.port", value))
    log(errors.ERR_SOCKET_BAD_PORT("Port", 0, False))
