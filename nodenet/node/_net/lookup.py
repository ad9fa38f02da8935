"""
Looking up a host name, for sockets and servers.

Source: Node 20, C{dns.lookup}.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from typing import Any

from twisted.internet.defer import Deferred

from nodenet._address import isIP
from nodenet._transports.resolver import resolve
from nodenet.node._inspect import undefined
from nodenet.node._net.handle import closed, opened
from nodenet.node._net.turns import turn
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
_HINTS = ADDRCONFIG | int(socket.AI_V4MAPPED) | int(socket.AI_ALL)

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
    hints = options.get("hints") or 0
    if int(hints) & ~_HINTS:
        raise ERR_INVALID_ARG_VALUE("hints", int(hints) & 0xFFFFFFFF)
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

    def done(found: list[str]) -> None:
        closed(running)
        fitting = [each for each in found if not family or isIP(each) == family]
        if fitting:
            _answer(callback, all, fitting)
        else:
            callback(lookupError(hostname))

    if hostname.lower().removesuffix(".") == "localhost":
        # The system's own file has it: nobody is waited for.
        turn(reactor, done, _localhost(hints))
        return
    waiting: Deferred[list[str]] = resolve(reactor, hostname)
    waiting.addCallbacks(
        lambda found: turn(reactor, done, found), lambda _: turn(reactor, done, [])
    )


def _localhost(hints: int) -> list[str]:
    try:
        found = socket.getaddrinfo(
            "localhost", 0, type=socket.SOCK_STREAM, flags=hints & ADDRCONFIG
        )
    except OSError:
        return ["127.0.0.1"]
    return list(dict.fromkeys(str(each[4][0]) for each in found))


def _answer(callback: Callback, all: bool, found: list[str]) -> None:
    if all:
        callback(None, [{"address": each, "family": isIP(each)} for each in found])
    else:
        callback(None, found[0], isIP(found[0]))
