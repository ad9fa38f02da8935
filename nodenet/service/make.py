"""
Settings made into objects.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from twisted.application.reactors import installReactor

from nodenet import net
from nodenet.endpoints import DescriptorEndpoint, clientFromString, serverFromString
from nodenet.service.accesslog import AccessLog
from nodenet.service.admission import AddressRules, Admission
from nodenet.service.daemon import CannotStart, Daemon
from nodenet.service.echo import echo
from nodenet.service.echosession import Echo
from nodenet.service.log import log
from nodenet.service.options import Options
from nodenet.service.proxyprotocol import ProxiedFactory
from nodenet.service.relay import Relay
from nodenet.service.relay.upstreams import Upstream, Upstreams
from nodenet.service.sessions import Service, Sessions
from nodenet.service.settings import (
    ConnectTo,
    EchoSettings,
    ListenOn,
    RelaySettings,
    Rule,
    Settings,
    TLSFiles,
)
from nodenet.service.signals import handleSignals
from nodenet.service.tlsfiles import ReloadedCredentials

__all__ = ["makeDaemon", "makeService"]


def makeService(options: Options) -> Daemon:
    """
    twistd: make the service that the command line asks for, and see to its signals.

    @raise CannotStart: something that the settings name cannot be had.
    """
    if "twisted.internet.reactor" not in sys.modules:
        # Nobody has asked for another.
        with suppress(ImportError):  # no epoll on this system
            installReactor("nodenet")
    from twisted.internet import reactor

    daemon, handlers = makeDaemon(options.settings, reactor)
    handleSignals(reactor, daemon.sessions.cut, handlers)
    return daemon


def makeDaemon(
    settings: EchoSettings | RelaySettings, reactor: Any
) -> tuple[Daemon, dict[int, Callable[[], Any]]]:
    """
    @return: the service, and what it does on signals: number -> call.
    @raise CannotStart: something that the settings name cannot be had.
    """
    reloaded: list[ReloadedCredentials] = []

    def credentials(files: TLSFiles, prefix: str, **details: Any) -> ReloadedCredentials:
        try:
            reloaded.append(ReloadedCredentials(files, prefix, details))
        except ValueError as e:
            raise CannotStart(e) from None
        return reloaded[-1]

    secure = None
    if settings.tls is not None:
        secure = credentials(
            settings.tls,
            "--tls-",
            secureProtocol=f"TLSv{settings.tlsMinVersion}",
            rejectUnauthorized=settings.tls.ca is not None,
        )
    service: Service
    rules: tuple[Rule, ...] = ()
    sweep, perHost = settings.timeout, None
    if isinstance(settings, RelaySettings):
        service = _relay(settings, reactor, credentials)
        timeouts = [each for each in (settings.timeout, settings.halfCloseTimeout) if each]
        sweep = min(timeouts, default=float("inf"))
        rules, perHost = settings.rules, settings.maxConnectionsPerHost
    else:
        service = Echo(echo(settings.greeting))
    admission = None
    if rules or perHost is not None or settings.maxConnections is not None:
        admission = Admission(AddressRules(rules), settings.maxConnections, perHost)
    accessLog = _accessLog(settings, reactor)
    sessions = Sessions(
        reactor,
        service,
        admission=admission,
        secure=secure,
        timeout=settings.timeout,
        sweep=sweep,
        keepAlive=settings.keepAlive,
        accessLog=accessLog,
        logEmpty=settings.logEmpty,
    )
    endpoints = [(each.given, _listener(each, reactor)) for each in settings.listen]
    daemon = Daemon(
        reactor, _factory(settings, reactor, sessions), endpoints, sessions, settings.drain
    )

    def reload() -> None:
        for each in reloaded:
            each.reload()

    handlers: dict[int, Callable[[], Any]] = {}
    if reloaded:
        handlers[signal.SIGHUP] = reload
    if accessLog is not None:
        handlers[signal.SIGUSR1] = accessLog.reopen
    return daemon, handlers


def _factory(settings: EchoSettings | RelaySettings, reactor: Any, sessions: Sessions) -> Any:
    """
    @return: of the connections.
    """
    if isinstance(settings, EchoSettings):
        return net.createServer(
            sessions.accept, allowHalfOpen=settings.allowHalfOpen, reactor=reactor
        )
    if not settings.proxyProtocol:
        return net.createServer(sessions.accept, allowHalfOpen=True, reactor=reactor)
    proxies = AddressRules(Rule(True, network) for network in settings.proxyProtocolFrom)
    most = settings.maxConnections
    return ProxiedFactory(
        reactor,
        sessions.accept,
        proxies.allow,
        sessions.refuse,
        lambda waiting: most is not None and len(sessions.open) + waiting >= most,
    )


def _accessLog(settings: Settings, reactor: Any) -> AccessLog | None:
    if settings.accessLog is None:
        return None
    try:
        return AccessLog(reactor, settings.accessLog)
    except OSError as e:
        raise CannotStart(f"--access-log {settings.accessLog}: {e.strerror}") from None


def _listener(listen: ListenOn, reactor: Any) -> Any:
    """
    @return: the endpoint.
    """
    if isinstance(listen.endpoint, int):
        return DescriptorEndpoint(reactor, listen.endpoint)
    try:
        return serverFromString(reactor, listen.endpoint)
    except LookupError:  # of systemd's descriptors
        raise CannotStart(f"{listen.given}: nobody has handed that over") from None
    except Exception as e:  # endpoint parsers raise what they like
        raise CannotStart(f"{listen.given}: {_why(e)}") from None


def _why(error: Exception) -> str:
    """
    @return: what is wrong with an endpoint description.
    """
    if isinstance(error, (TypeError, ValueError)) and "endpoint type" not in str(error):
        return "wrong or missing arguments"
    return str(error) or type(error).__name__


def _relay(
    settings: RelaySettings, reactor: Any, credentials: Callable[..., ReloadedCredentials]
) -> Relay:
    tls = settings.upstreamTLS
    secure = None
    if tls is not None:
        if tls.insecure:
            log.warn("--upstream-insecure: whoever answers is taken for the upstream")
        secure = credentials(
            tls.files,
            "--upstream-",
            servername=tls.servername,
            rejectUnauthorized=not tls.insecure,
        )
    upstreams = Upstreams(
        reactor,
        [_upstream(each, reactor) for each in settings.upstreams],
        settings.balance,
        settings.retries,
        settings.maxFails,
        settings.failTimeout,
        settings.connectTimeout,
    )
    if settings.healthInterval:
        upstreams.probe(settings.healthInterval)
    return Relay(
        reactor,
        upstreams,
        secure=secure,
        sendProxy=settings.sendProxy,
        halfCloseTimeout=settings.halfCloseTimeout,
        keepAlive=settings.keepAlive,
        closesTruncated=settings.tlsTruncation == "close",
        splices=settings.splice,
    )


def _upstream(to: ConnectTo, reactor: Any) -> Upstream:
    if to.path is not None:
        return Upstream(to.given, to.path)
    if to.endpoint is None:
        return Upstream(to.given, to.port, to.host)
    try:
        return Upstream(to.given, clientFromString(reactor, to.endpoint))
    except Exception as e:  # endpoint parsers raise what they like
        raise CannotStart(f"--upstream {to.given}: {_why(e)}") from None
