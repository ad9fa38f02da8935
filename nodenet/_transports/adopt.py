"""
Descriptors that others have made.
"""

from __future__ import annotations

import socket
from errno import EBADF, EINVAL, ENOTCONN, ENOTSOCK, EPROTOTYPE
from typing import Any

from twisted.python.failure import Failure

from nodenet._transports.direct import Transport, transportFor
from nodenet.errors import errnoException
from nodenet.timers import nextTick

__all__ = ["adopt", "listeningSocket"]


def listeningSocket(fd: int) -> socket.socket:
    """
    @return: the socket of C{fd}, which owns it.
    @raise OSError: it is not open, or not a listening stream socket.
    """
    skt = _socketOf(fd, "listen")
    if not skt.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
        skt.detach()
        raise errnoException(EINVAL, "listen")
    return skt


def adopt(fd: int, protocol: Any, reactor: Any) -> Transport:
    """
    @param fd: the descriptor of a connected stream socket, which is the
        transport's from now on. A connection that has been reset meanwhile is lost
        in a later turn.
    @raise OSError: it is not open, or not such a socket.
    """
    skt = _socketOf(fd, "getpeername")
    reset, peer = 0, None
    try:
        peer = skt.getpeername()
    except OSError as e:
        reset = skt.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if not reset:
            skt.detach()
            raise errnoException(e.errno or ENOTCONN, "getpeername") from None
    skt.setblocking(False)
    transport = transportFor(skt, skt.family, peer, protocol, reactor)
    if reset:
        lost = Failure(errnoException(reset, "read"))
        nextTick(transport.lose, lost, reactor=reactor)
    else:
        transport.startReading()
    return transport


def _socketOf(fd: int, syscall: str) -> socket.socket:
    """
    @raise OSError: it is not open, or no stream socket.
    """
    try:
        skt = socket.socket(fileno=fd)
    except ValueError:  # negative
        raise errnoException(EBADF, syscall) from None
    except OSError as e:
        raise errnoException(e.errno or ENOTSOCK, syscall) from None
    if skt.type != socket.SOCK_STREAM:
        skt.detach()
        raise errnoException(EPROTOTYPE, syscall)
    return skt
