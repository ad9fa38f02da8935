"""
Who may come: rules by address, and how many at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from nodenet.service.addresses import ipAddress
from nodenet.service.settings import Rule

__all__ = ["AddressRules", "Admission"]


def _network(network: IPv4Network | IPv6Network) -> IPv4Network | IPv6Network:
    """
    @return: of a network of IPv4-mapped addresses, that of IPv4; else the same.
    """
    mapped = getattr(network.network_address, "ipv4_mapped", None)
    if mapped is None or network.prefixlen < 96:
        return network
    return IPv4Network((mapped, network.prefixlen - 96))


class AddressRules:
    """
    Allow and deny rules in their order: the first match wins.

    @ivar rules: whether to allow, and whom.
    @ivar default: whether those are allowed for whom there is no rule.
    """

    def __init__(self, rules: Iterable[Rule] = ()) -> None:
        self.rules = [(rule.allow, _network(rule.network)) for rule in rules]
        # A list of those to be refused means: all others are served.
        self.default = not any(allowed for allowed, _ in self.rules)

    def allow(self, host: str | None) -> bool:
        """
        @param host: an IP address, or C{None} of a client over a UNIX socket, for which
            there are no rules.
        @return: what the first rule says that matches; where none does, whether there is no
            rule that allows.
        """
        if host is None or not self.rules:
            return True
        address = ipAddress(host)
        for allowed, network in self.rules:
            if address in network:
                return allowed
        return self.default


class Admission:
    """
    Lets clients in, and counts those that are.

    @ivar count: how many.
    @ivar byHost: a client's address matters.
    """

    def __init__(
        self, rules: AddressRules, most: int | None = None, mostPerHost: int | None = None
    ) -> None:
        """
        @param most: connections at once.
        @param mostPerHost: connections at once from one IP address.
        """
        self.rules = rules
        self.most = most
        self.mostPerHost = mostPerHost
        self.count = 0
        self.byHost = bool(rules.rules) or mostPerHost is not None
        self._hosts: Counter[IPv4Address | IPv6Address] = Counter()

    def enter(self, host: str | None) -> str | None:
        """
        @return: why not; C{None}: it is in, and is to L{leave}.
        """
        if not self.rules.allow(host):
            return "deny"
        if self.most is not None and self.count >= self.most:
            return "max-connections"
        if self.mostPerHost is not None and host is not None:
            address = ipAddress(host)
            if self._hosts[address] >= self.mostPerHost:
                return "max-connections-per-host"
            self._hosts[address] += 1
        self.count += 1
        return None

    def leave(self, host: str | None) -> None:
        """
        One that was in has gone.

        @param host: that it has entered by.
        """
        self.count -= 1
        if self.mostPerHost is not None and host is not None:
            address = ipAddress(host)
            self._hosts[address] -= 1
            if not self._hosts[address]:
                del self._hosts[address]
