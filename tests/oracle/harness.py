"""
What the scenarios share: a port of C{_harness.js}.

In Node a scenario ends when the event loop has nothing left to do. Here too: when
the scenario has left no descriptor and no call on the reactor, nothing can follow,
neither a line nor anything else.
"""

from __future__ import annotations

import json
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterable
from typing import Any

from twisted.internet import reactor
from twisted.internet.error import ConnectionAborted
from twisted.internet.task import deferLater
from twisted.python.failure import Failure

from nodenet.timers import setTimeout

__all__ = ["HOST", "Harness", "attempt", "js", "play", "reserve", "typeof", "watch"]

HOST = "127.0.0.1"
#: Seconds between two looks at whether the scenario has ended.
LOOK = 0.005
#: Seconds that a scenario may take. Less than the test's own limit, so that
#: one that hangs fails with the lines that it lacks.
LIMIT = 8
#: Milliseconds in which a scenario that C{finish}es may still log what it should not.
GRACE = 50


def _hasIPv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as skt:
            skt.bind(("::", 0))
    except OSError:
        return False
    return True


HAS_IPV6 = _hasIPv6()

Log = Callable[..., None]


def js(value: object) -> str:
    """
    @return: C{value} as JavaScript makes a string of it.
    """
    if value is None:
        return "undefined"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def typeof(value: object) -> str:
    """
    @return: JavaScript's C{typeof value}.
    """
    if isinstance(value, str):
        return "string"
    return "function" if callable(value) else "object"


def attempt(log: Log, label: str, call: Callable[[], object]) -> None:
    """
    Log what C{call} returns, or the message of what it raises.
    """
    try:
        log(label, "->", call())
    except Exception as e:
        log(label, "threw", e)


def watch(
    stream: Any,
    log: Log,
    events: Iterable[str] = ("connect", "data", "end", "timeout", "error", "close"),
) -> None:
    """
    Log every event of a stream, with what its listener can see.
    """

    def add(event: str) -> None:
        def listener(value: Any = None) -> None:
            parts = [event]
            if event == "data":
                if isinstance(value, str):
                    parts.append("string " + json.dumps(value, ensure_ascii=False))
                else:
                    parts.append("buffer " + value.decode("utf-8"))
            if event == "error":
                parts.append(f"errno={value.errno}")
            elif event == "close":
                parts.append(js(value))
            else:
                parts.append(f"[{stream.readyState}]")
            log(*parts)

        stream.on(event, listener)

    for event in events:
        add(event)


class Harness:
    """
    One run of one scenario.

    @ivar traces: actor -> lines, in the order that the actor saw them.
    @ivar port: a port on which nobody listens but the scenario.
    @ivar dir: a temporary directory.
    """

    def __init__(self) -> None:
        self.traces: dict[str, list[str]] = {}
        self.dir = tempfile.mkdtemp(prefix="oracle-")
        # Kept bound while the scenario runs: so Linux gives it to nobody else, at no address
        # (a server that listens at all of them would find it in use), lets
        # servers (which have SO_REUSEADDR) listen on it, and refuses connections as
        # long as none does.
        self._reserved = reserve()
        self.port: int = self._reserved.getsockname()[1]
        self._finished = False
        # The reactor's own, and trial's.
        self._others = set(self._onReactor())

    def actor(self, name: str) -> Log:
        """
        @return: what logs a line (its arguments, with spaces) for this actor.
        """
        lines = self.traces[name] = []

        def log(*parts: object) -> None:
            if not self._finished:
                lines.append(" ".join(map(js, parts)))

        return log

    def finish(self, msecs: float) -> None:
        """
        Node's C{process.exit()}, in so many milliseconds (and L{GRACE}).
        """
        setTimeout(self._finish, msecs + GRACE)

    def _finish(self) -> None:
        self._finished = True

    @staticmethod
    def _onReactor() -> list[Any]:
        return [*reactor.getReaders(), *reactor.getWriters(), *reactor.getDelayedCalls()]

    def left(self) -> list[Any]:
        """
        @return: the descriptors and delayed calls that the scenario has on the
            reactor.
        """
        return [each for each in self._onReactor() if each not in self._others]

    async def over(self) -> list[Any]:
        """
        Wait for the end of the scenario.

        @return: what it has left to do: nothing, unless it hangs.
        """
        limit = reactor.seconds() + LIMIT
        while (left := self.left()) and not self._finished and reactor.seconds() < limit:
            await deferLater(reactor, LOOK)
        return [] if self._finished else left

    def close(self) -> None:
        """
        Leave nothing behind: no descriptor, no call, no file.
        """
        self._finished = True
        for descriptor in {*reactor.getReaders(), *reactor.getWriters()} - self._others:
            descriptor.connectionLost(Failure(ConnectionAborted()))
        for call in set(reactor.getDelayedCalls()) - self._others:
            call.cancel()
        self._reserved.close()
        shutil.rmtree(self.dir)


def reserve() -> socket.socket:
    """
    @return: bound to a port of its own, at all addresses of both families.
    """
    skt = socket.socket(socket.AF_INET6 if HAS_IPV6 else socket.AF_INET)
    skt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if HAS_IPV6:
        skt.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    skt.bind(("::" if HAS_IPV6 else "0.0.0.0", 0))
    return skt


async def play(
    scenario: Callable[[Harness], None],
) -> tuple[dict[str, list[str]], list[Any]]:
    """
    Run a scenario to its end, or for L{LIMIT} seconds.

    @return: the traces, and what was left to do.
    """
    # trial starts a test before the reactor, which then adds descriptors of its own.
    await deferLater(reactor, 0)
    harness = Harness()
    try:
        scenario(harness)
        left = await harness.over()
    finally:
        harness.close()
    return harness.traces, left
