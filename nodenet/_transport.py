"""
What streams and servers stand on: TCP and UNIX transports that write at once
and keep the errno, and the same view of everybody else's transports.

A stream speaks to its transport through a L{Wire}. nodenet's own transports are
wires themselves; L{wireFor} finds one for any other.
"""

from __future__ import annotations

import os
import socket
import struct
from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from errno import ECONNRESET, EPROTO, ETIMEDOUT
from itertools import accumulate, takewhile
from typing import Any, Protocol, cast

from OpenSSL import SSL
from twisted.internet import error, main, tcp, unix
from twisted.internet.abstract import FileDescriptor
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import (
    IFileDescriptorReceiver,
    IHalfCloseableProtocol,
    IPullProducer,
    IPushProducer,
    ISSLTransport,
    ITCPTransport,
)
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from nodenet._address import fromSocket
from nodenet.errors import errnoException, lookupError

log = Logger("nodenet")

#: Bytes that one read takes at most.
READ_SIZE = 64 * 1024
#: Bytes that a transport which buffers gets at once.
CHUNK = 64 * 1024
#: Descriptors that one read takes at most (Linux's own limit).
MAX_DESCRIPTORS = 253

#: Why a transport ends that was closed in good order.
DONE = Failure(main.CONNECTION_DONE)


class Wire(Protocol):
    """
    What a stream needs of its transport.
    """

    @property
    def send(self) -> Callable[[bytes], int]:
        """
        As C{socket.send}: hand over now what fits.

        @raise BlockingIOError: nothing fits.
        @raise OSError: the connection has failed.
        """

    def sendv(self, pieces: Sequence[bytes | memoryview]) -> int:
        """
        As C{send}, for several pieces in a row.
        """

    def sendDescriptor(self, data: bytes | memoryview, fd: int) -> int:
        """
        As C{send}, with a descriptor.
        """

    def passesDescriptors(self) -> bool: ...

    def startWriting(self) -> None:
        """
        Call C{flush} (see L{wireFor}) when more fits.
        """

    def stopWriting(self) -> None: ...

    def startReading(self) -> None: ...

    def stopReading(self) -> None: ...

    def shutdown(self) -> None:
        """
        Send our FIN; what comes from the peer is still read.

        @raise OSError: the connection has failed.
        """

    def close(self) -> None:
        """
        Close the descriptor now, as close(2).
        """

    def finish(self) -> None:
        """
        Close when all that was sent has gone: both sides have ended.
        """

    def release(self) -> None:
        """
        Leave the transport to another wire.
        """


def wireFor(transport: Any, flush: Callable[[], bool]) -> Wire:
    """
    @param flush: called when the transport takes data again, after
        C{startWriting}; returns whether there is more to come.
    """
    if isinstance(transport, _Direct):
        transport.flush = flush
        return transport
    if isinstance(transport, FileDescriptor) and not getattr(transport, "TLS", False):
        handle = getattr(transport, "getHandle", lambda: None)()
        if isinstance(handle, socket.socket):
            return _SocketWire(transport, handle, flush)
    return BufferWire(transport, flush)


