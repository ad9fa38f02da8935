"""
The exceptions of nodenet, and what becomes of those that a listener lets out.

Misuse raises L{NodeError} with Node's own message. A failed system call is an
C{OSError} of the class that Python has for its errno
(C{ConnectionRefusedError} and friends), made by L{errnoException}.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from errno import errorcode
from inspect import iscoroutine
from typing import Any

__all__ = ["EndedError", "NodeError", "errnoException", "lookupError", "report", "watch"]


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


def errnoException(errno: int, syscall: str, message: str = "") -> OSError:
    """
    The exception for a failed system call.

    @param errno: the error number, as in L{nodenet.constants}.
    @param syscall: the call that failed: C{'connect'}, C{'bind'}, C{'read'}...
    @param message: to tell more than the errno does.
    @return: an C{OSError} with C{errno}, C{code} (C{'ECONNREFUSED'}) and
        C{syscall}.
    """
    return _described(
        OSError(errno, message or os.strerror(errno)), errorcode.get(errno, str(errno)), syscall
    )


def lookupError(host: str) -> OSError:
    """
    The exception for a host name that the resolver does not know.

    @return: a C{socket.gaierror} whose C{code} is C{'ENOTFOUND'}.
    """
    message = f"name not found: {host}"
    return _described(socket.gaierror(socket.EAI_NONAME, message), "ENOTFOUND", "getaddrinfo")


def _described(error: OSError, code: str, syscall: str) -> OSError:
    error.code = code  # type: ignore[attr-defined]
    error.syscall = syscall  # type: ignore[attr-defined]
    return error


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
