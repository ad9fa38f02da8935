"""
C{net.SocketAddress}.

Source: Node 20, C{lib/internal/socketaddress.js}.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

from nodenet.node._inspect import inspect, undefined
from nodenet.node.errors import ERR_INVALID_ARG_VALUE, codedError
from nodenet.node.validators import (
    forgiving,
    validateObject,
    validatePort,
    validateString,
    validateUint32,
)

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from nodenet.node._inspect import Undefined
    from nodenet.node._types import SocketAddressOptions

__all__ = ["MAPPED", "SocketAddress"]

_FAMILIES = {"ipv4": socket.AF_INET, "ipv6": socket.AF_INET6}
#: The first twelve bytes of an IPv4 address within IPv6.
MAPPED = bytes(10) + b"\xff\xff"


class SocketAddress:
    """
    An address, a port and what goes with them; not to be changed.

    Source: Node 20, C{net.SocketAddress}.

    @ivar address: as the system prints it, without a zone.
    @ivar port: of 0 to 65535.
    @ivar family: C{'ipv4'} or C{'ipv6'}.
    @ivar flowlabel: of IPv6.
    """

    def __init__(
        self,
        options: SocketAddressOptions | Undefined = undefined,
        /,
        **keywords: Unpack[SocketAddressOptions],
    ) -> None:
        """
        @param options: C{address}, C{port}, C{family}, C{flowlabel}, each of which may be
            missing, and may be a keyword.
        @raise TypeError: one is of a wrong type (C{ERR_INVALID_ARG_TYPE}), or the family
            is none (C{ERR_INVALID_ARG_VALUE}).
        @raise OverflowError: C{ERR_SOCKET_BAD_PORT} or C{ERR_OUT_OF_RANGE}.
        @raise Exception: C{ERR_INVALID_ADDRESS}: this is no address of the family.
        """
        given: Any = keywords
        if options is not undefined:
            validateObject(options, "options")
            given = {**options, **keywords}  # type: ignore[dict-item]
        family = wanted = given.get("family", "ipv4")
        if isinstance(family, str):
            family = family.lower()
        address = given.get("address", "127.0.0.1" if wanted == "ipv4" else "::")
        port = given.get("port", 0)
        flowlabel = given.get("flowlabel", 0)
        if not isinstance(family, str) or family not in _FAMILIES:
            raise ERR_INVALID_ARG_VALUE("options.family", wanted)
        validateString(address, "options.address")
        port = validatePort(port, "options.port")
        validateUint32(flowlabel, "options.flowlabel", False)
        kind = _FAMILIES[family]
        bare, mark, zone = address.partition("%")
        try:
            if mark and (kind == socket.AF_INET or not zone):
                raise ValueError
            packed = socket.inet_pton(kind, bare)
        except (OSError, ValueError):
            raise codedError("Invalid socket address", "ERR_INVALID_ADDRESS") from None
        self.address: str = socket.inet_ntop(kind, packed)
        self.port: int = port
        self.family: str = family
        self.flowlabel: int = flowlabel if kind == socket.AF_INET6 else 0
        self._packed = packed

    @property
    def packed(self) -> bytes:
        """
        The four or sixteen bytes of the address, in the network's order. (Node has no such
        thing.)
        """
        return self._packed

    @staticmethod
    @forgiving
    def isSocketAddress(value: object) -> bool:
        """
        Source: Node 20, C{SocketAddress.isSocketAddress}.

        @return: whether this is one.
        """
        return isinstance(value, SocketAddress)

    def toJSON(self) -> dict[str, Any]:
        """
        Source: Node 20, C{socketAddress.toJSON}.

        @return: what it is, as its options.
        """
        return {
            "address": self.address,
            "port": self.port,
            "family": self.family,
            "flowlabel": self.flowlabel,
        }

    def __repr__(self) -> str:
        return f"SocketAddress {inspect(self.toJSON())}"
