"""
Node 20's C{net}.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nodenet.node._net import address
from nodenet.node._net.arguments import normalizeArgs, truthy
from nodenet.node._net.blocklist import BlockList
from nodenet.node._net.defaults import (
    getDefaultAutoSelectFamily,
    getDefaultAutoSelectFamilyAttemptTimeout,
    setDefaultAutoSelectFamily,
    setDefaultAutoSelectFamilyAttemptTimeout,
)
from nodenet.node._net.server import Server
from nodenet.node._net.socket import Socket
from nodenet.node._net.socketaddress import SocketAddress
from nodenet.node._streams import compose as _composes  # noqa: F401  sockets have it

__all__ = [
    "BlockList",
    "Server",
    "Socket",
    "SocketAddress",
    "Stream",
    "connect",
    "createConnection",
    "createServer",
    "getDefaultAutoSelectFamily",
    "getDefaultAutoSelectFamilyAttemptTimeout",
    "isIP",
    "isIPv4",
    "isIPv6",
    "setDefaultAutoSelectFamily",
    "setDefaultAutoSelectFamilyAttemptTimeout",
]

#: The old name.
Stream = Socket

isIP = address.isIP
isIPv4 = address.isIPv4
isIPv6 = address.isIPv6


def connect(*args: Any, **options: Any) -> Socket:
    """
    Make a socket and connect it: C{connect(options, [listener])}, C{connect(port, [host],
    [listener])}, C{connect(path, [listener])}.

    Source: Node 20, C{net.connect}.

    @param options: those of L{Socket} and of its C{connect}, and C{timeout} (milliseconds);
        in a dict, or as keywords.
    @param args: the last may be a listener of C{connect}.
    @raise ERR_MISSING_ARGS: neither port nor path.
    """
    its, callback, _ = normalizeArgs(args, options)
    socket = Socket(its)
    timeout = its.get("timeout")
    if truthy(timeout):
        socket.setTimeout(timeout)
    return socket.connectTo(its, callback)


createConnection = connect


def createServer(
    options: Any = None,
    connectionListener: Callable[[Socket], object] | None = None,
    /,
    **keywords: Any,
) -> Server:
    """
    Make a server: C{createServer([options], [connectionListener])}.

    Source: Node 20, C{net.createServer}.

    @param options: those of L{Server}, in a dict, or as keywords.
    @param connectionListener: a listener of C{connection}.
    """
    return Server(options, connectionListener, **keywords)
