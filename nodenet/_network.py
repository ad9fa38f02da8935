"""
Listening and connecting with nodenet's own transports.
"""

from __future__ import annotations

import os
import socket
import stat
from contextlib import suppress
from errno import (
    EADDRINUSE,
    EBADF,
    ECONNABORTED,
    EINVAL,
    EMFILE,
    ENAMETOOLONG,
    ENFILE,
    ENOTCONN,
    ENOTSOCK,
    EPROTOTYPE,
)
from typing import Any

from twisted.internet import error, tcp, unix
from twisted.internet.abstract import FileDescriptor
from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IListeningPort
from twisted.internet.posixbase import PosixReactorBase
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import directlyProvides, implementer, providedBy

from nodenet._address import fromSocket
from nodenet._transport import DONE, Connection, TCPClient, UNIXClient, connectionOf
from nodenet.errors import errnoException
from nodenet.timers import nextTick

log = Logger("nodenet")

#: Connections that the kernel holds until they are accepted, as in Node.
BACKLOG = 511
#: Connections that one turn of the reactor accepts at most.
ACCEPTS = 64
#: Seconds without a lack of descriptors, after which the next is another one.
SHORTAGE = 10
#: Seconds without accepting, when even shedding a connection has failed.
ACCEPT_PAUSE = 1


class TCPConnector(tcp.Connector):
    """
    Makes a L{TCPClient}.
    """

    def _makeTransport(self) -> Any:
        return TCPClient(self.host, self.port, self.bindAddress, self, self.reactor)


class UNIXConnector(unix.Connector):
    """
    Makes a L{UNIXClient}.
    """

    def _makeTransport(self) -> Any:
        return UNIXClient(self.address, self, self.reactor, self.checkPID)


@implementer(IListeningPort)
class Port(FileDescriptor):
    """
    Accepts connections on a listening socket, TCP or UNIX.

    A connection for which C{factory} builds no protocol is closed at once.
    """

    _shedUntil = 0.0  # out of descriptors, and said so: not again before
    _reserve = -1  # a descriptor that can be given up for accept(2) to use

    def __init__(
        self, skt: socket.socket, factory: Any, reactor: Any, path: bytes | None = None
    ) -> None:
        """
        @param path: the socket's file, to be removed at the end.
        """
        super().__init__(reactor)
        self.reactor: Any
        skt.setblocking(False)
        self.socket = skt
        self.fileno = skt.fileno  # type: ignore[method-assign]
        self.factory = factory
        self._file = path and _fileIdentity(os.path.abspath(path))

    def startListening(self) -> None:
        self._reserve = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
        self.connected = 1
        self.factory.doStart()
        self.startReading()

    def getHost(self) -> Any:
        return fromSocket(self.socket.family, self.socket.getsockname())

    def logPrefix(self) -> str:
        return "nodenet"

    def doRead(self) -> None:
        for _ in range(ACCEPTS):
            if self.disconnected:  # by a listener
                return
            try:
                skt, peer = self.socket.accept()
            except BlockingIOError:
                return
            except OSError as e:
                if e.errno in (EMFILE, ENFILE):
                    self._shed(e)
                elif e.errno != ECONNABORTED:
                    log.error("Cannot accept a connection: {error}", error=e)
                return
            try:
                protocol = self.factory.buildProtocol(fromSocket(skt.family, peer))
                if protocol is None:
                    skt.close()
                    continue
                transport = connectionOf(skt)(skt, peer, protocol, self.reactor)
                transport.startReading()
                protocol.makeConnection(transport)
            except Exception:
                # Not a Server's: it sees to its listeners' exceptions itself.
                log.failure("Cannot serve {peer}", peer=peer)

    def _shed(self, e: OSError) -> None:
        """
        Out of descriptors: give up the one in reserve to accept those who wait,
        and close them, rather than let them wait without an answer.
        """
        now = self.reactor.seconds()
        said, self._shedUntil = now < self._shedUntil, now + SHORTAGE
        if not said:
            log.error(
                "Out of file descriptors: connections are being closed unserved"
                " until there are some. Raise the limit (ulimit -n): {error}",
                error=e,
            )
        if self._reserve >= 0:
            os.close(self._reserve)
            self._reserve = -1
        with suppress(OSError):
            for _ in range(ACCEPTS):
                self.socket.accept()[0].close()
        try:
            self._reserve = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            # Somebody was faster. Without a pause this would spin.
            self.stopReading()
            self.reactor.callLater(ACCEPT_PAUSE, self._acceptAgain)

    def _acceptAgain(self) -> None:
        if not self.disconnected:
            self.startReading()

    def stopListening(self) -> Deferred[None]:
        """
        Close the socket, at once, and remove its file.
        """
        if not self.disconnected:
            self.connectionLost(DONE)
        return succeed(None)

    loseConnection = stopListening

    def connectionLost(self, reason: Failure) -> None:
        super().connectionLost(reason)
        # Another server may have put its own socket there meanwhile.
        if self._file and self._file == _fileIdentity(self._file[0]):
            try:
                os.unlink(self._file[0])
            except OSError as e:  # we may have given up the right to
                log.warn("Cannot remove the socket file: {error}", error=e)
        self.socket.close()
        if self._reserve >= 0:
            os.close(self._reserve)
        self.factory.doStop()


