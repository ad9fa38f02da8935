"""
What nodenet asks of others' objects, and of its own for type checkers.
"""

from __future__ import annotations

from collections.abc import Callable
from os import PathLike
from types import ModuleType
from typing import TYPE_CHECKING, Any, Generic, Literal, Protocol, TypeVar, Union, overload

if TYPE_CHECKING:
    from twisted.internet.interfaces import IReactorTime, ITransport

__all__ = [
    "Binding",
    "Callback",
    "ClientEndpoint",
    "Clock",
    "Data",
    "Path",
    "ReactorLike",
    "ServerAdders",
    "ServerListeners",
    "StreamAdders",
    "StreamListeners",
    "Transport",
    "TransportLike",
]

#: What is called without arguments.
Callback = Callable[[], object]
#: What is written.
Data = str | bytes | bytearray | memoryview
#: Of a UNIX socket.
Path = str | bytes | PathLike[str]


class Binding(Protocol):
    """
    What Twisted's C{makeBinding} (26.10) returns.
    """

    @property
    def _reusePort(self) -> bool: ...


class ClientEndpoint(Protocol):
    """
    Twisted's C{IStreamClientEndpoint}, of which checkers without a plugin for zope.interface
    know nothing.
    """

    def connect(self, protocolFactory: Any, /) -> Any: ...


class Clock(Protocol):
    """
    What is asked of every reactor, also of a test's. Only Twisted's own make sockets: what
    is asked of others for these, Twisted's endpoints do.
    """

    def seconds(self) -> float: ...

    # It returns an IDelayedCall, whose methods no checker without a plugin can call.
    def callLater(self, delay: float, callable: Callable[..., Any], /, *args: Any) -> Any: ...


class Transport(Protocol):
    """
    What is asked of every transport. What else there is, half-close or a producer's methods,
    is used where it is there.
    """

    def write(self, data: bytes, /) -> object: ...

    def loseConnection(self) -> object: ...


# Interfaces by their name too: their methods are declared without self, so that checkers
# without a plugin find no protocol in them.

#: A reactor. The global one is an IReactorTime to checkers; with Twisted 24.3 a module.
ReactorLike = Union["IReactorTime", Clock, ModuleType]
#: A transport.
TransportLike = Union["ITransport", Transport]

# The events. A listener's type says how many arguments it takes; where it is Any, what they
# are is the user's to say: bytes or str, and which exception.
_Takes0 = Callable[[], object]
_Takes1 = Callable[[Any], object]
_TakesInt = Callable[[int], object]
_TakesBool = Callable[[bool], object]
_TakesNew = Callable[[str, Any], object]
_L0 = TypeVar("_L0", bound=_Takes0)
_L1 = TypeVar("_L1", bound=_Takes1)
_LInt = TypeVar("_LInt", bound=_TakesInt)
_LBool = TypeVar("_LBool", bound=_TakesBool)
_LNew = TypeVar("_LNew", bound=_TakesNew)
_Silent = Literal["connect", "end", "drain", "secure", "timeout"]

_E = TypeVar("_E")  # the emitter
_C = TypeVar("_C")  # what a server's connections are


class _StreamMethod(Generic[_E]):
    """
    C{prependListener} and its like, of a stream.
    """

    @overload
    def __call__(self, type: _Silent, listener: _Takes0) -> _E: ...
    @overload
    def __call__(self, type: Literal["data", "error"], listener: _Takes1) -> _E: ...
    @overload
    def __call__(self, type: Literal["fd"], listener: _TakesInt) -> _E: ...
    @overload
    def __call__(self, type: Literal["close"], listener: _TakesBool) -> _E: ...
    @overload
    def __call__(self, type: Literal["newListener"], listener: _TakesNew) -> _E: ...
    def __call__(self, type: str, listener: Any) -> Any:
        raise NotImplementedError


