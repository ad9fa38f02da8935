"""
Where the relay connects to: the choice among several upstreams, and which of them
answer.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from errno import EADDRNOTAVAIL, EMFILE, ENFILE, ENOBUFS, ENOMEM, ETIMEDOUT
from typing import Any

from nodenet import net
from nodenet.errors import errnoException
from nodenet.service.log import errorText, log
from nodenet.timers import clearTimeout, setInterval

__all__ = ["BALANCES", "Deadlines", "Upstream", "Upstreams"]


#: What an attempt fails with when we are out of descriptors, ports or memory.
_OURS = {EADDRNOTAVAIL, EMFILE, ENFILE, ENOBUFS, ENOMEM}


class Upstream:
    """
    One of them.

    @ivar name: as it was given.
    @ivar where: the arguments of L{net.Stream.connect}.
    @ivar active: connections that there are, and those being made.
    @ivar failures: failed attempts in a row.
    @ivar quarantinedUntil: seconds, by the reactor's clock, until which it is passed over;
        C{None}: it was not quarantined since it last answered.
    """

    __slots__ = ("active", "failures", "name", "quarantinedUntil", "where")

    def __init__(self, name: str, *where: Any) -> None:
        self.name = name
        self.where = where
        self.active = 0
        self.failures = 0
        self.quarantinedUntil: float | None = None


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

    @ivar deadlines: of attempts to connect.
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
        @param maxFails: after so many failures in a row an upstream is quarantined; 0:
            never.
        @param failTimeout: seconds that it is; 0: not at all.
        @param connectTimeout: seconds that an attempt, or a probe, may take.
        """
        self.reactor = reactor
        self.all = list(all)
        self.balance = balance
        self.retries = retries
        self.maxFails = maxFails
        self.failTimeout = failTimeout
        self.deadlines = Deadlines(reactor, connectTimeout)
        self._turn = 0
        self._probing: Any = None
        self._probes: dict[Upstream, net.Stream] = {}

    def candidates(self) -> Iterator[Upstream]:
        """
        @return: whom to try for one connection, one after the other: those that are not
            quarantined, or all if all are. Each is asked for when the one before has failed.
        """
        # Among those that may be tried: else the turns of one that may not would all be
        # its neighbour's.
        usable = [upstream for upstream in self.all if not self.quarantined(upstream)]
        order = BALANCES[self.balance](usable or self.all, self._turn)
        self._turn += 1
        yield order[0]
        tried = {order[0]}
        order += [upstream for upstream in self.all if upstream not in order]
        for _ in range(len(self.all) + self.retries - 1):
            usable = [upstream for upstream in order if not self.quarantined(upstream)] or order
            fresh = [upstream for upstream in usable if upstream not in tried]
            if not fresh:
                tried.clear()
                fresh = usable
            tried.add(fresh[0])
            yield fresh[0]

    def quarantined(self, upstream: Upstream) -> bool:
        """
        @return: whether it is to be passed over now.
        """
        until = upstream.quarantinedUntil
        return until is not None and self.reactor.seconds() < until

    def failed(self, upstream: Upstream, error: BaseException) -> None:
        """
        An attempt to connect has failed.
        """
        if getattr(error, "errno", None) in _OURS:
            return  # for that the upstream can do nothing
        upstream.failures += 1
        if self.failTimeout and 0 < self.maxFails <= upstream.failures:
            if not self.quarantined(upstream):
                log.warn(
                    "Upstream {upstream} is quarantined for {quarantine:g} s: {failures}"
                    " failures in a row, the last: {why}",
                    upstream=upstream.name,
                    quarantine=self.failTimeout,
                    failures=upstream.failures,
                    why=errorText(error),
                )
            upstream.quarantinedUntil = self.reactor.seconds() + self.failTimeout

    def succeeded(self, upstream: Upstream) -> None:
        """
        It has answered.
        """
        upstream.failures = 0
        if upstream.quarantinedUntil is not None:
            upstream.quarantinedUntil = None
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
        self.deadlines.stop()
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
            self.deadlines.remove(stream)
            stream.removeAllListeners()  # they refer to the stream
            del self._probes[upstream]

        stream = net.Stream(reactor=self.reactor)
        self._probes[upstream] = stream
        self.deadlines.add(stream)
        stream.on("connect", answered)
        stream.on("error", failed)
        stream.on("close", closed)
        stream.connect(*upstream.where)


class Deadlines:
    """
    Fails streams that are not connected in time, with C{ETIMEDOUT}. All have the same time: so
    one timer will do.
    """

    def __init__(self, reactor: Any, seconds: float) -> None:
        self._reactor = reactor
        self._seconds = seconds
        self._due: dict[net.Stream, float] = {}  # the first to come first
        self._timer: Any = None

    def add(self, stream: net.Stream) -> None:
        """
        Its time begins now.
        """
        self._due[stream] = self._reactor.seconds() + self._seconds
        if self._timer is None:
            self._timer = self._reactor.callLater(self._seconds, self._look)

    def remove(self, stream: net.Stream) -> None:
        """
        It is connected, or was given up.
        """
        self._due.pop(stream, None)

    def _look(self) -> None:
        self._timer = None
        now = self._reactor.seconds()
        while self._due:
            stream, due = next(iter(self._due.items()))
            if due > now:
                self._timer = self._reactor.callLater(due - now, self._look)
                return
            del self._due[stream]
            stream.destroy(errnoException(ETIMEDOUT, "connect"))

    def stop(self) -> None:
        """
        There will be no more.
        """
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
