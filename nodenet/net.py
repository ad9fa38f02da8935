"""
Node's C{net} module.

Source: the document of Node v0.3.3, C{net.markdown}.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, overload

from nodenet._address import isIP, isIPv4, isIPv6
from nodenet._interfaces import Callback, ClientEndpoint, Path, ReactorLike
from nodenet._net.server import Server
from nodenet._net.stream import Stream
from nodenet.errors import NetError

__all__ = [
    "NetError",
    "Server",
    "Socket",
    "Stream",
    "createConnection",
    "createServer",
    "isIP",
    "isIPv4",
    "isIPv6",
]

Socket = Stream

ConnectionListener = Callable[[Stream], object]


@overload
def createServer(
    options: Mapping[str, Any] | None = None,
    connectionListener: ConnectionListener | None = None,
    *,
    allowHalfOpen: bool = False,
    reactor: ReactorLike | None = None,
) -> Server: ...
@overload
def createServer(
    connectionListener: ConnectionListener,
    /,
    *,
    allowHalfOpen: bool = False,
    reactor: ReactorLike | None = None,
) -> Server: ...
def createServer(
    options: Mapping[str, Any] | ConnectionListener | None = None,
    connectionListener: ConnectionListener | None = None,
    *,
    allowHalfOpen: bool = False,
    reactor: ReactorLike | None = None,
) -> Server:
    """
    Make a server: C{createServer([options], [connectionListener])}.

    @param options: C{{'allowHalfOpen': True}}, or keyword arguments; see L{Server}.
    @param connectionListener: a listener for C{connection}.
    """
    return Server(options, connectionListener, allowHalfOpen=allowHalfOpen, reactor=reactor)


@overload
def createConnection(
    port: int | str,
    host: str | None = None,
    callback: Callback | None = None,
    *,
    reactor: ReactorLike | None = None,
    allowHalfOpen: bool = False,
) -> Stream: ...
@overload
def createConnection(
    port: int | str,
    callback: Callback,
    /,
    *,
    reactor: ReactorLike | None = None,
    allowHalfOpen: bool = False,
) -> Stream: ...
@overload
def createConnection(
    path: Path,
    callback: Callback | None = None,
    *,
    reactor: ReactorLike | None = None,
    allowHalfOpen: bool = False,
) -> Stream: ...
@overload
def createConnection(
    endpoint: ClientEndpoint,
    /,
    callback: Callback | None = None,
    *,
    reactor: ReactorLike | None = None,
    allowHalfOpen: bool = False,
) -> Stream: ...
def createConnection(  # pyright: ignore[reportInconsistentOverload]
    *args: Any,
    port: int | str | None = None,
    host: str | None = None,
    path: Path | None = None,
    callback: Callback | None = None,
    reactor: ReactorLike | None = None,
    allowHalfOpen: bool = False,
) -> Stream:
    """
    Make a stream and connect it: C{createConnection(port, [host], [callback])},
    C{createConnection(path, [callback])}, C{createConnection(endpoint, [callback])};
    see L{Stream.connect}.

    @param reactor: as of L{Stream}.
    @param allowHalfOpen: as of L{Stream}.
    """
    stream = Stream(reactor=reactor, allowHalfOpen=allowHalfOpen)
    connect: Any = stream.connect
    connect(*args, port=port, host=host, path=path, callback=callback)
    return stream
