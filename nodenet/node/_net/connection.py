"""
The life of a socket: it is made, has a handle, reads and writes through it, and ends.
"""

from __future__ import annotations

import os
import socket as sockets
import stat
from collections.abc import Callable, Mapping
from errno import ENOTCONN, EPIPE
from time import monotonic
from typing import TYPE_CHECKING, Any, overload

from twisted.internet.interfaces import (
    IFileDescriptorReceiver,
    IHalfCloseableProtocol,
    IProtocol,
)
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from nodenet._net.idle import Idle
from nodenet._transports.adopt import adopt
from nodenet._transports.choose import refuse
from nodenet._twisted import isEndpointWrapper
from nodenet.node._inspect import undefined
from nodenet.node._net.arguments import millisToSeconds, truthy
from nodenet.node._net.handle import Handle
from nodenet.node._net.turns import guarded, unhandled
from nodenet.node._streams.duplex import Duplex
from nodenet.node._streams.text import encode, units
from nodenet.node.errors import (
    ERR_INVALID_ARG_VALUE,
    ERR_INVALID_FD_TYPE,
    ERR_INVALID_HANDLE_TYPE,
    ERR_SOCKET_CLOSED,
    ERR_SOCKET_CLOSED_BEFORE_CONNECTION,
    codedError,
    systemError,
)
from nodenet.node.events import addAbortListener
from nodenet.node.validators import validateAbortSignal, validateInt32, validateNumber
from nodenet.timers import nextTick, theReactor

if TYPE_CHECKING:
    from typing_extensions import Self, Unpack

    from nodenet.node._types import (
        Data,
        ReadyState,
        SocketListeners,
        SocketOptions,
        TakesError,
    )

__all__ = ["Connection"]

log = Logger("nodenet")

#: What a socket without options is made with. Node says so of all.
_FIXED = {"emitClose": False, "autoDestroy": True, "decodeStrings": False}
_BARE = {**_FIXED, "allowHalfOpen": False}


