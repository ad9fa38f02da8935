"""
C{net.isIP} and its like, which make text of what they are given.
"""

from __future__ import annotations

from nodenet import _address
from nodenet.node._inspect import text

__all__ = ["isIP", "isIPv4", "isIPv6"]


def isIP(input: object = None) -> int:
    """
    Source: Node 20, C{net.isIP}.

    @return: 4 for an IPv4 address, 6 for an IPv6 address, with a zone (C{fe80::1%lo}) or
        without; 0 for all else.
    """
    if not isinstance(input, str):
        if isinstance(input, (list, tuple)):
            input = ",".join(map(text, input))
        elif isinstance(input, bytes):
            input = input.decode(errors="replace")
        else:
            input = text(input)
    return _address.isIP(input)


def isIPv4(input: object = None) -> bool:
    """
    Source: Node 20, C{net.isIPv4}.
    """
    return isIP(input) == 4


def isIPv6(input: object = None) -> bool:
    """
    Source: Node 20, C{net.isIPv6}.
    """
    return isIP(input) == 6
