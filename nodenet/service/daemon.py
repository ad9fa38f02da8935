"""
What every service of C{twistd nodenet} does: listen, log, end.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol

from twisted.application.reactors import installReactor
from twisted.application.service import Service
from twisted.internet.defer import Deferred, DeferredList
from twisted.python.failure import Failure

from nodenet import net
from nodenet.endpoints import DescriptorEndpoint, clientFromString, serverFromString
from nodenet.service.connections import Connections
from nodenet.service.echo import echo
from nodenet.service.limits import Limits, Networks
from nodenet.service.log import AccessLog, log, named
from nodenet.service.options import Options
from nodenet.service.proxyprotocol import ProxiedFactory
from nodenet.service.relay import Relay
from nodenet.service.secured import Secured
from nodenet.service.upstreams import Upstream, Upstreams

__all__ = ["CannotStart", "Daemon", "makeService"]


class CannotStart(SystemExit, Exception):
    """
    Ends the process with one line and status 1. (An C{Exception} too, so that
    twistd tells the parent process and removes its pid file.)
    """

    def __init__(self, why: object) -> None:
        super().__init__(f"twistd nodenet: {why}")

    def __str__(self) -> str:
        return str(self.code)


class Served(Protocol):
    """
    The connections of a daemon, however they are served.

    @ivar open: those that there are.
    @ivar onEnd: called when one has ended.
    """

    open: Any
    onEnd: Callable[[], Any]

    def stop(self) -> None:
        """
        No more come: end what need not go on.
        """

    def cut(self) -> None:
        """
        End all, now.
        """

    def close(self) -> None:
        """
        All have ended.
        """


class Daemon(Service):
    """
    Serves on endpoints until it is stopped.
    """

    def __init__(
        self,
        reactor: Any,
        factory: Any,
        listen: list[tuple[str, Any]],
        served: Served,
        drain: float = 5,
    ) -> None:
        """
        @param factory: of the connections.
        @param listen: descriptions, for messages, and the endpoints.
        @param drain: seconds that connections are given to end when the service
            stops.
        """
        self.reactor = reactor
        self.factory = factory
        self.listen = listen
        self.served = served
        self.drain = drain
        self.ports: list[Any] = []
        self._bound = False
        self._drained: Deferred[None] | None = None
        served.onEnd = self._checkDrained

    def privilegedStartService(self) -> None:
        """
        Bind, while the process still may.

        @raise CannotStart: an endpoint cannot listen.
        """
        super().privilegedStartService()
        self._bound = True
        for description, endpoint in self.listen:
            listening = endpoint.listen(self.factory)
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
        log.info("Listening on {address}", address=named(port.getHost()))

    def _cannotListen(self, failure: Failure, description: str) -> None:
        reason = getattr(failure.value, "socketError", failure.value)  # of others' endpoints
        why = getattr(reason, "strerror", None) or reason
        message = f"{description}: cannot listen: {why}"
        log.critical("{message}", message=message)
        # The log has sys.stderr by now; this line is for who started us.
        sys.stderr = sys.__stderr__
        raise CannotStart(message) from None

    def stopService(self) -> Deferred[Any]:
        """
        Accept no more, and let those that are open end.

        @return: fires when all are closed, after C{drain} seconds at the latest.
        """
        super().stopService()
        stopped = [port.stopListening() for port in self.ports]
        self.ports = []
        drained: Deferred[None] = Deferred()
        self._drained = drained
        if self.served.open:
            log.info(
                "Stopping: {count} connections have {drain:g} s to end",
                count=len(self.served.open),
                drain=self.drain,
            )
        self.served.stop()
        limit = self.reactor.callLater(self.drain, self.served.cut)
        drained.addCallback(lambda _: limit.active() and limit.cancel())
        drained.addCallback(lambda _: self.served.close())
        self._checkDrained()
        return DeferredList([drained, *(each for each in stopped if each is not None)])

    def _checkDrained(self) -> None:
        if self._drained is not None and not self.served.open:
            drained, self._drained = self._drained, None
            drained.callback(None)


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

    secure = _secured(options["tls"], options["tls-settings"])
    make = _relay if options.subCommand == "relay" else _echo
    served, factory, onSignal = make(options, reactor, secure)
    listen: list[tuple[str, Any]] = []
    for description in options["listen"]:
        said = options["said"].get(description, f"--listen {description}")
        try:
            listen.append((said, serverFromString(reactor, description)))
        except LookupError:  # of systemd's descriptors
            raise CannotStart(f"{said}: nobody has handed that over") from None
        except TypeError:
            raise CannotStart(f"{said}: wrong or missing arguments") from None
        except Exception as e:  # endpoint parsers raise what they like
            raise CannotStart(f"{said}: {e}") from None
    if options["fd"] is not None:
        listen.append((f"--fd {options['fd']}", DescriptorEndpoint(reactor, options["fd"])))
    daemon = Daemon(reactor, factory, listen, served, options["drain"])
    _onSignals(reactor, daemon, onSignal)
    return daemon


def _echo(options: Options, reactor: Any, secure: Secured | None) -> tuple[Any, Any, _Handlers]:
    served = Connections(reactor, echo(options["greeting"]), secure, options["timeout"])
    server = net.createServer(served, allowHalfOpen=options["allow-half-open"], reactor=reactor)
    server.maxConnections = options["max-connections"]
    return served, server, _reloading(secure)


def _relay(
    options: Options, reactor: Any, secure: Secured | None
) -> tuple[Any, Any, _Handlers]:
    chosen = options.subOptions
    secureUpstream = _secured(chosen["upstream-files"], chosen["upstream-settings"])
    if chosen["upstream-insecure"]:
        log.warn("--upstream-insecure: whoever answers is taken for the upstream")
    accessLog = None
    if chosen["access-log"] is not None:
        try:
            accessLog = AccessLog(chosen["access-log"])
        except OSError as e:
            what = f"--access-log {chosen['access-log']}"
            raise CannotStart(f"{what}: {e.strerror}") from None
    upstreams = Upstreams(
        reactor,
        [_upstream(reactor, given) for given in chosen["upstreams"]],
        chosen["balance"],
        chosen["retries"],
        chosen["max-fails"],
        chosen["fail-timeout"],
        chosen["connect-timeout"],
    )
    if chosen["health-interval"]:
        upstreams.probe(chosen["health-interval"])
    served = Relay(
        reactor,
        upstreams,
        Limits(
            Networks(chosen["networks"]),
            options["max-connections"],
            chosen["max-connections-per-host"],
        ),
        secure=secure,
        secureUpstream=secureUpstream,
        sendProxy=chosen["send-proxy"],
        timeout=options["timeout"],
        halfCloseTimeout=chosen["half-close-timeout"],
        accessLog=accessLog,
        splices=not chosen["no-splice"],
    )
    factory: Any = net.createServer(served, allowHalfOpen=True, reactor=reactor)
    if chosen["proxy-protocol"]:
        proxies = Networks(chosen["proxies"])
        factory = ProxiedFactory(reactor, served, proxies.allow, served.refusals.add)
    onSignal = _reloading(secure, secureUpstream)
    if accessLog is not None:
        onSignal[signal.SIGUSR1] = accessLog.reopen
    return served, factory, onSignal


def _upstream(reactor: Any, given: tuple[str, Any]) -> Upstream:
    """
    @param given: the text, and the arguments of L{net.Stream.connect}, or an endpoint's
        description.
    @raise CannotStart: the description is wrong.
    """
    name, where = given
    if isinstance(where, tuple):
        return Upstream(name, *where)
    try:
        return Upstream(name, clientFromString(reactor, where))
    except Exception as e:  # endpoint parsers raise what they like
        why = "wrong or missing arguments" if isinstance(e, TypeError) else e
        raise CannotStart(f"--upstream {name}: {why}") from None


#: What to do on a signal.
_Handlers = dict[int, Callable[[], Any]]


def _reloading(*secured: Secured | None) -> _Handlers:
    there = [each for each in secured if each is not None]

    def reload() -> None:
        for each in there:
            each.reload()

    return {signal.SIGHUP: reload} if there else {}


def _secured(files: dict[str, str] | None, settings: dict[str, Any]) -> Secured | None:
    """
    @raise CannotStart: one of the files is unusable.
    """
    try:
        return None if files is None else Secured(files, settings)
    except ValueError as e:
        raise CannotStart(e) from None


def _onSignals(reactor: Any, daemon: Daemon, handlers: _Handlers) -> None:
    """
    Twisted's own handlers would have twistd exit by the signal: this service is
    meant to end by it, with status 0. The second one does not wait.

    @param handlers: of the other signals.
    """

    def stop(number: int, frame: object) -> None:
        reactor.callFromThread(daemon.served.cut if stopping else reactor.stop)
        stopping.append(number)

    def install() -> None:
        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        for number, call in handlers.items():
            signal.signal(number, lambda *_, call=call: reactor.callFromThread(call))
        if signal.SIGHUP not in handlers and not os.isatty(0):
            # Else it is the terminal that hangs up.
            signal.signal(signal.SIGHUP, signal.SIG_IGN)

    def running() -> None:
        install()
        if signal.getsignal(signal.SIGUSR1) is signal.SIG_DFL:
            # Nobody has a log to rotate: that is no reason to die.
            signal.signal(signal.SIGUSR1, signal.SIG_IGN)

    def ignore() -> None:
        # Python sets the default ones when it exits, unless they are ignored.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    stopping: list[int] = []
    # Before anything listens, for whoever waits for that; and again, as the reactor
    # sets its own when it starts.
    install()
    reactor.callWhenRunning(running)
    reactor.addSystemEventTrigger("after", "shutdown", ignore)
