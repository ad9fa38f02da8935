"""
The exceptions of nodenet, and what becomes of those that a listener lets out.

Misuse raises L{NodeError} with Node's own message. A failed system call is a
L{NetError}, and of the class that Python has for its errno
(C{ConnectionRefusedError} and friends), made by L{errnoException}.
"""

from __future__ import annotations

import builtins
import os
import socket
from collections.abc import Callable
from errno import EPROTO, errorcode
from functools import cache
from inspect import iscoroutine, signature
from typing import Any

__all__ = [
    "EndedError",
    "HostNotFoundError",
    "ListenerArgumentsError",
    "NetError",
    "NodeError",
    "TLSError",
    "errnoException",
    "lookupError",
    "misfit",
    "report",
    "reportUnheard",
    "watch",
]


class NodeError(Exception):
    """
    A stream, a server or an emitter was used in a way that it does not allow.

    C{str(e)} is the message of Node v0.3.3.
    """


class EndedError(NodeError):
    """
    C{write} after C{end}, while what was written before is still going out.

    @ivar stream: that was written to.
    """

    def __init__(self, stream: object) -> None:
        super().__init__("Stream.end() called already; cannot write.")
        self.stream = stream


class NetError(OSError):
    """
    A system call has failed.

    C{str(e)} is the text of Node v20, C{connect ECONNREFUSED 127.0.0.1:1}; one from
    L{errnoException} is of Python's class for its errno too, such as
    C{ConnectionRefusedError}.

    @ivar errno: the number, as in L{nodenet.constants}.
    @ivar code: its name, C{'ECONNREFUSED'}; of a number without a name, its digits.
    @ivar syscall: the call that failed: C{'connect'}, C{'bind'}, C{'read'}...
    @ivar address: the IP address or path that it was about, if known.
    @ivar port: the port that goes with an IP address.
    @ivar strerror: the system's words for the errno, or what tells more.
    """

    # Of an OSError that is made without arguments, these two are None; not of ours.
    errno: int  # pyright: ignore[reportIncompatibleVariableOverride]
    strerror: str  # pyright: ignore[reportIncompatibleVariableOverride]
    code: str
    syscall: str
    address: str | None
    port: int | None

    def __init__(
        self,
        errno: int,
        syscall: str,
        message: str = "",
        address: str | None = None,
        port: int | None = None,
    ) -> None:
        super().__init__(errno, message or os.strerror(errno))
        self.code = errorcode.get(errno, str(errno))
        self.syscall = syscall
        self.address = address
        self.port = port or None

    def __str__(self) -> str:
        where = "" if self.address is None else f" {self.address}"
        if self.port is not None and self.port > 0:  # of a path, Node has -1
            where += f":{self.port}"
        return f"{self.syscall} {self.code}{self._explained()}{where}"

    def _explained(self) -> str:
        words = self.strerror
        if words == os.strerror(self.errno):
            # Node explains the errno of listen only, in libuv's words.
            if self.syscall != "listen":
                return ""
            words = _LIBUV.get(self.code, words[:1].lower() + words[1:])
        return f": {words}"

    def __reduce__(self) -> tuple[Any, ...]:
        args = self.errno, self.syscall, self.strerror, self.address, self.port
        return type(self), args, self.__dict__


#: libuv's words, where they are not the C library's, of what listening may end in
_LIBUV = {
    "EADDRNOTAVAIL": "address not available",
    "EAFNOSUPPORT": "address family not supported",
    "ELOOP": "too many symbolic links encountered",
    "ENAMETOOLONG": "name too long",
    "ENFILE": "file table overflow",
    "ENOMEM": "not enough memory",
}


def errnoException(
    errno: int,
    syscall: str,
    message: str = "",
    address: str | None = None,
    port: int | None = None,
) -> NetError:
    """
    The exception for a failed system call.

    @param errno: the error number, as in L{nodenet.constants}.
    @param syscall: the call that failed: C{'connect'}, C{'bind'}, C{'read'}...
    @param message: to tell more than the errno does.
    @param address: the IP address or path that it was about.
    @param port: the port that goes with an IP address.
    @return: one that is of Python's class for the errno too.
    """
    pythons = type(OSError(errno, "")).__name__
    return _classOf(pythons)(errno, syscall, message, address, port)


