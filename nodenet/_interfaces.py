"""
What nodenet asks of others' objects, and of its own for type checkers.
"""

from __future__ import annotations

from collections.abc import Callable
from os import PathLike
from typing import Any, Literal, Protocol, TypeVar, overload

__all__ = [
    "Binding",
    "Callback",
    "ClientEndpoint",
    "Path",
    "ServerListeners",
    "StreamListeners",
]

#: What is called without arguments.
Callback = Callable[[], object]
#: Of a UNIX socket.
Path = str | bytes | PathLike[str]

_S = TypeVar("_S")
_S_co = TypeVar("_S_co", covariant=True)
_L = TypeVar("_L", bound=Callable[..., object])


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


_Silent = Literal["connect", "end", "drain", "secure", "timeout"]
_StreamEvent = Literal[_Silent, "data", "fd", "error", "close", "newListener"]
_ServerEvent = Literal["listening", "connection", "close", "error", "newListener"]


class _StreamMethod(Protocol[_S_co]):
    """
    C{on} and its like, of a stream.
    """

    @overload
    def __call__(self, type: _StreamEvent) -> Callable[[_L], _L]: ...
    @overload
    def __call__(self, type: _Silent, listener: Callable[[], object]) -> _S_co: ...
    @overload
    def __call__(self, type: Literal["data"], listener: Callable[[Any], object]) -> _S_co: ...
    @overload
    def __call__(self, type: Literal["fd"], listener: Callable[[int], object]) -> _S_co: ...
    @overload
    def __call__(self, type: Literal["error"], listener: Callable[[Any], object]) -> _S_co: ...
    @overload
    def __call__(self, type: Literal["close"], listener: Callable[[bool], object]) -> _S_co: ...
    @overload
    def __call__(
        self, type: Literal["newListener"], listener: Callable[[str, Any], object]
    ) -> _S_co: ...


class _ServerMethod(Protocol[_S_co]):
    """
    C{on} and its like, of a server.
    """

    @overload
    def __call__(self, type: _ServerEvent) -> Callable[[_L], _L]: ...
    @overload
    def __call__(
        self, type: Literal["listening", "close"], listener: Callable[[], object]
    ) -> _S_co: ...
    @overload
    def __call__(
        self, type: Literal["connection"], listener: Callable[[Any], object]
    ) -> _S_co: ...
    @overload
    def __call__(self, type: Literal["error"], listener: Callable[[Any], object]) -> _S_co: ...
    @overload
    def __call__(
        self, type: Literal["newListener"], listener: Callable[[str, Any], object]
    ) -> _S_co: ...


class StreamListeners:
    """
    In place of a method that adds or takes off a listener: checkers know a stream's events,
    and the arguments of each. For events of one's own, there is the method of
    L{EventEmitter<nodenet.events.EventEmitter>}: C{EventEmitter.on(stream, "mine", listener)}.
    """

    def __get__(self, stream: _S, owner: type[_S]) -> _StreamMethod[_S]:
        raise NotImplementedError


class ServerListeners:
    """
    Likewise of a server.
    """

    def __get__(self, server: _S, owner: type[_S]) -> _ServerMethod[_S]:
        raise NotImplementedError
