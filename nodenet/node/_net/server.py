"""
C{net.Server}: Node 20's rules for accepting connections.

Source: Node 20, C{lib/net.js}.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, overload

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IProtocolFactory
from twisted.internet.protocol import Protocol
from zope.interface import implementer

from nodenet.node._inspect import undefined
from nodenet.node._net.arguments import (
    isPipeName,
    millisToSeconds,
    normalizeArgs,
    numberOf,
    truthy,
)
from nodenet.node._net.handle import Handle
from nodenet.node._net.listening import Hosted, Listening, listenFD, listenPath, listenTCP
from nodenet.node._net.lookup import lookup
from nodenet.node._net.socket import Socket
from nodenet.node._net.turns import guarded
from nodenet.node._streams.state import getDefaultHighWaterMark
from nodenet.node.errors import (
    ERR_INVALID_ARG_TYPE,
    ERR_INVALID_ARG_VALUE,
    ERR_SERVER_ALREADY_LISTEN,
    ERR_SERVER_NOT_RUNNING,
    systemError,
)
from nodenet.node.events import EventEmitter, addAbortListener
from nodenet.node.validators import (
    isNumber,
    toNumber,
    validateAbortSignal,
    validateFunction,
    validateNumber,
    validatePort,
)
from nodenet.timers import nextTick

if TYPE_CHECKING:
    from typing_extensions import Self, Unpack

    from nodenet._interfaces import Binding
    from nodenet.node._types import (
        AddressInfo,
        BlockListLike,
        Callback,
        ListenKeywords,
        ListenOptions,
        Path,
        Port,
        ServerListeners,
        ServerOptions,
    )

__all__ = ["Server"]


class _Dropped(Protocol):
    """
    A connection that is not wanted: it is closed, which C{drop} tells.
    """

    def __init__(self, server: Any, reactor: Any) -> None:
        self._server = server
        self._reactor = reactor

    def connectionMade(self) -> None:
        transport: Any = self.transport
        handle = Handle(self, self._reactor)
        handle.begin(transport)
        self._server.dropped(handle.names(False), handle.names(True), handle.isPipe)
        handle.close()

    def onStreamTouch(self) -> None:
        """
        The handle: something has come, which nobody asks for.
        """


class _Refused(Protocol):
    """
    A connection that has come after the end: it is closed, and nobody is told.
    """

    def connectionMade(self) -> None:
        transport: Any = self.transport
        transport.loseConnection()


@implementer(IProtocolFactory)
class Server(EventEmitter):
    """
    A TCP or UNIX server: an L{EventEmitter<nodenet.node.events.EventEmitter>} that is a
    Twisted factory of sockets. It listens by itself, or is handed to any Twisted endpoint.

    Source: Node 20, C{net.Server}.

    Events, each with its listener's arguments:

      - C{listening}(): connections are accepted from now on. Once for each L{listen}, on a
        later tick.
      - C{connection}(socket): a connection was accepted. It is open.
      - C{drop}(data): one was closed at once, because of C{maxConnections} or C{blockList};
        C{localAddress}, C{localPort}, C{localFamily}, C{remoteAddress}, C{remotePort} and
        C{remoteFamily}, in a dict. Nothing of a UNIX socket.
      - C{close}(): no more are accepted, and all that were are closed. Once for each
        L{close}.
      - C{error}(error): L{listen} has failed, instead of C{listening}. It may be called again.

    @ivar maxConnections: above so many, connections are dropped; C{None}: no limit.
    @ivar blockList: connections from addresses on this
        L{BlockList<nodenet.node.net.BlockList>} are dropped; C{None}: there is none.
        (Node has it from 22 on.)
    @ivar allowHalfOpen: of the sockets.
    @ivar pauseOnConnect: the sockets are paused, and nothing is read from them.
    @ivar highWaterMark: of the sockets, bytes.
    """

    maxConnections: int | None = None
    noisy = False

    if TYPE_CHECKING:
        # For checkers, these are no methods, but know the events.
        on: ServerListeners[Socket]  # type: ignore[assignment]
        addListener: ServerListeners[Socket]  # type: ignore[assignment]
        once: ServerListeners[Socket]  # type: ignore[assignment]
        prependListener: ServerListeners[Socket]  # type: ignore[assignment]
        prependOnceListener: ServerListeners[Socket]  # type: ignore[assignment]
        off: ServerListeners[Socket]  # type: ignore[assignment]
        removeListener: ServerListeners[Socket]  # type: ignore[assignment]

    @overload
    def __init__(
        self,
        options: ServerOptions | None = None,
        connectionListener: Callable[[Socket], object] | None = None,
        /,
        **keywords: Unpack[ServerOptions],
    ) -> None: ...
    @overload
    def __init__(
        self,
        connectionListener: Callable[[Socket], object],
        /,
        **keywords: Unpack[ServerOptions],
    ) -> None: ...
    def __init__(
        self,
        options: Any = None,
        connectionListener: Callable[[Socket], object] | None = None,
        /,
        **keywords: Any,
    ) -> None:
        """
        @param options: C{allowHalfOpen}, C{pauseOnConnect}, C{noDelay}, C{keepAlive},
            C{keepAliveInitialDelay} (milliseconds), C{highWaterMark}, C{blockList},
            C{reactor}; in a dict, or as keywords. May be left out.
        @param connectionListener: a listener of C{connection}.
        @raise ERR_INVALID_ARG_TYPE: an option is of a wrong type.
        """
        super().__init__()
        if callable(options) and not isinstance(options, Mapping):
            options, connectionListener = None, options
        if options is None or options is undefined:
            options = {}
        elif not isinstance(options, Mapping):
            if isinstance(options, (str, int, float)):
                raise ERR_INVALID_ARG_TYPE("options", "Object", options)
            options = {}
        options = {**options, **keywords}
        if callable(connectionListener):
            self.on("connection", connectionListener)
        delay = options.get("keepAliveInitialDelay", undefined)
        if delay is not undefined:
            validateNumber(delay, "options.keepAliveInitialDelay")
            delay = max(delay, 0)
        mark = options.get("highWaterMark", undefined)
        if mark is not undefined:
            validateNumber(mark, "options.highWaterMark")
        if mark is undefined or mark < 0:
            mark = getDefaultHighWaterMark()
        self._reactor: Any = options.get("reactor")
        self._connections = 0
        self._handle: Listening | Hosted | None = None
        self._unref = False
        self._listeningId = 1
        self._pipeName: str | None = None
        halfOpen = options.get("allowHalfOpen")
        self.allowHalfOpen = halfOpen if truthy(halfOpen) else False
        self.pauseOnConnect = truthy(options.get("pauseOnConnect"))
        self.noDelay = truthy(options.get("noDelay"))
        self.keepAlive = truthy(options.get("keepAlive"))
        self.keepAliveInitialDelay = millisToSeconds(delay)
        self.highWaterMark = mark
        self.blockList: BlockListLike | None = options.get("blockList")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._connections} connections at {id(self):#x}>"

    # Listening

    @overload
    def listen(
        self,
        options: ListenOptions,
        callback: Callback | None = None,
        /,
        **keywords: Unpack[ListenOptions],
    ) -> Self: ...
    @overload
    def listen(
        self,
        port: Port | None,
        host: str | None,
        backlog: int | None,
        callback: Callback | None = None,
        /,
        **keywords: Unpack[ListenKeywords],
    ) -> Self: ...
    @overload
    def listen(
        self,
        port: Port | Path | None,
        hostOrBacklog: str | int | None,
        callback: Callback | None = None,
        /,
        **keywords: Unpack[ListenKeywords],
    ) -> Self: ...
    @overload
    def listen(
        self,
        port: Port | Path | Binding | None,
        callback: Callback | None = None,
        /,
        **keywords: Unpack[ListenKeywords],
    ) -> Self: ...
    @overload
    def listen(
        self, callback: Callback | None = None, /, **keywords: Unpack[ListenKeywords]
    ) -> Self: ...
    def listen(self, *args: Any, **options: Any) -> Self:
        """
        Begin to accept connections: C{listen(options, [listener])},
        C{listen([port], [host], [backlog], [listener])}, C{listen(path, [backlog],
        [listener])}.

        Source: Node 20, C{server.listen}.

        C{listening} or C{error} follows. Without a host, on all addresses of both families.

        @param args: the last may be a listener of C{listening}, for once.
        @param options: C{port} (C{None} or 0: one of the system's choice; or what Twisted's
            C{makeBinding} returns), C{host}, C{path}, C{backlog}, C{readableAll},
            C{writableAll}, C{ipv6Only}, C{reusePort}, C{signal} (which closes it), C{fd};
            C{exclusive} is of no effect here.
        @raise ERR_SERVER_ALREADY_LISTEN: it is listening.
        @raise ERR_INVALID_ARG_VALUE: neither port nor path.
        @raise ERR_SOCKET_BAD_PORT: the port is not of 0 to 65535.
        """
        its, callback, given = normalizeArgs(args, options)
        if self._handle is not None:
            raise ERR_SERVER_ALREADY_LISTEN()
        if callback is not None:
            self.once("listening", callback)
        backlog = (len(args) > 1 and numberOf(args[1])) or (len(args) > 2 and numberOf(args[2]))
        backlog = validBacklog(backlog)
        self._listeningId += 1
        self._addSignal(its)
        fd: Any = its.get("fd")
        if isNumber(fd) and fd >= 0:
            self._handleOrError(listenFD(self, self._reactor, int(fd), backlog), None, None)
            return self
        port = its.get("port", undefined)
        if (
            (not args and not options)
            or (args and (callable(args[0]) or args[0] is undefined))
            or port is None
            or ("port" in its and port is undefined)
        ):
            port = 0
        if isNumber(port) or isinstance(port, str):
            port = validatePort(port, "options.port")
            self._listenPort(port, its, validBacklog(its.get("backlog")) or backlog)
            return self
        path: Any = its.get("path")
        if truthy(path) and isPipeName(path):
            self._listenPath(path, its, given, validBacklog(its.get("backlog")) or backlog)
            return self
        if "port" not in its and "path" not in its:
            raise ERR_INVALID_ARG_VALUE(
                "options", given, 'must have the property "port" or "path"'
            )
        raise ERR_INVALID_ARG_VALUE("options", its if given is not its else given)

    def _addSignal(self, options: Mapping[str, Any]) -> None:
        signal = options.get("signal", undefined)
        if signal is undefined:
            return
        validateAbortSignal(signal, "options.signal")

        def onAborted(*_: Any) -> None:
            self.close()

        if signal.aborted:
            nextTick(onAborted, reactor=self._reactor)
        else:
            subscription = addAbortListener(signal, onAborted)
            self.once("close", subscription.dispose)

    def _listenPort(self, port: int, options: Mapping[str, Any], backlog: int) -> None:
        host = options.get("host")
        only = options.get("ipv6Only") is True
        reuse = truthy(options.get("reusePort"))
        if not truthy(host):
            self._listenTCP(None, port, backlog, False, reuse)
            return
        listeningId = self._listeningId

        def found(error: Any = None, ip: Any = None, addressType: Any = None) -> None:
            if listeningId != self._listeningId:
                return
            if error:
                self.emit("error", error)
            else:
                self._listenTCP(ip, port, backlog, only, reuse)

        lookup(self._reactor, host, {}, found)

    def _listenTCP(
        self, address: str | None, port: int, backlog: int, only: bool, reuse: bool
    ) -> None:
        result, where = listenTCP(self, self._reactor, address, port, backlog, only, reuse)
        self._handleOrError(result, where, port)

    def _listenPath(
        self, path: str, options: Mapping[str, Any], given: Any, backlog: int
    ) -> None:
        readable, writable = options.get("readableAll"), options.get("writableAll")
        if path[0] == "\0" and (truthy(readable) or truthy(writable)):
            raise ERR_INVALID_ARG_VALUE(
                "options",
                given,
                "can not set readableAll or writableAllt to true when path is abstract"
                " unix socket",
            )
        self._pipeName = path
        result = listenPath(
            self, self._reactor, path, backlog, readable is True, writable is True
        )
        self._handleOrError(result, path, -1)

    def _handleOrError(
        self, result: Listening | int, address: str | None, port: int | None
    ) -> None:
        if isinstance(result, int):
            error = systemError(result, "listen", address, port)
            nextTick(self.emit, "error", error, reactor=self._reactor)
            return
        self._handle = result
        if self._unref:
            result.unref()
        nextTick(self._emitListening, reactor=self._reactor)

    def _emitListening(self) -> None:
        # It may have been closed meanwhile.
        if self._handle is not None:
            self.emit("listening")

    @property
    def listening(self) -> bool:
        """
        Whether connections are accepted. Source: Node 20, C{server.listening}.
        """
        return self._handle is not None

    def address(self) -> AddressInfo | Any:
        """
        Source: Node 20, C{server.address}.

        @return: C{address}, C{family} (C{'IPv4'} or C{'IPv6'}) and C{port} in a dict; of a
            UNIX socket its path; C{None} where it does not listen.
        """
        handle = self._handle
        if handle is not None:
            return handle.address()
        return self._pipeName

    def ref(self) -> Self:
        """
        Let L{busy<nodenet.node.process.busy>} count this server, as it does by default.

        Source: Node 20, C{server.ref}.
        """
        self._unref = False
        if self._handle is not None:
            self._handle.ref()
        return self

    def unref(self) -> Self:
        """
        Let L{busy<nodenet.node.process.busy>} leave this server out.

        Source: Node 20, C{server.unref}.
        """
        self._unref = True
        if self._handle is not None:
            self._handle.unref()
        return self

    # Connections

    def doStart(self) -> None:
        """
        Twisted: a port of somebody else's listens for it.
        """
        if self._handle is None:
            self._handle = Hosted()
            nextTick(self._emitListening, reactor=self._reactor)

    def doStop(self) -> None:
        """
        Twisted: the last such port has gone.
        """
        if isinstance(self._handle, Hosted):
            self._handle = None
            self._emitCloseIfDrained()

    def buildProtocol(self, addr: Any) -> Any:
        """
        Twisted: a connection has come in.

        @return: its socket, or what drops it. Never C{None}, which Twisted's TLS does not
            expect.
        """
        if self._handle is None:
            return _Refused()
        if truthy(self.maxConnections) and self._connections >= self.maxConnections:  # type: ignore[operator]
            return _Dropped(self, self._reactor)
        if self.blockList is not None and self._isBlocked(addr):
            return _Dropped(self, self._reactor)
        socket = Socket(
            allowHalfOpen=self.allowHalfOpen,
            readableHighWaterMark=self.highWaterMark,
            writableHighWaterMark=self.highWaterMark,
            reactor=self._reactor,
        )
        socket.server = self
        socket.acceptedBy(self)
        return socket

    def _isBlocked(self, addr: Any) -> bool:
        host = getattr(addr, "host", None)
        if host is None:
            return False
        rules: Any = self.blockList
        return bool(rules.check(host, "ipv6" if ":" in host else "ipv4"))

    def accepted(self, socket: Any) -> None:
        """
        A socket of ours is connected.
        """
        if self.noDelay:
            socket.setNoDelay(True)
        if self.keepAlive:
            socket.setKeepAlive(True, self.keepAliveInitialDelay * 1000)
        if self.pauseOnConnect:
            socket.readableFlowing = False
        else:
            socket.read(0)
        self._connections += 1
        self.emit("connection", socket)

    def closed(self, socket: Any) -> None:
        """
        It is so no longer.
        """
        self._connections -= 1
        self._emitCloseIfDrained()

    def dropped(
        self, local: Mapping[str, Any], remote: Mapping[str, Any], isPipe: bool
    ) -> None:
        """
        A connection is about to be closed, unseen.
        """
        if isPipe:
            guarded(self, self.emit, "drop")
            return
        data = {
            f"{side}{name[0].upper()}{name[1:]}": names.get(name)
            for side, names in (("local", local), ("remote", remote))
            for name in ("address", "port", "family")
        }
        guarded(self, self.emit, "drop", data)

    def getConnections(self, callback: Callable[[Any, int], object] = undefined) -> Self:  # type: ignore[assignment]
        """
        Source: Node 20, C{server.getConnections}.

        @param callback: called on the next tick with (C{None}, how many connections are
            open).
        """
        validateFunction(callback, "callback")
        nextTick(callback, None, self._connections, reactor=self._reactor)
        return self

    # The end

    def close(self, callback: Callback | None = None) -> Self:
        """
        Accept no more. C{close} follows when all connections are closed.

        Source: Node 20, C{server.close}.

        @param callback: called then; with C{ERR_SERVER_NOT_RUNNING} if it was not listening,
            else with nothing.
        """
        self._listeningId += 1
        its: Any = callback
        if callable(its):
            if self._handle is None:
                self.once("close", lambda: its(ERR_SERVER_NOT_RUNNING()))
            else:
                self.once("close", its)
        if self._handle is not None:
            handle, self._handle = self._handle, None
            handle.close()
        self._emitCloseIfDrained()
        return self

    def _emitCloseIfDrained(self) -> None:
        if self._handle is None and not self._connections:
            nextTick(self.emit, "close", reactor=self._reactor)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *raised: object) -> None:
        """
        Close it, and wait for that. Source: Node 20, C{server[Symbol.asyncDispose]}.
        """
        if self._handle is None:
            return
        done: Deferred[None] = Deferred()
        self.close(lambda: done.callback(None))
        await done

    def onRejection(self, error: Any, event: Any, *args: Any) -> None:
        """
        What a listener's coroutine has failed with, where rejections are captured.

        Source: Node 20, C{server[Symbol.for('nodejs.rejection')]}.
        """
        if event == "connection" and args:
            args[0].destroy(error)
        else:
            self.emit("error", error)


def validBacklog(value: Any) -> int:
    """
    @return: the backlog; 0: none was given.
    """
    number = toNumber(value)
    return int(number) if math.isfinite(number) and number > 0 else 0
