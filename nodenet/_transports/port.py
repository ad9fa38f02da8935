"""
A socket that listens, TCP or UNIX.
"""

from __future__ import annotations

import os
import socket
import stat
from contextlib import suppress
from errno import EADDRINUSE, ECONNABORTED, EINVAL, EMFILE, ENAMETOOLONG, ENFILE
from typing import Any

from twisted.internet import error
from twisted.internet.abstract import FileDescriptor
from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IListeningPort
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from nodenet._address import fromSocket
from nodenet._transports.direct import transportFor
from nodenet._transports.failures import DONE
from nodenet._twisted import accept
from nodenet.errors import errnoException

__all__ = ["BACKLOG", "Port", "bindTCP", "bindUNIX", "checkPath"]

log = Logger("nodenet")

#: Connections that the kernel holds until they are accepted, as in Node.
BACKLOG = 511
#: Connections that one turn of the reactor accepts at most.
ACCEPTS = 64
#: Seconds between two lines of the log about a lack of descriptors.
SHORTAGE = 10
#: Seconds without accepting, when even shedding a connection has failed.
ACCEPT_PAUSE = 1


@implementer(IListeningPort)
class Port(FileDescriptor):
    """
    Accepts connections on a listening socket.

    A connection for which C{factory} builds no protocol is closed at once.
    """

    _shortage: Any = None  # out of descriptors: the call that is to tell how many were shed
    _shed = 0  # connections, since the log has told of them
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
        self.family = skt.family
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
                skt, peer = accept(self.socket, self.family)
            except BlockingIOError:
                return
            except OSError as e:
                if e.errno in (EMFILE, ENFILE):
                    self._shedSome(e)
                elif e.errno != ECONNABORTED:
                    log.error("Cannot accept a connection: {error}", error=e)
                return
            try:
                protocol = self.factory.buildProtocol(fromSocket(self.family, peer))
                if protocol is None:
                    skt.close()
                    continue
                skt.setblocking(False)
                transport = transportFor(skt, self.family, peer, protocol, self.reactor)
                protocol.makeConnection(transport)
                transport.start()
            except Exception:
                # Not a Server's: it sees to its listeners' exceptions itself.
                log.failure("Cannot serve {peer}", peer=peer)

    def _shedSome(self, e: OSError) -> None:
        """
        Out of descriptors: give up the one in reserve to accept those who wait,
        and close them, rather than let them wait without an answer.
        """
        if self._shortage is None:
            log.error(
                "Out of file descriptors: connections are being closed unserved"
                " until there are some. Raise the limit (ulimit -n): {error}",
                error=e,
            )
            self._shortage = self.reactor.callLater(SHORTAGE, self._checkShortage)
        if self._reserve >= 0:
            os.close(self._reserve)
            self._reserve = -1
        with suppress(OSError):
            for _ in range(ACCEPTS):
                self.socket.accept()[0].close()
                self._shed += 1
        try:
            self._reserve = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            # Somebody was faster. Without a pause this would spin.
            self.stopReading()
            self.reactor.callLater(ACCEPT_PAUSE, self._acceptAgain)

    def _checkShortage(self) -> None:
        """
        Another is told of anew when there was none for so long.
        """
        self._shortage = None
        if self._shed:
            self._shortage = self.reactor.callLater(SHORTAGE, self._checkShortage)
        self._tellShed()

    def _tellShed(self) -> None:
        count, self._shed = self._shed, 0
        if count:
            log.error(
                "{count} connections were closed unserved for want of file descriptors",
                count=count,
            )

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
        if self._shortage is not None:
            self._shortage.cancel()
            self._shortage = None
        self._tellShed()
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


def bindTCP(
    interface: str,
    port: int,
    backlog: int,
    *,
    reuseAddress: bool = True,
    reusePort: bool = False,
    ipv6Only: bool | None = None,
) -> socket.socket:
    """
    @param ipv6Only: whether C{::} is IPv6 alone; C{None}: as the system has it.
    @return: a socket that listens.
    @raise CannotListenError: it cannot.
    """
    family = socket.AF_INET6 if ":" in interface else socket.AF_INET
    skt = socket.socket(family, socket.SOCK_STREAM)
    try:
        if reuseAddress:
            skt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if reusePort:
            skt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if family == socket.AF_INET6:
            if ipv6Only is not None:
                skt.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, ipv6Only)
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
    return skt


def bindUNIX(
    path: bytes, backlog: int, mode: int | None, *, replace: bool = True
) -> socket.socket:
    """
    @param mode: of the file; C{None}: as the process's umask has it.
    @param replace: whether a socket's file on which nobody listens is replaced.
    @return: a socket that listens.
    @raise CannotListenError: it cannot.
    """
    skt = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        checkPath(path)
        try:
            skt.bind(path)
        except OSError as e:
            if e.errno != EADDRINUSE or not (replace and _isStale(path)):
                raise errnoException(
                    e.errno or EINVAL, "bind", _inTheWay(path), os.fsdecode(path)
                ) from None
            os.unlink(path)
            skt.bind(path)
        if mode is not None and not path.startswith(b"\0"):
            os.chmod(path, mode)
        skt.listen(backlog)
    except OSError as e:
        skt.close()
        raise error.CannotListenError(None, path, e) from e
    return skt


def checkPath(path: bytes) -> None:
    """
    @raise OSError: C{ENAMETOOLONG}, for which Python has no errno.
    """
    if len(path) > _MAX_PATH:
        raise errnoException(ENAMETOOLONG, "socket", address=os.fsdecode(path))


def _maxPath() -> int:
    """
    @return: the bytes of the longest path that the system takes: 107 on Linux, 103 on macOS.
    """
    for size in 107, 103:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as skt, suppress(OSError):
            try:
                skt.connect(b"/" + b"x" * (size - 1))
            except OSError as e:
                if e.errno is not None:  # ENOENT: it was taken for a path
                    return size
    return 91


_MAX_PATH = _maxPath()


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
    except (OSError, ValueError):  # ValueError: of the abstract namespace
        pass
    return False