@implementer(IProtocol, IHalfCloseableProtocol, IFileDescriptorReceiver)
class Connection(Duplex):
    """
    A socket, but for C{connect} and its settings.
    """

    __slots__ = (
        "_bufferCallback",
        "_ended",
        "_handle",
        "_idle",
        "_plain",
        "_server",
        "_sockname",
        "connecting",
        "server",
        "transport",
    )

    # Those that are rare are the class's until they are set.
    _noDelay = False
    _keepAlive = False
    _keepAliveInitialDelay = 0
    _buffer: Any = None
    _bufferMaker: Any = None
    _pendingData: Any = None
    _pendingEncoding = ""
    _peername: dict[str, Any] | None = None
    _bytesRead = 0
    _bytesWritten = 0
    _host: str | None = None
    _parent: Any = None
    _hadError = False
    _resetAndClosing = False
    _unrefed = False
    aborted = False  # by the signal: no more addresses are tried
    autoSelectFamilyAttemptedAddresses: list[str] | None = None
    timeout: float | None = None

    if TYPE_CHECKING:
        # For checkers, these are no methods, but know the events.
        on: SocketListeners  # type: ignore[assignment]
        addListener: SocketListeners  # type: ignore[assignment]
        once: SocketListeners  # type: ignore[assignment]
        prependListener: SocketListeners  # type: ignore[assignment]
        prependOnceListener: SocketListeners  # type: ignore[assignment]
        off: SocketListeners  # type: ignore[assignment]
        removeListener: SocketListeners  # type: ignore[assignment]

    def __init__(
        self, options: SocketOptions | int | None = None, /, **keywords: Unpack[SocketOptions]
    ) -> None:
        """
        @param options: in a dict, or as keywords: C{fd}, C{allowHalfOpen}, C{readable},
            C{writable}, C{signal}, C{onread}, C{noDelay}, C{keepAlive},
            C{keepAliveInitialDelay}, C{highWaterMark}, C{reactor}. A number is C{fd}.
        @raise ERR_INVALID_ARG_VALUE: an object mode is asked for.
        @raise ERR_INVALID_FD_TYPE: C{fd} is no connected socket.
        """
        self._handle: Handle | None = None
        self._idle: Idle | None = None
        self._server: Any = None
        self._sockname: dict[str, Any] | None = None
        self._bufferCallback: Any = None
        self._ended = False  # the peer has, and so have we
        self.connecting = False
        self.server: Any = None
        self.transport: Any = None
        given: Mapping[str, Any]
        if options is None and not keywords:
            given = _BARE
            super().__init__(_BARE)  # type: ignore[arg-type]
        else:
            given = _checked(options, keywords)
            super().__init__(given)  # type: ignore[arg-type]
        # Whether write may go straight to the handle.
        self._plain = type(self)._write is Connection._write and "write" not in given
        self._readableState.selfFed = True
        self.on("end", self._onReadableStreamEnd)
        if given is not _BARE:
            self._initialize(given)

    def _initialize(self, given: Mapping[str, Any]) -> None:
        if self.destroyed:  # by a signal that was over: Node does not look so yet
            self._undestroy()
        if truthy(given.get("signal")):
            validateAbortSignal(given["signal"], "signal")
            nextTick(self._addSignal, given["signal"], reactor=self._reactor)
        onread = given.get("onread")
        if isinstance(onread, Mapping):
            self._initializeBuffer(onread)
        # Only what is asked for: each costs every connection memory.
        if truthy(given.get("noDelay")):
            self._noDelay = True
        if truthy(given.get("keepAlive")):
            self._keepAlive = True
        delay = millisToSeconds(given.get("keepAliveInitialDelay"))
        if delay:
            self._keepAliveInitialDelay = delay
        fd = given.get("fd", undefined)
        if fd is not undefined:
            self._adopt(fd, given)

    def _addSignal(self, signal: Any) -> None:
        def onAbort(*_: Any) -> None:
            self.aborted = True

        if signal.aborted:
            onAbort()
        else:
            addAbortListener(signal, onAbort)

    def _initializeBuffer(self, onread: Mapping[str, Any]) -> None:
        buffer, callback = onread.get("buffer"), onread.get("callback")
        if not callable(callback):
            return
        if isinstance(buffer, (bytearray, memoryview)):
            self._buffer = buffer
        elif callable(buffer):
            self._buffer = True
            self._bufferMaker = buffer
        else:
            return
        self._bufferCallback = callback

    def _adopt(self, fd: Any, given: Mapping[str, Any]) -> None:
        validateInt32(fd, "fd", 0)
        fd = int(fd)  # another language has one kind of number
        _checkFD(fd)
        handle = Handle(self, self._reactor)
        self._handle = handle
        try:
            transport = adopt(fd, self, theReactor(self._reactor))
        except OSError as e:
            handle.close()
            self._handle = None
            if e.errno != ENOTCONN:
                raise systemError(e.errno or ENOTCONN, "open") from None
            raise ERR_INVALID_FD_TYPE("TCP") from None
        self._started(transport)
        if given.get("readable") is not False and not given.get("manualStart"):
            self.read(0)

    def __repr__(self) -> str:
        peer = self._getpeername()
        where = f" {peer['address']}:{peer['port']}" if peer else ""
        return f"<{type(self).__name__} {self.readyState}{where} at {id(self):#x}>"

    def _initSocketHandle(self) -> None:
        self._undestroy()
        self._sockname = None

    # Twisted's

    def makeConnection(self, transport: Any) -> None:
        """
        Twisted: here is the connection. A second one is closed at once.
        """
        handle = self._handle
        if handle is not None and handle.transport is not None:
            log.error("{socket} has a connection: a second one was closed", socket=self)
            refuse(transport)
            return
        wrapper = getattr(transport, "protocol", None)
        if wrapper is not None and isEndpointWrapper(wrapper):
            # It has done its work, and knows of no half-close.
            transport.protocol = self
        if handle is None:
            if self.destroyed:
                refuse(transport)
                return
            self._handle = Handle(self, self._reactor)
        self._started(transport)
        guarded(self, self.connectionMade)

    def acceptedBy(self, server: Any) -> None:
        """
        @param server: is to be told of the connection and of its end.
        """
        self._server = server

    def _started(self, transport: Any) -> None:
        """
        There is a connection.
        """
        self.transport = transport
        handle = self._handle
        assert handle is not None
        handle.begin(transport)
        if self._unrefed:
            self._unrefed = False
            handle.unref()

    def connectionMade(self) -> None:
        """
        Twisted: there is a connection.
        """
        if self._server is not None:
            self._server.accepted(self)
        else:
            self._connected()

    def _connected(self) -> None:
        """
        Node's C{afterConnect}, when it has succeeded.
        """
        self.connecting = False
        self._sockname = None
        self._unrefTimer()
        handle = self._handle
        assert handle is not None
        if self._noDelay:
            handle.setNoDelay(True)
        if self._keepAlive:
            handle.setKeepAlive(True, self._keepAliveInitialDelay)
        self.emit("connect")
        self.emit("ready")
        # Start the first read, or get an immediate end. Nothing is taken by this.
        if not self.isPaused():
            self.read(0)

    def dataReceived(self, data: bytes) -> None:
        """
        Twisted: bytes have come.
        """
        handle = self._handle
        if handle is None:
            return
        if self._bufferCallback is not None or not handle.reading or handle.held is not None:
            handle.dataReceived(data)
            return
        # The common way.
        handle.bytesRead += len(data)
        if self._idle is not None:
            self._idle.touch()
        try:
            if not self.push(data) and handle.reading:
                handle.readStop()
        except Exception as e:
            unhandled(self, e)
        handle.lastRead = monotonic()

    def fileDescriptorReceived(self, descriptor: int) -> None:
        """
        Twisted: a descriptor has come. Node's sockets have no use for one.
        """
        os.close(descriptor)

    def readConnectionLost(self) -> None:
        """
        Twisted: the peer's FIN has come. C{end} follows when what has come before was read.
        """
        if self._handle is not None:
            self._handle.readConnectionLost()

    def writeConnectionLost(self) -> None:
        """
        Twisted: our FIN has gone. We know.
        """

    def connectionLost(self, reason: Failure) -> None:
        """
        Twisted: the connection is gone.
        """
        if self._handle is not None:
            self._handle.connectionLost(reason)

    def logPrefix(self) -> str:
        """
        Twisted: what the log calls it.
        """
        return "nodenet"

    # What the handle says

    def onStreamTouch(self) -> None:
        """
        The handle: something has come or gone.
        """
        self._unrefTimer()

    def onStreamRead(self, data: bytes) -> bool:
        """
        @return: whether to go on reading.
        """
        self._unrefTimer()
        if self.destroyed:
            return True
        buffer = self._buffer
        if self._bufferCallback is None or buffer is None:
            return bool(self.push(data))
        return self._intoBuffer(data)

    def _intoBuffer(self, data: bytes) -> bool:
        """
        C{onread}: its own buffer, filled as often as is needed.
        """
        view = memoryview(data)
        going = True
        while view:
            if self._bufferMaker is not None and self._buffer is True:
                self._buffer = self._bufferMaker()
            target = memoryview(self._buffer).cast("B")
            size = min(len(target), len(view))
            target[:size] = view[:size]
            view = view[size:]
            if self._bufferCallback(size, self._buffer) is False:
                going = False
            if self._bufferMaker is not None:
                following = self._bufferMaker()
                if isinstance(following, (bytearray, memoryview)):
                    self._buffer = following
            handle = self._handle
            if handle is None or not size:
                break
            if (not going or not handle.reading) and view:
                # What does not fit waits in the kernel in Node.
                handle.putBack(bytes(view))
                break
        return going

    def onStreamEnd(self) -> None:
        """
        The peer's FIN has come.
        """
        self._unrefTimer()
        if not self._readableState.endEmitted:
            self.push(None)
            self.read(0)

    def onStreamFailed(self, errno: int) -> None:
        """
        Reading has failed.
        """
        self._unrefTimer()
        self.destroy(systemError(errno, "read"))

    # Reading

    def _read(self, size: int) -> None:
        handle = self._handle
        if self.connecting or handle is None:
            self.once("connect", lambda: self._read(size))
        elif not handle.reading:
            self._tryReadStart(handle)

    def _tryReadStart(self, handle: Handle) -> None:
        if handle.transport is None and handle.isPipe:  # connecting has just failed
            self.destroy(systemError(ENOTCONN, "read"))
        else:
            handle.readStart()

    def _pauseBuffer(self) -> None:
        handle = self._handle
        if handle is not None and handle.reading and not self.connecting:
            handle.readStop()

    def _resumeBuffer(self) -> None:
        handle = self._handle
        if handle is not None and not handle.reading and not self.connecting:
            self._tryReadStart(handle)

    def pause(self) -> Self:
        """
        Let no C{data} flow until L{resume}. What comes waits here up to the high-water mark,
        then with the peer.

        Source: Node 20, C{socket.pause}.
        """
        if self._bufferCallback is not None:
            self._pauseBuffer()
        return super().pause()

    def resume(self) -> Self:
        """
        Let C{data} flow, whether anybody listens or not.

        Source: Node 20, C{socket.resume}.
        """
        if self._bufferCallback is not None:
            self._resumeBuffer()
        return super().resume()

    def read(self, n: Any = undefined) -> Any:
        """
        Take from the buffer; see L{nodenet.node.stream.Readable.read}.

        Source: Node 20, C{readable.read}.
        """
        if self._bufferCallback is not None:
            self._resumeBuffer()
        return super().read(n)

    def _onReadableStreamEnd(self) -> None:
        if not self.allowHalfOpen:
            self._ended = True

    # Writing

    @overload
    def write(
        self, chunk: Data, encoding: str | None = None, callback: TakesError | None = None
    ) -> bool: ...
    @overload
    def write(self, chunk: Data, callback: TakesError, /) -> bool: ...
    def write(self, chunk: Any = undefined, encoding: Any = None, callback: Any = None) -> bool:
        """
        Write; see L{nodenet.node.stream.Writable.write}.

        Source: Node 20, C{socket.write}.

        When the peer has ended, and so have we, it fails with C{EPIPE}, C{This socket has been
        ended by the other party}.

        @return: whether less than the high-water mark is waiting; if not, wait for C{drain}.
        """
        handle = self._handle
        if (
            handle is not None
            and chunk.__class__ is bytes
            and callback is None
            and encoding is None
            and chunk
            and self._plain
        ):
            send, state = handle.send, self._writableState
            if not (
                send is None
                or state.writing
                or state.corked
                or state.ending
                or state.destroyed  # but not closed, by a _destroy of the user's
            ):
                # The common way: straight to the kernel, which takes all of it.
                if self._idle is not None:
                    self._idle.touch()
                try:
                    sent = send(chunk)
                except BlockingIOError:
                    sent = 0
                except OSError as e:
                    sent = 0
                    handle.failed(e.errno or EPIPE)  # the long way tells
                if sent == len(chunk):
                    handle.bytesWritten += sent
                    return True
                handle.sent = sent
        if self._ended and self._writableState.ending:
            return self._writeAfterFIN(encoding, callback)
        return super().write(chunk, encoding, callback)

    def _writeAfterFIN(self, encoding: Any, callback: Any) -> bool:
        if callable(encoding):
            callback = encoding
        error = codedError("This socket has been ended by the other party", "EPIPE")
        if callable(callback):
            nextTick(callback, error, reactor=self._reactor)
        self.destroy(error)
        return False

    def _write(self, chunk: Any, encoding: Any, callback: Any) -> None:
        self._writeGeneric(False, chunk, encoding, callback)

    def _writev(self, chunks: Any, callback: Any) -> None:
        self._writeGeneric(True, chunks, "", callback)

    def _writeGeneric(self, several: bool, data: Any, encoding: Any, callback: Any) -> None:
        handle = self._handle
        if self.connecting:
            self._pendingData, self._pendingEncoding = data, encoding

            def onConnect() -> None:
                self.off("close", onClose)
                self._writeGeneric(several, data, encoding, callback)

            def onClose(*_: Any) -> None:
                callback(ERR_SOCKET_CLOSED_BEFORE_CONNECTION())

            self.once("connect", onConnect)
            self.once("close", onClose)
            return
        if self._pendingData is not None:
            self._pendingData = None
        if handle is None:
            callback(ERR_SOCKET_CLOSED())
            return
        self._unrefTimer()
        if several:
            pieces = [toBytes(each["chunk"], each["encoding"]) for each in data]
        else:
            pieces = [toBytes(data, encoding)]

        def written(errno: int) -> None:
            if self.destroyed:
                callback(None)
            elif errno:
                callback(systemError(errno, "write"))
            else:
                self._unrefTimer()
                callback(None)

        try:
            done = handle.write(pieces, written)
        except OSError as e:
            if not several and _isShortText(data, encoding):
                handle.bytesWritten -= len(pieces[0])
            callback(systemError(e.errno or ENOTCONN, "write"))
            return
        if done:
            callback()

    @overload
    def end(
        self,
        chunk: Data | None = None,
        encoding: str | None = None,
        callback: TakesError | None = None,
    ) -> Self: ...
    @overload
    def end(self, chunk: Data | None, callback: TakesError, /) -> Self: ...
    @overload
    def end(self, callback: TakesError, /) -> Self: ...
    def end(self, chunk: Any = None, encoding: Any = None, callback: Any = None) -> Self:
        """
        That is all: our FIN follows, when all that was written has gone out.

        Source: Node 20, C{socket.end}.

        @param chunk: to be written before.
        @param callback: a listener of C{finish}; called with the error if it has failed.
        """
        super().end(chunk, encoding, callback)
        return self

    def _final(self, callback: Callable[..., Any]) -> None:
        if self.pending:
            # Later, when there is a connection.
            self.once("connect", lambda: self._final(callback))
            return
        handle = self._handle
        if handle is None:
            callback()
            return
        try:
            handle.shutdown(callback)
        except OSError:  # ENOTCONN: there is nothing to shut down
            callback()

    # The end

    def destroySoon(self) -> None:
        """
        Destroy the socket when all that was written has gone out. Node 20,
        C{net.Socket.destroySoon}.
        """
        if self.writable:
            self.end()
        if self.writableFinished:
            self.destroy()
        else:
            self.once("finish", self.destroy)

    def resetAndDestroy(self) -> Self:
        """
        As C{destroy}, but the peer is told by an RST. Of a socket that is connecting, when
        it is connected; one that never was is destroyed with C{ERR_SOCKET_CLOSED}.

        Source: Node 20, C{socket.resetAndDestroy}.

        @raise ERR_INVALID_HANDLE_TYPE: it is no TCP connection.
        """
        handle = self._handle
        if handle is None:
            self.destroy(ERR_SOCKET_CLOSED())
        elif handle.isPipe:
            raise ERR_INVALID_HANDLE_TYPE()
        elif self.connecting:
            self.once("connect", lambda: self._reset())
        else:
            self._reset()
        return self

    def _reset(self) -> Self:
        self._resetAndClosing = True
        return self.destroy()

    def _destroy(self, error: Any, callback: Any) -> None:
        self.connecting = False
        if self._idle is not None:
            self._idle.stop()
            self._idle = None
        handle = self._handle
        hadError = bool(error)
        if handle is not None:
            self._bytesRead = handle.bytesRead
            self._bytesWritten = handle.bytesWritten
            self._sockname = None

            def onClose() -> None:
                self.emit("close", hadError)

            if self._resetAndClosing:
                self._resetAndClosing = False
                errno = handle.reset(onClose)
                if errno:
                    self.emit("error", systemError(errno, "reset"))
            else:
                handle.close(onClose)
            self._handle = None
            self._sockname = None
            callback(error)
        else:
            callback(error)
            nextTick(self.emit, "close", reactor=self._reactor)
        if self._server is not None:
            self._server.closed(self)

    # What is asked of all parts

    @property
    def connected(self) -> int:
        """
        Twisted: whether there is a connection, 1 or 0.
        """
        handle = self._handle
        return int(handle is not None and handle.transport is not None)

    @property
    def pending(self) -> bool:
        """
        Whether there is no connection, not yet or not any more.
        """
        return self._handle is None or self.connecting

    @property
    def readyState(self) -> ReadyState:
        """
        C{'opening'}, C{'open'}, C{'readOnly'}, C{'writeOnly'} or C{'closed'}.
        """
        if self.connecting:
            return "opening"
        if self.readable:
            return "open" if self.writable else "readOnly"
        return "writeOnly" if self.writable else "closed"

    def _unrefTimer(self) -> None:
        if self._idle is not None:
            self._idle.touch()

    def _getpeername(self) -> dict[str, Any]:
        handle = self._handle
        if handle is None or self.connecting:
            return self._peername or {}
        if not self._peername:
            names = handle.names(True)
            if not names:
                return names
            self._peername = names
        return self._peername

    def _getsockname(self) -> dict[str, Any]:
        handle = self._handle
        if handle is None:
            return {}
        if self._sockname is None:  # while connecting, the first answer stays
            self._sockname = handle.names(False)
        return self._sockname


