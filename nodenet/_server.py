"""
C{net.Server}: Node's rules for accepting connections.

Source: Node v0.3.3, C{lib/net.js}.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IResolutionReceiver
from twisted.internet.protocol import Factory
from zope.interface import implementer

from nodenet._address import addressDict, isIP, toPort
from nodenet._network import BACKLOG, Network, listenFD, network
from nodenet._stream import Stream
from nodenet._transport import asOSError
from nodenet.errors import NodeError, lookupError
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
        destroyed.
      - C{close}(): no more are accepted. Those that are open go on.
      - C{error}(exception): L{listen} has failed. L{close} before the next.

    @ivar maxConnections: above so many, connections are closed at once, unseen;
        C{None}: no limit.
    @ivar connections: how many are open.
    @ivar allowHalfOpen: of the streams; see L{Stream}.
    """

    noisy = False

    def __init__(
        self,
        options: Mapping[str, Any] | Callable[[Stream], Any] | None = None,
        connectionListener: Callable[[Stream], Any] | None = None,
        *,
        allowHalfOpen: bool = False,
        reactor: Any = None,
    ) -> None:
        """
        @param options: the keyword arguments in a dict, as in Node. May be left
            out.
        @param connectionListener: a listener for C{connection}.
        @param reactor: the global one by default.
        """
        if callable(options):
            options, connectionListener = None, options
        if options is not None:
            given = {"allowHalfOpen": allowHalfOpen, "reactor": reactor, **options}
            Server.__init__(self, None, connectionListener, **given)
            return
        super().__init__()
        self.allowHalfOpen = allowHalfOpen
        self.maxConnections: int | None = None
        self.connections = 0
        self._reactor = reactor
        # What listen() has begun and close() has not ended; a new one for each.
        self._run: _Run | None = None
        # An endpoint listens for us.
        self._hosted = False
        if connectionListener is not None:
            self.on("connection", connectionListener)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.connections} connections at {id(self):#x}>"

    def listen(self, *args: Any) -> None:
        """
        Begin to accept connections: C{listen(port, [host], [callback])},
        C{listen([callback])} on a port of the system's choice, or
        C{listen(path, [callback])} on a UNIX socket.

        Asynchronous: C{listening} or C{error} follows. Without a host, on all
        IPv4 interfaces; a host name is looked up. A socket file on which nobody
        listens is replaced.

        @param args: the last may be a listener for C{listening}.
        @raise NodeError: it was called before, and L{close} since was not.
        @raise ValueError: the port is not of 0 to 65535.
        """
        if self._run is not None:
            raise NodeError("Server already opened")
        rest: list[Any] = list(args)
        callback = rest.pop() if rest and callable(rest[-1]) else None
        where: Any = rest.pop(0) if rest else 0
        host = rest.pop(0) if rest else None
        port = toPort(where)
        if callback is not None:
            self.on("listening", callback)
        run = self._run = _Run()
        reactor = network(theReactor(self._reactor))
        if port is None:
            # Node leaves the file's mode to the umask, Twisted does not.
            mode = {"mode": None} if isinstance(reactor, Network) else {}
            path = os.fsencode(where)
            self._bind(run, partial(reactor.listenUNIX, path, self, BACKLOG, **mode))
        elif host is None or isIP(host) or not hasattr(reactor, "nameResolver"):
            self._bind(run, partial(reactor.listenTCP, port, self, BACKLOG, host or ""))
        else:
            _lookup(reactor, host).addCallbacks(
                lambda ip: self._bind(run, partial(reactor.listenTCP, port, self, BACKLOG, ip)),
                lambda failure: self._failed(run, asOSError(failure.value, "getaddrinfo")),
            )

    def listenFD(self, fd: int, type: str | None = None) -> None:
        """
        Accept connections on a socket that is bound and listening already, TCP or
        UNIX. It is the server's from now on; a socket's file is not.

        Asynchronous: C{listening} or C{error} follows.

        @param type: C{'tcp4'}, C{'tcp6'} or C{'unix'}, for Node's sake: the descriptor
            tells by itself.
        @raise NodeError: the server is open.
        """
        if not isinstance(fd, int):
            raise TypeError(f"fd must be an int, not {fd!r:.60}")
        if self._run is not None:
            raise NodeError("Server already opened")
        run = self._run = _Run()
        self._bind(run, partial(listenFD, theReactor(self._reactor), fd, self))

    def _bind(self, run: _Run, listen: Callable[[], Any]) -> None:
        if self._run is not run:  # closed while the name was looked up
            return
        try:
            run.port = listen()
        except (CannotListenError, OSError) as e:
            self._failed(run, asOSError(e, "bind"))
        else:
            self._soon("listening", run)

    def _failed(self, run: _Run, error: BaseException) -> None:
        self._soon("error", run, error)

    def _soon(self, type: str, run: _Run | None, *args: Any) -> None:
        """
        Emit on the next tick, if nothing has been closed or opened until then.
        """
        nextTick(self._emitIf, run, type, *args, reactor=self._reactor)

    def _emitIf(self, run: _Run | None, type: str, *args: Any) -> None:
        if run is None or self._run is run:
            self._deliver(type, *args)

    def _deliver(self, type: str, *args: Any) -> None:
        try:
            self.emit(type, *args)
        except Exception as e:
            self._listenerFailed(e)

    def close(self) -> None:
        """
        Accept no more. Asynchronous: C{close} follows. Open connections go on.

        @raise NodeError: the server is not listening, nor about to.
        """
        run, self._run = self._run, None
        if run is None:
            raise NodeError("Not running")
        clearTimeout(run.pause)
        stopped = maybeDeferred(run.port.stopListening if run.port else lambda: None)
        stopped.addCallback(lambda _: self._soon("close", None))

    def pause(self, msecs: float = 1000) -> None:
        """
        Accept nothing for so long; those who connect wait in the kernel.

        @param msecs: milliseconds.
        """
        run = self._run
        if run is None or run.port is None or run.pause is not None:
            return

        def resume() -> None:
            run.pause = None
            run.port.startReading()

        run.port.stopReading()
        run.pause = setTimeout(resume, msecs, reactor=self._reactor)

    def address(self) -> dict[str, Any]:
        """
        @return: C{address} and C{port} of TCP, C{address} (the path) of UNIX.
        @raise NodeError: the server is not listening.
        """
        if self._run is None or self._run.port is None:
            raise NodeError("Bad file descriptor argument")
        return addressDict(self._run.port.getHost())

    @property
    def fd(self) -> int | None:
        """
        The listening descriptor, while there is one.
        """
        port = self._run and self._run.port
        return port.fileno() if port is not None and hasattr(port, "fileno") else None

    # Twisted

    def startFactory(self) -> None:
        """
        Twisted: a port listens.
        """
        if self._run is None:
            self._hosted = True
            self._soon("listening", None)

    def stopFactory(self) -> None:
        """
        Twisted: the last port has gone.
        """
        if self._hosted:
            self._hosted = False
            self._soon("close", None)

    def buildProtocol(self, addr: object) -> Stream | None:
        """
        Twisted: a connection has come in.

        @return: its stream, or C{None} above C{maxConnections}.
        """
        if self.maxConnections and self.connections >= self.maxConnections:
            return None
        stream = Stream(allowHalfOpen=self.allowHalfOpen, reactor=self._reactor)
        stream._server = self
        return stream

    def _connected(self, stream: Stream) -> None:
        self.connections += 1
        # As emit, but it is the stream that a listener's exception destroys.
        for listener in self.listeners("connection")[:]:
            stream._guarded(partial(listener, stream))

    def _disconnected(self) -> None:
        self.connections -= 1


class _Run:
    """
    From L{Server.listen} to L{Server.close}.
    """

    __slots__ = ("pause", "port")

    def __init__(self) -> None:
        self.port: Any = None  # while listening
        self.pause: Timer | None = None


def _lookup(reactor: Any, host: str) -> Deferred[str]:
    """
    @return: the first IPv4 address of C{host}, or else the first of IPv6; fails
        with an C{OSError} (C{ENOTFOUND}) if it has none.
    """
    found: Deferred[str] = Deferred()
    addresses: list[Any] = []

    @implementer(IResolutionReceiver)
    class Receiver:
        def resolutionBegan(self, resolution: object) -> None:
            pass

        def addressResolved(self, address: object) -> None:
            addresses.append(address)

        def resolutionComplete(self) -> None:
            for kind in IPv4Address, IPv6Address:
                for address in addresses:
                    if isinstance(address, kind):
                        found.callback(address.host)
                        return
            found.errback(lookupError(host))

    try:
        host.encode("idna")
    except UnicodeError:  # of which Twisted's resolver would not tell us
        found.errback(lookupError(host))
    else:
        reactor.nameResolver.resolveHostName(Receiver(), host)
    return found
