"""
What the daemon is to do, as plain values. Text is parsed in L{options
<nodenet.service.options>}, objects are built in L{make<nodenet.service.make>}.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network

__all__ = [
    "ConnectTo",
    "EchoSettings",
    "ListenOn",
    "RelaySettings",
    "Rule",
    "Settings",
    "TLSFiles",
    "UpstreamTLS",
]

Network = IPv4Network | IPv6Network


@dataclass(frozen=True)
class ListenOn:
    """
    Where to listen.

    @ivar endpoint: a Twisted server endpoint description, or the descriptor of a socket
        that is listening already.
    @ivar given: the option and its value, for messages: C{'--port 8124'}.
    """

    endpoint: str | int
    given: str


@dataclass(frozen=True)
class ConnectTo:
    """
    An upstream: C{host} and C{port}, or C{path}, or C{endpoint}.

    @ivar given: the option's value, which is the upstream's name in logs.
    @ivar host: a name or an IP address, of IPv6 with its zone if it has one.
    @ivar path: of a UNIX socket.
    @ivar endpoint: a Twisted client endpoint description.
    """

    given: str
    host: str | None = None
    port: int | None = None
    path: str | None = None
    endpoint: str | None = None


@dataclass(frozen=True)
class TLSFiles:
    """
    Files in PEM, by absolute paths.

    @ivar key: a private key.
    @ivar cert: its certificate, then those of the chain to its CA.
    @ivar ca: CAs that the peer's certificate must be signed by.
    """

    key: str | None = None
    cert: str | None = None
    ca: str | None = None


@dataclass(frozen=True)
class UpstreamTLS:
    """
    TLS to upstreams.

    @ivar files: our own key and certificate; the CAs, which are the system's by default.
    @ivar servername: the name that certificates must have; the upstream's host by default.
    @ivar insecure: certificates are not verified.
    """

    files: TLSFiles = TLSFiles()
    servername: str | None = None
    insecure: bool = False


@dataclass(frozen=True)
class Rule:
    """
    Whether clients of a network are served.
    """

    allow: bool
    network: Network


@dataclass(frozen=True)
class Settings:
    """
    What both services have.

    @ivar tls: of the listeners; C{None}: no TLS.
    @ivar tlsMinVersion: C{'1.2'} or C{'1.3'}.
    @ivar timeout: seconds without a byte after which a connection is ended; 0: never.
    @ivar drain: seconds that connections are given to end when the daemon stops.
    @ivar maxConnections: at once; C{None}: no limit.
    @ivar keepAlive: seconds of silence after which the kernel probes a connection; 0: it
        does not.
    @ivar accessLog: absolute path of a file that gets a line of JSON for each connection;
        C{'-'}: standard output.
    @ivar logEmpty: clients that send nothing have a line each in it; else one a second for
        all that ended alike.
    """

    listen: tuple[ListenOn, ...] = ()
    tls: TLSFiles | None = None
    tlsMinVersion: str = "1.2"
    timeout: float = 0
    drain: float = 5
    maxConnections: int | None = None
    keepAlive: int = 0
    accessLog: str | None = None
    logEmpty: bool = True


@dataclass(frozen=True)
class EchoSettings(Settings):
    """
    Of C{twistd nodenet}.

    @ivar greeting: what each connection is sent first.
    @ivar allowHalfOpen: our side stays open when a client has ended its own.
    """

    greeting: bytes = b""
    allowHalfOpen: bool = False


@dataclass(frozen=True)
class RelaySettings(Settings):
    """
    Of C{twistd nodenet relay}.

    @ivar balance: C{'round-robin'}, C{'least-connections'}, C{'random'} or C{'first'}.
    @ivar connectTimeout: seconds that an attempt to connect may take.
    @ivar retries: attempts for one client, besides one for each upstream.
    @ivar maxFails: failures in a row after which an upstream is quarantined; 0: never.
    @ivar failTimeout: seconds that it is.
    @ivar healthInterval: seconds between probes of each upstream; 0: none.
    @ivar halfCloseTimeout: as C{timeout}, when one side has ended; 0: C{timeout} holds.
    @ivar maxConnectionsPerHost: at once from one IP address; C{None}: no limit.
    @ivar rules: the first that a client's address is of holds.
    @ivar proxyProtocol: clients begin with a PROXY header.
    @ivar proxyProtocolFrom: networks that may send one; empty: everybody may.
    @ivar sendProxy: version of the header that upstreams get, 1 or 2; C{None}: none.
    @ivar upstreamTLS: C{None}: no TLS to upstreams.
    @ivar tlsTruncation: what a TLS peer's end without close_notify is to the other side:
        C{'reset'} or C{'close'}.
    @ivar splice: bulk data moves within the kernel.
    """

    timeout: float = 3600
    drain: float = 30
    upstreams: tuple[ConnectTo, ...] = ()
    balance: str = "round-robin"
    connectTimeout: float = 5
    retries: int = 0
    maxFails: int = 3
    failTimeout: float = 10
    healthInterval: float = 0
    halfCloseTimeout: float = 60
    maxConnectionsPerHost: int | None = None
    rules: tuple[Rule, ...] = ()
    proxyProtocol: bool = False
    proxyProtocolFrom: tuple[Network, ...] = ()
    sendProxy: int | None = None
    upstreamTLS: UpstreamTLS | None = None
    tlsTruncation: str = "reset"
    splice: bool = True