def toBytes(chunk: Any, encoding: Any) -> bytes:
    """
    @param chunk: bytes, or text in C{encoding}.
    """
    return chunk if isinstance(chunk, bytes) else encode(chunk, encoding or "utf8")


#: Bytes that a character may need, in the encodings that Node's handles know.
_WIDTHS = {"utf8": 3, "utf-8": 3, "latin1": 1, "binary": 1, "ascii": 1, "utf16le": 2, "ucs2": 2}


def _isShortText(chunk: Any, encoding: Any) -> bool:
    """
    @return: whether Node writes it from its stack, and does not count it when that fails.
    """
    width = _WIDTHS.get(encoding or "utf8")
    return isinstance(chunk, str) and width is not None and units(chunk) * width <= 16384


def _checked(options: Any, keywords: Mapping[str, Any]) -> dict[str, Any]:
    """
    @return: the options, and what Node adds to them.
    """
    if options is not None and not isinstance(options, Mapping):
        if isinstance(options, bool) or not isinstance(options, int):
            options = {}
        else:
            options = {"fd": options}  # as of old
    given = {**(options or {}), **keywords}
    for name in "objectMode", "readableObjectMode", "writableObjectMode":
        if truthy(given.get(name)):
            raise ERR_INVALID_ARG_VALUE(f"options.{name}", given[name], "is not supported")
    delay = given.get("keepAliveInitialDelay", undefined)
    if delay is not undefined:
        validateNumber(delay, "options.keepAliveInitialDelay")
        given["keepAliveInitialDelay"] = max(delay, 0)
    given["allowHalfOpen"] = truthy(given.get("allowHalfOpen"))
    given.update(_FIXED)
    return given


def _checkFD(fd: int) -> None:
    """
    @raise ERR_INVALID_FD_TYPE: it is no stream socket.
    """
    try:
        mode = os.fstat(fd).st_mode
    except OSError:
        raise ERR_INVALID_FD_TYPE("UNKNOWN") from None
    if stat.S_ISSOCK(mode):
        skt = sockets.socket(fileno=fd)
        kind = skt.type
        skt.detach()
        if kind == sockets.SOCK_STREAM:
            return
        raise ERR_INVALID_FD_TYPE("UDP")
    if stat.S_ISREG(mode):
        raise ERR_INVALID_FD_TYPE("FILE")
    raise ERR_INVALID_FD_TYPE("TTY" if os.isatty(fd) else "UNKNOWN")