@cache
def _classOf(name: str) -> type[NetError]:
    """
    @param name: of C{OSError} or one of Python's classes under it.
    @return: the class that is both L{NetError} and that.
    """
    if name == "OSError":
        return NetError
    # It has its name, and is found by it (see __getattr__), as pickle does.
    return type(name, (NetError, getattr(builtins, name)), {"__module__": __name__})


def __getattr__(name: str) -> type[NetError]:
    pythons = getattr(builtins, name, None)
    if isinstance(pythons, type) and issubclass(pythons, OSError):
        return _classOf(pythons.__name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


class HostNotFoundError(NetError, socket.gaierror):  # pyright: ignore[reportIncompatibleVariableOverride]
    """
    The resolver does not know a host name; C{code} is C{'ENOTFOUND'}.

    @ivar hostname: that was to be looked up.
    """

    def __init__(self, hostname: str) -> None:
        super().__init__(socket.EAI_NONAME, "getaddrinfo", f"name not found: {hostname}")
        self.code = "ENOTFOUND"
        self.hostname = hostname

    def __str__(self) -> str:
        return f"{self.syscall} {self.code} {self.hostname}"

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.hostname,), self.__dict__


def lookupError(host: str) -> HostNotFoundError:
    """
    The exception for a host name that the resolver does not know.
    """
    return HostNotFoundError(host)


class TLSError(NetError):
    """
    TLS has failed; C{code} is C{'EPROTO'}.

    @ivar reason: what is wrong, in words: C{'truncated'}, or OpenSSL's.
    """

    def __init__(
        self,
        reason: str,
        syscall: str = "read",
        address: str | None = None,
        port: int | None = None,
    ) -> None:
        super().__init__(EPROTO, syscall, f"TLS: {reason}", address, port)
        self.reason = reason

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.reason, self.syscall, self.address, self.port), self.__dict__


class ListenerArgumentsError(TypeError):
    """
    A listener cannot be called with the arguments of its event. JavaScript would drop
    or fill them in.

    @ivar type: of the event.
    @ivar listener: that cannot be called.
    @ivar count: of the event's arguments.
    """

    def __init__(self, type: str, listener: object, count: int) -> None:
        arguments = f"{count} argument" if count == 1 else f"{count} arguments"
        super().__init__(
            f"A listener of {type!r} cannot be called with the event's {arguments}:"
            f" {listener!r}. Python does not drop or fill in arguments as JavaScript does:"
            " give it a parameter for each, or *args"
        )
        self.type = type
        self.listener = listener
        self.count = count


def misfit(
    error: TypeError, type: str, listener: Callable[..., Any], args: tuple[Any, ...]
) -> ListenerArgumentsError | None:
    """
    Find out whether a listener could not even be called.

    @param error: caught by the function that called C{listener(*args)}.
    @param type: of the event.
    @return: what to raise instead; C{None} if the error came from within the listener.
    """
    traceback = error.__traceback__
    if traceback is not None and traceback.tb_next is not None:
        return None
    # What is written in C has no frames of its own: ask its signature.
    try:
        expected = signature(listener)
    except (TypeError, ValueError):  # it has none
        return None
    try:
        expected.bind(*args)
    except TypeError:
        return ListenerArgumentsError(type, listener, len(args))
    return None


def report(error: BaseException, what: str, source: object) -> None:
    """
    Tell the log of an exception that has nowhere else to go.

    It becomes a C{critical} record of Twisted's log, with the failure.

    @param what: what was going on, for the reader of the log.
    @param source: the emitter that it happened on (C{log_source}).
    """
    from twisted.logger import Logger
    from twisted.python.failure import Failure

    Logger("nodenet", source).failure("{what}", Failure(error), what=what)


def reportUnheard(error: BaseException, source: object) -> None:
    """
    Tell the log of an C{error} event that nobody listens to.

    @param source: the emitter.
    """
    text = str(error)
    if not isinstance(error, NetError):  # whose text is enough
        name = type(error).__name__
        text = f"{name}: {text}" if text else name
    report(error, f"Nobody listens to 'error' of {source!r}: {text}", source)


def watch(result: object, failed: Callable[[Exception], Any]) -> None:
    """
    Follow what a listener returned: a coroutine is run, and if it or a Deferred
    fails, C{failed} is called with the exception. Other results are ignored.
    """
    if iscoroutine(result):
        from twisted.internet.defer import Deferred

        result = Deferred.fromCoroutine(result)
    addErrback = getattr(result, "addErrback", None)
    if addErrback is not None:
        addErrback(lambda failure: failed(failure.value) and None)
