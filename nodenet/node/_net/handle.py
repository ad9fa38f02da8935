"""
A connection as Node's C{net.js} has it below it: C{socket._handle}. It knows nothing of
streams, but reads and writes when it is told to, and says what came of it.

Source: Node 20, C{src/stream_base.cc}, C{tcp_wrap.cc} and libuv.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from errno import EALREADY, ECONNRESET, EINVAL, EISCONN, ENOTCONN, EPIPE
from time import monotonic
from typing import Any

from twisted.internet import error
from twisted.internet.base import ReactorBase
from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.internet.protocol import Protocol
from twisted.python.failure import Failure
from zope.interface import implementer

from nodenet._net.outbox import Outbox
from nodenet._transports import sockopts
from nodenet._transports.choose import wireFor
from nodenet._transports.failures import DONE, asOSError
from nodenet._transports.wire import Wire
from nodenet.node._net.turns import closing, guarded, soon, turn, unhandled
from nodenet.node._net.waiting import Referenced, closed, opened
from nodenet.timers import theReactor

__all__ = ["END", "Handle", "toNames"]

#: In place of data: the peer's FIN.
END = object()

#: Seconds between what has come together, which is served one after the other. On a busy
#: machine it takes longer, and is an error: rather that than an end that was none.
_AT_ONCE = 0.0005


@implementer(IHalfCloseableProtocol)
class _Abandoned(Protocol):
    """
    What is left of a connection that could not be reset: it goes when the peer does.
    """

    def __init__(self, handle: Handle) -> None:
        self._handle = handle

    def readConnectionLost(self) -> None:
        self._handle.close()

    def writeConnectionLost(self) -> None:
        """
        Twisted: our FIN has gone.
        """

    def connectionLost(self, reason: Failure = DONE) -> None:
        self._handle.close()


class Handle(Referenced):
    """
    A connection, TCP or UNIX, or what is to become one.

    @ivar owner: the socket.
    @ivar isPipe: it is no TCP.
    @ivar reactor: C{None}: the global one.
    @ivar reading: the owner wants what comes.
    @ivar bytesRead: that have come.
    @ivar lastRead: when the last have, by C{time.monotonic}, and were told of.
    @ivar bytesWritten: that were given to it, whether they have gone out, will, or cannot.
    @ivar held: what has come while nobody wanted it, if anything has: bytes, L{END}, or what
        the connection was lost by.
    @ivar attempt: while it is being connected, what can be cancelled.
    @ivar canceled: who is to be told when it was.
    @ivar bound: before that, a socket that is bound; or C{None}.
    @ivar send: how to write now; C{None} where something is queued, or nothing can go out.
    @ivar sent: bytes of the next L{write} that have gone out already.
    """

    __slots__ = (
        "_atEnd",
        "_lastLength",
        "_length",
        "_lost",
        "_lostBy",
        "_onShutdown",
        "_onWritten",
        "_outbox",
        "_shut",
        "_wire",
        "_wired",
        "attempt",
        "bound",
        "bytesRead",
        "bytesWritten",
        "canceled",
        "held",
        "isPipe",
        "lastRead",
        "owner",
        "reactor",
        "reading",
        "send",
        "sent",
        "transport",
    )

    def __init__(self, owner: Any, reactor: Any, isPipe: bool = False) -> None:
        self.owner = owner
        self.reactor = reactor
        self.isPipe = isPipe
        self.attempt: Any = None
        self.bound: socket.socket | None = None
        self.canceled: Callable[[], Any] | None = None
        self.transport: Any = None
        self._wire: Wire | None = None
        self._wired = False  # the wire reads
        self.reading = False
        self.bytesRead = self.bytesWritten = 0
        self.lastRead = 0.0
        super().__init__()
        self.sent = 0
        self.send: Callable[[bytes], int] | None = None
        self._outbox: Outbox | None = None
        self._length = 0  # of the outbox
        self._lastLength = 0
        self._lost = False
        self._lostBy = EPIPE  # the errno of the next write, when the connection is lost
        self._onWritten: Callable[[int], Any] | None = None
        self._onShutdown: Callable[[], Any] | None = None
        self._shut = False
        self.held: list[Any] | None = None
        self._atEnd = False
        opened(self)

    @property
    def active(self) -> bool:
        """
        Whether something is to come of it.
        """
        return (
            (self.reading and not self._atEnd)
            or self.attempt is not None
            or self._outbox is not None
            or self._onShutdown is not None
        )

    @property
    def fd(self) -> int:
        """
        The descriptor; -1: there is none.
        """
        fileno = getattr(self.transport, "fileno", None)
        return -1 if fileno is None or self._wire is None else int(fileno())

    @property
    def writeQueueSize(self) -> int:
        """
        Bytes that wait to go out.
        """
        return self._length

    def progressed(self) -> bool:
        """
        @return: whether some of what waits has gone out since this was asked last.
        """
        last, self._lastLength = self._lastLength, self._length
        return 0 < last != self._length

    # The connection

    @property
    def busy(self) -> bool:
        """
        Whether it is connected, or being connected.
        """
        return self.attempt is not None or self.transport is not None

    def connectAgain(self, host: str, port: int) -> int:
        """
        What it is to connect one that is L{busy}.

        @return: an errno; 0: it is connected, which the kernel says once.
        """
        skt = getattr(self.transport, "socket", None)
        if not isinstance(skt, socket.socket):
            return EALREADY if self.transport is None else EISCONN
        try:
            return skt.connect_ex((host, port))
        except OSError:  # of another family
            return EISCONN

    def begin(self, transport: Any) -> None:
        """
        There is a connection. It is not read from yet.
        """
        self.attempt = self.canceled = None
        self.transport = transport
        self.isPipe = not _isTCP(transport)
        wire = self._wire = wireFor(transport, self)
        self.send = wire.send
        self._wired = True
        if self.reading:
            wire.startReading()
        else:
            self._stopWire()

    def _stopWire(self) -> None:
        if self._wired and self._wire is not None:
            self._wired = False
            self._wire.stopReading()

    def names(self, peer: bool) -> dict[str, Any]:
        """
        @return: C{address}, C{family} and C{port} of the peer or of our own end; nothing of
            a UNIX socket, or where there is none. Our own end has them from the attempt on.
        """
        if self.isPipe:
            return {}
        if self._wire is not None:
            skt = getattr(self.transport, "socket", None)
        elif self.transport is None:
            skt = self.bound or getattr(self.attempt, "skt", None)
        else:
            return {}
        try:
            if isinstance(skt, socket.socket):
                return toNames(skt.getpeername() if peer else skt.getsockname())
            address = self.transport.getPeer() if peer else self.transport.getHost()
            return toNames((address.host, address.port))
        except (OSError, AttributeError):
            return {}

    def setNoDelay(self, enable: bool) -> None:
        if self._wire is not None:
            sockopts.setNoDelay(self.transport, enable)

    def setKeepAlive(self, enable: bool, seconds: int) -> None:
        if self._wire is not None:
            sockopts.setKeepAlive(self.transport, enable, seconds)

    # Reading

    def readStart(self) -> None:
        self.reading = True
        if self.held is not None:
            turn(self.reactor, self._release)
        elif not self._wired and self._wire is not None and not self._atEnd:
            self._wired = True
            self._wire.startReading()

    def readStop(self) -> None:
        self.reading = False
        self._stopWire()

    def dataReceived(self, data: bytes) -> None:
        if not self.reading or self.held is not None:
            self._hold(data)
            return
        self.bytesRead += len(data)
        try:
            if not self.owner.onStreamRead(data) and self.reading:
                self.readStop()
        except Exception as e:
            unhandled(self.owner, e)
        self.lastRead = monotonic()

    def putBack(self, data: bytes) -> None:
        """
        Deliver this once more, before all else.
        """
        self.bytesRead -= len(data)
        self.held = [data, *(self.held or ())]

    def _hold(self, what: Any) -> None:
        if self.held is None:
            self.held = []
            if self.reading:
                turn(self.reactor, self._release)
        self.held.append(what)

    def _release(self) -> None:
        while self.held and self.reading and self._wire is not None:
            what = self.held.pop(0)
            if not self.held:
                self.held = None
            held, self.held = self.held, None
            if what is END:
                self.readConnectionLost()
            elif isinstance(what, Failure):
                self.connectionLost(what)
            else:
                self.dataReceived(what)
            if held is not None:
                self.held = held + (self.held or [])
        if self.held is None and self.reading and self._wire is not None:
            self.readStart()

    def readConnectionLost(self) -> None:
        if self._wire is None or self._atEnd:
            return
        if not self.reading or self.held is not None:
            self._hold(END)
            return
        self._atEnd = True
        guarded(self.owner, self.owner.onStreamEnd)

    def connectionLost(self, reason: Failure) -> None:
        if self._wire is None:  # of our own doing
            return
        if self._reactorIsOver():
            closed(self)
            return
        self.send = None
        self._lost = True
        # A transport that knows no half-close is done.
        done = reason.check(error.ConnectionDone) is not None
        if not done:
            # An RST after a FIN is EPIPE to the kernel, which Twisted has not asked.
            self._lostBy = EPIPE if self._atEnd else _errnoOf(reason)
        if self._atEnd:
            self._writingFailed(self._lostBy)
            return
        if not self.reading or self.held is not None:
            self._hold(reason)
            self._writingFailed(self._lostBy)
            return
        reset = self._lostBy == ECONNRESET
        if done or (reset and monotonic() - self.lastRead < _AT_ONCE):
            # Where the last data and an RST have come together, libuv tells of an end.
            self.readConnectionLost()
            if self._wire is not None:
                self._writingFailed(self._lostBy)
            return
        self._atEnd = True
        guarded(self.owner, self.owner.onStreamFailed, self._lostBy)
        if self._wire is not None:
            self._writingFailed(self._lostBy)

    def _reactorIsOver(self) -> bool:
        """
        Whether the reactor has stopped, which disconnects all: the program is at its end, and
        that is no failure of a connection.
        """
        reactor = theReactor(self.reactor)
        return isinstance(reactor, ReactorBase) and not reactor.running

    # Writing

    def write(self, pieces: Sequence[bytes], onWritten: Callable[[int], Any]) -> bool:
        """
        @param onWritten: called with 0 or an errno when all of it has gone out, or nothing
            can any more; not if it has gone out at once.
        @return: whether it has.
        @raise OSError: it cannot go out.
        """
        wire = self._wire
        size = sum(map(len, pieces))
        self.bytesWritten += size
        if wire is None or self._shut or self._onShutdown is not None:
            raise OSError(EPIPE, "")  # libuv: it is not writable
        outbox = Outbox()
        for each in pieces:
            outbox.add(each, None)
        left = size
        if self.sent:
            left -= self.sent
            for _ in outbox.sent(self.sent):
                pass
            self.sent = 0
        elif self.send is not None:
            try:
                while left:
                    sent = outbox.send(wire)
                    left -= sent
                    for _ in outbox.sent(sent):
                        pass
            except BlockingIOError:
                pass
            except OSError:
                if left == size:
                    raise
                # What is left is found not to go out later.
        elif self._outbox is None:  # lost
            errno, self._lostBy = self._lostBy, EPIPE
            raise OSError(errno, "")
        if not left:
            return True
        self._outbox = outbox
        self._length = left
        self._lastLength = left
        self._onWritten = onWritten
        self.send = None
        wire.startWriting()
        return False

    def onWritable(self) -> bool:
        """
        The transport takes data again.

        @return: whether there is more to come.
        """
        while True:
            outbox, wire = self._outbox, self._wire
            if outbox is None or wire is None:
                return False
            if not outbox.waits:
                break
            try:
                sent = outbox.send(wire)
            except BlockingIOError:
                wire.startWriting()
                return True
            except OSError as e:
                wire.stopWriting()
                # What has come before is read first, however much it is.
                turn(self.reactor, self._failLater, e.errno or EPIPE)
                return False
            self._length -= sent
            for _ in outbox.sent(sent):
                pass
        self._outbox = None
        self._lastLength = 0
        self.send = wire.send
        wire.stopWriting()
        onWritten, self._onWritten = self._onWritten, None
        if self._onShutdown is not None:
            soon(self.reactor, self._shutdownNow)
        if onWritten is not None:
            guarded(self.owner, onWritten, 0)
        return self._outbox is not None

    def failed(self, errno: int) -> None:
        """
        L{send} has: nothing goes out any more.
        """
        self.send = None
        self._lostBy = errno

    def _failLater(self, errno: int) -> None:
        turn(self.reactor, self._failWhenRead, errno, self.bytesRead)

    def _failWhenRead(self, errno: int, bytesRead: int) -> None:
        if self.reading and not self._atEnd and self.bytesRead != bytesRead:
            self._failLater(errno)
        else:
            self._writingFailed(errno)

    def _writingFailed(self, errno: int) -> None:
        outbox, self._outbox = self._outbox, None
        onWritten, self._onWritten = self._onWritten, None
        self._length = 0
        if outbox is not None:
            outbox.close()
            if self._wire is not None:
                self._wire.stopWriting()
        if onWritten is not None:
            guarded(self.owner, onWritten, errno)

    def onTransportWrite(self, data: bytes) -> bool:
        """
        Somebody has called the transport's own C{write}: it is as if it was the socket's.
        """
        return bool(self.owner.write(data))

    def touch(self) -> None:
        """
        Something has come or gone that is no data.
        """
        self.owner.onStreamTouch()

    # The end

    def shutdown(self, callback: Callable[[], Any]) -> None:
        """
        Send our FIN, when all has gone out.

        @param callback: called when it has gone, or cannot go.
        @raise OSError: C{ENOTCONN}: there is no connection.
        """
        if self._shut or (self._wire is None and self.isPipe):
            raise OSError(ENOTCONN, "")
        self._onShutdown = callback
        self.send = None
        if self._outbox is None:
            soon(self.reactor, self._shutdownNow)

    def _shutdownNow(self) -> None:
        callback, wire = self._onShutdown, self._wire
        if callback is None or wire is None or self._outbox is not None:
            return
        self._onShutdown = None
        self._shut = True
        self.send = None
        try:
            if not self._lost:
                wire.shutdown()
        except OSError:
            pass  # the peer has gone: Node does not say so either
        except Exception as e:
            unhandled(self.owner, e)
        callback()

    def reset(self, callback: Callable[[], Any]) -> int:
        """
        As L{close}, but the peer is told by an RST.

        @return: an errno: it is not closed, and nobody is told of it any more; or 0.
        """
        if self._onShutdown is not None:
            self.transport.protocol = _Abandoned(self)
            return EINVAL
        self._resetOnClose()
        self.close(callback)
        return 0

    def _resetOnClose(self) -> None:
        fd = self.fd
        if fd >= 0:
            sockopts.resetOnClose(fd)

    def close(self, callback: Callable[[], Any] | None = None) -> None:
        """
        Close the descriptor now.

        @param callback: called in a turn of its own.
        """
        if self.held and any(isinstance(each, bytes) for each in self.held):
            # In Node it is in the kernel still, which sends an RST then.
            self._resetOnClose()
        wire, self._wire = self._wire, None
        attempt, self.attempt = self.attempt, None
        self.reading = False
        self.send = self.held = None
        bound, self.bound = self.bound, None
        if attempt is not None:
            attempt.cancel()
        elif bound is not None:
            bound.close()
        elif wire is None and self.transport is not None and callback is None:
            return
        if self._outbox is not None:
            self._outbox.close()
            self._outbox = None
        if wire is not None:
            if self._shut:
                wire.finish()
            else:
                wire.close()
        # What both sides have ended is told of as it ended, others as libuv closes them.
        over = self._shut and self._atEnd
        (soon if over else closing)(self.reactor, self._closed, callback)

    def _closed(self, callback: Callable[[], Any] | None) -> None:
        closed(self)
        onWritten, self._onWritten = self._onWritten, None
        onShutdown, self._onShutdown = self._onShutdown, None
        canceled, self.canceled = self.canceled, None
        self._length = 0
        if canceled is not None:
            guarded(self.owner, canceled)
        if onWritten is not None:
            guarded(self.owner, onWritten, 0)
        if onShutdown is not None:
            guarded(self.owner, onShutdown)
        if callback is not None:
            callback()


def _errnoOf(reason: Failure) -> int:
    return getattr(asOSError(reason.value, "read"), "errno", None) or ECONNRESET


def _isTCP(transport: Any) -> bool:
    if sockopts.isTCP(transport):
        return True
    family = getattr(transport, "family", None)
    if family is not None:
        return False
    # Others' transports: whatever has a port.
    return hasattr(getattr(transport, "getHost", lambda: None)(), "port")


def toNames(where: Any) -> dict[str, Any]:
    """
    @param where: as C{socket.getsockname} gives it.
    """
    address = where[0]
    if ":" not in address:
        return {"address": address, "family": "IPv4", "port": where[1]}
    if len(where) == 4 and where[3] and "%" not in address and address.startswith("fe80"):
        address = f"{address}%{socket.if_indextoname(where[3])}"
    return {"address": address, "family": "IPv6", "port": where[1]}
