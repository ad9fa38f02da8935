"""
Where the relay connects to: the choice among several upstreams, and which of them
answer.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from errno import EMFILE, ENFILE, ETIMEDOUT
from typing import Any

from nodenet import net
from nodenet.errors import errnoException
from nodenet.service.log import describe, log
from nodenet.timers import clearTimeout, setInterval, setTimeout

__all__ = ["BALANCES", "Upstream", "Upstreams", "connecting"]


class Upstream:
    """
    One of them.

    @ivar name: as it was given.
    @ivar where: the arguments of L{net.Stream.connect}.
    @ivar active: connections that there are, and those being made.
    @ivar failures: failed attempts in a row.
    @ivar restsUntil: seconds, by the reactor's clock; C{None}: it has not rested since it
        last answered.
    """

    __slots__ = ("active", "failures", "name", "restsUntil", "where")

    def __init__(self, name: str, *where: Any) -> None:
        self.name = name
        self.where = where
        self.active = 0
        self.failures = 0
        self.restsUntil: float | None = None


#: The name of each way to choose -> the order in which they are tried, given all and
#: how many connections there were before.
BALANCES: dict[str, Callable[[list[Upstream], int], list[Upstream]]] = {
    "round-robin": lambda all, turn: all[turn % len(all) :] + all[: turn % len(all)],
    # Of those that have as few, each in its turn.
    "least-connections": lambda all, turn: sorted(
        BALANCES["round-robin"](all, turn), key=lambda upstream: upstream.active
    ),
    "random": lambda all, turn: random.sample(all, len(all)),
    "first": lambda all, turn: list(all),
}


class Upstreams:
    """
    All of them.
    """

    def __init__(
        self,
        reactor: Any,
        all: Sequence[Upstream],
        balance: str = "round-robin",
        retries: int = 0,
        maxFails: int = 3,
        failTimeout: float = 10,
        connectTimeout: float = 5,
    ) -> None:
        """
        @param balance: of L{BALANCES}.
        @param retries: attempts for one connection, besides one for each upstream.
        @param maxFails: after so many failures in a row an upstream rests; 0: never.
        @param failTimeout: seconds that it rests; 0: not at all.
        @param connectTimeout: seconds that an attempt, or a probe, may take.
        """
        self.reactor = reactor
        self.all = list(all)
        self.balance = balance
        self.retries = retries
        self.maxFails = maxFails
        self.failTimeout = failTimeout
        self.connectTimeout = connectTimeout
        self._turn = 0
        self._probing: Any = None
        self._probes: dict[Upstream, net.Stream] = {}

    def candidates(self) -> Iterator[Upstream]:
        """
        @return: whom to try for one connection, one after the other: those that do not
            rest, or all if all do. Each is asked for when the one before has failed.
        """
        # Among those that do not rest: else the turns of one that does would all be its
        # neighbour's.
        awake = [upstream for upstream in self.all if not self.rests(upstream)]
        order = BALANCES[self.balance](awake or self.all, self._turn)
        order += [upstream for upstream in self.all if upstream not in order]
        self._turn += 1
        tried: set[Upstream] = set()
        for _ in range(len(self.all) + self.retries):
            awake = [upstream for upstream in order if not self.rests(upstream)] or order
            fresh = [upstream for upstream in awake if upstream not in tried]
            if not fresh:
                tried.clear()
                fresh = awake
            tried.add(fresh[0])
            yield fresh[0]

    def rests(self, upstream: Upstream) -> bool:
        until = upstream.restsUntil
        return until is not None and self.reactor.seconds() < until

    def failed(self, upstream: Upstream, error: BaseException) -> None:
        """
        An attempt to connect has failed.
        """
        if getattr(error, "errno", None) in (EMFILE, ENFILE):
            return  # out of descriptors: for that the upstream can do nothing
        upstream.failures += 1
        if self.failTimeout and 0 < self.maxFails <= upstream.failures:
            if not self.rests(upstream):
                log.warn(
                    "Upstream {upstream} rests for {rest:g} s: {failures} failures in a row,"
                    " the last: {why}",
                    upstream=upstream.name,
                    rest=self.failTimeout,
                    failures=upstream.failures,
                    why=describe(error),
                )
            upstream.restsUntil = self.reactor.seconds() + self.failTimeout

    def succeeded(self, upstream: Upstream) -> None:
        upstream.failures = 0
        if upstream.restsUntil is not None:
            upstream.restsUntil = None
            log.info("Upstream {upstream} answers again", upstream=upstream.name)

    def probe(self, interval: float) -> None:
        """
        From now on, connect to each every C{interval} seconds, to see whether it
        answers.
        """
        self._probing = setInterval(self._probe, interval * 1000, reactor=self.reactor)

    def stop(self) -> None:
        """
        Probe no more.
        """
        clearTimeout(self._probing)
        for stream in self._probes.values():
            stream.destroy()

    def _probe(self) -> None:
        for upstream in self.all:
            if upstream not in self._probes:  # the one before
                self._probeOne(upstream)

    def _probeOne(self, upstream: Upstream) -> None:
        def answered() -> None:
            self.succeeded(upstream)
            stream.destroy()

        def failed(error: BaseException) -> None:
            self.failed(upstream, error)

        def closed(had_error: bool) -> None:
            clearTimeout(limit)
            del self._probes[upstream]

        stream = net.Stream(reactor=self.reactor)
        self._probes[upstream] = stream
        limit = connecting(stream, self.connectTimeout, self.reactor)
        stream.on("connect", answered)
        stream.on("error", failed)
        stream.on("close", closed)
        stream.connect(*upstream.where)


def connecting(stream: net.Stream, seconds: float, reactor: Any) -> Any:
    """
    @return: the timer that fails a stream with C{ETIMEDOUT}, unless it is cleared.
    """
    late = errnoException(ETIMEDOUT, "connect")
    return setTimeout(stream.destroy, seconds * 1000, late, reactor=reactor)