class _Direct(tcp.Connection):
    """
    nodenet's own transports: Twisted's, except that they

      - are a L{Wire}: what is written goes to the kernel at once;
      - lose a connection with the errno, as an C{OSError};
      - close without shutdown(2), as Node does: a descriptor that was passed to
        another process keeps its connection.
    """

    # Set while a stream writes past Twisted's own buffer.
    flush: Callable[[], bool] | None = None
    _shouldShutdown = False

    @property
    def send(self) -> Callable[[bytes], int]:
        return self.socket.send

    def sendv(self, pieces: Sequence[bytes | memoryview]) -> int:
        if len(pieces) == 1:
            return self.socket.send(pieces[0])
        return self.socket.sendmsg(pieces)

    def sendDescriptor(self, data: bytes | memoryview, fd: int) -> int:
        rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, struct.pack("i", fd))
        return self.socket.sendmsg([data], [rights])

    def passesDescriptors(self) -> bool:
        return self.socket.family == socket.AF_UNIX

    def write(self, data: bytes) -> None:
        """
        Twisted's write, for TLS and for those who use the transport as Twisted's:
        what the kernel takes at once need not wait for a turn of the reactor.
        """
        if self.connected and not (
            self._tempDataLen or self.dataBuffer or self._writeDisconnected or self.TLS
        ):
            # Full, or broken: the next attempt will tell.
            with suppress(OSError):
                data = data[self.socket.send(data) :]
        if data:
            super().write(data)

    def doRead(self) -> Any:
        try:
            data = self.socket.recv(READ_SIZE)
        except BlockingIOError:
            return None
        except OSError as e:
            return e
        if not data:
            return main.CONNECTION_DONE
        self.protocol.dataReceived(data)
        if len(data) == READ_SIZE:
            self._filled()
        return None

    def _filled(self) -> None:
        # A stream's, that is.
        filled = getattr(self.protocol, "filled", None)
        if filled is not None:
            filled()

    def doWrite(self) -> Any:
        if self.disconnected:  # by an event of the same turn
            return None
        if self.flush is not None and self.flush():
            return None
        if self._tempDataLen or self.dataBuffer or self.disconnecting:
            return super().doWrite()  # somebody uses the transport as Twisted's
        self.stopWriting()
        return None

    def shutdown(self) -> None:
        self._writeDisconnected = True
        self.socket.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        self.lose(DONE)

    finish = close

    def lose(self, reason: Failure) -> None:
        if not self.disconnected:
            self.connectionLost(reason)

    def release(self) -> None:
        self.flush = None
        if not (self._tempDataLen or self.dataBuffer):
            self.stopWriting()

    def readConnectionLost(self, reason: Failure) -> None:
        if self.flush is not None:  # a stream's, which need not be asked whether it can
            cast(IHalfCloseableProtocol, self.protocol).readConnectionLost()
        else:
            super().readConnectionLost(reason)

    def connectionLost(self, reason: Failure) -> None:
        if reason.check(error.ConnectionLost):
            # The reactor says so of a descriptor that it could not read: the
            # kernel knows more.
            errno = self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if errno:
                reason = Failure(errnoException(errno, "write"))
        self.flush = None
        super().connectionLost(reason)

    def logPrefix(self) -> str:
        return "nodenet"


class Connection(_Direct):
    """
    A connection that was accepted, or adopted with its descriptor; TCP or UNIX.
    """

    _tlsClientDefault = False

    def __init__(self, skt: socket.socket, peer: Any, protocol: Any, reactor: Any) -> None:
        """
        @param peer: the peer's address, as the socket gives it.
        """
        super().__init__(skt, protocol, reactor)
        self.family = skt.family
        self.peer = peer
        self.connected = 1

    def getHost(self) -> Any:
        return fromSocket(self.family, self.socket.getsockname())

    def getPeer(self) -> Any:
        return fromSocket(self.family, self.peer)


def connectionOf(skt: socket.socket) -> type[Connection]:
    """
    @return: the class for an accepted or adopted socket.
    """
    return UNIXConnection if skt.family == socket.AF_UNIX else Connection


class TCPClient(_Direct, tcp.Client):
    """
    The TCP connection of a client.
    """


class _Descriptors(_Direct):
    """
    What UNIX transports have in addition: they receive descriptors.
    """

    def doRead(self) -> Any:
        try:
            data, ancillary, flags, _ = self.socket.recvmsg(
                READ_SIZE, socket.CMSG_SPACE(MAX_DESCRIPTORS * 4), socket.MSG_CMSG_CLOEXEC
            )
        except BlockingIOError:
            return None
        except OSError as e:
            return e
        for level, kind, rights in ancillary:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                for fd in array("i", rights):
                    self._descriptorReceived(fd)
        if flags & socket.MSG_CTRUNC:
            log.error("A file descriptor was lost: there is room for no more (ulimit -n)")
        if not data:
            return main.CONNECTION_DONE
        self.protocol.dataReceived(data)
        if len(data) == READ_SIZE:
            self._filled()
        return None

    def _descriptorReceived(self, fd: int) -> None:
        receiver = IFileDescriptorReceiver(self.protocol, None)
        if receiver is not None:
            receiver.fileDescriptorReceived(fd)
        else:
            os.close(fd)
            log.warn("A file descriptor was received that nobody wants: closed")


