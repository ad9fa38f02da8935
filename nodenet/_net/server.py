"""
C{net.Server}: Node's rules for accepting connections.

Source: Node v0.3.3, C{lib/net.js}.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, overload

from twisted.internet.defer import maybeDeferred
from twisted.internet.error import CannotListenError
from twisted.internet.protocol import Factory

from nodenet._address import addressDict, isIP
from nodenet._interfaces import (
    Binding,
    Callback,
    Path,
    ReactorLike,
    ServerAdders,
    ServerListeners,
)
from nodenet._net.arguments import Target, listenArguments
from nodenet._net.stream import Stream
from nodenet._transports.choose import DirectReactor, directReactor, listenFD
from nodenet._transports.failures import asOSError
from nodenet._transports.port import BACKLOG
from nodenet._transports.resolver import resolve
from nodenet.errors import NodeError, misfit, reportUnheard
from nodenet.events import EventEmitter
from nodenet.timers import Timer, clearTimeout, nextTick, setTimeout, theReactor

__all__ = ["Server"]


class Server(EventEmitter, Factory):
    """
    A TCP or UNIX server: an L{EventEmitter<nodenet.events.EventEmitter>} that
    is a Twisted factory of L{Stream}s.

    It listens by itself (L{listen}), or is handed to any Twisted endpoint, which
    then closes it.

    Events, each with its listener's arguments:

      - C{listening}(): connections are accepted from now on.
      - C{connection}(stream): one was. If a listener raises, that one is
        destroyed; one that a listener has destroyed is not shown to the next.
      - C{close}(): no more are accepted. Those that are open go on.
      - C{error}(exception): L{listen} has failed. L{close} before the next.

    @ivar maxConnections: above so many, connections are closed at once, unseen;
        C{None}: no limit.
    @ivar connections: how many are open.
    @ivar allowHalfOpen: of the streams; see L{Stream}.
    """

    noisy = False

    if TYPE_CHECKING:
        # For checkers, these are no methods, but know the events. (Declared, each by itself:
        # of what is only assigned, pyright would take the base's type.)
        on: ServerAdders[Stream]  # type: ignore[assignment]
        addListener: ServerAdders[Stream]  # type: ignore[assignment]
        once: ServerAdders[Stream]  # type: ignore[assignment]
        prependListener: ServerListeners[Stream]  # type: ignore[assignment]
        prependOnceListener: ServerListeners[Stream]  # type: ignore[assignment]
        off: ServerListeners[Stream]  # type: ignore[assignment]
        removeListener: ServerListeners[Stream]  # type: ignore[assignment]

    def __init__(
        self,
        options: Mapping[str, Any] | Callable[[Stream], object] | None = None,
        connectionListener: Callable[[Stream], object] | None = None,
        *,
        allowHalfOpen: bool = False,
        reactor: ReactorLike | None = None,
    ) -> None:
        """
        @param options: the keyword arguments in a dict, as in Node. May be left
            out.
        @param connectionListener: a listener for C{connection}.
        @param reactor: the global one by default.
        """
        if callable(options):
            if connectionListener is not None:
                raise TypeError(f"an argument too many: {connectionListener!r:.60}")
            options, connectionListener = None, options
        if options is not None:
            if not isinstance(options, Mapping):
                raise TypeError(f"options must be a dict, not {options!r:.60}")
            given = {"allowHalfOpen": allowHalfOpen, "reactor": reactor, **options}
            Server.__init__(self, None, connectionListener, **given)
            return
        super().__init__()
        self.allowHalfOpen = allowHalfOpen
        self.maxConnections: int | None = None
        self.connections = 0
        self._reactor = reactor
        # What listen() has begun and close() has not ended; a new one for each.
        self._listening: _Listening | None = None
        # An endpoint listens for us.
        self._hosted = False
        if connectionListener is not None:
            self.on("connection", connectionListener)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.connections} connections at {id(self):#x}>"

    @overload
    def listen(
        self,
        port: int | str | Binding | None = None,
        host: str | None = None,
        callback: Callback | None = None,
        *,
        backlog: int | None = None,
    ) -> None: ...
    @overload
    def listen(
        self, port: int | str | Binding, callback: Callback, /, *, backlog: int | None = None
    ) -> None: ...
    @overload
    def listen(self, callback: Callback, /, *, backlog: int | None = None) -> None: ...
    @overload
    def listen(
        self, path: Path, callback: Callback | None = None, *, backlog: int | None = None
    ) -> None: ...
    def listen(  # pyright: ignore[reportInconsistentOverload]
        self,
        *args: Any,
        port: Any = None,
        host: str | None = None,
        path: Path | None = None,
        backlog: int | None = None,
        callback: Callback | None = None,
    ) -> None:
        """
        Begin to accept connections: C{listen(port, [host], [callback])},
        C{listen([callback])} on a port of the system's choice, or
        C{listen(path, [callback])} on a UNIX socket.

        Asynchronous: C{listening} or C{error} follows. Without a host, on all
        IPv4 interfaces; a host name is looked up. A socket file on which nobody
        listens is replaced.

        @param port: a number, or what Twisted's C{makeBinding} (26.10) returns, with the
            socket's options.
        @param backlog: connections that the kernel holds until they are accepted; 511 by
            default.
        @param callback: a listener for C{listening}.
        @raise NodeError: it was called before, and L{close} since was not.
        @raise TypeError: an argument is of a wrong type, or one too many.
        @raise ValueError: the port is not of 0 to 65535.
        """
        target = listenArguments(args, port, host, path, backlog, callback)
        if self._listening is not None:
            raise NodeError("Server already opened")
        if target.callback is not None:
            self.on("listening", target.callback)
        listening = self._listening = _Listening()
        reactor = directReactor(theReactor(self._reactor))
        queue = BACKLOG if target.backlog is None else target.backlog
        if target.path is not None:
            # Node leaves the file's mode to the umask, Twisted does not.
            mode = {"mode": None} if isinstance(reactor, DirectReactor) else {}
            self._bind(listening, partial(reactor.listenUNIX, target.path, self, queue, **mode))
        elif target.host is None or isIP(target.host):
            self._bindTCP(listening, reactor, target, queue, target.host or "")
        else:
            lookup = resolve(theReactor(self._reactor), target.host)
            lookup.addCallbacks(
                lambda found: self._bindTCP(listening, reactor, target, queue, _first(found)),
                lambda failure: self._failed(listening, failure.value),
            )

    def _bindTCP(
        self, listening: _Listening, reactor: Any, target: Target, queue: int, ip: str
    ) -> None:
        port = target.other or target.port
        self._bind(listening, partial(reactor.listenTCP, port, self, queue, ip))

    def listenFD(self, fd: int, type: str | None = None) -> None:
        """
        Accept connections on a socket that is bound and listening already, TCP or
        UNIX. It is the server's from now on; a socket's file is not.

        Asynchronous: C{listening} or C{error} follows; the error of a descriptor that is no
        stream socket is EPROTOTYPE, of one that does not listen EINVAL.

        @param type: C{'tcp4'}, C{'tcp6'} or C{'unix'}, for Node's sake: the descriptor
            tells by itself.
        @raise NodeError: the server is open.
        """
        if not isinstance(fd, int) or isinstance(fd, bool):
            raise TypeError(f"fd must be an int, not {fd!r:.60}")
        if self._listening is not None:
            raise NodeError("Server already opened")
        listening = self._listening = _Listening()
        self._bind(listening, partial(listenFD, theReactor(self._reactor), fd, self))

    def _bind(self, listening: _Listening, bind: Callable[[], Any]) -> None:
        if self._listening is not listening:  # closed while the name was looked up
            return
        try:
            listening.port = bind()
        except (CannotListenError, OSError) as e:
            self._failed(listening, asOSError(e, "bind"))
        else:
            self._emitNextTick("listening", listening)

    def _failed(self, listening: _Listening, error: BaseException) -> None:
        self._emitNextTick("error", listening, error)

    def _emitNextTick(self, type: str, listening: _Listening | None, *args: Any) -> None:
        """
        Emit on the next tick, if nothing has been closed or opened until then.
        """
        nextTick(self._emitIf, listening, type, *args, reactor=self._reactor)

    def _emitIf(self, listening: _Listening | None, type: str, *args: Any) -> None:
        if listening is not None and self._listening is not listening:
            return
        if type == "error" and not self._events.get("error"):
            reportUnheard(args[0], self)
            return
        try:
            self.emit(type, *args)
        except Exception as e:
            self.listenerFailed(e)

    def close(self) -> None:
        """
        Accept no more. Asynchronous: C{close} follows. Open connections go on.

        @raise NodeError: the server is not listening, nor about to.
        """
        listening, self._listening = self._listening, None
        if listening is None:
            raise NodeError("Not running")
        clearTimeout(listening.pause)
        port = listening.port
        stopped = maybeDeferred(port.stopListening if port else lambda: None)
        stopped.addCallback(lambda _: self._emitNextTick("close", None))

    def pause(self, msecs: float = 1000) -> None:
        """
        Accept nothing for so long; those who connect wait in the kernel.

        @param msecs: milliseconds.
        """
        listening = self._listening
        if listening is None or listening.port is None or listening.pause is not None:
            return

        def resume() -> None:
            listening.pause = None
            listening.port.startReading()

        listening.port.stopReading()
        listening.pause = setTimeout(resume, msecs, reactor=self._reactor)

    def address(self) -> dict[str, Any]:
        """
        @return: C{address} and C{port} of TCP, C{address} (the path) of UNIX.
        @raise NodeError: the server is not listening.
        """
        if self._listening is None or self._listening.port is None:
            raise NodeError("Bad file descriptor argument")
        return addressDict(self._listening.port.getHost())

    @property
    def fd(self) -> int | None:
        """
        The listening descriptor, while there is one.
        """
        port = self._listening and self._listening.port
        return port.fileno() if port is not None and hasattr(port, "fileno") else None

    # Twisted

    def startFactory(self) -> None:
        """
        Twisted: a port listens.
        """
        if self._listening is None:
            self._hosted = True
            self._emitNextTick("listening", None)

    def stopFactory(self) -> None:
        """
        Twisted: the last port has gone.
        """
        if self._hosted:
            self._hosted = False
            self._emitNextTick("close", None)

    def buildProtocol(self, addr: object) -> Stream | None:
        """
        Twisted: a connection has come in.

        @return: its stream, or C{None} above C{maxConnections}.
        """
        if self.maxConnections and self.connections >= self.maxConnections:
            return None
        return Stream(allowHalfOpen=self.allowHalfOpen, reactor=self._reactor, acceptor=self)

    def emit(self, type: str, *args: Any) -> bool:
        """
        As any emitter's; but a stream that a C{connection} listener has destroyed is not
        shown to the next, and what a listener's coroutine fails with destroys the stream.
        """
        stream = args[0] if type == "connection" and args else None
        if not isinstance(stream, Stream) or stream.readyState == "closed":
            return super().emit(type, *args)
        listeners = self.rawListeners(type)
        for listener in listeners:
            try:
                result = listener(*args)
            except TypeError as e:
                better = misfit(e, type, listener, args)
                if better is not None:
                    raise better from e
                raise
            if result is not None:
                stream.watchResult(result)
            if stream.readyState == "closed":
                break
        return bool(listeners)

    # An acceptor's

    def accepted(self, stream: Stream) -> None:
        """
        A stream of ours is connected.
        """
        self.connections += 1
        try:
            self.emit("connection", stream)
        except Exception as e:
            stream.listenerFailed(e)

    def closed(self, stream: Stream) -> None:
        """
        It is so no longer.
        """
        self.connections -= 1


class _Listening:
    """
    From L{Server.listen} to L{Server.close}.
    """

    __slots__ = ("pause", "port")

    def __init__(self) -> None:
        self.port: Any = None  # while listening
        self.pause: Timer | None = None


def _first(addresses: list[str]) -> str:
    """
    @return: the first IPv4 address, or else the first.
    """
    return next((each for each in addresses if isIP(each) == 4), addresses[0])
