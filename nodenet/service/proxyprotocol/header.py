"""
The header of the PROXY protocol, versions 1 and 2, in bytes: who the client is, said by the
proxy before us or to the one behind us.

Of version 2, what follows the addresses (TLVs: authority, unique id, TLS, checksum) is
skipped, whatever it is: nothing here asks for it, and TCP has a checksum of its own.

Source: C{https://www.haproxy.org/download/2.6/doc/proxy-protocol.txt}, section 2.
"""

from __future__ import annotations

import re
import socket
import struct
from typing import Any, NamedTuple

from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress

from nodenet.net import isIPv4, isIPv6

__all__ = ["MOST", "Address", "Header", "format", "parse"]

#: Bytes that a header of version 1 has at most (2.1).
_MOST1 = 107
#: Bytes of a header of version 2 up to its length, and those that may follow: addresses (216
#: of UNIX) and TLVs. The format could do with 65535.
_FIXED2, _MOST2 = 16, 4096
#: Bytes that a header has at most.
MOST = _FIXED2 + _MOST2
#: Bytes of what is no header that an error shows.
_SHOWN = 40
_SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
_LINE = re.compile(
    r"PROXY (TCP[46]) ([0-9A-Fa-f.:]+) ([0-9A-Fa-f.:]+) (0|[1-9]\d{0,4}) (0|[1-9]\d{0,4})\Z"
)
_PATH = 108  # bytes of a UNIX socket's path


#: Of one end of a connection.
Address = IPv4Address | IPv6Address | UNIXAddress


class Header(NamedTuple):
    """
    What a header says: both ends of the connection to the proxy, of one family. Both are
    C{None} if the proxy does not know (C{UNKNOWN}, C{AF_UNSPEC}), or speaks for itself
    (C{LOCAL}).

    @ivar source: the client's end.
    @ivar destination: that it has connected to.
    """

    source: Address | None = None
    destination: Address | None = None


def parse(data: bytes) -> tuple[Header, int] | None:
    """
    @param data: all that has come so far, and perhaps more than the header.
    @return: the header and its length in bytes; C{None}: more has to come, and all of
        C{data} is the header's.
    @raise ValueError: this is no header, or none that we take: the text says why, for the
        log, in some 200 characters at most. That is known as soon as it can be.
    """
    if data[:1] == b"P":
        return _parse1(data)
    return _parse2(data)


def _shown(data: bytes) -> str:
    """
    @return: the beginning of what a peer has sent, which may be anything, for the log.
    """
    return f"{data[:_SHOWN]!r}{'...' if len(data) > _SHOWN else ''}"


def _parse1(data: bytes) -> tuple[Header, int] | None:
    """
    Section 2.1, a line of text.
    """
    if not b"PROXY ".startswith(data[:6]):
        raise ValueError("not a PROXY header")
    end = data.find(b"\r\n", 0, _MOST1)
    if end < 0:
        if len(data) >= _MOST1:
            raise ValueError("a header of version 1 that does not end")
        return None
    line = data[:end].decode("latin-1")
    if line == "PROXY UNKNOWN" or line.startswith("PROXY UNKNOWN "):
        return Header(), end + 2
    match = _LINE.match(line)
    if match is None:
        raise ValueError(f"malformed: {_shown(data[:end])}")
    family, source, destination, *numbers = match.groups()
    right, make = (isIPv4, IPv4Address) if family == "TCP4" else (isIPv6, IPv6Address)
    ports = [int(number) for number in numbers]
    if not (right(source) and right(destination) and max(ports) <= 65535):
        raise ValueError(f"malformed: {_shown(data[:end])}")
    header = Header(make("TCP", source, ports[0]), make("TCP", destination, ports[1]))
    return header, end + 2


def _parse2(data: bytes) -> tuple[Header, int] | None:
    """
    Section 2.2, binary.
    """
    if not _SIGNATURE.startswith(data[:12]):
        raise ValueError("not a PROXY header")
    if len(data) < _FIXED2:
        return None
    command, family, length = data[12], data[13], int.from_bytes(data[14:16], "big")
    if command not in (0x20, 0x21):
        raise ValueError(f"unknown version and command: {command:#04x}")
    if length > _MOST2:
        raise ValueError(f"a header of {_FIXED2 + length} bytes, {MOST} are the most")
    end = _FIXED2 + length
    if len(data) < end:
        return None
    body = data[_FIXED2:end]
    if command == 0x20 or family == 0:  # LOCAL, UNSPEC
        return Header(), end
    try:
        if family == 0x11:
            one, other, here, there = struct.unpack_from("!4s4sHH", body)
            ip = [socket.inet_ntop(socket.AF_INET, each) for each in (one, other)]
            header = Header(IPv4Address("TCP", ip[0], here), IPv4Address("TCP", ip[1], there))
        elif family == 0x21:
            one, other, here, there = struct.unpack_from("!16s16sHH", body)
            ip = [socket.inet_ntop(socket.AF_INET6, each) for each in (one, other)]
            header = Header(IPv6Address("TCP", ip[0], here), IPv6Address("TCP", ip[1], there))
        elif family == 0x31:
            paths = [path.rstrip(b"\0") for path in struct.unpack_from("108s108s", body)]
            header = Header(*(UNIXAddress(path or None) for path in paths))
        else:
            raise ValueError(f"unknown address family and transport: {family:#04x}")
    except struct.error:
        raise ValueError(f"{length} bytes are too few for the addresses") from None
    return header, end


def format(version: int, source: Any, destination: Any) -> bytes:
    """
    @param version: 1 or 2.
    @param source: the client's L{Address}, or anything else if there is none.
    @param destination: likewise that it has connected to.
    @return: a header, which says C{UNKNOWN} or C{AF_UNSPEC} of addresses that its version
        cannot name, or of two families.
    """
    if {type(source), type(destination)} == {IPv4Address, IPv6Address}:
        source, destination = _mapped(source), _mapped(destination)
    kinds = {type(source), type(destination)}
    if version == 1:
        if kinds not in ({IPv4Address}, {IPv6Address}):
            return b"PROXY UNKNOWN\r\n"
        family = "TCP4" if kinds == {IPv4Address} else "TCP6"
        return (
            f"PROXY {family} {_bare(source.host)} {_bare(destination.host)}"
            f" {source.port} {destination.port}\r\n"
        ).encode()
    if kinds == {UNIXAddress}:
        paths = [(address.name or b"").ljust(_PATH, b"\0") for address in (source, destination)]
        number, body = 0x31, b"".join(paths)
    elif kinds in ({IPv4Address}, {IPv6Address}):
        number, af = (
            (0x11, socket.AF_INET) if kinds == {IPv4Address} else (0x21, socket.AF_INET6)
        )
        body = b"".join(socket.inet_pton(af, _bare(end.host)) for end in (source, destination))
        body += struct.pack("!HH", source.port, destination.port)
    else:
        number, body = 0, b""
    return _SIGNATURE + bytes([0x21, number]) + len(body).to_bytes(2, "big") + body


def _bare(host: str) -> str:
    """
    Without the zone of a link-local address, which says nothing elsewhere.
    """
    return host.partition("%")[0]


def _mapped(address: Any) -> Any:
    """
    @return: an IPv4 address as one of IPv6 (RFC 4291, 2.5.5.2): a header has one family.
    """
    if isinstance(address, IPv4Address):
        return IPv6Address("TCP", f"::ffff:{address.host}", address.port)
    return address
