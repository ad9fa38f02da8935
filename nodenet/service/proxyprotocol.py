"""
The PROXY protocol, versions 1 and 2: who the client is, said by the proxy before us or
to the one behind us.

Twisted's own (C{twisted.protocols.haproxy}) wraps the connection for as long as it
lasts, and its wrapper knows no half-close; here it is out of the way after the header.

Source: C{https://www.haproxy.org/download/2.6/doc/proxy-protocol.txt}.
"""

from __future__ import annotations

import re
import socket
import struct
from collections.abc import Callable
from typing import Any, NamedTuple

from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Factory, Protocol
from twisted.python.failure import Failure

from nodenet.net import isIPv4, isIPv6
from nodenet.timers import clearTimeout, setTimeout

__all__ = ["Header", "ProxiedFactory", "format", "parse"]

#: Seconds in which a header must have come.
HEADER_TIMEOUT = 5

#: Bytes that a header of version 1 has at most.
_MOST1 = 107
#: Bytes of version 2's header that may follow its length: addresses (216 of UNIX) and
#: what else a proxy says of its client. The format could do with 65535.
_MOST2 = 4096
_SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
_LINE = re.compile(
    r"PROXY (TCP[46]) ([0-9A-Fa-f.:]+) ([0-9A-Fa-f.:]+) (0|[1-9]\d{0,4}) (0|[1-9]\d{0,4})\Z"
)
_PATH = 108  # bytes of a UNIX socket's path


class Header(NamedTuple):
    """
    What a header says: both ends of the connection to the proxy. C{None}: it does not
    know, or speaks for itself.
    """

    source: Any = None
    destination: Any = None


def parse(data: bytes) -> tuple[Header, int] | None:
    """
    @param data: all that has come so far.
    @return: the header and its length; C{None}: more has to come.
    @raise ValueError: this is no header.
    """
    if data[:1] == b"P":
        return _parse1(data)
    return _parse2(data)


def _parse1(data: bytes) -> tuple[Header, int] | None:
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
        raise ValueError(f"malformed: {line!r}")
    family, source, destination, *numbers = match.groups()
    right, make = (isIPv4, IPv4Address) if family == "TCP4" else (isIPv6, IPv6Address)
    ports = [int(number) for number in numbers]
    if not (right(source) and right(destination) and max(ports) <= 65535):
        raise ValueError(f"malformed: {line!r}")
    header = Header(make("TCP", source, ports[0]), make("TCP", destination, ports[1]))
    return header, end + 2


def _parse2(data: bytes) -> tuple[Header, int] | None:
    if not _SIGNATURE.startswith(data[:12]):
        raise ValueError("not a PROXY header")
    if len(data) < 16:
        return None
    command, family, length = data[12], data[13], int.from_bytes(data[14:16], "big")
    if command not in (0x20, 0x21):
        raise ValueError(f"version and command {command:#x}")
    if length > _MOST2:
        raise ValueError(f"a header of {length} bytes")
    end = 16 + length
    if len(data) < end:
        return None
    body = data[16:end]
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
            raise ValueError(f"address family and transport {family:#x}")
    except struct.error:
        raise ValueError(f"{length} bytes are too few for the addresses") from None
    return header, end


def format(version: int, source: Any, destination: Any) -> bytes:
    """
    @param version: 1 or 2.
    @param source: the client's address.
    @param destination: that it has connected to.
    @return: a header.
    """
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


class ProxiedFactory(Factory):
    """
    A server that is told, at the beginning of each connection, whose it is.
    """

    noisy = False

    def __init__(
        self,
        reactor: Any,
        server: Factory,
        trusts: Callable[[str | None], bool],
        refused: Callable[[str, Any, str], Any],
    ) -> None:
        """
        @param server: gets the connections, when the header is through.
        @param trusts: of an IP address (C{None}: of a UNIX socket): whether it is of a
            proxy. All others are closed.
        @param refused: called with the reason, the peer's address and what else there is
            to say.
        """
        self.reactor = reactor
        self.server = server
        self.trusts = trusts
        self.refused = refused

    def doStart(self) -> None:
        self.server.doStart()

    def doStop(self) -> None:
        self.server.doStop()

    def buildProtocol(self, addr: IAddress | None) -> Protocol | None:
        if not self.trusts(getattr(addr, "host", None)):
            self.refused("proxy-protocol-from", addr, "")
            return None
        return _Head(self, addr)


class _Head(Protocol):
    """
    A connection until its header is there.
    """

    def __init__(self, factory: ProxiedFactory, address: Any) -> None:
        self.proxied = factory
        self.address = address
        self.data = b""
        self.timer: Any = None
        self.stream: Any = None  # that data is passed on to, below a wrapper

    def connectionMade(self) -> None:
        self.timer = setTimeout(
            self.refuse,
            HEADER_TIMEOUT * 1000,
            "no header in time",
            reactor=self.proxied.reactor,
        )

    def dataReceived(self, data: bytes) -> None:
        if self.stream is not None:
            self.stream.dataReceived(data)
            return
        self.data += data
        try:
            parsed = parse(self.data)
        except ValueError as e:
            self.refuse(str(e))
            return
        if parsed is not None:
            self.done(*parsed)

    def done(self, header: Header, length: int) -> None:
        clearTimeout(self.timer)
        transport: Any = self.transport
        rest = self.data[length:]
        stream = self.proxied.server.buildProtocol(header.source or self.address)
        if stream is None:
            self.close()
            return
        if header.source is not None:
            transport.getPeer = lambda: header.source
            transport.getHost = lambda: header.destination
        if getattr(transport, "protocol", None) is self:
            transport.protocol = stream
        else:
            self.stream = stream
        stream.makeConnection(transport)
        # It may be another by now, TLS; or none, if it was refused.
        protocol = self.stream or getattr(transport, "protocol", None)
        if rest and protocol is not None:
            protocol.dataReceived(rest)

    def refuse(self, why: str) -> None:
        self.proxied.refused("proxy-protocol", self.address, why)
        self.close()

    def close(self) -> None:
        transport: Any = self.transport
        transport.abortConnection()

    def connectionLost(self, reason: Failure) -> None:  # type: ignore[override]
        clearTimeout(self.timer)
        if self.stream is not None:
            self.stream.connectionLost(reason)
