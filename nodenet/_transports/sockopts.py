"""
Options of sockets.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import ITCPTransport
from twisted.protocols.policies import ProtocolWrapper

__all__ = ["pendingError", "resetOnClose", "setKeepAlive", "setNoDelay"]

#: Seconds of idleness before the first probe that the kernel takes at most (Linux,
#: MAX_TCP_KEEPIDLE).
_MAX_KEEPIDLE = 32767
# On macOS it has another name.
_KEEPIDLE: int | None = getattr(socket, "TCP_KEEPIDLE", getattr(socket, "TCP_KEEPALIVE", None))


def setNoDelay(transport: Any, noDelay: bool) -> None:
    """
    @see: L{nodenet.net.Stream.setNoDelay}
    """
    if isTCP(transport):
        transport.setTcpNoDelay(noDelay)


def setKeepAlive(transport: Any, enable: bool, seconds: int) -> None:
    """
    @see: L{nodenet.net.Stream.setKeepAlive}
    """
    if not isTCP(transport):
        return
    transport.setTcpKeepAlive(enable)
    while isinstance(transport, ProtocolWrapper):  # others' TLS
        transport = transport.transport
    if seconds > 0 and _KEEPIDLE is not None and hasattr(transport, "getHandle"):
        skt = transport.getHandle()
        skt.setsockopt(socket.IPPROTO_TCP, _KEEPIDLE, min(seconds, _MAX_KEEPIDLE))


def isTCP(transport: Any) -> bool:
    family = getattr(transport, "family", None)  # of nodenet's own
    if family is not None:
        return bool(family != socket.AF_UNIX)
    if not ITCPTransport.providedBy(transport):
        return False
    return isinstance(transport.getHost(), (IPv4Address, IPv6Address))


@contextmanager
def _borrowed(fd: int) -> Iterator[socket.socket]:
    """
    The socket of a descriptor that stays its owner's.
    """
    skt = socket.socket(fileno=fd)
    try:
        yield skt
    finally:
        skt.detach()


def resetOnClose(fd: int) -> None:
    """
    Have close(2) send an RST.
    """
    with _borrowed(fd) as skt:
        skt.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def pendingError(fd: int) -> int:
    """
    @return: the errno of what has happened to a socket since the last call, or 0.
    """
    with _borrowed(fd) as skt:
        return skt.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
