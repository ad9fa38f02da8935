"""
Node's C{net} module.

Source: the document of Node v0.3.3, C{net.markdown}.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

from nodenet._address import isIP, isIPv4, isIPv6
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


def createServer(
    options: Mapping[str, Any] | Callable[[Stream], Any] | None = None,
    connectionListener: Callable[[Stream], Any] | None = None,
    **keywords: Any,
) -> Server:
    """
    Make a server: C{createServer([options], [connectionListener])}.

    @param options: C{{'allowHalfOpen': True}}, or keyword arguments; see L{Server}.
    @param connectionListener: a listener for C{connection}.
    """
    return Server(options, connectionListener, **keywords)


def createConnection(
    *args: Any,
    port: int | str | None = None,
    host: str | None = None,
    path: str | bytes | os.PathLike[str] | None = None,
    callback: Callable[..., Any] | None = None,
    reactor: Any = None,
    **keywords: Any,
) -> Stream:
    """
    Make a stream and connect it: C{createConnection(port, [host], [callback])},
    C{createConnection(path, [callback])}, C{createConnection(endpoint, [callback])};
    see L{Stream.connect}.

    @param keywords: as of L{Stream}.
    """
    stream = Stream(reactor=reactor, **keywords)
    stream.connect(*args, port=port, host=host, path=path, callback=callback)
    return stream
