"""
C{net.Stream}: Node's rules for a connection, and nothing about sockets. One file,
long as it is, tells the whole story of a stream, as Node's own does.

Source: Node v0.3.3, C{lib/net.js}.
"""

from __future__ import annotations

import math
import os
from collections import deque
from collections.abc import Callable, Mapping
from errno import EBADF, ENOTCONN, EPIPE, EPROTO, ETIMEDOUT
from functools import partial
from itertools import islice, takewhile
from types import NoneType
from typing import TYPE_CHECKING, Any

from twisted.internet import error
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import (
    HostnameEndpoint,
    TCP4ClientEndpoint,
    TCP6ClientEndpoint,
    UNIXClientEndpoint,
)
from twisted.internet.interfaces import (
    IFileDescriptorReceiver,
    IHalfCloseableProtocol,
    IHandshakeListener,
    ISSLTransport,
    IStreamClientEndpoint,
)
from twisted.internet.protocol import Factory, Protocol
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from nodenet import _transport, stream
from nodenet._address import addressDict, isIP, toPort
from nodenet._network import adopt, network
from nodenet._tls import Session, TLSWire, certificateOf
from nodenet._transport import Wire, asOSError, wireFor
from nodenet.crypto import Credentials
from nodenet.encodings import Decoder, encode
from nodenet.errors import EndedError, NodeError, errnoException, watch
from nodenet.events import EventEmitter
from nodenet.timers import nextTick, theReactor

if TYPE_CHECKING:
    from nodenet._server import Server

__all__ = ["TRANSITIONS", "Stream"]

#: The life of a stream: (C{readyState}, what happens) -> C{readyState}. What
#: happens is C{connect} (the user asks for a connection), C{connected}, C{eof} (the
#: peer's FIN has come), C{fin} (ours has gone) or C{destroy}.
TRANSITIONS = {
    ("closed", "connect"): "opening",
    ("closed", "connected"): "open",
    ("closed", "destroy"): "closed",
    ("opening", "connected"): "open",
    ("opening", "destroy"): "closed",
    ("open", "eof"): "writeOnly",
    ("open", "fin"): "readOnly",
    ("open", "destroy"): "closed",
    ("readOnly", "eof"): "closed",
    ("readOnly", "destroy"): "closed",
    ("writeOnly", "fin"): "closed",
    ("writeOnly", "destroy"): "closed",
}

log = Logger("nodenet")

#: Pieces of the queue that one system call takes at most.
_PIECES = 64