class UNIXConnection(_Descriptors, Connection):
    """
    A L{Connection} over a UNIX socket.
    """


class UNIXClient(_Descriptors, unix.Client):
    """
    The UNIX connection of a client.
    """


@implementer(IPullProducer)
class _SocketWire:
    """
    A wire for Twisted's transports over a socket: writes go past the transport,
    which is asked for one more turn when the socket is full.
    """

    __slots__ = ("_flush", "_registered", "send", "socket", "transport")

    def __init__(self, transport: Any, skt: socket.socket, flush: Callable[[], bool]) -> None:
        self.transport = transport
        self.socket = skt
        self._flush = flush
        self._registered = False
        self.send = skt.send

    sendv = _Direct.sendv
    sendDescriptor = _Direct.sendDescriptor
    passesDescriptors = _Direct.passesDescriptors

    def startWriting(self) -> None:
        if not self._registered:
            self.transport.registerProducer(self, False)
            self._registered = True
        self.transport.startWriting()

    def stopWriting(self) -> None:
        if self._registered:
            self._registered = False
            self.transport.unregisterProducer()
            self.transport.stopWriting()

    def resumeProducing(self) -> None:
        if self._registered:  # registerProducer asks too, before it is needed
            self._flush()
        if self._registered:
            self.transport.startWriting()

    def stopProducing(self) -> None:
        self._registered = False

    release = stopWriting

    def startReading(self) -> None:
        self.transport.resumeProducing()

    def stopReading(self) -> None:
        self.transport.pauseProducing()

    def shutdown(self) -> None:
        self.transport._writeDisconnected = True
        self.socket.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        if not self.transport.disconnected:
            self.transport.connectionLost(DONE)

    finish = close


@implementer(IPushProducer)
class BufferWire:
    """
    A wire for transports that take all and buffer it (TLS, fakes): they are
    full from when they ask their producer to pause until they ask for more.
    They get no more than C{CHUNK} bytes at a time, so that what waits does so in
    the stream's queue, where it is no copy.
    """

    __slots__ = ("_flush", "_full", "_registered", "_taken", "transport")

    def __init__(self, transport: Any, flush: Callable[[], bool]) -> None:
        self.transport = transport
        self._flush = flush
        self._full = False
        self._taken = 0  # bytes that the transport has, but has not got rid of
        self._registered = hasattr(transport, "registerProducer")
        if self._registered:
            transport.registerProducer(self, True)

    def release(self) -> None:
        # Until then the transport would wait for us to end.
        if self._registered:
            self._registered = False
            self.transport.unregisterProducer()

    def _call(self, name: str, *args: Any) -> None:
        """
        Not every transport has everything.
        """
        method = getattr(self.transport, name, None)
        if method is not None:
            method(*args)

    def send(self, data: bytes | memoryview) -> int:
        size = len(data)
        sent = 0
        while sent < size and not self._full:
            chunk = data if size <= CHUNK else data[sent : sent + CHUNK]
            self.transport.write(bytes(chunk))
            if self._full:
                # Gone out when the transport asks for more: until then the stream
                # is to count it as queued.
                self._taken = len(chunk)
            else:
                sent += len(chunk)
        if size and not sent:
            raise BlockingIOError
        return sent

    def sendv(self, pieces: Sequence[bytes | memoryview]) -> int:
        if self._taken and not self._full:
            taken, self._taken = self._taken, 0
            return taken
        several = list(takewhile(lambda size: size <= CHUNK, accumulate(map(len, pieces))))
        if len(several) > 1:  # many small ones: TLS would make a record of each
            return self.send(b"".join(pieces[: len(several)]))
        return self.send(memoryview(pieces[0]))

    def passesDescriptors(self) -> bool:
        return False

    def sendDescriptor(self, data: bytes | memoryview, fd: int) -> int:
        raise NotImplementedError  # never asked: see passesDescriptors

    def pauseProducing(self) -> None:
        self._full = True

    def resumeProducing(self) -> None:
        if getattr(self.transport, "_lostTLSConnection", False):
            # Twisted's TLS has ended, drops what it is given and would wait for us:
            # the end of the connection is to find it in the stream's queue.
            self.release()
            return
        self._full = False
        self._flush()

    def stopProducing(self) -> None:
        self._full = True

    def startWriting(self) -> None:
        """
        The transport calls of its own accord.
        """

    stopWriting = startWriting

    def startReading(self) -> None:
        self._call("resumeProducing")

    def stopReading(self) -> None:
        self._call("pauseProducing")

    def shutdown(self) -> None:
        self.release()
        # A TLS transport has the interfaces of the one below it, too.
        if ITCPTransport.providedBy(self.transport) and not ISSLTransport.providedBy(
            self.transport
        ):
            self.transport.loseWriteConnection()
        else:
            self.transport.loseConnection()

    def finish(self) -> None:
        self.release()
        self.transport.loseConnection()

    def close(self) -> None:
        self.release()
        if hasattr(self.transport, "abortConnection"):
            self.transport.abortConnection()
        else:
            self.transport.loseConnection()


