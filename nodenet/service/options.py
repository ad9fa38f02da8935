"""
The command line of C{twistd nodenet}, made into plain L{settings
<nodenet.service.settings>}. No I/O.
"""

from __future__ import annotations

import sys
from typing import Any, ClassVar

from twisted.python import usage

from nodenet.service import parsing
from nodenet.service.command import Command, Option
from nodenet.service.given import BACKLOG, Given, echo, relay
from nodenet.service.relay.upstreams import BALANCES
from nodenet.service.settings import EchoSettings, RelaySettings, Rule

__all__ = ["EchoOptions", "Options", "RelayOptions"]

#: The most that C{listen(2)} takes, and that Linux takes of seconds in C{TCP_KEEPIDLE}.
MOST_BACKLOG, MOST_KEEPALIVE = 2**31 - 1, 32767

# Options that may stand on either side of C{relay}.
MAX_CONNECTIONS = Option(
    "max-connections", "Connections above so many at once are closed.",
    "N", parsing.whole(1), default="no limit",
)  # fmt: skip
TIMEOUT = Option(
    "timeout", "Connections on which nothing came or went for so long are ended; 0: never.",
    "SECONDS", parsing.fraction,
)  # fmt: skip
DRAIN = Option(
    "drain", "Time that open connections have to end when the daemon stops.",
    "SECONDS", parsing.fraction,
)  # fmt: skip
KEEPALIVE = Option(
    "keepalive",
    "Silence after which the kernel probes whether the peer is still there, in whole"
    f" seconds, at most {MOST_KEEPALIVE}; 0: no probes.",
    "SECONDS", parsing.whole(0, MOST_KEEPALIVE), field="keepAlive",
)  # fmt: skip
LOGGING = (
    Option(
        "access-log",
        "File that gets a line of JSON for each connection; -: standard output.",
        "FILE", parsing.logFile, default="none",
    ),
    Option(
        "no-log-empty",
        "Do not write a line to the access log for each client that sends nothing, as health"
        " checks do: one a second for all that ended alike.",
        sets=False, field="logEmpty",
    ),
)  # fmt: skip


class EchoOptions(Command):
    """
    C{twistd nodenet ... echo}: there is nothing to be said beyond the options of
    C{nodenet} itself.
    """

    longdesc = "Send back all that is received. The same as no sub-command."


