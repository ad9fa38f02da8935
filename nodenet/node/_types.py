"""
What type checkers are told of L{nodenet.node}: options, callbacks, and which events there are.

Options are a dict, or keywords; a dict that is put together at run time goes in as
C{**options}, as checkers know of no C{dict[str, Any]} what is in it. A callback's type says how
many arguments it is called with. Where a chunk or an error is C{Any}, what it is is the user's
to say: bytes or str, and which exception.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, Awaitable, Callable, Iterable
from typing import (
    IO,
    Any,
    Generic,
    Literal,
    Protocol,
    TypedDict,
    TypeVar,
    overload,
)

from nodenet._interfaces import Callback, ClientEndpoint, Data, Path, ReactorLike
from nodenet.events import EventEmitter
from nodenet.node._inspect import Symbol, Undefined

__all__ = [
    "AddressInfo",
    "BlockListLike",
    "Callback",
    "Chunk",
    "ClientEndpoint",
    "ConnectKeywords",
    "ConnectOptions",
    "Data",
    "DuplexListeners",
    "DuplexOptions",
    "EmitterLike",
    "EmitterOptions",
    "FinishedOptions",
    "IteratorOptions",
    "ListenKeywords",
    "ListenOptions",
    "Listener",
    "OnOptions",
    "OperatorOptions",
    "Outcome",
    "Path",
    "PipeOptions",
    "PipePart",
    "PipelineCallback",
    "PipelineOptions",
    "Port",
    "ReactorLike",
    "ReadableListeners",
    "ReadableOptions",
    "ReadyState",
    "ServerListeners",
    "ServerOptions",
    "SignalLike",
    "SignalOptions",
    "SocketAddressOptions",
    "SocketConnectKeywords",
    "SocketConnectOptions",
    "SocketListeners",
    "SocketOptions",
    "StreamLike",
    "TakesError",
    "TransformOptions",
    "Undefined",
    "WritableListeners",
    "WritableOptions",
    "readableListeners",
]

Listener = Callable[..., Any]
#: Bytes; str where there is an encoding; in object mode anything. It depends on what was
#: called before, which no checker sees.
Chunk = Any
#: What is called with an error or C{None}.
TakesError = Callable[[Any], object]
#: The same, of what may also be without that parameter.
Outcome = Callable[[], object] | Callable[[Any], object]
#: Likewise, with an error or C{None}, and what the last function has made. (mypy finds no
#: lambda to be one of three.)
PipelineCallback = Callable[..., object]
#: A number, or text of one.
Port = int | str
#: Of a socket.
ReadyState = Literal["opening", "open", "readOnly", "writeOnly", "closed"]


class SignalLike(Protocol):
    """
    What ends things: an L{AbortSignal<nodenet.node.abort.AbortSignal>}, or anything like one.
    """

    @property
    def aborted(self) -> bool: ...

    @property
    def reason(self) -> Any: ...

    def addEventListener(self, type: str, listener: Any, options: Any = ..., /) -> object: ...

    def removeEventListener(self, type: str, listener: Any, /) -> object: ...


class _TargetLike(Protocol):
    """
    Something with C{addEventListener}.
    """

    def addEventListener(self, type: str, listener: Any, options: Any = ..., /) -> object: ...

    def removeEventListener(self, type: str, listener: Any, /) -> object: ...


class _OthersEmitter(Protocol):
    """
    An emitter that is not of nodenet's making.
    """

    def on(self, type: Any, listener: Any, /) -> object: ...

    def removeListener(self, type: Any, listener: Any, /) -> object: ...


#: What can be listened to.
EmitterLike = EventEmitter | _OthersEmitter | _TargetLike


class _OthersStream(Protocol):
    """
    A stream that is not of nodenet's making; what is asked of it depends on its place.
    """

    def on(self, type: Any, listener: Any, /) -> object: ...


#: Any stream.
StreamLike = EventEmitter | _OthersStream
#: What stands in a pipeline: a stream, an iterable, a function that returns one, an awaitable,
#: Python's file or its descriptor.
_PipeSource = StreamLike | Iterable[Any] | AsyncIterable[Any] | IO[Any] | int
PipePart = _PipeSource | Callable[..., Any] | Awaitable[Any]


class BlockListLike(Protocol):
    """
    What says who may not come: a L{BlockList<nodenet.node.net.BlockList>}.
    """

    def check(self, address: str, family: str, /) -> bool: ...


class AddressInfo(TypedDict):
    """
    An end of a connection.
    """

    address: str
    family: str
    port: int


class DropInfo(TypedDict):
    """
    Who was dropped by a server.
    """

    localAddress: str
    localPort: int
    localFamily: str
    remoteAddress: str
    remotePort: int
    remoteFamily: str


# Options of emitters


class EmitterOptions(TypedDict, total=False):
    """
    Of an emitter.
    """

    captureRejections: bool


class SignalOptions(TypedDict, total=False):
    """
    Of C{events.once}, and of what else can be ended and no more.
    """

    signal: SignalLike


class OnOptions(SignalOptions, total=False):
    """
    Of C{events.on}.
    """

    close: Iterable[Any]
    highWaterMark: int
    lowWaterMark: int


# Options of streams. A hook is called without the stream; so it is a function, or a method of
# another object.


class _Stream(TypedDict, total=False):
    highWaterMark: int | None
    objectMode: bool
    defaultEncoding: str
    autoDestroy: bool
    emitClose: bool
    signal: SignalLike | None
    reactor: ReactorLike | None
    captureRejections: bool
    construct: Callable[[Callable[..., Any]], object]
    destroy: Callable[[Any, Callable[..., Any]], object]


class ReadableOptions(_Stream, total=False):
    """
    Of a C{Readable}.
    """

    encoding: str | None
    read: Callable[[int], object]


class WritableOptions(_Stream, total=False):
    """
    Of a C{Writable}.
    """

    decodeStrings: bool
    write: Callable[[Any, str, Callable[..., Any]], object]
    writev: Callable[[list[Any], Callable[..., Any]], object]
    final: Callable[[Callable[..., Any]], object]


class DuplexOptions(ReadableOptions, WritableOptions, total=False):
    """
    Of a C{Duplex}.
    """

    allowHalfOpen: bool
    readable: bool
    writable: bool
    readableHighWaterMark: int
    writableHighWaterMark: int
    readableObjectMode: bool
    writableObjectMode: bool


class TransformOptions(DuplexOptions, total=False):
    """
    Of a C{Transform}.
    """

    transform: Callable[[Any, str, Callable[..., Any]], object]
    flush: Callable[[Callable[..., Any]], object]


class PipeOptions(TypedDict, total=False):
    """
    Of C{pipe}.
    """

    end: bool


class PipelineOptions(PipeOptions, total=False):
    """
    Of C{pipeline}.
    """

    signal: SignalLike


class FinishedOptions(TypedDict, total=False):
    """
    Of C{finished}.
    """

    readable: bool
    writable: bool
    error: bool
    cleanup: bool
    signal: SignalLike


class IteratorOptions(TypedDict, total=False):
    """
    Of C{Readable.iterator}.
    """

    destroyOnReturn: bool


class OperatorOptions(TypedDict, total=False):
    """
    Of C{Readable.map} and its like.
    """

    concurrency: int
    highWaterMark: int
    signal: SignalLike


# Options of net


class OnreadOptions(TypedDict):
    """
    Where data goes, instead of into C{data}: its callback gets a count of bytes and the buffer,
    and pauses the socket if it returns C{False}.
    """

    buffer: bytearray | memoryview | Callable[[], bytearray | memoryview]
    callback: Callable[[int, Any], object]


class SocketOptions(DuplexOptions, total=False):
    """
    Of a C{Socket}.
    """

    fd: int
    noDelay: bool
    keepAlive: bool
    keepAliveInitialDelay: float
    onread: OnreadOptions | None
    manualStart: bool


class ConnectOptions(TypedDict, total=False):
    """
    Of C{Socket.connect}.
    """

    port: Port
    host: str | None
    path: str
    localAddress: str | None
    localPort: int
    family: int | Literal["IPv4", "IPv6"] | None
    hints: int
    lookup: Callable[[str, Any, Callable[..., Any]], object] | None
    autoSelectFamily: bool | None
    autoSelectFamilyAttemptTimeout: int


class ConnectKeywords(ConnectOptions, total=False):
    """
    The same, as keywords.
    """

    callback: Callback | None


class SocketConnectOptions(SocketOptions, ConnectOptions, total=False):
    """
    Of C{net.connect}.
    """

    timeout: float


class SocketConnectKeywords(SocketConnectOptions, total=False):
    """
    The same, as keywords.
    """

    callback: Callback | None


class SocketAddressOptions(TypedDict, total=False):
    """
    Of a C{SocketAddress}.
    """

    address: str
    port: Port
    family: str
    flowlabel: int


class ServerOptions(TypedDict, total=False):
    """
    Of a C{Server}.
    """

    allowHalfOpen: bool
    pauseOnConnect: bool
    noDelay: bool
    keepAlive: bool
    keepAliveInitialDelay: float
    highWaterMark: int
    blockList: BlockListLike | None
    reactor: ReactorLike | None


class ListenOptions(TypedDict, total=False):
    """
    Of C{Server.listen}.
    """

    port: Port | None
    host: str | None
    path: str
    backlog: int
    exclusive: bool
    readableAll: bool
    writableAll: bool
    ipv6Only: bool
    reusePort: bool
    signal: SignalLike
    fd: int


class ListenKeywords(ListenOptions, total=False):
    """
    The same, as keywords.
    """

    callback: Callback | None


# Events. Each class below says what the methods that add a listener, or take one off, are of
# one kind of emitter: checkers know its events, and the arguments of each.
#
# Events of one's own are said to be such, by the method of EventEmitter, which takes any
# name: EventEmitter.on(stream, "mine", listener). What is not checked takes any, too: emit,
# which is called for the most part for events of one's own, and removeAllListeners, listeners
# and the like.

_E = TypeVar("_E")  # the emitter
_C = TypeVar("_C")  # what a server's connections are
_Takes0 = Callable[[], object]
_Takes1 = Callable[[Any], object]
_Takes2 = Callable[[Any, Any], object]
_TakesTry = Callable[[str, Any, Any], object]
_TakesFailure = Callable[[str, Any, Any, Any], object]
_TakesLookup = Callable[[Any, Any, Any, str], object]
_Meta = Literal["newListener", "removeListener"]
_Read0 = Literal["readable", "end", "pause", "resume"]
_Written0 = Literal["drain", "prefinish", "finish"]
_Both0 = _Read0 | _Written0 | Literal["close"]
_Socket0 = _Read0 | _Written0 | Literal["connect", "ready", "timeout"]


class _ReadableMethod(Generic[_E]):
    @overload
    def __call__(self, type: _Read0 | Literal["close"], listener: _Takes0) -> _E: ...
    @overload
    def __call__(self, type: Literal["data", "error"], listener: _Takes1) -> _E: ...
    @overload
    def __call__(self, type: _Meta, listener: _Takes2) -> _E: ...
    @overload
    def __call__(self, type: Symbol, listener: Listener) -> _E: ...
    def __call__(self, type: Any, listener: Any) -> Any:
        raise NotImplementedError


class _WritableMethod(Generic[_E]):
    @overload
    def __call__(self, type: _Written0 | Literal["close"], listener: _Takes0) -> _E: ...
    @overload
    def __call__(self, type: Literal["error", "pipe"], listener: _Takes1) -> _E: ...
    @overload
    def __call__(self, type: Literal["unpipe"] | _Meta, listener: _Takes2) -> _E: ...
    @overload
    def __call__(self, type: Symbol, listener: Listener) -> _E: ...
    def __call__(self, type: Any, listener: Any) -> Any:
        raise NotImplementedError


class _DuplexMethod(Generic[_E]):
    @overload
    def __call__(self, type: _Both0, listener: _Takes0) -> _E: ...
    @overload
    def __call__(self, type: Literal["data", "error", "pipe"], listener: _Takes1) -> _E: ...
    @overload
    def __call__(self, type: Literal["unpipe"] | _Meta, listener: _Takes2) -> _E: ...
    @overload
    def __call__(self, type: Symbol, listener: Listener) -> _E: ...
    def __call__(self, type: Any, listener: Any) -> Any:
        raise NotImplementedError


class _SocketMethod(Generic[_E]):
    @overload
    def __call__(self, type: _Socket0, listener: _Takes0) -> _E: ...
    @overload
    def __call__(self, type: Literal["data", "error", "pipe"], listener: _Takes1) -> _E: ...
    @overload
    def __call__(self, type: Literal["close"], listener: Callable[[bool], object]) -> _E: ...
    @overload
    def __call__(self, type: Literal["lookup"], listener: _TakesLookup) -> _E: ...
    @overload
    def __call__(
        self,
        type: Literal["connectionAttempt", "connectionAttemptTimeout"],
        listener: _TakesTry,
    ) -> _E: ...
    @overload
    def __call__(
        self, type: Literal["connectionAttemptFailed"], listener: _TakesFailure
    ) -> _E: ...
    @overload
    def __call__(self, type: Literal["unpipe"] | _Meta, listener: _Takes2) -> _E: ...
    @overload
    def __call__(self, type: Symbol, listener: Listener) -> _E: ...
    def __call__(self, type: Any, listener: Any) -> Any:
        raise NotImplementedError


class _ServerMethod(Generic[_E, _C]):
    @overload
    def __call__(self, type: Literal["listening", "close"], listener: _Takes0) -> _E: ...
    @overload
    def __call__(self, type: Literal["connection"], listener: Callable[[_C], object]) -> _E: ...
    @overload
    def __call__(self, type: Literal["drop"], listener: Callable[[DropInfo], object]) -> _E: ...
    @overload
    def __call__(self, type: Literal["error"], listener: _Takes1) -> _E: ...
    @overload
    def __call__(self, type: _Meta, listener: _Takes2) -> _E: ...
    @overload
    def __call__(self, type: Symbol, listener: Listener) -> _E: ...
    def __call__(self, type: Any, listener: Any) -> Any:
        raise NotImplementedError


class ReadableListeners:
    """
    C{on} and its like, of a C{Readable}.
    """

    def __get__(self, emitter: _E, owner: type[_E]) -> _ReadableMethod[_E]:
        raise NotImplementedError


class WritableListeners:
    """
    Likewise, of a C{Writable}.
    """

    def __get__(self, emitter: _E, owner: type[_E]) -> _WritableMethod[_E]:
        raise NotImplementedError


class DuplexListeners:
    """
    Likewise, of a C{Duplex}.
    """

    def __get__(self, emitter: _E, owner: type[_E]) -> _DuplexMethod[_E]:
        raise NotImplementedError


class SocketListeners:
    """
    Likewise, of a C{Socket}.
    """

    def __get__(self, emitter: _E, owner: type[_E]) -> _SocketMethod[_E]:
        raise NotImplementedError


class ServerListeners(Generic[_C]):
    """
    Likewise, of a server of such connections.
    """

    def __get__(self, emitter: _E, owner: type[_E]) -> _ServerMethod[_E, _C]:
        raise NotImplementedError


def readableListeners(method: Callable[..., Any]) -> ReadableListeners:
    """
    @return: the method itself, which for checkers knows the events.
    """
    return method  # type: ignore[return-value]
