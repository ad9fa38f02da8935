"""
The life of a stream's connection. All that affects its state is here; after each event the
questions of L{lifecycle<nodenet._net.lifecycle>} are asked in one place, C{_update}.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from errno import ECONNRESET, ENOTCONN, EPIPE
from typing import Any, Protocol, overload

from twisted.internet.protocol import Protocol as TwistedProtocol
from twisted.logger import Logger

from nodenet._address import addressDict, isIP
from nodenet._interfaces import Callback, ClientEndpoint, Path, ReactorLike, TransportLike
from nodenet._net.arguments import connectArguments
from nodenet._net.connecting import Connecting, EndpointConnecting
from nodenet._net.emitting import Emitting
from nodenet._net.idle import Idle
from nodenet._net.inbox import Inbox
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
from nodenet._transports.choose import endpointFor, refuse, wireFor
from nodenet._transports.connector import Attempt, connectTCP, connectUNIX
from nodenet._transports.failures import asOSError
from nodenet._transports.wire import Wire
from nodenet._twisted import isEndpointWrapper
from nodenet.crypto import Credentials
from nodenet.encodings import Decoder
from nodenet.errors import NodeError, reportUnheard
from nodenet.timers import nextTick, theReactor

__all__ = ["Acceptor", "Connection"]

log = Logger("nodenet")

#: What sending fails with when the peer has gone.
_GONE = {ECONNRESET, EPIPE}

#: Those that are connected: they live as long as that, whoever refers to them.
_connected: set[Connection] = set()


class Acceptor(Protocol):
    """
    Who has accepted a stream.
    """

    def accepted(self, stream: Any) -> None:
        """
        It is connected.
        """

    def closed(self, stream: Any) -> None:
        """
        It is so no longer.
        """


class Connection(Emitting, TwistedProtocol):
    """
    What a stream is before anything is read or written: closed, opening, open, half open.

    What is rare is an object of its own, which knows nothing of the stream, and C{None}
    while it is off: what comes in and is not simply emitted (L{Inbox}), what could not be
    sent at once (L{Outbox}), idle time (L{Idle}), the way to a connection (L{Connecting}),
    TLS (L{Session}).
    """

    __slots__ = (
        "_acceptor",
        "_connecting",
        "_credentials",
        "_ended",
        "_failure",
        "_host",
        "_idle",
        "_inbox",
        "_keepAlive",
        "_noDelay",
        "_outbox",
        "_reactor",
        "_reading",
        "_securedOnce",
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
        reactor: ReactorLike | None = None,
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
            Connection.__init__(self, **{**given, **options})
            return
        super().__init__()
        self.connected = 0
        self.allowHalfOpen = allowHalfOpen
        self._acceptor = acceptor
        self._reactor = reactor
        self._state = "closed"
        self.writable = False
        self._connecting: Attempt | Connecting | EndpointConnecting | None = None
        self._wire: Wire | None = None  # while there is a connection
        self._inbox: Inbox | None = None
        self._idle: Idle | None = None
        self._credentials: Credentials | None = None  # what setSecure was given
        # To be set on each connection; None: as the system has it.
        self._noDelay: bool | None = None
        self._keepAlive: tuple[bool, int] | None = None
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
        # Why nothing can be sent any more, while what has come is still read.
        self._failure: BaseException | None = None
        # The credentials are for this connection only.
        self._securedOnce = False
        self._session: Session | None = None
        inbox = self._inbox
        if inbox is not None:
            decoder = inbox.decoder
            self._inbox = None if decoder is None else Inbox(Decoder(decoder.encoding))

    # What it is

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
        return fileno() if self._alive and fileno is not None else None

    def address(self) -> dict[str, Any]:
        """
        @return: our own end: C{address} and C{port} of TCP, C{address} (a path or
            C{None}) of UNIX.
        @raise NodeError: there is no connection.
        """
        if not self._alive:
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
    def _alive(self) -> bool:
        # Between the loss of the connection and its last event there is a wire without one.
        return self._wire is not None and bool(self.connected)

    @property
    def _handshaking(self) -> bool:
        return self._session is not None and not self._session.secure

    # What follows

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

    # The beginning

    @overload
    def connect(
        self, port: int | str, host: str | None = None, callback: Callback | None = None
    ) -> None: ...
    @overload
    def connect(self, port: int | str, callback: Callback, /) -> None: ...
    @overload
    def connect(self, path: Path, callback: Callback | None = None) -> None: ...
    @overload
    def connect(
        self, endpoint: ClientEndpoint, /, callback: Callback | None = None
    ) -> None: ...
    def connect(  # pyright: ignore[reportInconsistentOverload]
        self,
        *args: Any,
        port: int | str | None = None,
        host: str | None = None,
        path: Path | None = None,
        callback: Callback | None = None,
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

    def makeConnection(self, transport: TransportLike) -> None:
        """
        Twisted: here is the connection. A second one is closed at once.
        """
        connecting = self._connecting
        byEndpoint = isinstance(connecting, EndpointConnecting) and connecting.arrived
        if self._wire is not None or (self._state == "opening" and not byEndpoint):
            log.error("{stream} has a connection: a second one was closed", stream=self)
            refuse(transport)
            return
        wrapper = getattr(transport, "protocol", None)
        if wrapper is not None and (byEndpoint or isEndpointWrapper(wrapper)):
            # The endpoint's wrapper has done its work. It would see the data for nothing,
            # and knows of no half-close.
            transport.protocol = self  # type: ignore[union-attr]
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

    # What those who read, write and secure add

    def _startTLS(self) -> None:
        raise NotImplementedError

    def onWritable(self) -> bool:
        raise NotImplementedError

    def onTransportWrite(self, data: bytes) -> bool:
        raise NotImplementedError

    # The end

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

    def sendFailed(self, error: OSError) -> None:
        """
        The transport could not send. If the peer has gone, what it has sent before is read
        first, to its end; then the stream is destroyed with the error.
        """
        self._failure = asOSError(error, "write")
        if error.errno not in _GONE or not self.readable or not self._reading:
            self.destroy(self._failure)
            return
        assert self._wire is not None
        if self._outbox is not None:
            self._outbox.close()
        self._outbox = self._send = None
        self.bufferSize = 0
        self._enter("fin")
        self._wire.stopWriting()

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
        if self._securedOnce:
            self._credentials = None
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

    def _endBy(self, error: Exception) -> None:
        self._enter("destroy")
        self._teardown(error, reported=True)

    def touch(self) -> None:
        """
        There is activity: L{setTimeout} counts from now.
        """
        if self._idle is not None:
            self._idle.touch()