class RelayOptions(Command):
    """
    C{twistd nodenet ... relay}.
    """

    longdesc = (
        "Connect each client to an upstream, and move bytes both ways. Half-closes go"
        " through, and resets: what is cut short on one side is reset on the other. Where to"
        " listen, and with which TLS, is said by options before 'relay': see the help of"
        " nodenet. SIGTERM lets open connections finish; SIGHUP reads the TLS files again;"
        " SIGUSR1 reopens the access log."
    )
    made: ClassVar = {"": RelaySettings}

    def elsewhere(self, name: str) -> str:
        return "goes before relay" if name in Options.names() else ""

    # fmt: off
    table: ClassVar = {
        "Upstreams": [
            Option(
                "upstream",
                "Where to connect to: HOST:PORT, [IPV6]:PORT, /path/to.sock or a Twisted client"
                " endpoint description. Needed; may be repeated.",
                "WHERE", parsing.upstream, field="upstreams", many=True,
            ),
            Option(
                "balance",
                "Choice among upstreams: round-robin, least-connections, random or first.",
                "HOW", parsing.choice({name: name for name in BALANCES}),
            ),
            Option(
                "connect-timeout",
                "Time that an attempt to connect may take, with the lookup of the name and"
                " TLS.",
                "SECONDS", parsing.aboveZero,
            ),
            Option(
                "retries",
                "Attempts to connect for one client, besides one for each upstream; at most"
                " 100.",
                "N", parsing.whole(0, 100),
            ),
            Option(
                "max-fails",
                "Failures in a row after which an upstream is quarantined; 0: never.",
                "N", parsing.whole(0),
            ),
            Option(
                "fail-timeout",
                "Time that an upstream is quarantined: it gets no clients while others can.",
                "SECONDS", parsing.fraction,
            ),
            Option(
                "health-interval",
                "Time between probes of each upstream, which connect to it; 0: no probes.",
                "SECONDS", parsing.fraction,
            ),
        ],
        "TLS to upstreams": [
            Option("upstream-tls", "Speak TLS to upstreams, and verify their certificates."),
            Option(
                "upstream-ca", "CAs that sign upstreams' certificates, in PEM.",
                "FILE", parsing.path, default="the system's", goesWith="--upstream-tls",
            ),
            Option(
                "upstream-servername",
                "Name that upstreams' certificates must have; sent to them too (SNI).",
                "NAME", parsing.hostName, default="the host of --upstream",
                goesWith="--upstream-tls",
            ),
            Option(
                "upstream-key", "Private key of the relay's own certificate, in PEM.",
                "FILE", parsing.path, default="none", goesWith="--upstream-tls",
                needs=("--upstream-cert",),
            ),
            Option(
                "upstream-cert",
                "Certificate that the relay shows to upstreams, then the chain to its CA, in"
                " PEM.",
                "FILE", parsing.path, default="none", goesWith="--upstream-tls",
                needs=("--upstream-key",),
            ),
            Option(
                "upstream-insecure",
                "Do not verify upstreams' certificates.", goesWith="--upstream-tls",
            ),
        ],
        "Clients": [
            Option(
                "allow",
                "Network, or one address, whose clients are served. The first of --allow and"
                " --deny that matches a client holds; one that none matches is refused if"
                " there is an --allow. May be repeated.",
                "CIDR", lambda given: Rule(True, parsing.network(given)),
                field="rules", many=True,
            ),
            Option(
                "deny",
                "Network, or one address, whose clients are refused. May be repeated.",
                "CIDR", lambda given: Rule(False, parsing.network(given)),
                field="rules", many=True,
            ),
            MAX_CONNECTIONS,
            Option(
                "max-connections-per-host",
                "Connections above so many at once from one IP address are closed.",
                "N", parsing.whole(1), default="no limit",
            ),
        ],
        "PROXY protocol": [
            Option(
                "proxy-protocol",
                "Expect a PROXY header, version 1 or 2, from each client.",
            ),
            Option(
                "proxy-protocol-from",
                "Network, or one address, of proxies that may send a PROXY header; all others"
                " are refused. May be repeated.",
                "CIDR", parsing.network, many=True, default="everybody may",
                goesWith="--proxy-protocol",
            ),
            Option(
                "send-proxy", "Begin connections to upstreams with a PROXY header: v1 or v2.",
                "VERSION", parsing.choice({"v1": 1, "v2": 2}), default="none",
            ),
        ],
        "Connections": [
            TIMEOUT,
            Option(
                "half-close-timeout",
                "Connections of which one side has ended, and on which nothing came or went for"
                " so long, are ended; 0: --timeout holds.",
                "SECONDS", parsing.fraction,
            ),
            DRAIN,
            KEEPALIVE,
            Option(
                "tls-truncation",
                "What the other side gets when a TLS peer ends without close_notify: reset (a"
                " reset), or close (an end, as with close_notify).",
                "HOW", parsing.choice({"reset": "reset", "close": "close"}),
            ),
            Option(
                "no-splice", "Do not move bulk data within the kernel.",
                sets=False, field="splice",
            ),
        ],
        "Logging": LOGGING,
    }
    # fmt: on


