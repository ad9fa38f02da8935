"""
What Twisted and OpenSSL say of a failure, as the C{OSError} that it was.
"""

from __future__ import annotations

import socket
from errno import ECONNRESET, ETIMEDOUT
from typing import Any

from OpenSSL import SSL
from twisted.internet import error, main
from twisted.python.failure import Failure

from nodenet._twisted import forgetTLSErrors
from nodenet.errors import TLSError, errnoException, lookupError

__all__ = ["DONE", "TRUNCATED", "asOSError"]

#: Why a transport ends that was closed in good order.
DONE = Failure(main.CONNECTION_DONE)
#: L{TLSError.reason<nodenet.errors.TLSError>} of a peer that ended without close_notify.
TRUNCATED = "truncated"


def asOSError(
    reason: BaseException | None,
    syscall: str,
    host: str | None = None,
    port: int | None = None,
) -> BaseException:
    """
    @param syscall: what was being tried.
    @param host: the address or path that it was tried with, or the name that was to be
        looked up.
    """
    cause: Any = reason
    if isinstance(cause, error.CannotListenError):
        where = cause.interface
        if where is None:
            # A path, where Twisted has a port.
            host, port = host or _text(cause.port), None
        else:
            host, port = host or where or "0.0.0.0", cause.port
        cause = cause.socketError
    if isinstance(cause, socket.gaierror):
        return cause if hasattr(cause, "code") else lookupError(host or str(cause))
    if isinstance(cause, (error.DNSLookupError, error.UnknownHostError, ValueError)):
        return lookupError(host or str(cause))
    if isinstance(cause, (error.TimeoutError, error.TCPTimedOutError)):
        return errnoException(ETIMEDOUT, syscall, address=host, port=port)
    if isinstance(cause, error.ConnectError):
        cause = OSError(cause.osError, "")
    elif isinstance(cause, (error.ConnectionLost, error.ConnectionAborted)):
        return errnoException(ECONNRESET, syscall)
    elif isinstance(cause, SSL.SysCallError):
        forgetTLSErrors()
        if cause.args[0] > 0:
            return errnoException(cause.args[0], syscall)
        # No close_notify. In a handshake nobody expects one.
        if syscall == "handshake":
            return errnoException(ECONNRESET, syscall)
        return TLSError(TRUNCATED, syscall)
    elif isinstance(cause, SSL.Error):
        # [(library, function, reason), ...], if it says anything.
        reasons = [each[2] for each in cause.args[0] if each[2]] if cause.args else []
        return TLSError("; ".join(reasons or ["failed"]), syscall)
    if isinstance(cause, OSError) and isinstance(cause.errno, int):
        if hasattr(cause, "code"):
            return cause
        return errnoException(cause.errno, syscall, address=host, port=port)
    return reason or Exception(f"{syscall} failed")


def _text(path: Any) -> str:
    return path.decode(errors="surrogateescape") if isinstance(path, bytes) else str(path)
