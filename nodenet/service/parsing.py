"""
Texts of the command line made into values: each function takes what was given to an
option, and raises L{Wrong}.
"""

from __future__ import annotations

import codecs
import math
import os
import re
from collections.abc import Callable, Mapping
from ipaddress import ip_network
from typing import ClassVar, TypeVar

from twisted.internet.endpoints import quoteStringArgument

from nodenet.net import isIPv6
from nodenet.service.settings import ConnectTo, Network

__all__ = [
    "Endpoint",
    "Wrong",
    "aboveZero",
    "choice",
    "fraction",
    "hostName",
    "logFile",
    "network",
    "octal",
    "path",
    "quoted",
    "text",
    "unescaped",
    "upstream",
    "whole",
]

T = TypeVar("T")
Number = TypeVar("Number", int, float)


class Wrong(Exception):
    """
    A value is not what it must be. The message follows the option and its value.
    """


def text(given: str) -> str:
    if not given:
        raise Wrong("must not be empty")
    return given


def path(given: str) -> str:
    """
    @return: the absolute path: twistd's C{--rundir} changes the folder later.
    """
    return os.path.abspath(text(given))


def logFile(given: str) -> str:
    """
    @return: an absolute path, or C{'-'}.
    """
    return given if given == "-" else path(given)


# Numbers and choices


def whole(least: int, most: int | None = None) -> Callable[[str], int]:
    upto = f", {least} or more" if most is None else f" of {least} to {most}"

    def parse(given: str) -> int:
        number = _number(int, given)
        if number is None or number < least or (most is not None and number > most):
            raise Wrong(f"must be a whole number{upto}")
        return number

    return parse


def fraction(given: str) -> float:
    number = _number(float, given)
    if number is None or number < 0:
        raise Wrong("must be a number, 0 or more")
    return number


def aboveZero(given: str) -> float:
    number = _number(float, given)
    if number is None or number <= 0:
        raise Wrong("must be a number above 0")
    return number


def _number(kind: Callable[[str], Number], given: str) -> Number | None:
    # Python takes more: spaces, underscores, digits of other scripts, 'nan'.
    if not re.fullmatch("[0-9.eE+-]{1,100}", given):
        return None
    try:
        number = kind(given)
    except ValueError:
        return None
    return None if number == math.inf else number


def octal(given: str) -> int:
    """
    @return: permissions.
    """
    if not re.fullmatch("[0-7]{1,4}", given):
        raise Wrong("must be octal, as 660")
    return int(given, 8)


def choice(choices: Mapping[str, T]) -> Callable[[str], T]:
    """
    @param choices: text -> value, two or more.
    """
    *most, last = choices

    def parse(given: str) -> T:
        if given not in choices:
            raise Wrong(f"must be {', '.join(most)} or {last}")
        return choices[given]

    return parse


# Texts


def unescaped(given: str) -> bytes:
    """
    @return: in UTF-8, with C{\\r}, C{\\n}, C{\\x00}, C{\\u20ac}... as in a Python string.
    """
    try:
        # A round trip that leaves what is not ASCII as it is.
        plain = codecs.decode(given.encode("latin-1", "backslashreplace"), "unicode_escape")
    except UnicodeDecodeError:
        raise Wrong(r"has a wrong escape: right are \r, \n, \\, \x00, \u20ac") from None
    try:
        return plain.encode()
    except UnicodeEncodeError:
        raise Wrong("has what is no character of UTF-8") from None


def hostName(given: str) -> str:
    try:
        right = bool(given.encode("idna"))
    except UnicodeError:
        right = False
    if not right:
        raise Wrong("must be a host name")
    return given


def network(given: str) -> Network:
    try:
        if "%" in given:  # a zone is of an interface, not of a network
            raise ValueError
        right = ip_network(given, strict=False)
    except ValueError:
        raise Wrong("must be a network as 192.0.2.0/24, or one address") from None
    try:
        return ip_network(given)
    except ValueError:
        raise Wrong(f"has host bits set: the network is {right}") from None


