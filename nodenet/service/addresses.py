"""
Addresses of connections, as the log and the rules take them.
"""

from __future__ import annotations

from ipaddress import IPv4Address as IPv4
from ipaddress import IPv6Address as IPv6
from ipaddress import ip_address
from typing import Any

from twisted.internet.address import IPv4Address

__all__ = ["addressText", "ipAddress", "unmapped"]

#: How the kernel writes an IPv4 address of a socket for both families.
_MAPPED = "::ffff:"


def unmapped(address: Any) -> Any:
    """
    @param address: Twisted's, of one end of a connection.
    @return: of an IPv4 client on a socket for both families (C{::ffff:192.0.2.1}; RFC 4291,
        2.5.5.2), its IPv4 address; else the same.
    """
    host = getattr(address, "host", None)
    if host is None or ":" not in host:
        return address
    if host.startswith(_MAPPED) and "." in host:
        return IPv4Address("TCP", host[len(_MAPPED) :], address.port)
    if "ffff" in host.lower():  # few are: parsing takes time
        ip = ipAddress(host)
        if ip.version == 4:
            return IPv4Address("TCP", str(ip), address.port)
    return address


def ipAddress(host: str) -> IPv4 | IPv6:
    """
    @param host: an IP address.
    @return: likewise, as Python's C{ipaddress} has it.
    """
    address = ip_address(host)
    return getattr(address, "ipv4_mapped", None) or address


def addressText(address: Any) -> str:
    """
    @param address: Twisted's, of one end of a connection.
    @return: C{127.0.0.1:8124}, C{[::1]:8124}, C{unix:/path}, or C{unix} of one that has
        no name.
    """
    address = unmapped(address)
    host = getattr(address, "host", None)
    if host is None:
        name = getattr(address, "name", None)
        if not name:
            return "unix"
        # One of the abstract namespace begins with a NUL, by convention shown as @.
        text = name.decode(errors="replace").replace("\0", "@")
        if not text.isprintable():  # a PROXY header's, perhaps
            text = text.encode("unicode_escape").decode()
        return f"unix:{text}"
    return f"[{host}]:{address.port}" if ":" in host else f"{host}:{address.port}"
