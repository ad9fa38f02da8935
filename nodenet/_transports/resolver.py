"""
Host names to addresses, without one name ever waiting for another.

The system's resolver (C{getaddrinfo}) blocks for as long as a name server is
silent. The reactor's thread pool is no place for it: ten such look-ups stop all
others, and the pool is joined at the process's end. So each name in flight has a
daemon thread of its own, which nobody waits for.

Look-ups of one name are shared, answers are kept for a while, and the last good
one serves when a new look-up hangs or fails.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache, partial
from threading import Thread
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.interfaces import IResolutionReceiver
from twisted.logger import Logger
from twisted.python.filepath import FilePath
from zope.interface import implementer

from nodenet.errors import lookupError

try:
    # Private, since Twisted 17.1. Nothing public tells the resolver that a reactor
    # has by default from one that somebody has installed.
    from twisted.internet._resolver import GAIResolver
except ImportError:  # then the reactor's resolver is used, whichever it is
    GAIResolver = None  # type: ignore[assignment,misc]

__all__ = ["Hints", "Resolver", "resolve"]

log = Logger("nodenet")

#: Seconds without another look-up after an answer, whose own time neither
#: getaddrinfo nor Twisted's interface tells; and after a failed look-up, if there
#: is an old answer.
FRESH = 5
#: Seconds that an answer serves when it cannot be had anew: enough to repair a name
#: server in. Any failure counts, "no such name" too: glibc says so as well of a server
#: that answers with FORMERR, and Twisted's interface has one failure only.
STALE = 3600
#: Seconds that a new look-up may take before the old answer serves. Most answers
#: are there by then, so that a name which has moved is not followed late.
PATIENCE = 0.2
#: Seconds until a look-up is given up for lost, and the name asked for anew. glibc takes
#: 30 at most by default; an installed resolver may have lost it.
LOST = 60
#: Names that are remembered, and threads: a flood of names is to exhaust neither.
NAMES = 1000
THREADS = 256
#: Where names are looked for when no thread is free.
HOSTS = FilePath("/etc/hosts")


class Hints(NamedTuple):
    """
    What C{getaddrinfo} is told beside the name. An installed resolver is told none of it.

    @ivar family: C{AF_INET} or C{AF_INET6}; 0: any.
    @ivar flags: of C{socket.AI_*}.
    """

    family: int = 0
    flags: int = 0


def resolve(reactor: Any, name: str, hints: Hints | None = None) -> Deferred[list[str]]:
    """
    Look up a host name: with the system's resolver, or with that which somebody
    has installed on the reactor.

    @param name: C{localhost} and numeric addresses are answered without a look-up.
    @param hints: if any are given, the system is asked for C{localhost} too.
    @return: its IPv4 and IPv6 addresses as text, those of links with their zone
        (C{'fe80::1%eth0'}), in the resolver's order; at least one. It may have fired
        already, and may be cancelled. It fails with L{lookupError} if there are none, whose
        cause is what C{getaddrinfo} has raised, if it was asked.
    """
    installed = getattr(reactor, "nameResolver", None)
    if GAIResolver is not None and type(installed) is GAIResolver:
        installed = None
    resolver = _resolvers.get(reactor)
    if resolver is None or resolver.installed is not installed:
        # What another one has answered is not remembered.
        resolver = _resolvers[reactor] = Resolver(installed)
    return resolver.resolve(reactor, name, hints)


@dataclass
class _Answer:
    """
    What is remembered of a name.

    @ivar freshUntil: the reactor's time from which on it is looked up again.
    @ivar staleUntil: the reactor's time from which on this serves no more.
    @ivar failing: it could not be looked up again, which has been logged.
    """

    addresses: list[str]
    freshUntil: float
    staleUntil: float
    failing: bool = False


@dataclass(eq=False)
class _Lookup:
    """
    A look-up in flight.

    @ivar name: as it is asked for.
    @ivar hints: what it is asked for with.
    @ivar reason: why there is no address.
    @ivar began: the reactor's time.
    @ivar waiters: those to answer, each with the name in its own spelling.
    @ivar patience: the call that is to let an old answer serve; C{None} when it
        has, or where there was none.
    """

    reactor: Any
    name: str
    hints: Hints
    began: float
    reason: Exception | None = None
    waiters: dict[Deferred[list[str]], str] = field(default_factory=dict)
    patience: Any = None

    @property
    def key(self) -> tuple[str, Hints]:
        return self.name, self.hints

    def answer(self, addresses: list[str]) -> None:
        """
        Answer all who wait. One at a time: a callback may cancel another.
        """
        while self.waiters:
            waiter = next(iter(self.waiters))
            name = self.waiters.pop(waiter)
            if addresses:
                waiter.callback(list(addresses))
            else:
                error = lookupError(name)
                error.__cause__ = self.reason
                waiter.errback(error)


def _startThread(call: Callable[[], None]) -> None:
    Thread(target=call, name="nodenet look-up", daemon=True).start()


class Resolver:
    """
    The look-ups of one reactor, which is passed to each so that this one does not
    keep it alive.
    """

    def __init__(
        self,
        installed: Any = None,
        getaddrinfo: Callable[..., Any] = socket.getaddrinfo,
        startThread: Callable[[Callable[[], None]], None] = _startThread,
    ) -> None:
        """
        @param installed: the C{IHostnameResolver} to use, or C{None}: the system's.
        @param startThread: calls what it is given in a thread; C{RuntimeError}: the
            system has no more of them.
        """
        self.installed = installed
        self._getaddrinfo = getaddrinfo
        self._startThread = startThread
        self._answers: dict[tuple[str, Hints], _Answer] = {}  # the oldest first
        self._running: dict[tuple[str, Hints], _Lookup] = {}
        self._threads = 0
        self._queue: dict[_Lookup, None] = {}  # those of _running without a thread

    def resolve(
        self, reactor: Any, name: str, hints: Hints | None = None
    ) -> Deferred[list[str]]:
        """
        See L{resolve<nodenet._transports.resolver.resolve>}.
        """
        known = _localhost(name) if hints is None or self.installed is not None else []
        hints = hints or Hints()
        if known := known or _numeric(name, hints):
            return succeed(known)
        try:
            text = name.encode("idna").decode("ascii").lower()
        except UnicodeError:
            text = ""
        if not 0 < len(text) < 255 or "\0" in text:
            return fail(lookupError(name))
        if self.installed is not None:
            hints = Hints()
        key = text, hints
        now = reactor.seconds()
        old = self._old(key, now)
        lookup = self._running.get(key)
        if lookup is not None and now - lookup.began >= LOST:
            lookup = None
        if old is not None:
            hangs = lookup is not None and lookup.patience is None
            if hangs or now < old.freshUntil:
                return succeed(list(old.addresses))
        begins = lookup is None
        if lookup is None:
            lookup = self._running[key] = _Lookup(reactor, text, hints, now)
            if old is not None:
                lookup.patience = reactor.callLater(PATIENCE, self._impatient, lookup)
        waiter: Deferred[list[str]] = Deferred(partial(self._cancelled, lookup))
        lookup.waiters[waiter] = name
        if begins:
            self._begin(lookup)  # which may be done at once
        return waiter

    def _old(self, key: tuple[str, Hints], now: float) -> _Answer | None:
        answer = self._answers.get(key)
        return answer if answer is not None and now < answer.staleUntil else None

    def _impatient(self, lookup: _Lookup) -> None:
        lookup.patience = None
        old = self._old(lookup.key, lookup.reactor.seconds())
        if old is not None:
            lookup.answer(old.addresses)

    def _cancelled(self, lookup: _Lookup, waiter: Deferred[list[str]]) -> None:
        lookup.waiters.pop(waiter, None)
        if not lookup.waiters and lookup in self._queue:
            self._ended(lookup)

    def _ended(self, lookup: _Lookup) -> None:
        """
        It is no longer in flight, or no longer to be begun.
        """
        self._queue.pop(lookup, None)
        if lookup.patience is not None:
            lookup.patience.cancel()
            lookup.patience = None
        if self._running.get(lookup.key) is lookup:
            del self._running[lookup.key]

    def _begin(self, lookup: _Lookup) -> None:
        if self.installed is None:
            self._beginThread(lookup)
            return
        receiver = _Receiver(partial(self._done, lookup))
        try:
            self.installed.resolveHostName(receiver, lookup.name)
        except Exception:
            log.failure("The reactor's resolver has failed on {name}", name=lookup.name)
            self._done(lookup, [])

    def _beginThread(self, lookup: _Lookup) -> None:
        # A reactor in memory may have no way back from a thread.
        if self._threads < THREADS and hasattr(lookup.reactor, "callFromThread"):
            with suppress(RuntimeError):
                self._startThread(partial(self._lookUp, lookup))
                self._threads += 1
                return
        if found := _inHostsFile(lookup.name) or _localhost(lookup.name):
            self._done(lookup, found)
        elif self._threads:
            self._queue[lookup] = None
        else:
            self._done(lookup, [])

    def _lookUp(self, lookup: _Lookup) -> None:
        """
        Look up with the system's resolver, in a thread.
        """
        family, flags = lookup.hints
        try:
            # Without AI_ADDRCONFIG, if nobody wants it, which would drop ::1 of /etc/hosts
            # where IPv6 is on the loopback only. What cannot be reached comes last, and fails
            # at once.
            found = self._getaddrinfo(lookup.name, 0, family, socket.SOCK_STREAM, 0, flags)
            addresses = _texts(found)
        except Exception as e:  # nearly always gaierror
            addresses = []
            lookup.reason = e.with_traceback(None)
        with suppress(Exception):  # the reactor may be gone
            lookup.reactor.callFromThread(self._threadDone, lookup, addresses)

    def _threadDone(self, lookup: _Lookup, addresses: list[str]) -> None:
        self._threads -= 1
        while self._queue:
            waiting = next(iter(self._queue))
            del self._queue[waiting]
            self._beginThread(waiting)
            if self._threads:  # the next begins when one of them is done
                break
        self._done(lookup, addresses)

    def _done(self, lookup: _Lookup, addresses: list[str]) -> None:
        key, now = lookup.key, lookup.reactor.seconds()
        self._ended(lookup)
        old = self._old(key, now)
        if addresses:
            self._answers.pop(key, None)  # for the order
            self._answers[key] = _Answer(addresses, now + FRESH, now + STALE)
            if len(self._answers) > NAMES:
                del self._answers[next(iter(self._answers))]
        elif old is not None:
            addresses = old.addresses
            old.freshUntil = now + FRESH
            if not old.failing:
                log.warn("Cannot look up {name}: its last addresses serve", name=lookup.name)
                old.failing = True
        lookup.answer(addresses)


@implementer(IResolutionReceiver)
class _Receiver:
    """
    Collects the addresses that an installed resolver finds.
    """

    def __init__(self, done: Callable[[list[str]], None]) -> None:
        self._done = done
        self._found: dict[str, None] = {}

    def resolutionBegan(self, resolutionInProgress: object) -> None:
        """
        It cannot be cancelled in Twisted's own resolvers.
        """

    def addressResolved(self, address: object) -> None:
        if isinstance(address, (IPv4Address, IPv6Address)):
            self._found[address.host] = None

    def resolutionComplete(self) -> None:
        self._done(list(self._found))


#: one for each reactor
_resolvers: WeakKeyDictionary[Any, Resolver] = WeakKeyDictionary()


def _localhost(name: str) -> list[str]:
    """
    @return: the addresses of C{localhost}, which no name server is to be asked for
        (RFC 6761, 6.3); none for another name.
    """
    if name.lower().removesuffix(".") != "localhost":
        return []
    return ["127.0.0.1", "::1"] if _hasIPv6() else ["127.0.0.1"]


@cache
def _hasIPv6() -> bool:
    try:
        socket.socket(socket.AF_INET6, socket.SOCK_STREAM).close()
    except OSError as e:  # out of descriptors says nothing of IPv6
        return socket.has_ipv6 and e.errno != errno.EAFNOSUPPORT
    return socket.has_ipv6


def _numeric(name: str, hints: Hints) -> list[str]:
    """
    @return: the address that C{name} is; none for a host name.
    """
    flags = hints.flags | socket.AI_NUMERICHOST
    try:
        return _texts(socket.getaddrinfo(name, 0, hints.family, socket.SOCK_STREAM, 0, flags))
    except (OSError, ValueError):
        return []


def _texts(found: Any) -> list[str]:
    """
    @param found: what C{getaddrinfo} returns.
    @return: the addresses, each once.
    """
    texts: dict[str, None] = {}
    for family, _, _, _, address in found:
        text = address[0]
        if family == socket.AF_INET6 and address[3] and "%" not in text:
            try:
                text = f"{text}%{socket.if_indextoname(address[3])}"
            except OSError:  # the link has gone meanwhile
                text = f"{text}%{address[3]}"
        texts[text] = None
    return list(texts)


def _inHostsFile(name: str) -> list[str]:
    from twisted.names.hosts import searchFileForAll  # rarely needed

    return list(dict.fromkeys(searchFileForAll(HOSTS, name.encode("ascii"))))
