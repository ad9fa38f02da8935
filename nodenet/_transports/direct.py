"""
nodenet's own transports, TCP and UNIX: they write at once and keep the errno.
"""

from __future__ import annotations

import os
import socket
import struct
from array import array
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, cast

from twisted.internet import error, main, tcp
from twisted.internet.abstract import FileDescriptor
from twisted.internet.interfaces import IFileDescriptorReceiver, IHalfCloseableProtocol
from twisted.logger import Logger
from twisted.python.failure import Failure

from nodenet._address import fromSocket
from nodenet._transports.failures import DONE
from nodenet._transports.wire import READ_SIZE, Owner
from nodenet._twisted import need
from nodenet.errors import errnoException

__all__ = ["Direct", "Transport", "UNIXTransport", "transportFor"]

need(__name__)

log = Logger("nodenet")

#: Descriptors that one read takes at most (Linux's own limit).
MAX_DESCRIPTORS = 253
# Without the flag (macOS) they are made so afterwards.
_CLOEXEC = getattr(socket, "MSG_CMSG_CLOEXEC", 0)


class Direct(tcp.Connection):
    """
    Twisted's transport over a socket, except that it

      - is a L{Wire<nodenet._transports.wire.Wire>}: what is written goes to the kernel at
        once;
      - loses a connection with the errno, as an C{OSError};
      - closes without shutdown(2), as Node does: a descriptor that was passed to
        another process keeps its connection.

    @ivar owner: the stream that writes past Twisted's own buffer. It also gets what somebody
        gives to the transport's own C{write}, which so keeps its place in the stream's queue.
    @ivar onFullRead: called after a read that took all it could: there is more.
    """

    buffers = False
    owner: Owner | None = None
    onFullRead: Callable[[], None] | None = None
    _diverted: Callable[[], bool] | None = None
    _shouldShutdown = False
    family: int

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

    def wholeMessage(self) -> int:
        # Linux makes pieces of half the buffer, and no larger than 32 KiB.
        room = self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) // 2 - 64
        return max(1, min(room, 16 * 1024))

    # Twisted's way to write

    def write(self, data: bytes) -> None:
        """
        What the kernel takes at once need not wait for a turn of the reactor.
        """
        if self.owner is not None:
            gone = not data or self.owner.onTransportWrite(data)
            if self.producer is not None and not self.disconnected:
                if self.streamingProducer and not gone and not self.producerPaused:
                    self.producerPaused = True
                    cast(Any, self.producer).pauseProducing()
                self.startWriting()  # it is asked for more from there
            return
        if self.connected and not (
            self._tempDataLen or self.dataBuffer or self._writeDisconnected or self.TLS
        ):
            # Full, or broken: the next attempt will tell.
            with suppress(OSError):
                data = data[self.socket.send(data) :]
        if data or self.producer is not None:
            super().write(data)

    def writeSequence(self, data: Any) -> None:
        self.write(b"".join(data))

    # The reactor's events

    def doRead(self) -> Any:
        try:
            data = self.socket.recv(READ_SIZE)
        except BlockingIOError:
            return None
        except OSError as e:
            return e
        # As in the class for UNIX sockets: a call more would be one for each message.
        if not data:
            return self._readEnd()
        self.protocol.dataReceived(data)
        if len(data) == READ_SIZE and self.onFullRead is not None:
            self.onFullRead()
        return None

    def _readEnd(self) -> Any:
        """
        The peer's FIN has come.
        """
        if self.owner is None:
            return main.CONNECTION_DONE  # then the reactor does this
        self.stopReading()
        cast(IHalfCloseableProtocol, self.protocol).readConnectionLost()
        return None

    def doWrite(self) -> Any:
        if self.disconnected:  # by an event of the same turn
            return None
        if self._diverted is not None and self._diverted():
            return None
        if self.owner is not None and self.owner.onWritable():
            return None
        if self.disconnected:
            return None
        if self._tempDataLen or self.dataBuffer or self.producer is not None:
            return super().doWrite()  # somebody uses the transport as Twisted's
        if self.disconnecting or self._writeDisconnecting:
            return super().doWrite()
        self.stopWriting()
        return None

    # For what moves data within the kernel

    def divertReads(self, doRead: Callable[[], Any]) -> None:
        """
        Have C{doRead} called instead of this class's, with its contract.
        """
        self.doRead = doRead  # type: ignore[method-assign]

    def undivertReads(self) -> None:
        with suppress(AttributeError):  # closed meanwhile
            del self.doRead

    def divertWrites(self, onWritable: Callable[[], bool] | None) -> None:
        """
        Have C{onWritable} called before the stream's, with its contract.
        """
        self._diverted = onWritable

    @property
    def diverted(self) -> bool:
        """
        Whether somebody else writes to the socket.
        """
        return self._diverted is not None

    # A stream's

    def stopProducer(self) -> None:
        """
        There is no more to be produced for.
        """
        producer = self.producer
        if producer is not None:
            self.unregisterProducer()
            cast(Any, producer).stopProducing()

    def shutdown(self) -> None:
        self.stopProducer()
        self._writeDisconnected = True
        self.socket.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        self.lose(DONE)

    def finish(self) -> None:
        self.close()

    def _forget(self) -> None:
        self.owner = self.onFullRead = self._diverted = None
        del self.protocol, self.socket, self.fileno

    def lose(self, reason: Failure) -> None:
        if not self.disconnected:
            self.connectionLost(reason)

    def release(self) -> None:
        self.owner = None
        if not (self._tempDataLen or self.dataBuffer):
            self.stopWriting()

    def giveUp(self) -> tuple[socket.socket, int]:
        """
        @return: the socket and its family, for another transport to go on with; this one has
            ended.
        """
        skt = self.socket
        self.release()
        self.stopReading()
        self.stopWriting()
        self.connected, self.disconnected = 0, 1
        self._forget()
        return skt, skt.family

    # The end

    def readConnectionLost(self, reason: Failure) -> None:
        if self.owner is None:
            super().readConnectionLost(reason)
            return
        # A reactor that is told by poll or epoll of a hang-up, and not that there is something
        # to read, takes it for the end. In the midst of an RST it is none: the read tells.
        self.startReading()
        why = self.doRead()
        if why:
            self.stopReading()
            self.connectionLost(why if isinstance(why, Failure) else Failure(why))

    def connectionLost(self, reason: Failure) -> None:
        if not hasattr(self, "socket"):
            return
        if reason.check(error.ConnectionLost):
            # The reactor says so of a descriptor that it could not read: the
            # kernel knows more.
            errno = self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if errno:
                reason = Failure(errnoException(errno, "read"))
        self.owner = self.onFullRead = self._diverted = None
        super().connectionLost(reason)

    def logPrefix(self) -> str:
        return "nodenet"


