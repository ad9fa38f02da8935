"""
C{net.Stream}: Node's rules for a connection, and nothing about sockets.

What is rare is an object of its own, C{None} while it is off, and knows nothing of the
stream: what comes in and is not simply emitted (L{Inbox}), what could not be sent at once
(L{Outbox}), idle time (L{Idle}), the way to a connection (L{Connecting}), TLS (L{Session}).
After each event the questions of L{lifecycle} are asked in one place, C{_update}.

Source: Node v0.3.3, C{lib/net.js}.
"""

from __future__ import annotations

import math
import os
from collections import deque
from collections.abc import Callable, Mapping
from errno import EBADF, ENOTCONN, EPIPE, ETIMEDOUT
from functools import partial
from types import NoneType
from typing import Any, Protocol, TypeVar

from twisted.internet import error
from twisted.internet.interfaces import (
    IFileDescriptorReceiver,
    IHalfCloseableProtocol,
    IHandshakeListener,
    ISSLTransport,
)
from twisted.internet.protocol import Protocol as TwistedProtocol
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from nodenet import stream
from nodenet._address import addressDict, isIP
from nodenet._net.arguments import connectArguments, writeArguments
from nodenet._net.certificate import certificateOf
from nodenet._net.connecting import Connecting, EndpointConnecting
from nodenet._net.idle import Idle
from nodenet._net.inbox import END, Inbox
from nodenet._net.lifecycle import (
    TRANSITIONS,
    WRITABLE,
    finIsDue,
    mayRead,
    maySendAtOnce,
)
from nodenet._net.outbox import Outbox
from nodenet._net.tls import Session
from nodenet._transports import sockopts
from nodenet._transports.adopt import adopt
from nodenet._transports.choose import canSecure, endpointFor, refuse, secure, wireFor
from nodenet._transports.connector import Attempt, connectTCP, connectUNIX
from nodenet._transports.failures import asOSError
from nodenet._transports.wire import Wire
from nodenet.crypto import Credentials
from nodenet.encodings import Decoder, encode, normalize
from nodenet.errors import (
    EndedError,
    NodeError,
    TLSError,
    errnoException,
    reportUnheard,
    watch,
)
from nodenet.timers import nextTick, theReactor

__all__ = ["Acceptor", "Stream"]

log = Logger("nodenet")

_D = TypeVar("_D")

#: Bytes that go with a descriptor at most, where the socket is not there to be asked.
_WHOLE = 1024

#: Milliseconds that setKeepAlive takes at most; the kernel takes fewer.
_DAY = 86_400_000

#: Streams that have a connection: they live as long as that, whoever refers to them.
_connected: set[Stream] = set()


class Acceptor(Protocol):
    """
    Who has accepted a stream.
    """

    def accepted(self, stream: Stream) -> None:
        """
        It is connected.
        """

    def closed(self, stream: Stream) -> None:
        """
        It is so no longer.
        """


class Joiner(Protocol):
    """
    Moves the data of a pipe on a way of its own; see L{nodenet.splice.Splicer}.
    """

    def join(self, source: Any, dest: Any) -> None: ...


