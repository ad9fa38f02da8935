"""
Node 20's C{net}.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, overload

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

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from nodenet.node._types import (
        Callback,
        ClientEndpoint,
        Path,
        Port,
        ServerOptions,
        SocketConnectKeywords,
        SocketConnectOptions,
    )

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


@overload
def connect(
    options: SocketConnectOptions,
    callback: Callback | None = None,
    /,
    **keywords: Unpack[SocketConnectOptions],
) -> Socket: ...
@overload
def connect(
    port: Port,
    host: str | None,
    callback: Callback | None = None,
    /,
    **keywords: Unpack[SocketConnectKeywords],
) -> Socket: ...
@overload
def connect(
    port: Port | Path | ClientEndpoint,
    callback: Callback | None = None,
    /,
    **keywords: Unpack[SocketConnectKeywords],
) -> Socket: ...
@overload
def connect(**keywords: Unpack[SocketConnectKeywords]) -> Socket: ...
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
    socket = Socket(its)  # type: ignore[arg-type]
    timeout: Any = its.get("timeout")
    if truthy(timeout):
        socket.setTimeout(timeout)
    return socket.connectTo(its, callback)


createConnection = connect


@overload
def createServer(
    options: ServerOptions | None = None,
    connectionListener: Callable[[Socket], object] | None = None,
    /,
    **keywords: Unpack[ServerOptions],
) -> Server: ...
@overload
def createServer(
    connectionListener: Callable[[Socket], object], /, **keywords: Unpack[ServerOptions]
) -> Server: ...
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