class Transport(Direct):
    """
    The transport of a connected socket.
    """

    _tlsClientDefault = False
    _saidToRead = False

    def __init__(
        self, skt: socket.socket, family: int, peer: Any, protocol: Any, reactor: Any
    ) -> None:
        """
        @param skt: does not block.
        @param family: the socket's own C{family} makes an enum of it each time.
        @param peer: the peer's address, as the socket gives it.
        """
        # Not tcp.Connection's, which makes the socket non-blocking once more.
        FileDescriptor.__init__(self, reactor)
        self.socket = skt
        self.fileno = skt.fileno
        self.protocol = protocol
        self.family = family
        self.peer = peer
        self.connected = 1

    def startReading(self) -> None:
        self._saidToRead = True
        self.reactor.addReader(self)

    def stopReading(self) -> None:
        self._saidToRead = True
        self.reactor.removeReader(self)

    def start(self) -> None:
        """
        Read, unless the protocol has said when it was connected whether to: one that pauses
        at once costs the kernel nothing so.
        """
        if self.connected and not self._saidToRead:
            self.reactor.addReader(self)

    def close(self) -> None:
        # As lose, for a stream, which need not be told.
        if self.disconnected:
            return
        if self.producer is not None or self._tempDataLen or self.dataBuffer:
            FileDescriptor.connectionLost(self, DONE)
        else:
            self.disconnected, self.connected = 1, 0
            self.reactor.removeWriter(self)
            self.reactor.removeReader(self)
        os.close(self.socket.detach())  # socket.close() takes twice as long
        self._forget()

    def getHost(self) -> Any:
        return fromSocket(self.family, self.socket.getsockname())

    def getPeer(self) -> Any:
        return fromSocket(self.family, self.peer)


class ReceivesDescriptors(Direct):
    """
    What UNIX transports have in addition.
    """

    def doRead(self) -> Any:
        try:
            data, ancillary, flags, _ = self.socket.recvmsg(
                READ_SIZE, socket.CMSG_SPACE(MAX_DESCRIPTORS * 4), _CLOEXEC
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
            return self._readEnd()
        self.protocol.dataReceived(data)
        if len(data) == READ_SIZE and self.onFullRead is not None:
            self.onFullRead()
        return None

    def _descriptorReceived(self, fd: int) -> None:
        if not _CLOEXEC:
            os.set_inheritable(fd, False)
        receiver = IFileDescriptorReceiver(self.protocol, None)
        if receiver is not None:
            receiver.fileDescriptorReceived(fd)
        else:
            os.close(fd)
            log.warn("A file descriptor was received that nobody wants: closed")


class UNIXTransport(ReceivesDescriptors, Transport):
    """
    A L{Transport} over a UNIX socket.
    """


def transportFor(
    skt: socket.socket, family: int, peer: Any, protocol: Any, reactor: Any
) -> Transport:
    """
    @param skt: connected, and does not block.
    @return: its transport.
    """
    kind = UNIXTransport if family == socket.AF_UNIX else Transport
    return kind(skt, family, peer, protocol, reactor)
