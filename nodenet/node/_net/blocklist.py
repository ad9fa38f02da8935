"""
C{net.BlockList}.

Source: Node 20, C{lib/internal/blocklist.js} and C{src/node_sockaddr.cc}.
"""

from __future__ import annotations

from typing import Protocol

from nodenet.node._net.socketaddress import MAPPED, SocketAddress
from nodenet.node.errors import ERR_INVALID_ARG_VALUE, CodedError
from nodenet.node.validators import forgiving, validateInt32, validateString

__all__ = ["BlockList"]

_NAMES = {"ipv4": "IPv4", "ipv6": "IPv6"}


def _comparable(one: bytes, other: bytes) -> tuple[bytes, bytes] | None:
    """
    @return: both as addresses of one family; C{None} where that cannot be: of the IPv6
        addresses only those that hold an IPv4 address can be compared with such.
    """
    if len(one) == len(other):
        return one, other
    if len(one) == 4:
        return (one, other[12:]) if other.startswith(MAPPED) else None
    return (one[12:], other) if one.startswith(MAPPED) else None


class _Rule(Protocol):
    def holds(self, address: bytes) -> bool: ...


class _Address:
    def __init__(self, address: SocketAddress) -> None:
        self._address = address

    def holds(self, address: bytes) -> bool:
        both = _comparable(address, self._address.packed)
        return both is not None and both[0] == both[1]

    def __str__(self) -> str:
        return f"Address: {_NAMES[self._address.family]} {self._address.address}"


class _Range:
    def __init__(self, start: SocketAddress, end: SocketAddress) -> None:
        self._start = start
        self._end = end

    def holds(self, address: bytes) -> bool:
        low = _comparable(address, self._start.packed)
        high = _comparable(address, self._end.packed)
        return low is not None and high is not None and low[0] >= low[1] and high[0] <= high[1]

    def __str__(self) -> str:
        family = _NAMES[self._start.family]
        return f"Range: {family} {self._start.address}-{self._end.address}"


class _Subnet:
    def __init__(self, network: SocketAddress, prefix: int) -> None:
        self._network = network
        self._prefix = prefix

    def holds(self, address: bytes) -> bool:
        network = self._network.packed
        if len(address) < len(network):
            address = MAPPED + address
        elif len(address) > len(network):
            if not address.startswith(MAPPED):
                return False
            address = address[12:]
        shift = len(address) * 8 - self._prefix
        one, other = (int.from_bytes(each, "big") >> shift for each in (address, network))
        return one == other

    def __str__(self) -> str:
        family = _NAMES[self._network.family]
        return f"Subnet: {family} {self._network.address}/{self._prefix}"


class BlockList:
    """
    Rules for addresses: a C{Server} with C{blockList} drops those who come from one.

    An IPv4 address within IPv6 (C{::ffff:1.2.3.4}) is under the rules for IPv4, too.

    Source: Node 20, C{net.BlockList}.
    """

    def __init__(self) -> None:
        self._rules: list[_Rule] = []

    @property
    def rules(self) -> list[str]:
        """
        The rules in words, those that were added last first:
        C{'Address: IPv4 1.1.1.1'}, C{'Range: IPv4 10.0.0.1-10.0.0.10'},
        C{'Subnet: IPv6 8592:757c:efae:4e45::/64'}.
        """
        return [str(each) for each in reversed(self._rules)]

    @forgiving
    def addAddress(
        self,
        address: str | SocketAddress,
        family: str = "ipv4",
    ) -> None:
        """
        Add a rule for one address.

        Source: Node 20, C{blockList.addAddress}.

        @param family: C{'ipv4'} or C{'ipv6'}, of an address that is text.
        @raise ERR_INVALID_ARG_TYPE: it is neither text nor an address.
        @raise ERR_INVALID_ADDRESS: it is no address of the family.
        """
        self._rules.append(_Address(_toAddress(address, "address", family)))

    @forgiving
    def addRange(
        self,
        start: str | SocketAddress,
        end: str | SocketAddress,
        family: str = "ipv4",
    ) -> None:
        """
        Add a rule for all addresses from one to another.

        Source: Node 20, C{blockList.addRange}.

        @param start: the first address.
        @param end: the last.
        @param family: C{'ipv4'} or C{'ipv6'}, of addresses that are text.
        @raise ERR_INVALID_ARG_VALUE: the last comes before the first.
        @raise ERR_INVALID_ADDRESS: one is no address of the family.
        """
        first = _toAddress(start, "start", family)
        last = _toAddress(end, "end", family)
        both = _comparable(first.packed, last.packed)
        if both is not None and both[0] > both[1]:
            error = ERR_INVALID_ARG_VALUE("start", None, "must come before end")
            # Node prints these addresses as they print themselves.
            error.message = f"The argument 'start' must come before end. Received {first!r}"
            raise error
        self._rules.append(_Range(first, last))

    @forgiving
    def addSubnet(
        self,
        net: str | SocketAddress,
        prefix: int,
        family: str = "ipv4",
    ) -> None:
        """
        Add a rule for a network.

        Source: Node 20, C{blockList.addSubnet}.

        @param net: an address of it.
        @param prefix: bits, 0 to 32 or 128.
        @param family: C{'ipv4'} or C{'ipv6'}, of an address that is text.
        @raise ERR_OUT_OF_RANGE: C{prefix} is not of these.
        @raise ERR_INVALID_ADDRESS: C{net} is no address of the family.
        """
        network = _toAddress(net, "network", family)
        validateInt32(prefix, "prefix", 0, 32 if network.family == "ipv4" else 128)
        self._rules.append(_Subnet(network, int(prefix)))

    @forgiving
    def check(
        self,
        address: str | SocketAddress,
        family: str = "ipv4",
    ) -> bool:
        """
        Source: Node 20, C{blockList.check}.

        @param family: C{'ipv4'} or C{'ipv6'}, of an address that is text.
        @return: whether one of the rules is for this address. What is no address is
            under none.
        """
        if not isinstance(address, SocketAddress):
            validateString(address, "address")
            validateString(family, "family")
            try:
                address = SocketAddress(address=address, family=family)
            except CodedError:
                return False
        packed = address.packed
        return any(rule.holds(packed) for rule in self._rules)


def _toAddress(value: str | SocketAddress, name: str, family: str) -> SocketAddress:
    """
    @param name: of the argument.
    """
    if isinstance(value, SocketAddress):
        return value
    validateString(value, name)
    validateString(family, "family")
    return SocketAddress(address=value, family=family)