class Options(Command):
    """
    C{twistd nodenet}.

    @ivar settings: what the command line, with that of the sub-command, asks for.
    """

    settings: EchoSettings | RelaySettings

    longdesc = (
        "Send back all that is received, or relay it. Serves on --port, --path, --fd and each"
        " --listen, of which one is needed. SIGTERM stops accepting, lets what is open end"
        " within --drain, and exits. SIGHUP reads the TLS files again; SIGUSR1 reopens the"
        " access log."
    )
    made: ClassVar = {"": EchoSettings, "relay:": RelaySettings}

    def elsewhere(self, name: str) -> str:
        return "goes behind relay" if name in RelayOptions.names() else ""

    # fmt: off
    table: ClassVar = {
        "Listening": [
            Option(
                "port", "TCP port to listen on, 0 to 65535; 0: any free one.",
                "PORT", parsing.whole(0, 65535), short="p",
            ),
            Option(
                "host", "IP address, or a name for one, that --port listens on.",
                "ADDRESS", default="all of IPv4", goesWith="--port",
            ),
            Option("path", "UNIX socket to listen on.", "PATH", parsing.path),
            Option(
                "mode", "Permissions of the socket of --path, in octal.",
                "OCTAL", parsing.octal, default="666", goesWith="--path",
            ),
            Option(
                "listen",
                "Twisted server endpoint description to listen on, as 'tcp6:8124'. May be"
                " repeated.",
                "ENDPOINT", parsing.Endpoint, many=True,
            ),
            Option(
                "fd", "Descriptor of a socket that is listening already, to accept on.",
                "FD", parsing.whole(0),
            ),
            Option(
                "backlog",
                "Connections that may wait to be accepted on each address; the kernel has a"
                " limit of its own. Not for --fd and 'systemd:'.",
                "N", parsing.whole(1, MOST_BACKLOG), default=str(BACKLOG),
            ),
        ],
        "TLS": [
            Option(
                "tls-key", "Private key in PEM: serve TLS on all addresses.",
                "FILE", parsing.path, default="no TLS", needs=("--tls-cert",),
            ),
            Option(
                "tls-cert", "Certificate of --tls-key, then the chain to its CA, in PEM.",
                "FILE", parsing.path, needs=("--tls-key",),
            ),
            Option(
                "tls-ca",
                "CAs in PEM: each client needs a certificate that one of them has signed.",
                "FILE", parsing.path, default="clients need none",
                needs=("--tls-key", "--tls-cert"),
            ),
            Option(
                "tls-min-version", "Lowest version of TLS: 1.2 or 1.3.",
                "VERSION", parsing.choice({"1.2": "1.2", "1.3": "1.3"}), goesWith="--tls-key",
            ),
        ],
        "Limits and times": [MAX_CONNECTIONS, TIMEOUT, DRAIN, KEEPALIVE],
        "Logging": LOGGING,
        "Echo only": [
            Option(
                "greeting",
                r"Text to begin each connection with, with escapes as in 'hello\r\n'.",
                "TEXT", parsing.unescaped, default="none", goesWith="echo",
            ),
            Option(
                "allow-half-open",
                "Keep the daemon's side of a connection open when the client has ended its"
                " own.",
                goesWith="echo",
            ),
        ],
    }
    # fmt: on
    subCommands: ClassVar = [
        ["echo", None, EchoOptions, "Send back all that is received. The default."],
        [
            "relay",
            None,
            RelayOptions,
            "Connect each client to an upstream. 'relay --help' shows its options.",
        ],
    ]
    defaultSubCommand = "echo"

    def parseOptions(self, options: Any = None) -> None:
        """
        @raise usage.UsageError: what is wrong with the options, in one line.
        @raise SystemExit: likewise, under twistd, which would print all of the
            help around it.
        """
        try:
            super().parseOptions(options)
        except usage.UsageError as e:
            if self.parent is None:
                raise
            sys.exit(f"twistd nodenet: {e}")

    def postOptions(self) -> None:
        given = Given([*self.given, *self.subOptions.given], self.subCommand)
        self.settings = relay(given) if self.subCommand == "relay" else echo(given)
