"""
Connecting a socket, with what libuv tells at once and what later.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from contextlib import suppress
from errno import EADDRINUSE, EALREADY, ECONNREFUSED, EINPROGRESS, EINVAL, ENOTCONN
from typing import Any

from nodenet._transports.connector import Attempt, toSocket
from nodenet.errors import errnoException
from nodenet.node._net.turns import afterIO, guarded

__all__ = ["Connect", "bound"]


class Connect(Attempt):
    """
    An L{Attempt} whose outcome comes in a turn of its own, but for an error that libuv tells
    at once.

    Its socket stays open until C{failed} has returned, as one asks it for its name.

    Source: libuv 1.46, C{uv__tcp_connect} and C{uv_pipe_connect}.

    @ivar refused: the errno of such an error, or 0. Neither callback is called then.
    """

    __slots__ = ("refused",)

    def _begin(self) -> None:
        self.refused = 0
        try:
            errno = self._connect()
        except OSError as e:
            errno = e.errno or EINVAL
            if self._family != socket.AF_UNIX:
                self.refused = errno
                return
            self._later(self._fail, errno)
            return
        if errno in _LATER or self._family == socket.AF_UNIX:
            self._later(self._look, errno)
        else:
            self.refused = errno

    @property
    def skt(self) -> socket.socket | None:
        """
        While it is open, and not yet a transport's.
        """
        return self._socket

    def _later(self, call: Callable[[int], None], errno: int) -> None:
        afterIO(self._reactor, self._now, call, errno)

    def _now(self, call: Callable[[int], None], errno: int) -> None:
        if self._connected is not None:
            call(errno)

    def _look(self, errno: int) -> None:
        skt = self._socket
        if skt is None:
            return
        if errno in (0, EINPROGRESS):
            # The peer may have gone since. To call connect(2) again would take the name off.
            errno = skt.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) or _isUndecided(skt)
        super()._look(errno)

    def _fail(self, errno: int) -> None:
        if self._connected is None:
            return
        self._connected = None
        self._stopWaiting()
        address, port = self.where
        error = errnoException(errno, "connect", address=address, port=port)
        try:
            self._failed(self, error)
        finally:
            self.cancel()

    def doWrite(self) -> None:
        guarded(self, super().doWrite)


def _isUndecided(skt: socket.socket) -> int:
    """
    @return: C{EALREADY}, or 0: it is connected.
    """
    try:
        skt.getpeername()
    except OSError as e:
        return EALREADY if e.errno == ENOTCONN else 0
    return 0


#: What connect(2) may say without libuv's telling it at once.
_LATER = {0, EINPROGRESS, ECONNREFUSED}


def connectTCP(
    reactor: Any, host: str, port: int, skt: socket.socket | None, connected: Any, failed: Any
) -> Connect:
    """
    @param skt: that is bound already.
    """
    family, address = toSocket(host, port)
    return Connect(reactor, family, address, (host, port), connected, failed, skt)


def connectUNIX(reactor: Any, path: str, connected: Any, failed: Any) -> Connect:
    where = path, None
    return Connect(reactor, socket.AF_UNIX, os.fsencode(path), where, connected, failed)


def bound(address: str, port: int) -> socket.socket:
    """
    @return: a TCP socket that is bound to this address, and does not block.
    @raise OSError: it cannot be.
    """
    family, where = toSocket(address, port & 0xFFFF)
    skt = socket.socket(family, socket.SOCK_STREAM)
    try:
        skt.setblocking(False)
        skt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            with suppress(OSError):
                skt.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        skt.bind(where)
        if port > 0xFFFF:
            raise OSError(EADDRINUSE, "")  # libuv: the port is another then
    except OSError:
        skt.close()
        raise
    return skt
