"""
The command line of C{twistd nodenet}, made into plain settings. No I/O.
"""

from __future__ import annotations

import codecs
import math
import re
import sys
from ipaddress import ip_network
from typing import Any, ClassVar

from twisted.internet.endpoints import quoteStringArgument
from twisted.python import usage

from nodenet.net import isIPv6
from nodenet.service.upstreams import BALANCES

__all__ = ["EchoOptions", "Options", "RelayOptions"]


_PEMS = "key", "cert", "ca"


class _Checked(usage.Options):
    """
    What makes values of the texts that were given.
    """

    def _number(self, name: str, kind: Any, most: float = math.inf, least: int = 0) -> Any:
        try:
            number = kind(self[name])
            if least <= number <= most and number != math.inf:
                return number
        except ValueError:
            pass
        what = "a whole number" if kind is int else "a number"
        upto = f" of {least} to {most}" if most != math.inf else f", {least} or more"
        raise usage.UsageError(f"--{name} {self[name]}: must be {what}{upto}")

    def _choice(self, name: str, *choices: str) -> None:
        if self[name] not in choices:
            *most, last = choices
            raise usage.UsageError(
                f"--{name} {self[name]}: must be {', '.join(most)} or {last}"
            )

    def _files(self, prefix: str) -> dict[str, str]:
        """
        @return: option -> path, of the files for TLS that are given.
        """
        files = {f"--{prefix}-{name}": self[f"{prefix}-{name}"] for name in _PEMS}
        given = {option: file for option, file in files.items() if file is not None}
        for name, its in (("key", "cert"), ("cert", "key")):
            option, other = f"--{prefix}-{name}", f"--{prefix}-{its}"
            if option in given and other not in given:
                raise usage.UsageError(f"{option} {given[option]}: needs {other}")
        return given


class EchoOptions(usage.Options):
    """
    C{twistd nodenet ... echo}: there is nothing to be said beyond the options of
    C{nodenet} itself.
    """

    longdesc = "Send back all that is received. The same as no sub-command."


class RelayOptions(_Checked):
    """
    C{twistd nodenet ... relay}. The settings, under the options' names, and:

      - C{upstreams}: of each C{--upstream} the text, and either the arguments of
        L{net.Stream.connect<nodenet.net.Stream.connect>} or an endpoint description;
      - C{networks}: of each C{--allow} and C{--deny} whether it allows, and the
        network;
      - C{proxies}: likewise of C{--proxy-protocol-from};
      - C{upstream-files}, C{upstream-settings}: for TLS to upstreams; C{None} and
        nothing without.
    """

    longdesc = (
        "Connect each client to an upstream. Half-closes go through, and resets: what is"
        " cut short on one side is reset on the other. SIGTERM lets open connections"
        " finish; SIGUSR1 reopens the access log."
    )

    # fmt: off
    optParameters: ClassVar = [
        ["balance", None, "round-robin",
         "Choice among upstreams: round-robin, least-connections, random or first."],
        ["connect-timeout", None, 5, "Seconds that an upstream has to answer."],
        ["retries", None, 0, "Attempts to connect, besides one for each upstream."],
        ["max-fails", None, 3, "Failures in a row after which an upstream rests; 0: never."],
        ["fail-timeout", None, 10, "Seconds that it rests."],
        ["health-interval", None, 0, "Connect to upstreams every so many seconds; 0: don't."],
        ["timeout", None, None, "Cut connections idle for so many seconds (3600); 0: never."],
        ["half-close-timeout", None, 60,
         "Cut those idle for so many seconds when one side has ended; 0: as others."],
        ["drain", None, None, "On SIGTERM, seconds to let open connections finish (30)."],
        ["max-connections", None, None, "Refuse connections above so many at once."],
        ["max-connections-per-host", None, None, "Likewise from one IP address."],
        ["send-proxy", None, None, "Send upstreams a PROXY header: v1 or v2."],
        ["upstream-ca", None, None, "File of CAs for --upstream-tls; the system's by default."],
        ["upstream-servername", None, None,
         "Name of upstreams' certificates, and for SNI; the host by default."],
        ["upstream-key", None, None, "File of our own private key for upstreams."],
        ["upstream-cert", None, None, "File of its certificate, and the chain to its CA."],
        ["access-log", None, None,
         "File that gets a line of JSON for each connection; -: standard output."],
    ]
    # fmt: on
    optFlags: ClassVar = [
        ["proxy-protocol", None, "Expect a PROXY header, v1 or v2, from clients."],
        ["upstream-tls", None, "TLS to upstreams; their certificates are verified."],
        ["upstream-insecure", None, "Do not verify them."],
        ["no-splice", None, "Do not move bulk data within the kernel."],
    ]

    def __init__(self) -> None:
        super().__init__()
        for name in "upstreams", "networks", "proxies":
            self[name] = []

    def opt_upstream(self, where: str) -> None:
        """
        Where to connect to: HOST:PORT, /path/to.sock or a Twisted client endpoint
        description; may be repeated.
        """
        self["upstreams"].append((where, _whither(where)))

    def opt_allow(self, network: str) -> None:
        """
        CIDR to serve; of these and --deny the first that matches holds; may be repeated.
        """
        self["networks"].append((True, _network("allow", network)))

    def opt_deny(self, network: str) -> None:
        """
        CIDR to refuse; may be repeated.
        """
        self["networks"].append((False, _network("deny", network)))

    def opt_proxy_protocol_from(self, network: str) -> None:
        """
        CIDR of the proxies, others are refused; all by default; may be repeated.
        """
        self["proxies"].append((True, _network("proxy-protocol-from", network)))

    def postOptions(self) -> None:
        if not self["upstreams"]:
            raise usage.UsageError("relay: nowhere to connect to: give --upstream")
        self._choice("balance", *BALANCES)
        self["retries"] = self._number("retries", int, 100)
        self["max-fails"] = self._number("max-fails", int)
        for name in "connect-timeout", "fail-timeout", "health-interval", "half-close-timeout":
            self[name] = self._number(name, float)
        if not self["connect-timeout"]:
            raise usage.UsageError("--connect-timeout 0: must be more")
        if self["max-connections-per-host"] is not None:
            self["max-connections-per-host"] = self._number(
                "max-connections-per-host", int, least=1
            )
        if self["send-proxy"] is not None:
            self._choice("send-proxy", "v1", "v2")
            self["send-proxy"] = int(self["send-proxy"][1])
        if self["proxies"] and not self["proxy-protocol"]:
            raise usage.UsageError("--proxy-protocol-from: goes with --proxy-protocol")
        for name in "proxy-protocol", "upstream-tls", "upstream-insecure", "no-splice":
            self[name] = bool(self[name])
        self._checkTLS()

    def _checkTLS(self) -> None:
        files = self._files("upstream")
        insecure, name = self["upstream-insecure"], self["upstream-servername"]
        if name is not None:
            try:
                right = bool(name.encode("idna"))
            except UnicodeError:
                right = False
            if not right:
                raise usage.UsageError(f"--upstream-servername {name}: must be a host name")
        self["upstream-files"], self["upstream-settings"] = None, {}
        if not self["upstream-tls"]:
            for option in [*files, "--upstream-servername", "--upstream-insecure"]:
                if self[option[2:]]:
                    raise usage.UsageError(f"{option}: goes with --upstream-tls")
            return
        for given, where in self["upstreams"]:
            if isinstance(where, str) and where.startswith(("tls:", "ssl:")):
                raise usage.UsageError(f"--upstream {given}: is TLS without --upstream-tls")
            hasHost = isinstance(where, tuple) and len(where) == 2
            if not (hasHost or name or insecure):
                raise usage.UsageError(
                    f"--upstream {given}: has no host to verify: give --upstream-servername"
                )
        self["upstream-files"] = files
        self["upstream-settings"] = {"servername": name, "rejectUnauthorized": not insecure}


