"""
Whom the relay serves: rules by address, and how many at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any

__all__ = ["Limits", "Networks", "Refusals"]

#: Seconds between two lines of the log about refusals for one reason.
QUIET = 1


def _address(host: str) -> IPv4Address | IPv6Address:
    """
    @return: of an IPv4 address that is written as one of IPv6 (C{::ffff:192.0.2.1}), the
        former.
    """
    address = ip_address(host)
    return getattr(address, "ipv4_mapped", None) or address


def _network(network: IPv4Network | IPv6Network) -> IPv4Network | IPv6Network:
    mapped = getattr(network.network_address, "ipv4_mapped", None)
    if mapped is None or network.prefixlen < 96:
        return network
    return IPv4Network((mapped, network.prefixlen - 96))


class Networks:
    """
    Networks in an order, each with what it means to be of it.
    """

    def __init__(self, rules: Iterable[tuple[bool, IPv4Network | IPv6Network]] = ()) -> None:
        self.rules = [(allowed, _network(network)) for allowed, network in rules]
        # Who is of none is meant by a list of those to be refused only.
        self.default = not any(allowed for allowed, _ in self.rules)

    def allow(self, host: str | None) -> bool:
        """
        @param host: an IP address, or C{None}, for which there are no rules: of who
            comes over a UNIX socket.
        @return: what the first network says that C{host} is of. One of none is
            allowed if no network is.
        """
        if host is None or not self.rules:
            return True
        address = _address(host)
        for allowed, network in self.rules:
            if address in network:
                return allowed
        return self.default


class Limits:
    """
    Who may come in, of those that want to.
    """

    def __init__(
        self, networks: Networks, most: int | None = None, mostPerHost: int | None = None
    ) -> None:
        """
        @param most: connections at once.
        @param mostPerHost: connections at once from one IP address.
        """
        self.networks = networks
        self.most = most
        self.mostPerHost = mostPerHost
        self.count = 0
        self._hosts: Counter[IPv4Address | IPv6Address] = Counter()

    def enter(self, host: str | None) -> str | None:
        """
        @return: why not; C{None}: it is in, and is to L{leave}.
        """
        if not self.networks.allow(host):
            return "deny"
        if self.most is not None and self.count >= self.most:
            return "max-connections"
        if self.mostPerHost is not None and host is not None:
            address = _address(host)
            if self._hosts[address] >= self.mostPerHost:
                return "max-connections-per-host"
            self._hosts[address] += 1
        self.count += 1
        return None

    def leave(self, host: str | None) -> None:
        self.count -= 1
        if self.mostPerHost is not None and host is not None:
            address = _address(host)
            self._hosts[address] -= 1
            if not self._hosts[address]:
                del self._hosts[address]


class Refusals:
    """
    Tells of the connections that were refused, at most once a second for each reason.
    """

    def __init__(self, reactor: Any, tell: Callable[[str, Any, str, int], Any]) -> None:
        """
        @param tell: called with the reason, peer and detail of the last refusal, and how
            many there were since the call before.
        """
        self.reactor = reactor
        self.tell = tell
        # reason -> the call that is to tell, and of what
        self._since: dict[str, tuple[Any, Any, str, int]] = {}

    def add(self, reason: str, peer: Any, detail: str = "") -> None:
        """
        @param reason: one of a few.
        """
        since = self._since.get(reason)
        if since is None:
            self._tell(reason, peer, detail, 1)
        else:
            call, _, _, count = since
            self._since[reason] = call, peer, detail, count + 1

    def _tell(self, reason: str, peer: Any, detail: str, count: int) -> None:
        call = self.reactor.callLater(QUIET, self._again, reason)
        self._since[reason] = call, peer, detail, 0
        self.tell(reason, peer, detail, count)

    def _again(self, reason: str) -> None:
        _, peer, detail, count = self._since.pop(reason)
        if count:
            self._tell(reason, peer, detail, count)

    def stop(self) -> None:
        """
        Tell now of those that were not told of: there will be no more.
        """
        for reason, (call, peer, detail, count) in self._since.items():
            call.cancel()
            if count:
                self.tell(reason, peer, detail, count)
        self._since.clear()
