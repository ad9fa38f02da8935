"""
Looking up a host name, for sockets and servers.

Source: Node 20, C{dns.lookup}.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from errno import EINVAL
from typing import Any

from twisted.internet.defer import Deferred

from nodenet._address import isIP
from nodenet._transports.resolver import Hints, resolve
from nodenet.node._inspect import undefined
from nodenet.node._net.turns import turn
from nodenet.node._net.waiting import closed, opened
from nodenet.node.errors import ERR_INVALID_ARG_VALUE, lookupError
from nodenet.node.validators import (
    validateBoolean,
    validateOneOf,
    validateString,
)
from nodenet.timers import nextTick, theReactor

__all__ = ["ADDRCONFIG", "lookup"]

#: Node 20, C{dns.ADDRCONFIG}, C{dns.V4MAPPED} and C{dns.ALL}.
ADDRCONFIG = int(socket.AI_ADDRCONFIG)
_V4MAPPED = int(socket.AI_V4MAPPED)
_ALL = int(socket.AI_ALL)
_HINTS = ADDRCONFIG | _V4MAPPED | _ALL
#: as the system has them
_FAMILIES = {0: 0, 4: int(socket.AF_INET), 6: int(socket.AF_INET6)}
#: Characters of a name in ASCII that libuv has room for.
_ROOM = 255

Callback = Callable[..., Any]


class _Lookup:
    """
    One that is under way, which a program waits for.
    """

    active = referenced = True

    def __init__(self, reactor: Any) -> None:
        self.reactor = reactor


def lookup(reactor: Any, hostname: Any, options: Mapping[str, Any], callback: Callback) -> None:
    """
    @param options: C{family} (0, 4 or 6), C{hints}, C{all}.
    @param callback: called in a later turn with (error, address, family), or with (error,
        [{address, family}, ...]) if C{all}.
    @raise ERR_INVALID_ARG_TYPE: C{hostname} is no text.
    @raise ERR_INVALID_ARG_VALUE: C{family} or C{hints} is none.
    """
    validateString(hostname, "hostname")
    hints = int(options.get("hints") or 0)
    if hints & ~_HINTS:
        raise ERR_INVALID_ARG_VALUE("hints", hints & 0xFFFFFFFF)
    family = options.get("family", undefined)
    if family is undefined or family is None:
        family = 0
    else:
        validateOneOf(family, "options.family", (0, 4, 6))
    all = options.get("all", False)
    validateBoolean(all, "options.all")
    reactor = theReactor(reactor)
    kind = isIP(hostname)
    if kind:
        nextTick(_answer, callback, all, [hostname], reactor=reactor)
        return
    running = _Lookup(reactor)
    opened(running)

    def done(found: list[str], reason: BaseException | None = None) -> None:
        closed(running)
        fitting = _fitting(found, family, hints)
        if fitting:
            _answer(callback, all, fitting)
        else:
            callback(lookupError(hostname, reason))

    if _asciiLength(hostname) > _ROOM:
        turn(reactor, done, [], OSError(EINVAL, ""))
        return
    waiting: Deferred[list[str]] = resolve(reactor, hostname, Hints(_FAMILIES[family], hints))
    waiting.addCallbacks(
        lambda found: turn(reactor, done, found),
        lambda failure: turn(reactor, done, [], failure.value.__cause__),
    )


def _asciiLength(hostname: str) -> int:
    """
    @return: how many characters a name has in ASCII.
    """
    labels = hostname.split(".")
    its = (
        each if each.isascii() else f"xn--{each.encode('punycode').decode()}" for each in labels
    )
    return len(".".join(its))


def _fitting(found: list[str], family: int, hints: int) -> list[str]:
    """
    @param found: by the system, which knows what was asked; or in its file of hosts, or by
        an installed resolver, which do not.
    """
    fitting = [each for each in found if not family or isIP(each) == family]
    if family == 6 and hints & _V4MAPPED and (hints & _ALL or not fitting):
        fitting += [f"::ffff:{each}" for each in found if isIP(each) == 4]
    return fitting


def _answer(callback: Callback, all: bool, found: list[str]) -> None:
    if all:
        callback(None, [{"address": each, "family": isIP(each)} for each in found])
    else:
        callback(None, found[0], isIP(found[0]))
