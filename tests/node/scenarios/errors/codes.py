from nodenet.node import errors


def scenario(h):
    log = h.actor("main")

    def made(code, *args):
        e = getattr(errors, code)(*args)
        log(e, isinstance(e, TypeError), isinstance(e, OverflowError))

    for code, *args in (
        ["ERR_BUFFER_OUT_OF_BOUNDS"],
        ["ERR_BUFFER_OUT_OF_BOUNDS", "offset"],
        ["ERR_ILLEGAL_CONSTRUCTOR"],
        ["ERR_INVALID_ADDRESS_FAMILY", 100, "localhost", 0],
        ["ERR_INVALID_FD_TYPE", "FILE"],
        ["ERR_INVALID_HANDLE_TYPE"],
        ["ERR_INVALID_IP_ADDRESS", "foo"],
        ["ERR_INVALID_RETURN_VALUE", "a Promise", "f", None],
        ["ERR_INVALID_STATE", "x"],
        ["ERR_INVALID_THIS", "AbortSignal"],
        ["ERR_METHOD_NOT_IMPLEMENTED", "_read()"],
        ["ERR_MISSING_ARGS", "a"],
        ["ERR_MISSING_ARGS", "a", "b"],
        ["ERR_MISSING_ARGS", "a", "b", "c"],
        ["ERR_MISSING_ARGS", ["options", "port", "path"]],
        ["ERR_MULTIPLE_CALLBACK"],
        ["ERR_SERVER_ALREADY_LISTEN"],
        ["ERR_SERVER_NOT_RUNNING"],
        ["ERR_SOCKET_CLOSED"],
        ["ERR_SOCKET_CLOSED_BEFORE_CONNECTION"],
        ["ERR_SOCKET_CONNECTION_TIMEOUT"],
        ["ERR_STREAM_ALREADY_FINISHED", "end"],
        ["ERR_STREAM_CANNOT_PIPE"],
        ["ERR_STREAM_DESTROYED", "write"],
        ["ERR_STREAM_NULL_VALUES"],
        ["ERR_STREAM_PREMATURE_CLOSE"],
        ["ERR_STREAM_PUSH_AFTER_EOF"],
        ["ERR_STREAM_UNSHIFT_AFTER_END_EVENT"],
        ["ERR_STREAM_WRITE_AFTER_END"],
        ["ERR_UNHANDLED_ERROR"],
        ["ERR_UNHANDLED_ERROR", "x"],
        ["ERR_UNKNOWN_ENCODING", "foo"],
        ["ERR_UNKNOWN_ENCODING", 5],
    ):
        made(code, *args)
    log(errors.AbortError(), errors.AbortError(cause=5).cause, errors.AbortError("other"))
    e = errors.ERR_INVALID_ADDRESS_FAMILY(100, "localhost", 0)
    log(e.host, e.port)