def asOSError(
    reason: BaseException | None, syscall: str, host: str | None = None
) -> BaseException:
    """
    What Twisted says of a failure, as the C{OSError} that it was.

    @param syscall: what was being tried.
    @param host: the name that was to be looked up.
    """
    cause: Any = reason
    if isinstance(cause, error.CannotListenError):
        host, cause = cause.interface, cause.socketError
    if isinstance(cause, socket.gaierror):
        return cause if hasattr(cause, "code") else lookupError(host or str(cause))
    if isinstance(cause, (error.DNSLookupError, error.UnknownHostError, ValueError)):
        return lookupError(host or str(cause))
    elif isinstance(cause, (error.TimeoutError, error.TCPTimedOutError)):
        return errnoException(ETIMEDOUT, syscall)
    elif isinstance(cause, error.ConnectError):
        cause = OSError(cause.osError, "")
    elif isinstance(cause, (error.ConnectionLost, error.ConnectionAborted)):
        return errnoException(ECONNRESET, syscall)
    elif isinstance(cause, SSL.Error):
        # [(library, function, reason), ...], if it says anything.
        reasons = [each[2] for each in cause.args[0]] if cause.args else []
        return errnoException(EPROTO, syscall, "TLS: " + "; ".join(reasons or ["failed"]))
    if isinstance(cause, OSError) and isinstance(cause.errno, int):
        if hasattr(cause, "code"):
            return cause
        return errnoException(cause.errno, syscall)
    return reason or Exception(f"{syscall} failed")


def setNoDelay(noDelay: bool, transport: Any) -> None:
    """
    @see: L{nodenet.net.Stream.setNoDelay}
    """
    if _isTCP(transport):
        transport.setTcpNoDelay(noDelay)


def setKeepAlive(enable: bool, seconds: int, transport: Any) -> None:
    """
    @see: L{nodenet.net.Stream.setKeepAlive}
    """
    if _isTCP(transport):
        transport.setTcpKeepAlive(enable)
        if seconds > 0:
            skt = transport.getHandle()
            skt.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, seconds)


@contextmanager
def _borrowed(fd: int) -> Iterator[socket.socket]:
    """
    The socket of a descriptor that stays its owner's.
    """
    skt = socket.socket(fileno=fd)
    try:
        yield skt
    finally:
        skt.detach()


def setReset(fd: int) -> None:
    """
    Have close(2) send an RST.
    """
    with _borrowed(fd) as skt:
        skt.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def pendingError(fd: int) -> int:
    """
    @return: the errno of what has happened to a socket since the last call, or 0.
    """
    with _borrowed(fd) as skt:
        return skt.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)


def _isTCP(transport: Any) -> bool:
    if not ITCPTransport.providedBy(transport):
        return False
    if isinstance(transport, _Direct):
        return transport.socket.family != socket.AF_UNIX
    return isinstance(transport.getHost(), (IPv4Address, IPv6Address))
