"""
What a server has below it while it listens: C{server._handle}.

Source: Node 20, C{lib/net.js}, C{createServerHandle}; libuv.
"""

from __future__ import annotations

import os
import socket
import stat
from errno import EACCES, EADDRINUSE, EINVAL, ENOENT
from typing import Any

from twisted.internet.defer import maybeDeferred
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IProtocolFactory
from twisted.internet.posixbase import PosixReactorBase
from zope.interface import implementer

from nodenet._transports.port import BACKLOG, Port, bindTCP, bindUNIX
from nodenet.node._net.handle import toNames
from nodenet.node._net.waiting import Referenced, closed, opened
from nodenet.timers import theReactor

__all__ = ["Hosted", "Listening", "listenFD", "listenPath", "listenTCP"]


@implementer(IProtocolFactory)
class _Acceptor:
    """
    The factory of a port of our own.
    """

    noisy = False

    def __init__(self, server: Any) -> None:
        self._server = server

    def doStart(self) -> None:
        """
        Twisted: a port listens. The server knows.
        """

    def doStop(self) -> None:
        """
        Twisted: likewise.
        """

    def buildProtocol(self, addr: Any) -> Any:
        return self._server.buildProtocol(addr)


class Listening(Referenced):
    """
    A port that accepts connections.
    """

    active = True

    def __init__(self, reactor: Any, port: Any, path: str | None = None) -> None:
        self.reactor = reactor
        self._port = port
        self._path = path
        super().__init__()
        opened(self)

    @property
    def fd(self) -> int:
        """
        The descriptor; -1: there is none.
        """
        fileno = getattr(self._port, "fileno", None)
        return -1 if fileno is None else int(fileno())

    def address(self) -> Any:
        """
        @return: C{address}, C{family} and C{port}; of a UNIX socket its path.
        """
        if self._path is not None:
            return self._path
        skt = getattr(self._port, "socket", None)
        if isinstance(skt, socket.socket):
            if skt.family == socket.AF_UNIX:
                return None
            return toNames(skt.getsockname())
        host = self._port.getHost()
        if not hasattr(host, "port"):
            return None if host.name is None else os.fsdecode(host.name)
        return toNames((host.host, host.port))

    def close(self) -> None:
        closed(self)
        maybeDeferred(self._port.stopListening)


class Hosted:
    """
    In place of it, while a port of somebody else's accepts connections for a server.
    """

    fd = -1

    def ref(self) -> None:
        """
        Nobody asks: it is not ours.
        """

    def unref(self) -> None:
        """
        Likewise.
        """

    def address(self) -> None:
        return None

    def close(self) -> None:
        """
        It is its owner's to close.
        """


def _started(skt: socket.socket, server: Any, reactor: Any, path: bytes | None = None) -> Any:
    # Each in a turn of its own, as in libuv.
    port = Port(skt, _Acceptor(server), reactor, path)
    port.startListening()
    return port


def _errnoOf(error: CannotListenError) -> int:
    return getattr(error.socketError, "errno", None) or EINVAL


def listenTCP(
    server: Any,
    reactor: Any,
    address: str | None,
    port: int,
    backlog: int,
    ipv6Only: bool,
    reusePort: bool = False,
) -> tuple[Listening | int, str]:
    """
    @param address: C{None}: C{::}, for both families, or C{0.0.0.0} where there is no IPv6.
    @return: what listens, or an errno; and the address that was tried.
    """
    reactor = theReactor(reactor)
    backlog = backlog or BACKLOG
    if not isinstance(reactor, PosixReactorBase):
        try:
            listener = reactor.listenTCP(port, _Acceptor(server), backlog, address or "::")
        except CannotListenError as e:
            return _errnoOf(e), address or "::"
        return Listening(reactor, listener), address or "::"
    where = address or "::"
    try:
        skt = bindTCP(where, port, backlog, ipv6Only=ipv6Only, reusePort=reusePort)
    except CannotListenError as e:
        if address is not None or _errnoOf(e) == EADDRINUSE:
            return _errnoOf(e), where
        where = "0.0.0.0"
        try:
            skt = bindTCP(where, port, backlog, reusePort=reusePort)
        except CannotListenError as e:
            return _errnoOf(e), where
    return Listening(reactor, _started(skt, server, reactor)), where


def listenPath(
    server: Any, reactor: Any, path: str, backlog: int, readable: bool, writable: bool
) -> Listening | int:
    """
    @param readable: whether everybody may read from the socket's file.
    @param writable: whether everybody may write to it.
    @return: what listens, or an errno.
    """
    reactor = theReactor(reactor)
    backlog = backlog or BACKLOG
    name = os.fsencode(path)
    if not isinstance(reactor, PosixReactorBase):
        try:
            port = reactor.listenUNIX(name, _Acceptor(server), backlog)
            return Listening(reactor, port, path)
        except CannotListenError as e:
            return _errnoOf(e)
    try:
        skt = bindUNIX(name, backlog, None, replace=False)
        if readable or writable:
            mode = stat.S_IMODE(os.stat(path).st_mode)
            mode |= 0o444 if readable else 0
            mode |= 0o222 if writable else 0
            os.chmod(path, mode)
    except CannotListenError as e:
        errno = _errnoOf(e)
        return EACCES if errno == ENOENT else errno  # libuv, for Windows' sake
    return Listening(reactor, _started(skt, server, reactor, name), path)


def listenFD(server: Any, reactor: Any, fd: int, backlog: int) -> Listening | int:
    """
    @param fd: of a socket that is bound; it is the server's from now on.
    @return: what listens, or an errno.
    """
    try:
        if not stat.S_ISSOCK(os.fstat(fd).st_mode):
            return EINVAL
        skt = socket.socket(fileno=fd)
    except OSError:
        return EINVAL
    if skt.type != socket.SOCK_STREAM:
        skt.detach()
        return EINVAL
    try:
        skt.listen(backlog or BACKLOG)
    except OSError as e:
        skt.close()
        return e.errno or EINVAL
    reactor = theReactor(reactor)
    return Listening(reactor, _started(skt, server, reactor))
