"""
Which transport, and which wire, for what.
"""

from __future__ import annotations

import os
import socket
from typing import Any

from twisted.internet import tcp, unix
from twisted.internet.abstract import FileDescriptor
from twisted.internet.endpoints import (
    HostnameEndpoint,
    TCP4ClientEndpoint,
    TCP6ClientEndpoint,
    UNIXClientEndpoint,
)
from twisted.internet.interfaces import ISSLTransport
from twisted.internet.posixbase import PosixReactorBase
from twisted.internet.protocol import Protocol
from zope.interface import directlyProvides, providedBy

from nodenet._address import isIP
from nodenet._transports.adopt import listeningSocket
from nodenet._transports.buffered import BufferedTLS, BufferedTLSWire, BufferWire
from nodenet._transports.direct import Direct, ReceivesDescriptors
from nodenet._transports.foreign import SocketWire
from nodenet._transports.port import BACKLOG, Port, bindTCP, bindUNIX, checkPath
from nodenet._transports.tls import TLSTransport
from nodenet._transports.wire import Owner, Wire
from nodenet._twisted import bindingOptions, need

__all__ = [
    "DirectReactor",
    "canSecure",
    "directReactor",
    "endpointFor",
    "isDirect",
    "listenFD",
    "refuse",
    "secure",
    "wireFor",
]

need(__name__)


def wireFor(transport: Any, owner: Owner) -> Wire:
    """
    @return: the wire of a connected transport, for this stream.
    """
    if isinstance(transport, Direct):
        transport.owner = owner
        return transport
    if isinstance(transport, BufferedTLS):
        return BufferedTLSWire(transport, owner)
    if isinstance(transport, FileDescriptor) and not getattr(transport, "TLS", False):
        handle = getattr(transport, "getHandle", lambda: None)()
        if isinstance(handle, socket.socket):
            return SocketWire(transport, handle, owner)
    return BufferWire(transport, owner)


def isDirect(transport: Any) -> bool:
    """
    @return: whether this is one of nodenet's own without TLS, whose bytes are the kernel's.
    """
    return isinstance(transport, Direct) and not isinstance(transport, TLSTransport)


def canSecure(transport: Any) -> bool:
    """
    @return: whether L{secure} can put TLS over it: it tells its protocol of what comes.
    """
    return hasattr(transport, "protocol") and not ISSLTransport.providedBy(transport)


def secure(transport: Any, session: Any, protocol: Any) -> Any:
    """
    Put TLS over a transport.

    @param session: makes the connection objects
        (L{Session<nodenet._net.tls.Session>}).
    @return: the transport of C{protocol} from now on.
    """
    if isinstance(transport, Direct):
        connection = session.makeConnection(transport.socket)
        return TLSTransport(transport, connection, session.isClient, protocol)
    return BufferedTLS.over(transport, session, session.isClient, protocol)


def endpointFor(reactor: Any, host: str | None, port: int | None, path: bytes | None) -> Any:
    """
    @return: how a reactor connects that is not POSIX, such as a test's; C{None} where
        nodenet's own connector does.
    """
    if isinstance(reactor, PosixReactorBase):
        return None
    # No time limit of our own: as in Node, the system's.
    limit: Any = None
    if path is not None:
        return UNIXClientEndpoint(reactor, path, limit)
    assert port is not None
    if host is None or isIP(host) == 4:
        return TCP4ClientEndpoint(reactor, host or "127.0.0.1", port, limit)
    if isIP(host) == 6:
        return TCP6ClientEndpoint(reactor, host, port, limit)
    return HostnameEndpoint(reactor, host.encode("idna"), port, limit)


def refuse(transport: Any) -> None:
    """
    Close a connection that its protocol does not want, and is not to hear of.
    """
    for name in "protocol", "wrappedProtocol":
        if hasattr(transport, name):
            setattr(transport, name, Protocol())
    getattr(transport, "abortConnection", transport.loseConnection)()


class _TCPClient(Direct, tcp.Client):
    """
    The TCP connection of a Twisted connector.
    """


class _UNIXClient(ReceivesDescriptors, unix.Client):
    """
    The UNIX connection of a Twisted connector.
    """


class _TCPConnector(tcp.Connector):
    def _makeTransport(self) -> Any:
        return _TCPClient(self.host, self.port, self.bindAddress, self, self.reactor)


class _UNIXConnector(unix.Connector):
    def _makeTransport(self) -> Any:
        return _UNIXClient(self.address, self, self.reactor, self.checkPID)


class DirectReactor:
    """
    A POSIX reactor whose TCP and UNIX connections have nodenet's transports. All else is
    the reactor's, so that Twisted's endpoints can be made on it.
    """

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        directlyProvides(self, providedBy(reactor))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reactor, name)

    def connectTCP(
        self, host: str, port: int, factory: Any, timeout: Any = 30, bindAddress: Any = None
    ) -> Any:
        connector = _TCPConnector(host, port, factory, timeout, bindAddress, self._reactor)
        connector.connect()
        return connector

    def connectUNIX(
        self, address: Any, factory: Any, timeout: Any = 30, checkPID: Any = 0
    ) -> Any:
        checkPath(os.fsencode(address))
        connector = _UNIXConnector(address, factory, timeout, self._reactor, checkPID)
        connector.connect()
        return connector

    def listenTCP(
        self, port: Any, factory: Any, backlog: int = BACKLOG, interface: str = ""
    ) -> Any:
        """
        @param port: a number, or what Twisted's C{makeBinding} returns.
        """
        if isinstance(port, int):
            return self._listening(bindTCP(interface, port, backlog), factory)
        skt = bindTCP(backlog=backlog, **bindingOptions(port))
        return self._listening(skt, factory)

    def listenUNIX(
        self,
        address: Any,
        factory: Any,
        backlog: int = BACKLOG,
        mode: int | None = 0o666,
        wantPID: Any = 0,
    ) -> Any:
        """
        @param mode: C{None}: as the process's umask has it.
        """
        path = os.fsencode(address)
        return self._listening(bindUNIX(path, backlog, mode), factory, path)

    def adoptStreamPort(self, fileDescriptor: int, addressFamily: Any, factory: Any) -> Any:
        """
        As in Twisted, the descriptor is duplicated.
        """
        return self._listening(listeningSocket(os.dup(fileDescriptor)), factory)

    def _listening(self, skt: socket.socket, factory: Any, path: bytes | None = None) -> Port:
        port = Port(skt, factory, self._reactor, path)
        port.startListening()
        return port


def directReactor(reactor: Any) -> Any:
    """
    @return: the reactor to connect and listen with: where it can, one whose
        transports are nodenet's.
    """
    return DirectReactor(reactor) if isinstance(reactor, PosixReactorBase) else reactor


def listenFD(reactor: Any, fd: int, factory: Any) -> Any:
    """
    @param fd: becomes the port's.
    @raise OSError: it is not open, or not a listening stream socket.
    """
    skt = listeningSocket(fd)
    try:
        return directReactor(reactor).adoptStreamPort(fd, skt.family, factory)
    finally:
        skt.close()  # the port has a duplicate
