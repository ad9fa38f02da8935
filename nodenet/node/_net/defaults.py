"""
What holds for all sockets that say nothing else.

Source: Node 20, C{net.setDefaultAutoSelectFamily} and its like.
"""

from __future__ import annotations

from typing import Any

from nodenet.node._inspect import undefined
from nodenet.node.validators import validateBoolean, validateInt32

__all__ = [
    "getDefaultAutoSelectFamily",
    "getDefaultAutoSelectFamilyAttemptTimeout",
    "setDefaultAutoSelectFamily",
    "setDefaultAutoSelectFamilyAttemptTimeout",
]


class _Defaults:
    autoSelectFamily = True
    attemptTimeout = 250


def getDefaultAutoSelectFamily() -> bool:
    """
    @return: whether a host's addresses of both families are tried: C{True}.
    """
    return _Defaults.autoSelectFamily


def setDefaultAutoSelectFamily(value: Any = undefined) -> None:
    """
    @raise ERR_INVALID_ARG_TYPE: it is no bool.
    """
    validateBoolean(value, "value")
    _Defaults.autoSelectFamily = value


def getDefaultAutoSelectFamilyAttemptTimeout() -> int:
    """
    @return: milliseconds that an address is tried before the next: 250.
    """
    return _Defaults.attemptTimeout


def setDefaultAutoSelectFamilyAttemptTimeout(value: Any = undefined) -> None:
    """
    @param value: milliseconds; less than 10 are 10.
    @raise ERR_INVALID_ARG_TYPE: it is no number.
    @raise ERR_OUT_OF_RANGE: it is no integer of 1 or more.
    """
    validateInt32(value, "value", 1)
    _Defaults.attemptTimeout = max(int(value), 10)