# Where to listen and to connect


def quoted(argument: str) -> str:
    """
    @return: one argument of an endpoint description. (Twisted's function leaves C{=}.)
    """
    return str(quoteStringArgument(argument)).replace("=", r"\=")


class Endpoint:
    """
    A description of a server endpoint of Twisted's.

    @ivar given: the text.
    @ivar description: the same, with the path of a C{unix:} one absolute.
    @ivar kinds: the type, in lower case; of C{haproxy:} with the one that it wraps.
    @ivar arguments: name -> value, of a type that we know.
    """

    #: type -> the names of its arguments, in the order of those without a name
    KNOWN: ClassVar = {
        "tcp": ("port", "interface", "backlog"),
        "tcp6": ("port", "backlog", "interface"),
        "unix": ("address", "mode", "backlog", "lockfile"),
        "ssl": ("port", "privateKey", "certKey", "sslmethod", "interface", "backlog"),
    }

    def __init__(self, given: str) -> None:
        self.given = text(given)
        pieces = _pieces(given)
        kind = pieces[0].lower()
        self.kinds = (kind, pieces[1].lower()) if kind == "haproxy" and pieces[1:] else (kind,)
        self.description = _absolute(pieces)
        names = iter(self.KNOWN.get(kind, ()))
        self.arguments: dict[str, str] = {}
        for piece in _pieces(self.description)[1:]:
            name, value = _named(piece)
            self.arguments[next(names, "") if name is None else name] = value

    def withBacklog(self, backlog: int) -> str:
        """
        @return: the description, with a backlog where it can have one and has none.
        """
        if self.kinds[0] not in self.KNOWN or "backlog" in self.arguments:
            return self.description
        return f"{self.description}:backlog={backlog}"


def _pieces(description: str) -> list[str]:
    """
    @return: what is between colons, with its escapes.
    """
    pieces = re.findall(r"(?:^|:)((?:[^\\:]|\\.)*)", description, re.DOTALL)
    if ":".join(pieces) != description:
        raise Wrong("must not end with a backslash")
    return pieces


def _named(piece: str) -> tuple[str | None, str]:
    """
    @return: the argument's name, if it has one, and its value; without escapes.
    """
    match = re.fullmatch(r"(?:((?:[^\\=]|\\.)*)=)?(.*)", piece, re.DOTALL)
    assert match is not None  # all matches
    name, value = (each and re.sub(r"\\(.)", r"\1", each) for each in match.groups())
    return name, value


def _absolute(pieces: list[str]) -> str:
    """
    @return: the description, with the path of a UNIX socket absolute.
    """
    for at, piece in enumerate(pieces):
        name, value = _named(piece)
        isPath = name in ("address", "path") or (at == 1 and name is None)
        if pieces[0] == "unix" and isPath and value:
            absolute = quoted(os.path.abspath(value))
            pieces[at] = absolute if name is None else f"{name}={absolute}"
    return ":".join(pieces)


def upstream(given: str) -> ConnectTo:
    if text(given).startswith("/"):
        return ConnectTo(given, path=given)
    match = re.fullmatch(r"(?:\[([^]]+)\]|([^:/\[\]]+)):([0-9]+)", given)
    if match is not None:
        six, host, port = match.groups()
        if len(port) > 5 or not 1 <= int(port) <= 65535:
            raise Wrong("port must be 1 to 65535")
        if six is None or isIPv6(six):
            return ConnectTo(given, host=six or host, port=int(port))
    elif re.match(r"[A-Za-z][\w-]*:.", given) and not isIPv6(given.rpartition(":")[0]):
        return ConnectTo(given, endpoint=_absolute(_pieces(given)))
    raise Wrong("must be HOST:PORT, /path/to.sock or an endpoint description")