class _StreamAdder(_StreamMethod[_E]):
    """
    C{on} and its like, which without a listener are decorators.
    """

    @overload
    def __call__(self, type: _Silent, listener: _Takes0) -> _E: ...
    @overload
    def __call__(self, type: Literal["data", "error"], listener: _Takes1) -> _E: ...
    @overload
    def __call__(self, type: Literal["fd"], listener: _TakesInt) -> _E: ...
    @overload
    def __call__(self, type: Literal["close"], listener: _TakesBool) -> _E: ...
    @overload
    def __call__(self, type: Literal["newListener"], listener: _TakesNew) -> _E: ...
    @overload
    def __call__(self, type: _Silent) -> Callable[[_L0], _L0]: ...
    @overload
    def __call__(self, type: Literal["data", "error"]) -> Callable[[_L1], _L1]: ...
    @overload
    def __call__(self, type: Literal["fd"]) -> Callable[[_LInt], _LInt]: ...
    @overload
    def __call__(self, type: Literal["close"]) -> Callable[[_LBool], _LBool]: ...
    @overload
    def __call__(self, type: Literal["newListener"]) -> Callable[[_LNew], _LNew]: ...
    def __call__(self, type: str, listener: Any = None) -> Any:
        raise NotImplementedError


class _ServerMethod(Generic[_E, _C]):
    """
    C{prependListener} and its like, of a server.
    """

    @overload
    def __call__(self, type: Literal["listening", "close"], listener: _Takes0) -> _E: ...
    @overload
    def __call__(self, type: Literal["connection"], listener: Callable[[_C], object]) -> _E: ...
    @overload
    def __call__(self, type: Literal["error"], listener: _Takes1) -> _E: ...
    @overload
    def __call__(self, type: Literal["newListener"], listener: _TakesNew) -> _E: ...
    def __call__(self, type: str, listener: Any) -> Any:
        raise NotImplementedError


class _ServerAdder(_ServerMethod[_E, _C]):
    """
    C{on} and its like, which without a listener are decorators.
    """

    @overload
    def __call__(self, type: Literal["listening", "close"], listener: _Takes0) -> _E: ...
    @overload
    def __call__(self, type: Literal["connection"], listener: Callable[[_C], object]) -> _E: ...
    @overload
    def __call__(self, type: Literal["error"], listener: _Takes1) -> _E: ...
    @overload
    def __call__(self, type: Literal["newListener"], listener: _TakesNew) -> _E: ...
    @overload
    def __call__(self, type: Literal["listening", "close"]) -> Callable[[_L0], _L0]: ...
    @overload
    def __call__(self, type: Literal["connection", "error"]) -> Callable[[_L1], _L1]: ...
    @overload
    def __call__(self, type: Literal["newListener"]) -> Callable[[_LNew], _LNew]: ...
    def __call__(self, type: str, listener: Any = None) -> Any:
        raise NotImplementedError


class StreamListeners:
    """
    In place of a method that adds or takes off a listener: checkers know a stream's events,
    and the arguments of each.

    Events of one's own are said to be such, by the method of
    L{EventEmitter<nodenet.events.EventEmitter>}: C{EventEmitter.on(stream, "mine", listener)}.
    That takes any name, and so do the methods that are not checked: C{emit}, which is called
    for the most part for events of one's own, and C{removeAllListeners}, C{listeners} and
    the like.
    """

    def __get__(self, stream: _E, owner: type[_E]) -> _StreamMethod[_E]:
        raise NotImplementedError


class StreamAdders:
    """
    Likewise, for those that are decorators too.
    """

    def __get__(self, stream: _E, owner: type[_E]) -> _StreamAdder[_E]:
        raise NotImplementedError


class ServerListeners(Generic[_C]):
    """
    As L{StreamListeners}, of a server of such connections.
    """

    def __get__(self, server: _E, owner: type[_E]) -> _ServerMethod[_E, _C]:
        raise NotImplementedError


class ServerAdders(Generic[_C]):
    """
    As L{StreamAdders}, likewise.
    """

    def __get__(self, server: _E, owner: type[_E]) -> _ServerAdder[_E, _C]:
        raise NotImplementedError
