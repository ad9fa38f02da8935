"""
The command line of C{twistd nodenet}, made into plain settings. No I/O.
"""

from __future__ import annotations

import codecs
import math
import sys
from typing import Any, ClassVar

from twisted.internet.endpoints import quoteStringArgument
from twisted.python import usage

from nodenet.net import isIPv6

__all__ = ["EchoOptions", "Options"]


class EchoOptions(usage.Options):
    """
    C{twistd nodenet ... echo}: there is nothing to be said beyond the options of
    C{nodenet} itself.
    """

    longdesc = "Send back all that is received. The same as no sub-command."


class Options(usage.Options):
    """
    The settings, under the options' names:

      - C{listen}: endpoint descriptions, those of C{--port} and C{--path} among
        them;
      - C{said}: how those of C{--port} and C{--path} were given;
      - C{fd}: an C{int} or C{None};
      - C{tls}: the files C{key}, C{cert} and perhaps C{ca}, or C{None};
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
        ["timeout", None, 0, "Close connections idle for so many seconds; 0: never."],
        ["drain", None, 5, "On SIGTERM, seconds to let open connections end."],
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
        self["greeting"] = self._unescaped("greeting")
        if self["max-connections"] is not None:
            self["max-connections"] = self._number("max-connections", int, least=1)
        self._checkTLS()
        self["timeout"] = self._number("timeout", float)
        self["drain"] = self._number("drain", float)
        self["allow-half-open"] = bool(self["allow-half-open"])

    def _checkTLS(self) -> None:
        """
        C{tls} becomes the files by the names of L{createCredentials
        <nodenet.crypto.createCredentials>}, or C{None}.
        """
        files = {name: self[f"tls-{name}"] for name in ("key", "cert", "ca")}
        if (files["key"] is None) != (files["cert"] is None):
            given = "key" if files["key"] is not None else "cert"
            other = "cert" if given == "key" else "key"
            raise usage.UsageError(f"--tls-{given} {files[given]}: needs --tls-{other}")
        if files["ca"] is not None and files["key"] is None:
            raise usage.UsageError(f"--tls-ca {files['ca']}: needs --tls-key and --tls-cert")
        if self["tls-min-version"] not in ("1.2", "1.3"):
            raise usage.UsageError(
                f"--tls-min-version {self['tls-min-version']}: must be 1.2 or 1.3"
            )
        self["tls"] = {n: file for n, file in files.items() if file is not None} or None

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
