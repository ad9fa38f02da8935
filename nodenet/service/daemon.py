"""
What every service of C{twistd nodenet} does: listen, log, end.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from twisted.application.reactors import installReactor
from twisted.application.service import Service
from twisted.internet.defer import Deferred, DeferredList, maybeDeferred
from twisted.internet.endpoints import serverFromString
from twisted.logger import Logger
from twisted.python.failure import Failure

from nodenet import net
from nodenet._network import listenFD, network
from nodenet._transport import asOSError
from nodenet.crypto import Credentials
from nodenet.service.echo import echo
from nodenet.service.options import Options

__all__ = ["CannotStart", "Daemon", "makeService"]

log = Logger("nodenet")


class CannotStart(SystemExit, Exception):
    """
    Ends the process with one line and status 1. (An C{Exception} too, so that
    twistd tells the parent process and removes its pid file.)
    """

    def __str__(self) -> str:
        return str(self.code)


class Daemon(Service):
    """
    Serves a L{net.Server} on endpoints until it is stopped.
    """

    def __init__(
        self,
        reactor: Any,
        server: net.Server,
        listen: list[tuple[str, Any]],
        timeout: float = 0,
        drain: float = 5,
    ) -> None:
        """
        @param listen: descriptions, for messages, and the endpoints.
        @param timeout: seconds after which an idle connection is closed; 0: none.
        @param drain: seconds that connections are given to end when the service
            stops.
        """
        self.reactor = reactor
        self.server = server
        self.listen = listen
        self.timeout = timeout
        self.drain = drain
        self.ports: list[Any] = []
        self._bound = False
        self.open: set[_Record] = set()
        self._drained: Deferred[None] | None = None
        server.on("connection", partial(_Record, self))

    def privilegedStartService(self) -> None:
        """
        Bind, while the process still may.

        @raise CannotStart: an endpoint cannot listen.
        """
        super().privilegedStartService()
        self._bound = True
        for description, endpoint in self.listen:
            listening = endpoint.listen(self.server)
            listening.addCallbacks(
                self._listening, self._cannotListen, errbackArgs=(description,)
            )
            result = getattr(listening, "result", None)
            if isinstance(result, Failure):
                listening.addErrback(lambda _: None)
                result.raiseException()

    def startService(self) -> None:
        """
        Under a runner that knows no privileges (C{twist}), bind now.

        @raise CannotStart: an endpoint cannot listen.
        """
        super().startService()
        if not self._bound:
            self.privilegedStartService()

    def _listening(self, port: Any) -> None:
        self.ports.append(port)
        log.info("Listening on {address}", address=_named(port.getHost()))

    def _cannotListen(self, failure: Failure, description: str) -> None:
        reason = asOSError(failure.value, "listen")
        why = getattr(reason, "strerror", None) or reason
        message = f"{description}: cannot listen: {why}"
        log.critical("{message}", message=message)
        # The log has sys.stderr by now; this line is for who started us.
        sys.stderr = sys.__stderr__
        raise CannotStart(f"twistd nodenet: {message}") from None

    def stopService(self) -> Deferred[Any]:
        """
        Accept no more, and end each connection after what is queued for it.

        @return: fires when all are closed, after C{drain} seconds at the latest.
        """
        super().stopService()
        stopped = [port.stopListening() for port in self.ports]
        self.ports = []
        drained: Deferred[None] = Deferred()
        self._drained = drained
        if self.open:
            log.info(
                "Stopping: {count} connections have {drain:g} s to end",
                count=len(self.open),
                drain=self.drain,
            )
        for record in list(self.open):
            record.stream.end()
        limit = self.reactor.callLater(self.drain, self.cut)
        drained.addCallback(lambda _: limit.active() and limit.cancel())
        self._checkDrained()
        return DeferredList([drained, *(each for each in stopped if each is not None)])

    def cut(self) -> None:
        """
        Close what is still open.
        """
        for record in list(self.open):
            record.why = "cut"
            record.stream.destroy()

    def _ended(self, record: _Record) -> None:
        self.open.discard(record)
        self._checkDrained()

    def _checkDrained(self) -> None:
        if self._drained is not None and not self.open:
            drained, self._drained = self._drained, None
            drained.callback(None)


class _Record:
    """
    One connection, for the log.
    """

    __slots__ = ("daemon", "peer", "since", "stream", "why")

    def __init__(self, daemon: Daemon, stream: net.Stream) -> None:
        self.daemon = daemon
        self.stream = stream
        self.peer = _named(stream.transport.getPeer())
        self.since = daemon.reactor.seconds()
        self.why = ""
        stream.on("error", self.failed)
        stream.on("close", self.closed)
        if daemon.timeout:
            stream.setTimeout(daemon.timeout * 1000)
            stream.on("timeout", self.idle)
        daemon.open.add(self)
        log.debug("{peer} connected", peer=self.peer)

    def idle(self) -> None:
        self.why = "idle"
        self.stream.destroy()

    def failed(self, error: Any) -> None:
        code, text = getattr(error, "code", None), getattr(error, "strerror", None)
        self.why = code or str(error)
        if code and text and text != os.strerror(error.errno):
            self.why += f", {text}"

    def closed(self, had_error: bool) -> None:
        stream = self.stream
        log.info(
            "{peer} closed{how}: {bytesRead} bytes in, {bytesWritten} bytes out,"
            " {duration:.3f} s",
            peer=self.peer,
            how=self.why and f" ({self.why})",
            why=self.why,
            bytesRead=stream.bytesRead,
            bytesWritten=stream.bytesWritten,
            duration=self.daemon.reactor.seconds() - self.since,
        )
        self.daemon._ended(self)


def _named(address: Any) -> str:
    host = getattr(address, "host", None)
    if host is None:
        name = getattr(address, "name", None)
        return "unix:" + name.decode(errors="replace") if name else "unix"
    return f"[{host}]:{address.port}" if ":" in host else f"{host}:{address.port}"


def makeService(options: Options) -> Daemon:
    """
    twistd: make the service that the command line asks for.

    @raise CannotStart: an endpoint description is wrong.
    """
    if "twisted.internet.reactor" not in sys.modules:
        # Nobody has asked for another.
        with suppress(ImportError):  # no epoll on this system
            installReactor("nodenet")
    from twisted.internet import reactor

    serve = echo(options["greeting"])
    tls = options["tls"] and Secured(options["tls"], options["tls-min-version"], serve)
    server = net.createServer(
        tls or serve, allowHalfOpen=options["allow-half-open"], reactor=reactor
    )
    server.maxConnections = options["max-connections"]
    listen: list[tuple[str, Any]] = []
    for description in options["listen"]:
        said = options["said"].get(description, f"--listen {description}")
        try:
            listen.append((said, serverFromString(network(reactor), description)))
        except LookupError:  # of systemd's descriptors
            raise CannotStart(f"twistd nodenet: {said}: nobody has handed that over") from None
        except TypeError:
            raise CannotStart(f"twistd nodenet: {said}: wrong or missing arguments") from None
        except Exception as e:  # endpoint parsers raise what they like
            raise CannotStart(f"twistd nodenet: {said}: {e}") from None
    if options["fd"] is not None:
        listen.append((f"--fd {options['fd']}", _Descriptor(reactor, options["fd"])))
    daemon = Daemon(reactor, server, listen, options["timeout"], options["drain"])
    _onSignals(reactor, daemon, tls)
    return daemon


class _Descriptor:
    """
    The endpoint of C{--fd}.
    """

    def __init__(self, reactor: Any, fd: int) -> None:
        self.reactor = reactor
        self.fd = fd

    def listen(self, factory: Any) -> Deferred[Any]:
        return maybeDeferred(listenFD, self.reactor, self.fd, factory)


class Secured:
    """
    A connection listener that puts another behind TLS.
    """

    def __init__(
        self, files: dict[str, str], lowest: str, serve: Callable[[net.Stream], Any]
    ) -> None:
        """
        @param files: the paths of C{key}, C{cert} and perhaps C{ca}.
        @param lowest: version of TLS.
        @param serve: the listener, which need not know.
        @raise CannotStart: one of the files is unusable.
        """
        self.files = files
        self.lowest = lowest
        self.serve = serve
        try:
            self.credentials = self._load()
        except ValueError as e:
            raise CannotStart(f"twistd nodenet: {e}") from None

    def _load(self) -> Credentials:
        """
        @raise ValueError: one of the files is unusable: which, and why.
        """
        pems: dict[str, Any] = {}
        for name, file in self.files.items():
            try:
                with open(file, "rb") as opened:
                    pems[name] = opened.read()
            except OSError as e:
                raise ValueError(f"--tls-{name} {file}: {e.strerror}") from None
        try:
            return Credentials(
                **pems, secureProtocol=f"TLSv{self.lowest}", rejectUnauthorized="ca" in pems
            )
        except ValueError as e:
            what, _, why = str(e).partition(": ")
            options = [f"--tls-{n} {f}" for n, f in self.files.items() if n in what.split()]
            raise ValueError(f"{' and '.join(options)}: {why}") from None

    def reload(self) -> None:
        """
        Read the files again, for the connections to come; where they are unusable,
        stay with the old ones.
        """
        try:
            self.credentials = self._load()
        except ValueError as e:
            log.error("TLS files unusable, the old ones stay in use: {error}", error=e)
        else:
            log.info("TLS files read again")

    def __call__(self, stream: net.Stream) -> None:
        stream.setSecure(self.credentials)
        self.serve(stream)


def _onSignals(reactor: Any, daemon: Daemon, tls: Secured | None) -> None:
    """
    Twisted's own handlers would have twistd exit by the signal: this service is
    meant to end by it, with status 0. The second one does not wait.
    """

    def stop(number: int, frame: object) -> None:
        reactor.callFromThread(daemon.cut if stopping else reactor.stop)
        stopping.append(number)

    def install() -> None:
        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        if tls is not None:
            signal.signal(signal.SIGHUP, lambda *_: reactor.callFromThread(tls.reload))
        elif not os.isatty(0):  # else it is the terminal that hangs up
            signal.signal(signal.SIGHUP, signal.SIG_IGN)

    stopping: list[int] = []
    # Before anything listens, for whoever waits for that; and again, as the reactor
    # sets its own when it starts.
    install()
    reactor.callWhenRunning(install)