@implementer(IHalfCloseableProtocol, IFileDescriptorReceiver, IHandshakeListener)
class Stream(stream.Stream, TwistedProtocol):
    """
    A TCP or UNIX connection: an L{EventEmitter<nodenet.events.EventEmitter>}
    that is a Twisted protocol.

    Events, each with its listener's arguments:

      - C{connect}(): the connection is established. Once for each L{connect},
        before all others; not on streams that a server accepted.
      - C{data}(data): C{bytes}, or C{str} after L{setEncoding}. Never while
        paused.
      - C{end}(): the peer's FIN has come, after its last C{data}; at most once.
        Unless C{allowHalfOpen}, L{end} has been called already.
      - C{drain}(): what L{write} had queued has all gone out.
      - C{fd}(fd): a descriptor has come over a UNIX socket; it is the listener's to
        close. After the C{data} that it came with.
      - C{secure}(): the handshake of L{setSecure} is done. Before all C{data}.
      - C{timeout}(): nothing was read or written for as long as L{setTimeout}
        says. Once, until there is activity again. The connection stays.
      - C{error}(exception): the connection has failed. Directly followed by
        C{close}.
      - C{close}(had_error): the last event; nothing is left of the connection.

    An exception from a listener that the reactor called is logged as critical,
    and the stream is destroyed with it.

    @ivar allowHalfOpen: the peer's FIN does not end our side; L{end} is then the
        user's to call.
    @ivar writable: whether our side is open. It stays so after L{end} until what is
        queued has gone out.
    @ivar bytesRead: bytes received in this connection.
    @ivar bytesWritten: bytes given to the kernel (or to a transport that
        buffers) in this connection.
    @ivar bufferSize: bytes that are queued here.
    @ivar transport: as in any Twisted protocol.
    """

    __slots__ = (
        "_acceptor",
        "_callbacks",
        "_connecting",
        "_credentials",
        "_ended",
        "_host",
        "_idle",
        "_inbox",
        "_keepAlive",
        "_life",
        "_noDelay",
        "_outbox",
        "_reactor",
        "_reading",
        "_send",
        "_session",
        "_state",
        "_toPath",
        "_wire",
        "allowHalfOpen",
        "bufferSize",
        "bytesRead",
        "bytesWritten",
        "connected",
        "transport",
        "writable",
    )

    transport: Any

    def __init__(
        self,
        options: Mapping[str, Any] | None = None,
        *,
        fd: int | None = None,
        type: str | None = None,
        allowHalfOpen: bool = False,
        reactor: Any = None,
        acceptor: Acceptor | None = None,
    ) -> None:
        """
        @param options: the other arguments in a dict, as in Node.
        @param fd: the descriptor of a connected stream socket to adopt; it is the
            stream's from now on, and the stream is C{open}.
        @param type: C{'tcp4'}, C{'tcp6'} or C{'unix'}, for Node's sake: the
            descriptor tells by itself.
        @param reactor: the global one by default.
        @param acceptor: the server that has accepted the stream.
        @raise OSError: C{fd} is not such a descriptor.
        """
        if options is not None:
            if not isinstance(options, Mapping):
                raise TypeError(f"options must be a dict, not {options!r:.60}")
            given = {"fd": fd, "allowHalfOpen": allowHalfOpen, "reactor": reactor}
            Stream.__init__(self, **{**given, **options})
            return
        super().__init__()
        self.connected = 0
        self.allowHalfOpen = allowHalfOpen
        self._acceptor = acceptor
        self._reactor = reactor
        self._state = "closed"
        self.writable = False
        self._life = 0  # counts connections and attempts to have one
        self._connecting: Attempt | Connecting | EndpointConnecting | None = None
        self._wire: Wire | None = None  # while there is a connection
        self._inbox: Inbox | None = None
        self._idle: Idle | None = None
        self._credentials: Credentials | None = None  # what setSecure was given
        # To be set on each connection; None: as the system has it.
        self._noDelay: bool | None = None
        self._keepAlive: tuple[bool, int] | None = None
        # Of writes that went out at once, while one of them is being called.
        self._callbacks: deque[Callable[[], Any]] | None = None
        self._host: str | None = None  # that we have connected to
        self._toPath = False  # we connect to a UNIX socket
        self._reset()
        if fd is not None:
            self.makeConnection(adopt(fd, self, theReactor(reactor)))

    def _newLife(self) -> None:
        self._life += 1
        if self._life > 1:
            self._reset()

    def _reset(self) -> None:
        """
        Set what each connection has of its own.
        """
        self.transport = None
        self.bytesRead = self.bytesWritten = self.bufferSize = 0
        self._ended = False  # end() was called
        self._reading = False  # the transport does
        # How to write at once: None unless that is allowed.
        self._send: Callable[[bytes], int] | None = None
        self._outbox: Outbox | None = None
        self._session: Session | None = None
        inbox = self._inbox
        if inbox is not None:
            decoder = inbox.decoder
            self._inbox = None if decoder is None else Inbox(Decoder(decoder.encoding))

    # What a stream is

    @property
    def readyState(self) -> str:
        """
        C{'opening'}, C{'open'}, C{'readOnly'}, C{'writeOnly'} or C{'closed'}.
        """
        return self._state

    @property
    def readable(self) -> bool:
        """
        Whether C{data} may come.
        """
        return self._state == "open" or self._state == "readOnly"

    @property
    def remoteAddress(self) -> str | None:
        """
        Of a server's stream, the peer's IP address; C{None} of a client's, and over a UNIX
        socket.
        """
        host: str | None = self._peer("host")
        return host

    @property
    def remotePort(self) -> int | None:
        """
        Likewise the peer's port.
        """
        port: int | None = self._peer("port")
        return port

    def _peer(self, what: str) -> Any:
        if self._acceptor is None or self.transport is None:
            return None
        return getattr(self.transport.getPeer(), what, None)

    @property
    def fd(self) -> int | None:
        """
        The descriptor, while there is a connection that has one.
        """
        fileno = getattr(self.transport, "fileno", None)
        return None if self._wire is None or fileno is None else fileno()

    def address(self) -> dict[str, Any]:
        """
        @return: our own end: C{address} and C{port} of TCP, C{address} (a path or
            C{None}) of UNIX.
        @raise NodeError: there is no connection.
        """
        if self._wire is None:
            raise NodeError("Bad file descriptor argument")
        return addressDict(self.transport.getHost())

    def __repr__(self) -> str:
        peer = "" if self.remoteAddress is None else f" {self.remoteAddress}:{self.remotePort}"
        return f"<{type(self).__name__} {self._state}{peer} at {id(self):#x}>"

    def _enter(self, what: str) -> None:
        state = self._state = TRANSITIONS[self._state, what]
        # No property: a pipe asks for each piece of data.
        self.writable = state in WRITABLE

    @property
    def _handshaking(self) -> bool:
        return self._session is not None and not self._session.secure

    def _update(self) -> None:
        """
        Something has happened: do what the state asks for.
        """
        if self._ended:
            # First of all, as it may end all the rest.
            self._send = None
            if self._wire is None or not self.connected:
                return
            queued = self._outbox is not None or self.bufferSize > 0
            if finIsDue(self._state, True, queued, self._handshaking):
                self._finish()
                return
        self._updateReading()
        self._updateSending()

    def _updateReading(self) -> None:
        wire, inbox = self._wire, self._inbox
        if wire is None or not self.connected:
            return
        if self._handshaking:
            reading = True
        elif self._outbox is not None and self._outbox.securing:
            reading = False  # what comes may be the peer's part of the handshake
        else:
            reading = mayRead(self._state, inbox is not None and inbox.paused)
        if reading is not self._reading:
            self._reading = reading
            if reading:
                wire.startReading()
            else:
                wire.stopReading()

    def _updateSending(self) -> None:
        wire = self._wire
        if wire is None or not self.connected:
            self._send = None
        else:
            queued = self._outbox is not None or self.bufferSize > 0
            allowed = maySendAtOnce(self._state, self._ended, queued, self._handshaking)
            self._send = wire.send if allowed else None

    # Connecting

    def connect(
        self,
        *args: Any,
        port: int | str | None = None,
        host: str | None = None,
        path: str | bytes | os.PathLike[str] | None = None,
        callback: Callable[..., Any] | None = None,
    ) -> None:
        """
        Open a connection: C{connect(port, [host], [callback])} over TCP,
        C{connect(path, [callback])} over a UNIX socket, C{connect(endpoint, [callback])} by
        any Twisted endpoint.

        C{connect} or C{error} follows. A closed stream may connect again; it keeps
        its listeners and settings.

        @param host: a name or an address; C{localhost} by default, which is both families.
        @param callback: a listener for C{connect}.
        @raise NodeError: the stream is connected or connecting.
        @raise TypeError: an argument is of a wrong type, or one too many.
        @raise ValueError: the port is not of 0 to 65535.
        """
        target = connectArguments(args, port, host, path, callback)
        if self._state != "closed" or self._wire is not None:
            raise NodeError("Stream already opened")
        if target.callback is not None:
            self.on("connect", target.callback)
        self._newLife()
        self._acceptor = None  # it may be one that a server had accepted
        self._toPath = target.path is not None
        host = target.host or "localhost"
        self._host = None if target.port is None else host
        self._enter("connect")
        self.touch()
        reactor = self._reactor = theReactor(self._reactor)
        endpoint = target.other
        if endpoint is None:
            endpoint = endpointFor(reactor, target.host, target.port, target.path)
        if endpoint is not None:
            byEndpoint = EndpointConnecting(
                endpoint, self, self._notConnected, (target.where, target.port)
            )
            self._connecting = byEndpoint
            byEndpoint.connect()
            return
        if target.path is not None:
            self._connecting = connectUNIX(
                reactor, target.path, self._attemptSucceeded, self._attemptFailed
            )
        elif isIP(host):
            assert target.port is not None
            self._connecting = connectTCP(
                reactor, host, target.port, self._attemptSucceeded, self._attemptFailed
            )
        else:
            assert target.port is not None
            byName = Connecting(reactor, self._attemptSucceeded, self._notConnected)
            self._connecting = byName
            byName.host(host, target.port)

    def _attemptSucceeded(self, attempt: Attempt) -> None:
        self._begin(attempt.transport(self))

    def _attemptFailed(self, attempt: Attempt, reason: OSError) -> None:
        self._notConnected(reason)

    def _notConnected(self, reason: BaseException) -> None:
        self._enter("destroy")
        self._teardown(reason)

    def makeConnection(self, transport: Any) -> None:
        """
        Twisted: here is the connection. A second one is closed at once.
        """
        connecting = self._connecting
        byEndpoint = isinstance(connecting, EndpointConnecting) and connecting.arrived
        if self._wire is not None or (self._state == "opening" and not byEndpoint):
            log.error("{stream} has a connection: a second one was closed", stream=self)
            refuse(transport)
            return
        if byEndpoint and hasattr(transport, "protocol"):
            # The endpoint's wrapper has done its work: it need not see the data.
            transport.protocol = self
        self._begin(transport)

    def _begin(self, transport: Any) -> None:
        """
        There is a connection.
        """
        if self._state == "opening":
            self._connecting = None
        else:
            self._newLife()
            self._host = None
        self.transport = transport
        self.connected = 1
        self._reading = True
        self._wire = wireFor(transport, self)
        _connected.add(self)
        self._enter("connected")
        if self._noDelay is not None:
            sockopts.setNoDelay(transport, self._noDelay)
        if self._keepAlive is not None:
            sockopts.setKeepAlive(transport, *self._keepAlive)
        self.touch()
        if self._outbox is not None:
            self._outbox.connected()
        if self._credentials is not None:
            self._startTLS()
        if self._inbox is not None:
            self._updateReading()
        self._updateSending()
        self.connectionMade()

    def connectionMade(self) -> None:
        if self._acceptor is not None:
            self._acceptor.accepted(self)
            return
        self._deliver("connect")
        if self._outbox is not None:
            self.onWritable()
        elif self._ended:
            self._update()

    # Reading

    def dataReceived(self, data: bytes) -> None:
        """
        Twisted: bytes have come.
        """
        self.bytesRead += len(data)
        if self._inbox is not None:
            self._receive(data)
            return
        if self._idle is not None:
            self._idle.touch()
        try:
            self.emit("data", data)
        except Exception as e:
            self.listenerFailed(e)

    def _receive(self, data: bytes) -> None:
        """
        The same where there is more to do than to emit.
        """
        assert self._inbox is not None
        if self._wire is not None and not self._inbox.hold(data):
            self._deliverData(data)

    def _deliverData(self, data: bytes) -> None:
        self.touch()
        inbox = self._inbox
        decoded = data if inbox is None else inbox.decode(data)
        if decoded is not None:
            self._deliver("data", decoded)
        self._deliverDescriptors()

    def fileDescriptorReceived(self, descriptor: int) -> None:
        """
        Twisted: a descriptor has come; the data that it came with follows.
        """
        self._openInbox().addDescriptor(descriptor)

    def _deliverDescriptors(self) -> None:
        while self._inbox is not None:
            fd = self._inbox.nextDescriptor()
            if fd is None:
                break
            if self._events.get("fd"):
                self._deliver("fd", fd)
            else:
                os.close(fd)
                log.warn("A file descriptor that nobody listens for was closed: {fd}", fd=fd)
        self._dropIdleInbox()

    def _openInbox(self) -> Inbox:
        if self._inbox is None:
            self._inbox = Inbox()
        return self._inbox

    def _dropIdleInbox(self) -> None:
        # It stays after the end: from then on it takes what still comes.
        if self._inbox is not None and self._inbox.idle and self._wire is not None:
            self._inbox = None

    def readConnectionLost(self) -> None:
        """
        Twisted: the peer's FIN has come.
        """
        if self._inbox is None or not self._inbox.hold(END):
            self._deliverEnd()

    def _deliverEnd(self) -> None:
        if not self.readable:
            return
        inbox = self._inbox
        rest = None if inbox is None else inbox.rest()
        if inbox is not None and rest is not None:
            self._deliver("data", rest)
            if inbox.paused:  # by a listener
                inbox.putBack(END)
                return
            if not self.readable:
                return
        self._enter("eof")
        if self._state == "closed":
            self._teardown(orderly=True)
        elif not self.allowHalfOpen:
            self.end()
        self._deliver("end")

    def writeConnectionLost(self) -> None:
        """
        Twisted: our FIN has gone. We know: it was L{end}'s.
        """

    def connectionLost(self, reason: Failure) -> None:  # type: ignore[override]
        """
        Twisted: the connection is gone.
        """
        self.connected = 0
        if self._wire is None:  # of our own doing
            return
        self._send = None
        inbox = self._inbox
        # A failure is told at once, but not before what has come.
        done = reason.check(error.ConnectionDone) is not None
        if inbox is not None and (done or inbox.held) and inbox.hold(reason):
            return
        self._deliverLoss(reason)

    def _deliverLoss(self, reason: Failure) -> None:
        if reason.check(error.ConnectionDone) is None:
            session = self._session
            if session is not None and not session.secure and session.error is not None:
                self.destroy(TLSError(session.error, "handshake"))
            else:
                syscall = "handshake" if self._handshaking else "read"
                self.destroy(asOSError(reason.value, syscall))
            return
        # A transport that knows no half-close: this is the peer's FIN too.
        self._deliverEnd()
        inbox = self._inbox
        if inbox is not None and inbox.paused and self.readable:
            inbox.hold(reason)
        elif self._wire is not None:
            self.destroy(errnoException(EPIPE, "write") if self._outbox else None)

    def pause(self) -> None:
        """
        Emit no C{data} until L{resume}; what the peer sends stays in the kernel. Of a
        closed stream, this does nothing.
        """
        if self._wire is None and self._state != "opening":
            return
        self._openInbox().paused = True
        self._updateReading()

    def resume(self) -> None:
        """
        Go on reading.

        @raise NodeError: the stream is closed.
        """
        inbox = self._inbox
        if self._state == "closed" and not (inbox is not None and inbox.held):
            raise NodeError("Cannot resume() closed Stream.")
        if inbox is None:
            return
        inbox.paused = False
        while (what := inbox.next()) is not None:
            if what is END:
                self._deliverEnd()
            elif isinstance(what, Failure):
                self._deliverLoss(what)
            else:
                self._deliverData(what)
        self._deliverDescriptors()
        self._updateReading()

    def isPaused(self) -> bool:
        """
        @return: whether L{pause} was called, and L{resume} since was not.
        """
        return self._inbox is not None and self._inbox.paused

    def checkReset(self) -> bool:
        """
        Ask the kernel whether the peer has reset the connection, of which a stream that is
        not read from (paused, or after the peer's FIN) is told by nobody.

        @return: whether it has. C{error} and C{close} follow then.
        """
        fd = self.fd
        errno = 0 if fd is None else sockopts.pendingError(fd)
        if errno:
            self.destroy(errnoException(errno, "read"))
        return bool(errno)

    def setEncoding(self, encoding: str | None = None) -> None:
        """
        Emit C{data} as C{str}: C{'utf8'}, C{'ascii'}, C{'base64'}, C{'binary'}, C{'hex'}
        or C{'ucs2'}; C{None}: as C{bytes}. In the midst of a character, what had come of
        it is dropped.

        @raise ValueError: there is no such encoding.
        """
        if encoding is not None:
            self._openInbox().decoder = Decoder(encoding)
        elif self._inbox is not None:
            self._inbox.decoder = None
            self._dropIdleInbox()

    # Writing

    def write(
        self,
        data: str | bytes | bytearray | memoryview,
        encoding: Any = None,
        fileDescriptor: Any = None,
        callback: Callable[[], Any] | None = None,
    ) -> bool:
        """
        Send C{data}: C{write(data, [encoding], [fileDescriptor], [callback])}.

        @param encoding: of a C{str}; utf8 by default.
        @param fileDescriptor: to be sent along, over a UNIX socket. It may be closed
            when C{write} has returned.
        @param callback: called when this data has gone out, in order.
        @return: whether the kernel took all of it at once; if not, the rest is
            queued and C{drain} follows.
        @raise NodeError: the stream is not writable, or L{end} was called (an
            L{EndedError<nodenet.errors.EndedError>} until all has gone out); a
            descriptor without data, or not over a UNIX socket.
        @raise OSError: C{EBADF}: the descriptor is not open.
        @raise TypeError: an argument is of a wrong type.
        @raise ValueError: there is no such encoding.
        """
        # The common case comes first: bytes, and nothing is queued, so that they
        # go straight to the kernel, which takes them all.
        send = self._send
        if (
            send is None
            or data.__class__ is not bytes
            or encoding is not None
            or fileDescriptor is not None
            or callback is not None
        ):
            return self._write(data, encoding, fileDescriptor, callback)
        try:
            sent = send(data)
        except BlockingIOError:
            sent = 0
        except OSError as e:
            self.destroy(asOSError(e, "write"))
            return False
        self.bytesWritten += sent
        if self._idle is not None:
            self._idle.touch()
        if sent == len(data):
            return True
        self._enqueue(memoryview(data)[sent:] if sent else data, None)
        return False

    def _write(self, data: Any, encoding: Any, fileDescriptor: Any, callback: Any) -> bool:
        """
        All other cases: sort the arguments, make them bytes, and send or queue
        these.
        """
        encoding, fileDescriptor, callback = writeArguments(encoding, fileDescriptor, callback)
        if isinstance(data, str):
            data = encode(data, encoding)
        elif isinstance(data, (bytes, bytearray, memoryview)):
            if encoding is not None:
                normalize(encoding)
            if data.__class__ is not bytes:
                # A copy: the user may change it before it has gone out.
                data = bytes(memoryview(data))
        else:
            raise TypeError(f"data must be str or bytes, not {data!r:.60}")
        if not self.writable:
            raise NodeError("Stream is not writable")
        if self._ended:
            raise EndedError(self)
        if fileDescriptor is not None:
            return self._writeDescriptor(data, fileDescriptor, callback)
        if self._send is None:
            self._enqueue(data, callback)
            return False
        life = self._life
        if self.write(data):
            if callback is not None:
                self._runCallback(callback)
            return True
        if self._outbox is not None and self._life == life:
            self._outbox.calls(callback)
        return False

    def _runCallback(self, callback: Callable[[], Any]) -> None:
        """
        Call it now; one of a write within such a callback, when that has returned:
        a chain of them is no recursion.
        """
        if self._callbacks is not None:
            self._callbacks.append(callback)
            return
        self._callbacks = deque([callback])
        try:
            while self._callbacks:
                result = self._callbacks.popleft()()
                if result is not None:
                    self.watchResult(result)
        finally:
            self._callbacks = None

    def _writeDescriptor(self, data: bytes, fd: int, callback: Any) -> bool:
        if not data:
            raise NodeError("File descriptors can only be written with data")
        wire = self._wire
        if not (self._toPath if wire is None else wire.passesDescriptors()):
            raise NodeError("File descriptors can only be written to UNIX sockets")
        if self._credentials is not None:
            raise NodeError("File descriptors cannot be written to a secure stream")
        try:
            duplicate = os.dup(fd)
        except OSError as e:
            raise errnoException(e.errno or EBADF, "dup") from None
        atOnce = self._send is not None
        # It goes with the last piece of the data, which the kernel takes as a whole: so it
        # comes after all of the data, and a small message is one.
        last = _WHOLE if wire is None else wire.wholeMessage()
        if len(data) > last:
            self._enqueue(memoryview(data)[:-last], None)
        self._enqueue(data[-last:], None, duplicate)
        if not atOnce:
            assert self._outbox is not None
            self._outbox.calls(callback)
            return False
        self._flush(drain=False)
        if not self.writable:  # it has failed
            return False
        if self._outbox is None:
            if callback is not None:
                self._runCallback(callback)
            return True
        self._outbox.calls(callback)
        return False

    def _enqueue(self, data: bytes | memoryview, callback: Any, fd: int | None = None) -> None:
        if self._outbox is None:
            self._outbox = Outbox()
            if self._send is not None:
                self._send = None
                assert self._wire is not None
                self._wire.startWriting()
        self._outbox.add(data, callback, fd)
        self.bufferSize += len(data)

    def onWritable(self) -> bool:
        """
        The transport takes data again.

        @return: whether there is more to come.
        """
        return self._flush()

    def _flush(self, drain: bool = True) -> bool:
        """
        Send what is queued, as far as the transport takes it.

        @param drain: tell when all has gone out.
        @return: whether there is more to come.
        """
        while True:
            outbox, wire = self._outbox, self._wire
            if outbox is None or wire is None or not self.connected:
                return False
            if outbox.takeTLS():
                self._startTLS()
                return False
            if self._handshaking:
                return False
            if not outbox.waits:
                break
            try:
                sent = outbox.send(wire)
            except BlockingIOError:
                wire.startWriting()
                return True
            except OSError as e:
                self.destroy(asOSError(e, "write"))
                return False
            self.bytesWritten += sent
            self.bufferSize -= sent
            self.touch()
            for callback in outbox.sent(sent):
                self._callListener(callback)
                if self._outbox is not outbox:  # destroyed by it
                    return False
        self._outbox = None
        wire.stopWriting()
        self._update()
        if drain:
            self._deliver("drain")
        return self._outbox is not None

    def onTransportWrite(self, data: bytes) -> bool:
        """
        Somebody has called the transport's own C{write}: it is as if it was ours, but that
        Twisted's is silent where this one would raise.

        @return: whether it has gone out.
        """
        return self.writable and not self._ended and self.write(data)

    def end(self, data: Any = None, encoding: str | None = None) -> None:
        """
        Send our FIN, after all that was written. The peer may still send.

        @param data: written before; C{end(data, encoding)} is
            C{write(data, encoding)}, then C{end()}.
        """
        if not self.writable or self._ended:
            return
        if data:
            self.write(data, encoding)
            if not self.writable:
                return
        self._ended = True
        self._update()

    def _finish(self) -> None:
        """
        All has gone out: the FIN, or the end of a connection that has had the
        peer's.
        """
        self._enter("fin")
        self._send = None
        if self._state == "closed":
            self._teardown(orderly=True)
            return
        try:
            assert self._wire is not None
            self._wire.shutdown()
        except OSError as e:
            self.destroy(None if e.errno == ENOTCONN else asOSError(e, "shutdown"))

    # Pipes

    def pipe(
        self,
        dest: _D,
        options: Mapping[str, bool] | None = None,
        *,
        end: bool = True,
        splice: Joiner | None = None,
    ) -> _D:
        """
        Write all that is read from here to C{dest}; see L{nodenet.stream.Stream.pipe}.

        @param splice: a L{nodenet.splice.Splicer}, which moves bulk data within the kernel
            where it can: C{data} is not emitted for that.
        """
        join = None if splice is None else splice.join
        super().pipe(dest, options, end=end)
        if join is not None:
            join(self, dest)
        return dest

    # For what moves data past the stream (L{nodenet.splice})

    @property
    def emitsPlainly(self) -> bool:
        """
        Whether what comes is emitted at once and as it is.
        """
        return self._wire is not None and self._inbox is None

    @property
    def sendsAtOnce(self) -> bool:
        """
        Whether L{write} would go straight to the transport.
        """
        return self._send is not None

    def countRead(self, size: int) -> None:
        """
        So many bytes have been read.
        """
        self.bytesRead += size
        self.touch()

    def countQueued(self, size: int) -> None:
        """
        So many bytes wait to be sent: L{end} waits for them, and L{write} queues behind.
        """
        self.bufferSize += size
        self._send = None

    def countSent(self, size: int) -> None:
        """
        So many of these have gone out.
        """
        self.bytesWritten += size
        self.bufferSize -= size
        self.touch()
        if not self.bufferSize:
            self._update()

    # The end

    def destroy(self, exception: BaseException | bool | None = None) -> None:
        """
        Close the descriptor now. What is queued is dropped, no C{data} or C{end}
        follows; C{close} does. While connecting: take that back.

        @param exception: C{error} will be emitted with it, before C{close(True)}. What is
            false is none, so that this can be a listener of C{close}.
        @raise TypeError: it is true, and no exception.
        """
        if not isinstance(exception, BaseException):
            if exception and exception is not True:
                raise TypeError(f"exception must be an exception, not {exception!r:.60}")
            exception = None
        self._enter("destroy")
        self._teardown(exception)

    def resetAndDestroy(self) -> None:
        """
        As L{destroy}, but the peer of a TCP connection is told by an RST that this
        was not its end (over a UNIX socket there is no such thing).

        Source: Node v18.3.0, C{net.Socket}.
        """
        fd = self.fd
        if fd is not None:
            sockopts.resetOnClose(fd)
        self.destroy()

    def _teardown(
        self,
        exception: BaseException | None = None,
        reported: bool = False,
        orderly: bool = False,
    ) -> None:
        """
        @param reported: the log knows of the exception.
        @param orderly: what the transport has is still to go out.
        """
        wire, connecting = self._wire, self._connecting
        if wire is None and connecting is None:
            return
        if self._outbox is not None:
            self._outbox.close()
        if self._inbox is None:
            self._inbox = Inbox()  # it takes what still comes
        else:
            self._inbox.close()
        self._wire = self._connecting = self._send = self._outbox = None
        self.bufferSize = 0
        if self._idle is not None:
            self._idle.stop()
        if self._session is not None:
            self._session.stopTimer()
        if connecting is not None:
            connecting.cancel()
        if wire is not None:
            _connected.discard(self)
            if self._acceptor is not None:
                self._acceptor.closed(self)
            if self.connected:
                self.connected = 0
                if orderly:
                    wire.finish()
                else:
                    wire.close()
        nextTick(self._closed, exception, reported, reactor=self._reactor)

    def _closed(self, exception: BaseException | None, reported: bool) -> None:
        if exception is not None:
            if self._events.get("error"):
                self._deliver("error", exception)
            elif not reported:
                reportUnheard(exception, self)
        self._deliver("close", exception is not None)

    def _deliver(self, type: str, *args: Any) -> None:
        """
        Emit for the reactor, which is no caller that could take an exception.
        """
        try:
            self.emit(type, *args)
        except Exception as e:
            self.listenerFailed(e)

    def _callListener(self, callback: Callable[[], Any]) -> None:
        """
        Likewise, for the callback of a write.
        """
        try:
            result = callback()
            if result is not None:
                self.watchResult(result)
        except Exception as e:
            self.listenerFailed(e)

    def watchResult(self, result: object) -> None:
        watch(result, partial(self._laterFailed, self._life))

    def _laterFailed(self, life: int, error: Exception) -> None:
        """
        A coroutine of a listener has failed: it is not to end a later connection.
        """
        super().listenerFailed(error)
        if self._life == life:
            self._endBy(error)

    def listenerFailed(self, error: Exception) -> None:
        super().listenerFailed(error)
        self._endBy(error)

    def _endBy(self, error: Exception) -> None:
        self._enter("destroy")
        self._teardown(error, reported=True)

    # Settings

    def setTimeout(self, msecs: float) -> None:
        """
        Emit C{timeout} when nothing has been read or written for so long.

        @param msecs: milliseconds; 0: never (the default).
        """
        if not msecs >= 0:
            return
        if self._idle is not None:
            self._idle.stop()
        seconds = msecs / 1000
        self._idle = Idle(self._reactor, seconds, self._onIdle) if seconds else None
        if self._state != "closed":
            self.touch()

    def touch(self) -> None:
        """
        There is activity: L{setTimeout} counts from now.
        """
        if self._idle is not None:
            self._idle.touch()

    def _onIdle(self) -> None:
        self._deliver("timeout")

    def setNoDelay(self, noDelay: bool = True) -> None:
        """
        Disable Nagle's algorithm, which holds back small pieces of data. Does
        nothing over a UNIX socket. Under TLS it is disabled until this is called.
        """
        self._noDelay = bool(noDelay)
        if self._wire is not None:
            sockopts.setNoDelay(self.transport, self._noDelay)

    def setKeepAlive(self, enable: bool = False, initialDelay: float = 0) -> None:
        """
        Have the kernel probe an idle connection. Does nothing over a UNIX socket.

        @param initialDelay: milliseconds (the kernel takes whole seconds,
            rounded up, and 32,767 of them at most) until the first probe; 0 leaves it as it
            is.
        """
        self._keepAlive = bool(enable), math.ceil(min(max(initialDelay, 0), _DAY) / 1000)
        if self._wire is not None:
            sockopts.setKeepAlive(self.transport, *self._keepAlive)

    # Security

    def setSecure(self, credentials: Credentials | None = None) -> None:
        """
        Go on under TLS: C{secure} follows, or C{error}. A server's stream, which has
        accepted the connection, is the TLS server; any other the client. Before L{connect},
        it holds for each connection that will be.

        What was written on the connection before goes out in clear first; all else is sent
        inside, with what was written before there was a connection.

        @param credentials: see L{nodenet.crypto.createCredentials}. A client's are by
            default those that trust the system's CAs.
        @raise NodeError: the stream is secure already, a server without
            credentials, or L{end} was called.
        """
        if self._credentials is not None:
            raise NodeError("Stream is secure already")
        if self._ended and self._state != "closed":
            raise EndedError(self)
        if not isinstance(credentials, (Credentials, NoneType)):
            raise TypeError(
                f"credentials must be of createCredentials, not {credentials!r:.60}"
            )
        if credentials is None:
            if self._acceptor is not None:
                raise NodeError("A server needs credentials")
            credentials = Credentials()
        if self._wire is None:
            self._credentials = credentials
            return
        if ISSLTransport.providedBy(self.transport):
            raise NodeError("Stream is secure already")
        if not canSecure(self.transport):
            raise NodeError("This stream's transport cannot be secured")
        outbox = self._outbox
        if outbox is not None and outbox.hasDescriptors:
            raise NodeError("A descriptor is still queued")
        if outbox is None and self.bufferSize:
            raise NodeError("Spliced data is still queued")
        self._credentials = credentials
        self._send = None
        if outbox is not None:
            outbox.beginTLSBehind()
            if not outbox.takeTLS():
                self._updateReading()
                return
        self._startTLS()

    def _startTLS(self) -> None:
        assert self._credentials is not None and self._wire is not None
        raw = self.transport
        self._wire.release()
        session = Session(self._credentials, self._acceptor is None, self._host)
        self._session = session
        session.startTimer(theReactor(self._reactor), self._handshakeTimedOut)
        self.transport = secure(raw, session, self)
        self._wire = wireFor(self.transport, self)
        self._reading = False
        self._updateReading()
        if self._noDelay is not None:
            self.setNoDelay(self._noDelay)

    def _handshakeTimedOut(self) -> None:
        self.destroy(errnoException(ETIMEDOUT, "handshake"))

    def handshakeCompleted(self) -> None:
        """
        Twisted: TLS is established.
        """
        if self._wire is None:
            return
        session = self._session
        if session is not None:  # else it is the TLS of an endpoint
            session.stopTimer()
            session.handshakeCompleted(self.transport.getHandle())
            if session.error is not None and session.credentials.rejectUnauthorized:
                self.destroy(TLSError(session.error, "handshake"))
                return
        self._updateReading()
        self._updateSending()
        self._deliver("secure")
        if self._outbox is not None:
            self._flush()
        else:
            self._update()

    def _connection(self) -> Any:
        """
        @return: pyOpenSSL's view of a secure stream.
        """
        ready = self._wire is not None and not self._handshaking
        handle = getattr(self.transport, "getHandle", lambda: None)() if ready else None
        if not hasattr(handle, "get_cipher_name"):
            raise NodeError("Stream is not secure")
        return handle

    def verifyPeer(self) -> bool:
        """
        @return: whether the peer's certificate is valid: its chain leads to a CA that
            the credentials trust, and a client has connected to whom it is for.
        @raise NodeError: the stream is not secure, or not by L{setSecure}.
        """
        return self.verifyError() is None

    def verifyError(self) -> str | None:
        """
        @return: why L{verifyPeer} is C{False}, in words; C{None} if it is C{True}.
        @raise NodeError: as L{verifyPeer}.
        """
        self._connection()
        if self._session is None:
            raise NodeError("Stream was not secured by setSecure()")
        return self._session.error

    def getPeerCertificate(self) -> dict[str, str]:
        """
        @return: C{subject}, C{issuer}, C{valid_from}, C{valid_to} and C{fingerprint}
            (SHA-1) of the peer's certificate; empty if it sent none.
        @raise NodeError: the stream is not secure.
        """
        return certificateOf(self._connection())

    def getCipher(self) -> dict[str, str]:
        """
        @return: C{name} of the cipher and C{version} of TLS.
        @raise NodeError: the stream is not secure.
        """
        connection = self._connection()
        return {
            "name": connection.get_cipher_name(),
            "version": connection.get_protocol_version_name(),
        }

    @property
    def alpnProtocol(self) -> str | None:
        """
        The protocol that ALPN has found, if any.

        @raise NodeError: the stream is not secure.
        """
        return self._connection().get_alpn_proto_negotiated().decode() or None
