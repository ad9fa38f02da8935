"""
Node's C{net} module.

Source: the document of Node v0.3.3, C{net.markdown}.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from nodenet._address import isIP, isIPv4, isIPv6
from nodenet._server import Server
from nodenet._stream import Stream

__all__ = [
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


def createConnection(*args: Any, reactor: Any = None, **keywords: Any) -> Stream:
    """
    Make a stream and connect it: C{createConnection(port, [host], [callback])},
    C{createConnection(path, [callback])}, C{createConnection(endpoint, [callback])};
    see L{Stream.connect}.

    @param keywords: as of L{Stream}.
    """
    stream = Stream(reactor=reactor, **keywords)
    stream.connect(*args)
    return stream
