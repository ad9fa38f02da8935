"""
C{async for chunk in readable}. Node 20, C{readable[Symbol.asyncIterator]}.
"""

from __future__ import annotations

import sys
from collections import deque
from typing import Any

from twisted.internet.defer import Deferred, fail, succeed

from nodenet.node._streams.destroy import destroyer
from nodenet.node._streams.finished import asException, eos
from nodenet.node._streams.legacy import reactorOf
from nodenet.node._streams.microtasks import settle
from nodenet.node.errors import AbortError, aggregateTwoErrors, nameOf, undefined
from nodenet.timers import queueMicrotask

__all__ = ["ReadableIterator", "dispose"]


class _Reading:
    """
    What listens to the stream for an iterator. It does not know that, so that a C{break},
    which drops the iterator, can be noticed.

    @ivar error: L{undefined}: not over; C{None}: ended; else what it failed with.
    @ivar asked: what was asked for and not given yet: (Deferred, what to do).
    @ivar iterator: while something is.
    """

    __slots__ = (
        "asked",
        "cleanup",
        "destroys",
        "error",
        "iterator",
        "over",
        "reactor",
        "running",
        "started",
        "stream",
        "waking",
    )

    def __init__(self, stream: Any, destroys: bool) -> None:
        self.stream = stream
        self.reactor = reactorOf(stream)
        self.destroys = destroys
        self.error: Any = undefined
        self.asked: deque[tuple[Deferred[Any], str, Any]] = deque()
        self.iterator: Any = None
        self.started = self.over = self.running = self.waking = False
        self.cleanup: Any = None

    def wake(self, *_: Any) -> None:
        if self.asked and not self.waking:
            self.waking = True
            queueMicrotask(self.serve, reactor=self.reactor)

    def onFinished(self, error: Any = None) -> None:
        had = None if self.error is undefined else self.error
        self.error = aggregateTwoErrors(had, error) if error else None
        self.wake()

    def start(self) -> None:
        self.started = True
        self.stream.on("readable", self.wake)
        self.cleanup = eos(self.stream, {"writable": False}, self.onFinished)

    def ask(self, what: str, error: Any, iterator: Any) -> Deferred[Any]:
        result = self.wait(what, error, iterator)
        if not self.running:
            self.serve()
        return result

    def wait(self, what: str, error: Any, iterator: Any) -> Deferred[Any]:
        result: Deferred[Any] = Deferred(self.cancelled)
        self.asked.append((result, what, error))
        self.iterator = iterator
        return result

    def cancelled(self, result: Deferred[Any]) -> None:
        self.asked = deque(each for each in self.asked if each[0] is not result)
        if not self.asked:
            self.iterator = None

    def serve(self) -> None:
        self.waking = False
        self.running = True
        try:
            while self.asked:
                result, what, error = self.asked[0]
                outcome = self.step(what, error)
                if outcome is None:
                    return
                self.asked.popleft()
                if not self.asked:
                    # Who gets this may drop the iterator at once.
                    self.iterator = None
                value, failure = outcome
                if failure is not None:
                    result.errback(failure)
                else:
                    result.callback(value)
        finally:
            self.running = False
            if not self.asked:
                self.iterator = None

    def step(self, what: str, error: Any) -> tuple[Any, BaseException | None] | None:
        """
        @return: (value, exception) of the one that is asked for; C{None}: not yet.
        """
        if what != "next":
            if self.started and not self.over:
                self.finish()
            self.over = True
            return None, error
        if self.over:
            return None, StopAsyncIteration()
        try:
            if not self.started:
                self.start()
            stream = self.stream
            chunk = None if stream.destroyed else stream.read()
        except Exception as e:
            self.error = aggregateTwoErrors(self.error or None, e)
            self.finish()
            return None, asException(self.error)
        if chunk is not None:
            return chunk, None
        if self.error is undefined:
            return None
        failed = self.error
        self.finish()
        return None, asException(failed) if failed else StopAsyncIteration()

    def finish(self) -> None:
        """
        No more is read.
        """
        self.over = True
        stream = self.stream
        if (self.error or self.destroys) and (
            self.error is undefined or stream._readableState.autoDestroy
        ):
            destroyer(stream)
        else:
            stream.removeListener("readable", self.wake)
            self.cleanup()


class ReadableIterator:
    """
    Reads a stream chunk by chunk. A C{break} out of the loop destroys the stream, and so does
    L{aclose}, or an exception in the loop.

    @ivar stream: that is read.
    """

    __slots__ = ("__weakref__", "_reading", "stream")

    def __init__(self, stream: Any, destroyOnReturn: bool = True) -> None:
        self.stream = stream
        self._reading = _Reading(stream, destroyOnReturn)

    def __aiter__(self) -> ReadableIterator:
        return self

    def __anext__(self) -> Deferred[Any]:
        """
        @return: the next chunk, as soon as there is one.
        """
        reading = self._reading
        if not reading.started or reading.running or reading.asked or reading.over:
            return reading.ask("next", None, self)
        outcome = reading.step("next", None)  # the common case
        if outcome is None:
            return reading.wait("next", None, self)
        value, failure = outcome
        return succeed(value) if failure is None else fail(failure)

    def aclose(self) -> Deferred[None]:
        """
        Read no more, as a C{break} does, when what was asked for before is there.
        """
        return self._reading.ask("return", None, self)

    def athrow(self, error: Any) -> Deferred[Any]:
        """
        As L{aclose}, for this reason, which is raised again.
        """
        reading = self._reading
        if reading.started and not reading.over:
            had = None if reading.error is undefined else reading.error
            reading.error = aggregateTwoErrors(had, error)
        return reading.ask("throw", asException(error), self)

    def __del__(self) -> None:
        reading = self._reading
        if reading.started and not reading.over and not sys.is_finalizing():
            reading.finish()


def dispose(stream: Any, done: str) -> Deferred[None]:
    """
    Destroy a stream and wait until it is closed. Node 20, C{stream[Symbol.asyncDispose]}.

    @param done: the property which says that it has come to its end: else it is destroyed
        with an AbortError, of which nobody is told.
    """
    ours: Any = None
    if not stream.destroyed:
        ours = None if getattr(stream, done) else AbortError()
        stream.destroy(ours)
    result: Deferred[None] = Deferred()

    def over(error: Any = None) -> None:
        quiet = error is ours if done == "readableEnded" else nameOf(error) == "AbortError"
        settle(stream, result, None if quiet else error)

    eos(stream, {}, over)
    return result
