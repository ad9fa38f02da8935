"""
IP addresses, ports, the dicts that C{address()} returns, and addresses for people.
"""

from __future__ import annotations

import os
import re
import socket
from functools import lru_cache
from typing import Any

from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress

__all__ = [
    "addressDict",
    "fromSocket",
    "isIP",
    "isIPv4",
    "isIPv6",
    "toPath",
    "toPort",
]

#: of an IPv6 address, by the rule of Node v20
_ZONE = re.compile("[0-9A-Za-z.:-]+")


def isIP(input: object) -> int:
    """
    @return: 4 for an IPv4 address, 6 for an IPv6 address, with a zone (C{fe80::1%eth0})
        or without, 0 for all else.
    """
    return _version(input) if isinstance(input, str) else 0


@lru_cache(1024)
def _version(input: str) -> int:
    address, mark, zone = input.partition("%")
    if mark and not _ZONE.fullmatch(zone):
        return 0
    for version, family in (4, socket.AF_INET), (6, socket.AF_INET6):
        try:
            socket.inet_pton(family, address)
        except (OSError, ValueError):
            continue
        return 0 if mark and version == 4 else version
    return 0


def isIPv4(input: object) -> bool:
    """
    @return: whether C{input} is an IPv4 address.
    """
    return isIP(input) == 4


def isIPv6(input: object) -> bool:
    """
    @return: whether C{input} is an IPv6 address.
    """
    return isIP(input) == 6


def toPort(where: object) -> int | None:
    """
    Tell a port from a path, as Node does: what is a number is a port.

    @return: the port, or C{None} for a path.
    @raise ValueError: the number is no port, or the text no path.
    @raise TypeError: neither.
    """
    if isinstance(where, str) and where.isascii() and where.isdecimal():
        where = int(where)
    if isinstance(where, (str, bytes, os.PathLike)):
        toPath(where)
        return None
    if not isinstance(where, int) or isinstance(where, bool):
        raise TypeError(f"expected a port or a path, not {where!r}")
    if not 0 <= where <= 65535:
        raise ValueError(f"port must be 0 to 65535, not {where}")
    return where


def toPath(where: object) -> bytes:
    """
    @return: the path of a UNIX socket; of the abstract namespace, if it begins with a NUL.
    @raise ValueError: the text is no path.
    @raise TypeError: it is no text.
    """
    if not isinstance(where, (str, bytes, os.PathLike)):
        raise TypeError(f"path must be a path, not {where!r}")
    path = os.fsencode(where)
    if not path or b"\0" in path[1:]:
        raise ValueError(f"not a path: {where!r}")
    return path


def addressDict(address: Any) -> dict[str, Any]:
    """
    @param address: Twisted's C{IPv4Address}, C{IPv6Address} or C{UNIXAddress}.
    @return: C{address} and C{port}, or the path as C{address}.
    """
    if hasattr(address, "port"):
        return {"address": address.host, "port": address.port}
    name = getattr(address, "name", None)
    return {"address": None if name is None else os.fsdecode(name)}


def fromSocket(family: int, name: Any) -> IPv4Address | IPv6Address | UNIXAddress:
    """
    @param family: C{AF_INET}, C{AF_INET6} or C{AF_UNIX}.
    @param name: what C{getsockname()}, C{getpeername()} or C{accept()} gave.
    """
    if family == socket.AF_INET:
        return IPv4Address("TCP", *name)
    if family == socket.AF_INET6:
        return IPv6Address("TCP", *name)
    return UNIXAddress(name or None)
