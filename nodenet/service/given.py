"""
What was given on the command line, made into settings: what goes with what.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import fields
from ipaddress import ip_address
from typing import Any, TypeVar

from twisted.python import usage

from nodenet.net import isIP, isIPv6
from nodenet.service.command import Option, said
from nodenet.service.parsing import Endpoint, Wrong, quoted
from nodenet.service.settings import (
    ConnectTo,
    EchoSettings,
    ListenOn,
    RelaySettings,
    Settings,
    TLSFiles,
    UpstreamTLS,
)

__all__ = ["BACKLOG", "Given", "echo", "relay"]

#: Connections that may wait to be accepted on an address, by default.
BACKLOG = 4096

#: Types of Twisted's endpoints that are TLS.
_TLS = {"ssl", "tls"}

#: Those of listeners that know no half-close -> what does the same.
_LOSSY = {"ssl": "--tls-key", "tls": "--tls-key", "haproxy": "--proxy-protocol"}

S = TypeVar("S", bound=Settings)


class Given:
    """
    The values of a command line, checked one by one, and for what they need.

    @ivar values: by the options' keys; of those that were not given there is none.
    @ivar said: name of the option -> it with its value, for messages.
    """

    def __init__(self, given: Sequence[tuple[Option, str]], subCommand: str | None) -> None:
        """
        @raise usage.UsageError: what is wrong.
        """
        self.values: dict[str, Any] = {}
        self.said: dict[str, str] = {}
        for option, text in given:
            whole = option.said(text)
            if option.name in self.said and option.value and not option.many:
                raise usage.UsageError(f"{whole}: given twice")
            try:
                value = option.parse(text) if option.value else option.sets
            except Wrong as e:
                raise usage.UsageError(f"{whole}: {e}") from None
            self.said[option.name] = whole
            before = self.values.get(option.key, ())
            self.values[option.key] = (*before, value) if option.many else value
        there = {f"--{name}" for name in self.said} | {subCommand}
        for option, text in given:
            if option.goesWith and option.goesWith not in there:
                raise usage.UsageError(f"{option.said(text)}: goes with {option.goesWith}")
            if not there.issuperset(option.needs):
                needs = " and ".join(option.needs)
                raise usage.UsageError(f"{option.said(text)}: needs {needs}")

    def __contains__(self, name: str) -> bool:
        return name in self.said

    def get(self, key: str, default: Any = None) -> Any:
        return self.values.get(key, default)

    def settings(self, kind: type[S], **others: Any) -> S:
        """
        @param others: fields that are not one option's value.
        """
        own = {each.name for each in fields(kind)}
        values = {key: value for key, value in self.values.items() if key in own}
        return kind(**{**values, **others})


def echo(given: Given) -> EchoSettings:
    """
    @raise usage.UsageError: what does not go together.
    """
    return given.settings(EchoSettings, listen=_listen(given), tls=_tls(given))


def relay(given: Given) -> RelaySettings:
    """
    @raise usage.UsageError: what does not go together.
    """
    if "upstream" not in given:
        raise usage.UsageError("relay: nowhere to connect to: give --upstream")
    listen = _listen(given)
    _checkRelay(given, listen)
    return given.settings(
        RelaySettings, listen=listen, tls=_tls(given), upstreamTLS=_upstreamTLS(given)
    )


def _listen(given: Given) -> tuple[ListenOn, ...]:
    listen = tuple(_listenOn(given))
    if not listen:
        raise usage.UsageError("nothing to listen on: give --port, --path, --listen or --fd")
    return listen


def _listenOn(given: Given) -> Iterator[ListenOn]:
    """
    @return: all that is to be listened on; C{--port} and C{--path} first.
    """
    backlog = given.get("backlog", BACKLOG)
    if "port" in given:
        host = given.get("host")
        where = f":interface={quoted(host)}" if host else ""
        both = " ".join(given.said[each] for each in ("port", "host") if each in given)
        kind = "tcp6" if isIPv6(host) else "tcp"
        yield ListenOn(f"{kind}:{given.get('port')}{where}:backlog={backlog}", both)
    if "path" in given:
        mode = f":mode={given.get('mode'):o}" if "mode" in given else ""
        path = quoted(given.get("path"))
        yield ListenOn(f"unix:{path}{mode}:backlog={backlog}", given.said["path"])
    for endpoint in given.get("listen", ()):
        yield ListenOn(endpoint.withBacklog(backlog), said("listen", endpoint.given))
    if "fd" in given:
        yield ListenOn(given.get("fd"), given.said["fd"])


def _files(given: Given, prefix: str) -> TLSFiles:
    return TLSFiles(*(given.get(f"{prefix}{each}") for each in ("Key", "Cert", "Ca")))


def _tls(given: Given) -> TLSFiles | None:
    files = _files(given, "tls")
    if files == TLSFiles():
        return None
    for endpoint in given.get("listen", ()):
        if not _TLS.isdisjoint(endpoint.kinds):
            raise usage.UsageError(
                f"{said('listen', endpoint.given)}: is TLS without --tls-key"
            )
    return files


def _upstreamTLS(given: Given) -> UpstreamTLS | None:
    """
    @raise usage.UsageError: an upstream and TLS do not go together.
    """
    if "upstream-tls" not in given:
        return None
    insecure, name = "upstream-insecure" in given, given.get("upstreamServername")
    if insecure and "upstream-ca" in given:
        raise usage.UsageError(f"{given.said['upstream-ca']}: contradicts --upstream-insecure")
    for upstream in given.get("upstreams", ()):
        if upstream.endpoint is not None and not _TLS.isdisjoint(
            Endpoint(upstream.endpoint).kinds
        ):
            raise usage.UsageError(
                f"{said('upstream', upstream.given)}: is TLS without --upstream-tls"
            )
        if upstream.host is None and name is None and not insecure:
            raise usage.UsageError(
                f"{said('upstream', upstream.given)}: has no host to verify:"
                " give --upstream-servername"
            )
    return UpstreamTLS(_files(given, "upstream"), name, insecure)


def _checkRelay(given: Given, listen: tuple[ListenOn, ...]) -> None:
    """
    @raise usage.UsageError: it cannot relay, or not faithfully.
    """
    for endpoint in given.get("listen", ()):
        for kind in endpoint.kinds:
            if kind in _LOSSY:
                raise usage.UsageError(
                    f"{said('listen', endpoint.given)}: loses late answers: use {_LOSSY[kind]}"
                )
    for upstream in given.get("upstreams"):
        for each in listen:
            if _isAt(upstream, each):
                raise usage.UsageError(
                    f"{said('upstream', upstream.given)}: is where the relay itself listens"
                    f" ({each.given})"
                )


def _isAt(upstream: ConnectTo, listen: ListenOn) -> bool:
    """
    @return: whether an upstream is certainly this address that is listened on.
    """
    if isinstance(listen.endpoint, int):
        return False
    endpoint = Endpoint(listen.endpoint)
    [kind, *_], where = endpoint.kinds, endpoint.arguments
    if upstream.path is not None:
        return kind == "unix" and where.get("address") == os.path.abspath(upstream.path)
    if upstream.host is None or kind not in ("tcp", "tcp6"):
        return False
    if where.get("port") != str(upstream.port):
        return False
    everywhere = "0.0.0.0" if kind == "tcp" else "::"
    interface = where.get("interface") or everywhere
    # localhost may be ::1 too, but whoever looks there comes to 127.0.0.1 as well.
    host = "127.0.0.1" if upstream.host == "localhost" else upstream.host
    interface = "127.0.0.1" if interface == "localhost" else interface
    if not isIP(host) or not isIP(interface):
        return False
    to, at = ip_address(host), ip_address(interface)
    return to == at or (at.is_unspecified and to.is_loopback and to.version == at.version)