class Network:
    """
    A POSIX reactor whose TCP and UNIX connections have this module's
    transports. All else is the reactor's, so that Twisted's endpoints can be
    made on it.
    """

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        directlyProvides(self, providedBy(reactor))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reactor, name)

    def connectTCP(
        self, host: str, port: int, factory: Any, timeout: Any = 30, bindAddress: Any = None
    ) -> Any:
        connector = TCPConnector(host, port, factory, timeout, bindAddress, self._reactor)
        connector.connect()
        return connector

    def connectUNIX(
        self, address: Any, factory: Any, timeout: Any = 30, checkPID: Any = 0
    ) -> Any:
        checkPath(os.fsencode(address))
        connector = UNIXConnector(address, factory, timeout, self._reactor, checkPID)
        connector.connect()
        return connector

    def listenTCP(
        self, port: Any, factory: Any, backlog: int = BACKLOG, interface: str = ""
    ) -> Any:
        if not isinstance(port, int):  # a Binding, with options of its own
            return self._reactor.listenTCP(port, factory, backlog, interface)
        family = socket.AF_INET6 if ":" in interface else socket.AF_INET
        skt = socket.socket(family, socket.SOCK_STREAM)
        try:
            skt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                where = socket.getaddrinfo(
                    interface, port, family, socket.SOCK_STREAM, 0, socket.AI_NUMERICHOST
                )[0][4]
                skt.bind(where)
            else:
                skt.bind((interface, port))
            skt.listen(backlog)
        except OSError as e:
            skt.close()
            raise error.CannotListenError(interface, port, e) from e
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
        skt = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            checkPath(path)
            try:
                skt.bind(path)
            except OSError as e:
                if e.errno != EADDRINUSE or not _isStale(path):
                    raise errnoException(e.errno or EINVAL, "bind", _inTheWay(path)) from None
                os.unlink(path)
                skt.bind(path)
            if mode is not None and not path.startswith(b"\0"):
                os.chmod(path, mode)
            skt.listen(backlog)
        except OSError as e:
            skt.close()
            raise error.CannotListenError(None, path, e) from e
        return self._listening(skt, factory, path)

    def adoptStreamPort(self, fileDescriptor: int, addressFamily: Any, factory: Any) -> Any:
        """
        As in Twisted, the descriptor is duplicated.
        """
        skt = listeningSocket(os.dup(fileDescriptor))
        return self._listening(skt, factory)

    def _listening(self, skt: socket.socket, factory: Any, path: bytes | None = None) -> Port:
        port = Port(skt, factory, self._reactor, path)
        port.startListening()
        return port


def network(reactor: Any) -> Any:
    """
    @return: the reactor to connect and listen with: where it can, one whose
        transports are this module's.
    """
    return Network(reactor) if isinstance(reactor, PosixReactorBase) else reactor


def listenFD(reactor: Any, fd: int, factory: Any) -> Any:
    """
    @param fd: becomes the port's.
    @raise OSError: it is not open, or not a listening stream socket.
    """
    skt = listeningSocket(fd)
    try:
        return network(reactor).adoptStreamPort(fd, skt.family, factory)
    finally:
        skt.close()  # the port has a duplicate


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


def adopt(fd: int, protocol: Any, reactor: Any) -> Connection:
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
    transport = connectionOf(skt)(skt, peer, protocol, reactor)
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


def checkPath(path: bytes) -> None:
    """
    @raise OSError: C{ENAMETOOLONG}, for which Python has no errno.
    """
    if len(path) > 107:
        raise errnoException(ENAMETOOLONG, "socket")


def _fileIdentity(path: bytes) -> tuple[bytes, int, int] | None:
    """
    @return: path, device and inode; C{None} where there is no file, as for a
        socket of the abstract namespace.
    """
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return None
    return path, status.st_dev, status.st_ino


def _inTheWay(path: bytes) -> str:
    """
    @return: what else to say than that the address is in use.
    """
    try:
        socketThere = stat.S_ISSOCK(os.stat(path).st_mode)
    except (OSError, ValueError):
        return ""
    return "" if socketThere else "a file that is no socket is there"


def _isStale(path: bytes) -> bool:
    """
    @return: whether this is a socket that nobody listens on.
    """
    try:
        if not stat.S_ISSOCK(os.stat(path).st_mode):
            return False
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.setblocking(False)
            probe.connect(path)
    except ConnectionRefusedError:
        return True
    except OSError:
        pass
    return False