@implementer(IHalfCloseableProtocol, IFileDescriptorReceiver, IHandshakeListener)
class Stream(stream.Stream, Protocol):
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
    @ivar remoteAddress: of a server's stream, the peer's IP address; C{None} of a
        client's, and over a UNIX socket.
    @ivar remotePort: likewise the peer's port.
    @ivar bytesRead: bytes received in this connection.
    @ivar bytesWritten: bytes given to the kernel (or to a transport that
        buffers) in this connection.
    @ivar bufferSize: bytes that are queued here.
    @ivar transport: as in any Twisted protocol.
    """

    __slots__ = (
        "_attempt",
        "_busy",
        "_callbacks",
        "_credentials",
        "_decoder",
        "_ended",
        "_fds",
        "_held",
        "_host",
        "_idleSince",
        "_options",
        "_paused",
        "_queue",
        "_reactor",
        "_send",
        "_server",
        "_session",
        "_special",
        "_state",
        "_timeout",
        "_timer",
        "_toPath",
        "_wire",
        "allowHalfOpen",
        "bufferSize",
        "bytesRead",
        "bytesWritten",
        "connected",
        "remoteAddress",
        "remotePort",
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
    ) -> None:
        """
        @param options: the other arguments in a dict, as in Node.
        @param fd: the descriptor of a connected stream socket to adopt; it is the
            stream's from now on, and the stream is C{open}.
        @param type: C{'tcp4'}, C{'tcp6'} or C{'unix'}, for Node's sake: the
            descriptor tells by itself.
        @param reactor: the global one by default.
        @raise OSError: C{fd} is not such a descriptor.
        """
        if options is not None:
            given = {"fd": fd, "allowHalfOpen": allowHalfOpen, "reactor": reactor}
            Stream.__init__(self, **{**given, **options})
            return
        super().__init__()
        self.connected = 0
        self.allowHalfOpen = allowHalfOpen
        self.remoteAddress: str | None = None
        self.remotePort: int | None = None
        self._reactor = reactor
        self._state = "closed"
        self.writable = False
        self._server: Server | None = None
        self._attempt: Deferred[Any] | None = None  # to connect
        self._wire: Wire | None = None  # while there is a connection
        self._decoder: Decoder | None = None
        self._paused = False
        self._timeout = 0.0  # seconds, 0: none
        self._timer: Any = None
        # What is to be set on every connection's transport.
        self._options: dict[str, Callable[[Any], None]] | None = None
        self._credentials: Credentials | None = None  # what setSecure was given
        # Of writes that went out at once, while one of them is being called.
        self._callbacks: deque[Callable[[], Any]] | None = None
        self._host: str | None = None  # that we have connected to
        self._toPath = False  # we are connecting to a UNIX socket
        # Called after a read that was full: there is more.
        self._busy: Callable[[], None] | None = None
        self._reset()
        if fd is not None:
            self.makeConnection(adopt(fd, self, theReactor(reactor)))

    def _reset(self) -> None:
        self.transport = None
        self.bytesRead = self.bytesWritten = self.bufferSize = 0
        self._ended = False  # end() was called
        # How to write at once: None unless there is a connection that has not
        # been ended, and nothing is queued.
        self._send: Callable[[bytes], int] | None = None
        # [data, callback, descriptor] of each write that has not gone out.
        self._queue: deque[list[Any]] | None = None
        # What came while paused from transports that do not stop at once: bytes,
        # None for EOF, a Failure for the loss of the connection.
        self._held: deque[bytes | Failure | None] | None = None
        self._fds: list[int] | None = None  # received, to be emitted after the data
        self._session: Session | None = None  # of TLS
        if self._decoder is not None:
            self._decoder = Decoder(self._decoder.encoding)
        self._specialize()

    def _specialize(self) -> None:
        """
        Reading is plain as long as there is nothing to be done but to emit.
        """
        self._special = bool(
            self._decoder
            or self._paused
            or self._held
            or self._fds
            or type(self).emit is not EventEmitter.emit  # a subclass wants to see all
        )

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
        self.writable = state == "open" or state == "writeOnly" or state == "opening"

    # Connecting

    def connect(self, *args: Any) -> None:
        """
        Open a connection: C{connect(port, [host], [callback])} over TCP (host:
        C{127.0.0.1}), C{connect(path, [callback])} over a UNIX socket,
        C{connect(endpoint, [callback])} by any Twisted endpoint.

        C{connect} or C{error} follows. A closed stream may connect again; it keeps
        its listeners and settings.

        @param args: the last may be a listener for C{connect}.
        @raise NodeError: the stream is connected or connecting.
        @raise ValueError: the port is not of 0 to 65535.
        """
        if self._state != "closed" or self._wire is not None:
            raise NodeError("Stream already opened")
        if not args:
            raise TypeError("connect() needs a port or a path")
        where, *rest = args
        callback = rest.pop() if rest and callable(rest[-1]) else None
        host = rest[0] if rest else None
        endpoint: Any = where if IStreamClientEndpoint.providedBy(where) else None
        port = toPort(where) if endpoint is None else None
        if callback is not None:
            self.on("connect", callback)
        self._reset()
        # It may be one that a server had accepted.
        self._server = self.remoteAddress = self.remotePort = None
        self._toPath = endpoint is None and port is None
        self._host = None if port is None else host or "localhost"
        self._enter("connect")
        self._touch()
        reactor = network(theReactor(self._reactor))
        # No time limit of our own: as in Node, the kernel's.
        limit: Any = None
        if endpoint is not None:
            pass
        elif port is None:
            endpoint = UNIXClientEndpoint(reactor, os.fsencode(where), limit)
        elif host is None or isIP(host) == 4:
            endpoint = TCP4ClientEndpoint(reactor, host or "127.0.0.1", port, limit)
        elif isIP(host) == 6:
            endpoint = TCP6ClientEndpoint(reactor, host, port, limit)
        else:
            endpoint = HostnameEndpoint(reactor, host, port, limit)
        attempt = endpoint.connect(_Just(self))
        if self._state == "opening":
            self._attempt = attempt
        attempt.addErrback(self._connectFailed, attempt)

    def _connectFailed(self, failure: Failure, attempt: Deferred[Any]) -> None:
        if self._attempt is attempt:  # else it was destroyed, and told so
            self.destroy(asOSError(failure.value, "connect", self._host))

    def makeConnection(self, transport: Any) -> None:
        """
        Twisted: here is the connection.
        """
        if self._state == "opening":
            self._attempt = None
            # Our own endpoint's wrapper has done its work: it need not see the data.
            transport.protocol = self
        else:
            self._reset()
            self._host = None
        self._reactor = theReactor(self._reactor)
        self.transport = transport
        self.connected = 1
        self._wire = wireFor(transport, self._flush)
        self._enter("connected")
        if self._server is not None:
            peer = transport.getPeer()
            self.remoteAddress = getattr(peer, "host", None)
            self.remotePort = getattr(peer, "port", None)
        if self._options is not None:
            for option in self._options.values():
                option(transport)
        self._touch()
        if self._credentials is not None:
            self._startTLS()
        elif self._paused:
            self._wire.stopReading()
        self._sendAtOnce()
        self.connectionMade()

    def connectionMade(self) -> None:
        if self._server is not None:
            self._server._connected(self)
            return
        self._deliver("connect")
        if self._queue:
            self._flush()
        elif self._ended and self._state == "open" and not self._handshaking:
            self._finish()

    # Reading

    def dataReceived(self, data: bytes) -> None:
        """
        Twisted: bytes have come.
        """
        self.bytesRead += len(data)
        if self._special:
            self._dataReceived(data)
            return
        if self._timeout:
            self._touch()
        # As emit, for the one listener that there is in the common case.
        listener: Any = self._events.get("data")
        kind = listener.__class__
        try:
            if kind is tuple or kind is list or listener is None:
                self.emit("data", data)
            else:
                result = listener(data)
                if result is not None:
                    self._called(result)
        except Exception as e:
            self._listenerFailed(e)

    def _dataReceived(self, data: bytes) -> None:
        """
        The same where there is more to do than to emit.
        """
        if self._wire is None:  # destroyed, and the transport goes on
            return
        if self._paused:
            self._hold(data)
            return
        self._touch()
        if self._decoder is None:
            self._deliver("data", data)
        else:
            text = self._decoder.write(data)
            if text:
                self._deliver("data", text)
        self._deliverDescriptors()

    def filled(self) -> None:
        """
        nodenet's transports: that was a full read, there is more.
        """
        if self._busy is not None:
            self._busy()

    def fileDescriptorReceived(self, descriptor: int) -> None:
        """
        Twisted: a descriptor has come; the data that it came with follows.
        """
        if self._fds is None:
            self._fds = []
        self._fds.append(descriptor)
        self._special = True

    def _deliverDescriptors(self) -> None:
        while self._fds and not self._paused:
            fd = self._fds.pop(0)
            if self._events.get("fd"):
                self._deliver("fd", fd)
            else:
                os.close(fd)
                log.warn("A file descriptor that nobody listens for was closed: {fd}", fd=fd)
        self._specialize()

    def _hold(self, what: bytes | Failure | None) -> None:
        if self._held is None:
            self._held = deque()
        self._held.append(what)
        self._specialize()

    def readConnectionLost(self) -> None:
        """
        Twisted: the peer's FIN has come.
        """
        if self._paused:
            self._hold(None)
            return
        if not self.readable:
            return
        if self._decoder is not None:
            text = self._decoder.end()
            if text:
                self._deliver("data", text)
                if self._paused or not self.readable:  # by a listener
                    if self._paused:
                        self._hold(None)
                    return
        self._enter("eof")
        if self._state == "closed":
            self._bothEnded()
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
        if self._paused and self._held:
            self._hold(reason)
            return
        session = self._session
        if self._state == "closed" and session is not None and not session.unsent():
            # Both have ended within TLS. Many close without waiting for our last word,
            # which is answered by a reset then.
            self._teardown()
            return
        if not reason.check(error.ConnectionDone):
            failed = asOSError(reason.value, "handshake" if self._handshaking else "read")
            if self._session is not None and not self._session.secure and self._session.error:
                failed.args = (*failed.args[:1], f"TLS: {self._session.error}")
            self.destroy(failed)
            return
        # A transport that knows no half-close: this is the peer's FIN too.
        self._paused = False
        self.readConnectionLost()
        if self._wire is not None:
            self.destroy(errnoException(EPIPE, "write") if self._queue else None)

    def pause(self) -> None:
        """
        Emit no C{data} until L{resume}; what the peer sends stays in the kernel. Of a
        closed stream, this does nothing.
        """
        if self._wire is None and self._state != "opening":
            return
        self._paused = self._special = True
        # A handshake goes on: it is stopped when that is done.
        if self._wire is not None and self.readable and not self._handshaking:
            self._wire.stopReading()

    def resume(self) -> None:
        """
        Go on reading.

        @raise NodeError: the stream is closed.
        """
        if self._state == "closed" and not self._held:
            raise NodeError("Cannot resume() closed Stream.")
        self._paused = False
        while self._held and not self._paused:
            what = self._held.popleft()
            if what is None:
                self.readConnectionLost()
            elif isinstance(what, Failure):
                self.connectionLost(what)
            else:
                self._dataReceived(what)
        self._deliverDescriptors()
        if self._wire is not None and self.readable and not self._paused:
            self._wire.startReading()

    def setEncoding(self, encoding: str | None = None) -> None:
        """
        Emit C{data} as C{str}: C{'utf8'}, C{'ascii'}, C{'base64'}, C{'binary'}, C{'hex'}
        or C{'ucs2'}; C{None}: as C{bytes}.

        @raise ValueError: there is no such encoding.
        """
        self._decoder = None if encoding is None else Decoder(encoding)
        self._specialize()

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
        @raise TypeError: C{data} is neither text nor bytes.
        @raise ValueError: there is no such encoding.
        """
        # The common case comes first: bytes, and nothing is queued, so that they
        # go straight to the kernel, which takes them all.
        send = self._send
        if (
            send is not None
            and data.__class__ is bytes
            and encoding is None
            and fileDescriptor is None
        ):
            try:
                sent = send(data)
            except BlockingIOError:
                sent = 0
            except OSError as e:
                self.destroy(asOSError(e, "write"))
                return False
            self.bytesWritten += sent
            if sent == len(data):
                if callback is not None:
                    self._callBack(callback)
                return True
            self._enqueue(memoryview(data)[sent:] if sent else data, callback)
            return False
        return self._write(data, encoding, fileDescriptor, callback)

    def _write(self, data: Any, encoding: Any, fileDescriptor: Any, callback: Any) -> bool:
        """
        All other cases: sort the arguments, make them bytes, and send or queue
        these.
        """
        if callable(encoding):
            encoding, callback = None, encoding
        elif isinstance(encoding, int):
            encoding, fileDescriptor, callback = None, encoding, fileDescriptor or callback
        elif callable(fileDescriptor):
            fileDescriptor, callback = None, fileDescriptor
        if isinstance(data, str):
            data = encode(data, encoding)
        elif not isinstance(data, bytes):
            if not isinstance(data, (bytearray, memoryview)):
                raise TypeError(f"data must be str or bytes, not {data!r:.60}")
            # A copy: the user may change it before it has gone out.
            data = bytes(data)
        if not self.writable:
            raise NodeError("Stream is not writable")
        if self._ended:
            raise EndedError(self)
        if fileDescriptor is not None:
            return self._writeDescriptor(data, fileDescriptor, callback)
        if self._send is not None:
            return self.write(data, None, None, callback)
        self._enqueue(data, callback)
        return False

    def _writeDescriptor(self, data: bytes, fd: int, callback: Any) -> bool:
        """
        It goes with the last byte, so that it arrives after all of the data however
        that is cut up on its way.
        """
        if not data:
            raise NodeError("File descriptors can only be written with data")
        if not (self._toPath if self._wire is None else self._wire.passesDescriptors()):
            raise NodeError("File descriptors can only be written to UNIX sockets")
        try:
            duplicate = os.dup(fd)
        except OSError as e:
            raise errnoException(e.errno or EBADF, "dup") from None
        mayFlush = self._send is not None
        if len(data) > 1:
            self._enqueue(memoryview(data)[:-1], None)
        self._enqueue(memoryview(data)[-1:], callback, duplicate)
        return mayFlush and not self._flush(drain=False) and self.writable

    def _enqueue(self, data: bytes | memoryview, callback: Any, fd: int | None = None) -> None:
        if self._queue is None:
            self._queue = deque()
        self._queue.append([data, callback, fd])
        self.bufferSize += len(data)
        if self._send is not None:
            self._send = None
            assert self._wire is not None
            self._wire.startWriting()

    def _flush(self, drain: bool = True) -> bool:
        """
        The transport takes data again.

        @param drain: tell when all has gone out.
        @return: whether there is more to come.
        """
        queue, wire = self._queue, self._wire
        if not queue or wire is None:
            return False
        while queue:
            try:
                first, _, fd = queue[0]
                if fd is not None:
                    sent = wire.sendDescriptor(first, fd)
                    os.close(fd)
                    queue[0][2] = None
                else:
                    plain = takewhile(lambda entry: entry[2] is None, islice(queue, _PIECES))
                    sent = wire.sendv([entry[0] for entry in plain])
            except BlockingIOError:
                wire.startWriting()
                return True
            except OSError as e:
                self.destroy(asOSError(e, "write"))
                return False
            self.bytesWritten += sent
            self.bufferSize -= sent
            self._touch()
            while queue:
                piece, callback, fd = queue[0]
                if sent < len(piece) or fd is not None:
                    if sent:
                        queue[0][0] = memoryview(piece)[sent:]
                    break
                sent -= len(piece)
                queue.popleft()
                if callback is not None:
                    self._guarded(callback)
                    if self._queue is not queue:  # destroyed by it
                        return False
        self._queue = None
        wire.stopWriting()
        if self._ended:
            self._finish()
        else:
            self._sendAtOnce()
        if drain:
            self._deliver("drain")
        return bool(self._queue)

    def _callBack(self, callback: Callable[[], Any]) -> None:
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
                self._called(self._callbacks.popleft()())
        finally:
            self._callbacks = None

    def _sendAtOnce(self) -> None:
        """
        From now on L{write} need not queue, unless there is a reason to.
        """
        if self._wire is not None and self._queue is None and not self._ended:
            self._send = self._sendActively if self._timeout else self._wire.send

    def _sendActively(self, data: bytes) -> int:
        self._touch()
        assert self._wire is not None
        return self._wire.send(data)

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
        self._send = None
        # In a callback of the flush that empties the queue, that will finish.
        if self._queue is None and self._state != "opening" and not self._handshaking:
            self._finish()

    def _finish(self) -> None:
        """
        All has gone out: the FIN, or the end of a connection that has had the
        peer's.
        """
        self._enter("fin")
        if self._state == "closed" and self._session is None:
            self._bothEnded()
            return
        try:
            assert self._wire is not None
            self._wire.shutdown()
        except OSError as e:
            self.destroy(None if e.errno == ENOTCONN else asOSError(e, "shutdown"))

    def _bothEnded(self) -> None:
        # TLS closes by itself, when what it has still to send has gone out.
        if self._session is None:
            self._teardown(orderly=True)

    # The end

    def destroy(self, exception: BaseException | None = None) -> None:
        """
        Close the descriptor now. What is queued is dropped, no C{data} or C{end}
        follows; C{close} does. While connecting: take that back.

        @param exception: C{error} will be emitted with it, before C{close(True)}.
        """
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
            _transport.setReset(fd)
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
        wire, attempt = self._wire, self._attempt
        if wire is None and attempt is None:
            return
        for fd in (self._fds or []) + [entry[2] for entry in self._queue or ()]:
            if fd is not None:
                os.close(fd)
        self._fds = None
        self._wire = self._attempt = self._send = self._queue = self._held = None
        self.bufferSize = 0
        self._paused = False
        self._special = True
        self._stopTimer()
        if self._session is not None:
            self._session.stopTimer()
        if attempt is not None:
            attempt.cancel()
        if wire is not None:
            if self._server is not None:
                self._server._disconnected()
            if self.connected and orderly:
                wire.finish()
            elif self.connected:
                wire.close()
        nextTick(self._closed, exception, reported, reactor=self._reactor)

    def _closed(self, exception: BaseException | None, reported: bool) -> None:
        if exception is not None and not (reported and not self._events.get("error")):
            self._deliver("error", exception)
        self._deliver("close", exception is not None)

    def _deliver(self, type: str, *args: Any) -> None:
        """
        Emit for the reactor, which is no caller that could take an exception.
        """
        self._guarded(partial(self.emit, type, *args))

    def _guarded(self, call: Callable[[], Any]) -> None:
        try:
            self._called(call())
        except Exception as e:
            self._listenerFailed(e)

    def _called(self, result: object) -> None:
        if result is not None:
            watch(result, self._listenerFailed)

    def _listenerFailed(self, error: Exception) -> None:
        super()._listenerFailed(error)
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
        self._stopTimer()
        self._timeout = msecs / 1000
        if self._state != "closed":
            self._touch()
            if self._send is not None:
                self._sendAtOnce()

    def _touch(self) -> None:
        """
        There is activity. No timer is moved for it: the one there is finds out
        when it fires.
        """
        if self._timeout:
            reactor = self._reactor
            if reactor is None:
                reactor = theReactor()
            self._idleSince = reactor.seconds()
            if self._timer is None:
                self._timer = reactor.callLater(self._timeout, self._idle)

    def _idle(self) -> None:
        reactor = theReactor(self._reactor)
        left = self._idleSince + self._timeout - reactor.seconds()
        if left > 0.0005:
            self._timer = reactor.callLater(left, self._idle)
        else:
            self._timer = None
            self._deliver("timeout")

    def _stopTimer(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()

    # Security

    def setSecure(self, credentials: Credentials | None = None) -> None:
        """
        Go on under TLS: C{secure} follows, or C{error}. What is written from now on
        is sent inside. A server's stream, which has accepted the connection, is the
        TLS server; any other the client. Before L{connect}, it holds for each
        connection that will be.

        @param credentials: see L{nodenet.crypto.createCredentials}. A client's are by
            default those that trust the system's CAs.
        @raise NodeError: the stream is secure already, a server without
            credentials, or L{end} was called.
        """
        if self._credentials is not None:
            raise NodeError("Stream is secure already")
        if self._ended:
            raise EndedError(self)
        if not isinstance(credentials, (Credentials, NoneType)):
            raise TypeError(
                f"credentials must be of createCredentials, not {credentials!r:.60}"
            )
        if credentials is None:
            if self._server is not None:
                raise NodeError("A server needs credentials")
            credentials = Credentials()
        if ISSLTransport.providedBy(self.transport):
            raise NodeError("Stream is secure already")
        if self._wire is not None and not hasattr(self.transport, "protocol"):
            raise NodeError("This stream's transport cannot be secured")
        if self._wire is not None and any(entry[2] is not None for entry in self._queue or ()):
            raise NodeError("A descriptor is still queued")
        self._credentials = credentials
        if self._wire is not None:
            self._send = None
            self._handOver(self.transport)
            self._startTLS()
            self._sendAtOnce()

    def _startTLS(self) -> None:
        assert self._credentials is not None
        assert self._wire is not None
        raw, reactor = self.transport, theReactor(self._reactor)
        self._wire.release()
        session = Session(self._credentials, self._server is None, self._host)
        self._session = session
        if session.handshakeTimeout:
            session.timer = reactor.callLater(
                session.handshakeTimeout / 1000, self._handshakeTimedOut
            )
        self.transport = session.start(raw, self, reactor)
        self._wire = TLSWire(self.transport, self._flush)
        if self._paused:
            self._wire.startReading()

    def _handOver(self, raw: Any) -> None:
        """
        What was queued before L{setSecure} goes out in clear, by the transport's own
        buffer. The callbacks wait for the handshake, which comes behind it.
        """
        for entry in self._queue or ():
            raw.write(bytes(entry[0]))
            self.bytesWritten += len(entry[0])
            self.bufferSize -= len(entry[0])
            entry[0] = b""

    @property
    def _handshaking(self) -> bool:
        return self._session is not None and not self._session.secure

    def _handshakeTimedOut(self) -> None:
        self.destroy(errnoException(ETIMEDOUT, "handshake"))

    def handshakeCompleted(self) -> None:
        """
        Twisted: TLS is established.
        """
        session = self._session
        if session is not None:
            session.stopTimer()
            session.handshakeCompleted(self.transport.getHandle())
            if session.error is not None and session.credentials.rejectUnauthorized:
                self.destroy(errnoException(EPROTO, "handshake", f"TLS: {session.error}"))
                return
        if self._paused and self._wire is not None:
            self._wire.stopReading()
        self._deliver("secure")
        self._flush()
        if self._ended and self._queue is None and self._state == "open":
            self._finish()

    def _connection(self) -> Any:
        """
        @return: pyOpenSSL's view of a secure stream.
        """
        handle = getattr(self.transport, "getHandle", lambda: None)()
        if self._wire is None or self._handshaking or not hasattr(handle, "get_cipher_name"):
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

    def setNoDelay(self, noDelay: bool = True) -> None:
        """
        Disable Nagle's algorithm, which holds back small pieces of data. Does
        nothing over a UNIX socket.
        """
        self._set("noDelay", partial(_transport.setNoDelay, noDelay))

    def setKeepAlive(self, enable: bool = False, initialDelay: float = 0) -> None:
        """
        Have the kernel probe an idle connection. Does nothing over a UNIX socket.

        @param initialDelay: milliseconds (the kernel takes whole seconds,
            rounded up) until the first probe; 0 leaves it as it is.
        """
        seconds = math.ceil(initialDelay / 1000)
        self._set("keepAlive", partial(_transport.setKeepAlive, enable, seconds))

    def _set(self, name: str, option: Callable[[Any], None]) -> None:
        """
        Now if there is a connection, and for each that will be.
        """
        if self._options is None:
            self._options = {}
        self._options[name] = option
        if self._wire is not None:
            option(self.transport if self._session is None else self._session.raw)


class _Just(Factory):
    """
    The factory of one stream.
    """

    noisy = False

    def __init__(self, stream: Stream) -> None:
        self.stream = stream

    def buildProtocol(self, addr: object) -> Stream:
        return self.stream