def _whither(where: str) -> tuple[Any, ...] | str:
    """
    @return: the arguments of L{net.Stream.connect<nodenet.net.Stream.connect>}, or
        C{where}, which is an endpoint description.
    @raise usage.UsageError: it is none of these.
    """
    if where.startswith("/"):
        return (where,)
    match = re.fullmatch(r"(?:\[([^]]+)\]|([^:/\[\]]+)):(\d+)", where)
    if match is not None:
        six, host, port = match.groups()
        if (six is None or isIPv6(six)) and int(port) <= 65535:
            return (int(port), six or host)
    elif re.match(r"[A-Za-z][\w-]*:.", where) and not isIPv6(where.rpartition(":")[0]):
        return where
    raise usage.UsageError(
        f"--upstream {where}: must be HOST:PORT, /path/to.sock or an endpoint description"
    )


def _network(option: str, network: str) -> Any:
    try:
        return ip_network(network)
    except ValueError as e:
        raise usage.UsageError(f"--{option} {network}: {e}") from None


class Options(_Checked):
    """
    The settings, under the options' names:

      - C{listen}: endpoint descriptions, those of C{--port} and C{--path} among
        them;
      - C{said}: how those of C{--port} and C{--path} were given;
      - C{fd}: an C{int} or C{None};
      - C{tls}: option -> path of the files for TLS, or C{None};
      - C{tls-settings}: the other details of the credentials;
      - C{greeting}: C{bytes};
      - C{max-connections}: an C{int} or C{None};
      - C{timeout}, C{drain}: seconds, a C{float};
      - C{allow-half-open}: a C{bool}.
    """

    longdesc = (
        "Serves on --port, --path, --fd and each --listen. SIGTERM stops accepting, ends"
        " what is open after all that is queued has been written, and exits. SIGHUP reads"
        " the --tls files again."
    )

    optParameters: ClassVar = [
        ["port", "p", None, "TCP port to listen on, 0 to 65535 (0: any free one)."],
        ["host", None, None, "IP address for --port; all IPv4 interfaces by default."],
        ["path", None, None, "UNIX socket to listen on."],
        ["fd", None, None, "Descriptor of a listening socket to accept on."],
        ["mode", None, None, "Permissions of --path in octal, 666 by default."],
        ["greeting", None, "", r"Text to begin each connection with, as 'hello\r\n'."],
        ["max-connections", None, None, "Close connections above so many at once."],
        ["timeout", None, None, "Close connections idle for so many seconds (0: never)."],
        ["drain", None, None, "On SIGTERM, seconds to let open connections end (5)."],
        ["tls-key", None, None, "File of a private key in PEM: serve TLS."],
        ["tls-cert", None, None, "File of its certificate, and the chain to its CA."],
        ["tls-ca", None, None, "File of CAs: require clients' certificates of these."],
        ["tls-min-version", None, "1.2", "Lowest version of TLS: 1.2 or 1.3."],
    ]
    optFlags: ClassVar = [
        ["allow-half-open", None, "Keep our side open when a client has ended its own."],
    ]
    subCommands: ClassVar = [
        ["echo", None, EchoOptions, "Send back all that is received (the default)."],
        ["relay", None, RelayOptions, "Connect each client to an upstream."],
    ]
    defaultSubCommand = "echo"

    def __init__(self) -> None:
        super().__init__()
        self["listen"] = []
        self["said"] = {}

    def opt_listen(self, endpoint: str) -> None:
        """
        Twisted endpoint description to listen on, as 'tcp6:8124'; may be repeated.
        """
        self["listen"].append(endpoint)

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
        listen = self["listen"]
        if self["path"] is not None:
            mode = self._octal("mode")
            path = quoteStringArgument(self["path"])
            listen.insert(0, f"unix:{path}" + (f":mode={mode:o}" if mode is not None else ""))
            self["said"][listen[0]] = f"--path {self['path']}"
        elif self["mode"] is not None:
            raise usage.UsageError(f"--mode {self['mode']}: goes with --path")
        if self["port"] is not None:
            port = self._number("port", int, 65535)
            host = self["host"] or ""
            kind = "tcp6" if isIPv6(host) else "tcp"
            where = f":interface={quoteStringArgument(host)}" if host else ""
            listen.insert(0, f"{kind}:{port}{where}")
            self["said"][listen[0]] = f"--port {port}" + (f" --host {host}" if host else "")
        elif self["host"] is not None:
            raise usage.UsageError(f"--host {self['host']}: goes with --port")
        if self["fd"] is not None:
            self["fd"] = self._number("fd", int)
        elif not listen:
            raise usage.UsageError(
                "nothing to listen on: give --port, --path, --listen or --fd"
            )
        if self.subCommand == "relay":
            self._checkRelay()
        self["greeting"] = self._unescaped("greeting")
        if self["max-connections"] is not None:
            self["max-connections"] = self._number("max-connections", int, least=1)
        self._checkTLS()
        for name, default in ("timeout", 0), ("drain", 5):
            if self[name] is None:
                self[name] = default
            self[name] = self._number(name, float)
        self["allow-half-open"] = bool(self["allow-half-open"])

    def _checkTLS(self) -> None:
        files = self._files("tls")
        if "--tls-ca" in files and len(files) == 1:
            raise usage.UsageError(f"--tls-ca {self['tls-ca']}: needs --tls-key and --tls-cert")
        self._choice("tls-min-version", "1.2", "1.3")
        for endpoint in self["listen"]:
            if files and endpoint.startswith("ssl:"):
                raise usage.UsageError(f"--listen {endpoint}: is TLS without --tls-key")
        self["tls"] = files or None
        self["tls-settings"] = {
            "secureProtocol": f"TLSv{self['tls-min-version']}",
            "rejectUnauthorized": "--tls-ca" in files,
        }

    def _checkRelay(self) -> None:
        """
        What is different if this is one.
        """
        relay = self.subOptions
        for name in "greeting", "allow-half-open":
            if self[name]:
                raise usage.UsageError(f"--{name}: goes with echo")
        for name, default in ("timeout", 3600), ("drain", 30), ("max-connections", None):
            if relay[name] is not None:
                self[name] = relay[name]
            elif self[name] is None:
                self[name] = default
        # These of Twisted's know no half-close.
        for kind, option in ("ssl:", "--tls-key"), ("haproxy:", "--proxy-protocol"):
            for endpoint in self["listen"]:
                if endpoint.startswith(kind):
                    raise usage.UsageError(
                        f"--listen {endpoint}: loses late answers: use {option}"
                    )

    def _octal(self, name: str) -> int | None:
        if self[name] is None:
            return None
        try:
            mode = int(self[name], 8)
            if 0 <= mode <= 0o7777:
                return mode
        except ValueError:
            pass
        raise usage.UsageError(f"--{name} {self[name]}: must be octal, as 660")

    def _unescaped(self, name: str) -> bytes:
        """
        C{\\r}, C{\\n}, C{\\x00}, C{\\u20ac}... as in a Python string.
        """
        try:
            # A round trip that leaves what is not ASCII as it is.
            text = codecs.decode(
                self[name].encode("latin-1", "backslashreplace"), "unicode_escape"
            )
            return text.encode()
        except UnicodeError as e:
            raise usage.UsageError(f"--{name} {self[name]}: {e}") from None
