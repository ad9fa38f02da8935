import errno

from nodenet.node import errors


def scenario(h):
    log = h.actor("main")

    def tell(e):
        log(e, e.syscall, e.address, e.port, e.code, e.errno)

    tell(errors.systemError(errno.ECONNREFUSED, "connect", "127.0.0.1", 1))
    tell(errors.systemError(errno.ECONNREFUSED, "connect", "127.0.0.1", 1, "127.0.0.1:80"))
    tell(errors.systemError(errno.ENOENT, "connect", "/path"))
    tell(errors.systemError(errno.EACCES, "connect", "/path", 0))
    tell(errors.systemError(errno.ECONNRESET, "read"))
    tell(errors.systemError(errno.EPIPE, "write"))
    for code in (
        "EADDRINUSE",
        "EACCES",
        "EADDRNOTAVAIL",
        "EINVAL",
        "ENOTSOCK",
        "EAFNOSUPPORT",
        "EMFILE",
        "ENFILE",
        "ENOBUFS",
        "ENOMEM",
        "ENAMETOOLONG",
        "ENOENT",
        "ENOTDIR",
        "EROFS",
        "ELOOP",
        "EPERM",
        "EBADF",
        "EOPNOTSUPP",
        "EISDIR",
        "EEXIST",
    ):
        tell(errors.systemError(getattr(errno, code), "listen", "127.0.0.1", 80))
    tell(errors.systemError(errno.EADDRINUSE, "listen", "/path", -1))
    d = errors.lookupError("foo")
    log(d, d.syscall, d.hostname, d.code)
    a = errors.codedError("a", "A")
    b = TypeError("b")
    g = errors.AggregateError([a, b])
    log(g, g.errors, g.code)
    log(
        errors.aggregateTwoErrors(None, a) is a,
        errors.aggregateTwoErrors(a, None) is a,
        errors.aggregateTwoErrors(a, a) is a,
    )
    t = errors.aggregateTwoErrors(b, a)
    log(t, t.errors)
    log(errors.aggregateTwoErrors(Exception("c"), t) is t, t.errors)
