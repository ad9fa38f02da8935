"""
Connecting a socket: no endpoint, no Deferred.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from errno import EALREADY, EINPROGRESS, EINVAL, EISCONN
from typing import Any

from twisted.python.failure import Failure

from nodenet._transports.direct import Transport, transportFor
from nodenet._transports.port import checkPath
from nodenet.errors import errnoException
from nodenet.timers import nextTick

__all__ = ["Attempt", "connectTCP", "connectUNIX", "toSocket"]


# Where the system has it, a flag saves a call.
_NONBLOCK = getattr(socket, "SOCK_NONBLOCK", 0)
_KIND = socket.SOCK_STREAM | _NONBLOCK
_UNDECIDED = {EALREADY, EINPROGRESS}


class Attempt:
    """
    A socket that is being connected. In a later turn of the reactor, C{connected} is called
    with it, or C{failed} with it and the C{OSError}; neither after L{cancel}.
    """

    __slots__ = (
        "__weakref__",
        "_address",
        "_connected",
        "_failed",
        "_family",
        "_reactor",
        "_socket",
        "_waiting",
        "fileno",
        "where",
    )

    def __init__(
        self,
        reactor: Any,
        family: int,
        address: Any,
        where: tuple[str, int | None],
        connected: Callable[[Attempt], Any],
        failed: Callable[[Attempt, OSError], Any],
        skt: socket.socket | None = None,
    ) -> None:
        """
        @param address: as C{socket.connect} takes it.
        @param where: address and port, for errors.
        @param skt: to connect, which does not block, such as one that is bound; by default
            a new one.
        """
        self._reactor = reactor
        self._address = address
        self.where = where
        self._connected: Callable[[Attempt], Any] | None = connected  # None: it is over
        self._failed = failed
        self._family = family
        self._socket: socket.socket | None = skt
        self._waiting = False  # for the reactor
        self._begin()

    def _begin(self) -> None:
        try:
            errno = self._connect()
        except OSError as e:
            self._later(self._fail, e.errno or EINVAL)
        else:
            # What is near has been decided by the next tick, which costs less than to have
            # the reactor wait.
            self._later(self._look, errno)

    def _connect(self) -> int:
        """
        @return: the errno of connect(2).
        @raise OSError: there is no socket.
        """
        if self._family == socket.AF_UNIX:
            checkPath(self._address)
        skt = self._socket
        if skt is None:
            skt = self._socket = socket.socket(self._family, _KIND)
            if not _NONBLOCK:
                skt.setblocking(False)
        self.fileno = skt.fileno
        return skt.connect_ex(self._address)

    def _later(self, call: Callable[[int], None], errno: int) -> None:
        nextTick(call, errno, reactor=self._reactor)

    def logPrefix(self) -> str:
        return "nodenet"

    def _look(self, errno: int) -> None:
        skt = self._socket
        if skt is None:
            return
        if errno == EINPROGRESS:
            errno = skt.connect_ex(self._address)
        if errno == 0 or errno == EISCONN:
            self._succeed()
        elif errno in _UNDECIDED:
            self._waiting = True
            self._reactor.addWriter(self)
        else:
            self._fail(errno)

    def doWrite(self) -> None:
        """
        The reactor: it is decided.
        """
        skt = self._socket
        if skt is None:
            return
        errno = skt.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        self._stopWaiting()
        if errno:
            self._fail(errno)
        else:
            self._succeed()

    def _stopWaiting(self) -> None:
        if self._waiting:
            self._waiting = False
            self._reactor.removeWriter(self)

    def connectionLost(self, reason: Failure) -> None:
        """
        The reactor: likewise; some take a refusal for a hang-up.
        """
        self.doWrite()

    def _succeed(self) -> None:
        connected, self._connected = self._connected, None
        if connected is not None:
            connected(self)

    def _fail(self, errno: int) -> None:
        if self._connected is not None:
            self.cancel()
            address, port = self.where
            self._failed(self, errnoException(errno, "connect", address=address, port=port))

    def transport(self, protocol: Any) -> Transport:
        """
        @return: the transport of the connection, which is read from.
        """
        skt, self._socket = self._socket, None
        assert skt is not None
        transport = transportFor(skt, self._family, self._address, protocol, self._reactor)
        transport.startReading()
        return transport

    def cancel(self) -> None:
        """
        Close the socket.
        """
        self._connected = None
        skt, self._socket = self._socket, None
        if skt is not None:
            self._stopWaiting()
            skt.close()


def connectTCP(reactor: Any, host: str, port: int, connected: Any, failed: Any) -> Attempt:
    """
    @param host: an IP address; of IPv6, with its zone if it has one.
    """
    family, address = toSocket(host, port)
    return Attempt(reactor, family, address, (host, port), connected, failed)


def toSocket(host: str, port: int) -> tuple[int, Any]:
    """
    @param host: likewise.
    @return: the family, and the address as C{socket.connect} and C{socket.bind} take it.
    """
    if ":" not in host:
        return socket.AF_INET, (host, port)
    bare, mark, zone = host.partition("%")
    if not mark:
        return socket.AF_INET6, (host, port)
    try:
        index = int(zone) if zone.isdecimal() else socket.if_nametoindex(zone)
    except OSError:
        index = 0  # connect(2) refuses a link-local address without one
    return socket.AF_INET6, (bare, port, 0, index)


def connectUNIX(reactor: Any, path: bytes, connected: Any, failed: Any) -> Attempt:
    where = os.fsdecode(path), None
    return Attempt(reactor, socket.AF_UNIX, path, where, connected, failed)
