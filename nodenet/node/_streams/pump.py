"""
From an iterable into a writable.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred

from nodenet.node._streams.finished import asException, eos
from nodenet.node._streams.microtasks import later, settled
from nodenet.node._streams.utils import isThenable
from nodenet.node.errors import aggregateTwoErrors

__all__ = ["pump"]


class _Waiting:
    """
    Waits until the writable wants more, is over, or fails.
    """

    def __init__(self, writable: Any) -> None:
        self.writable = writable
        self.error: Any = None
        self.waiting: Deferred[None] | None = None

    def resume(self, error: Any = None) -> None:
        if error:
            self.error = error
        waiting, self.waiting = self.waiting, None
        if waiting is not None:
            waiting.callback(None)

    async def wait(self) -> None:
        if not self.error:
            self.waiting = Deferred()
            await self.waiting
            await later(self.writable)
        if self.error:
            raise asException(self.error)


async def pump(iterable: Any, writable: Any, finish: Callable[..., Any], end: bool) -> None:
    """
    Write each item; wait where the writable says so; at last call C{finish}, with the error
    if there was one. Node 20, C{pumpToNode}.

    @param iterable: synchronous or asynchronous.
    @param end: end the writable.
    """
    waiting = _Waiting(writable)
    writable.on("drain", waiting.resume)
    cleanup = eos(writable, {"readable": False}, waiting.resume)
    isAsync = hasattr(iterable, "__aiter__")
    iterator: Any = None
    error: Any = None
    try:
        if getattr(writable, "writableNeedDrain", False):
            await waiting.wait()
        iterator = iterable.__aiter__() if isAsync else iter(iterable)
        while True:
            try:
                chunk = await settled(
                    writable, iterator.__anext__() if isAsync else next(iterator)
                )
            except (StopIteration, StopAsyncIteration):
                iterator = None
                break
            except BaseException:
                iterator = None
                raise
            if not writable.write(chunk):
                await waiting.wait()
        if end:
            writable.end()
            await waiting.wait()
    except Exception as e:
        error = e
        try:
            if iterator is not None:  # as a loop that is left does
                await _leave(iterator, isAsync, writable)
        except Exception:
            pass  # what came first counts
    try:
        if error is None:
            finish()
        elif waiting.error is not error:
            finish(aggregateTwoErrors(waiting.error, error))
        else:
            finish(error)
    finally:
        cleanup()
        writable.removeListener("drain", waiting.resume)


async def _leave(iterator: Any, isAsync: bool, writable: Any) -> None:
    close = getattr(iterator, "aclose" if isAsync else "close", None)
    if close is not None:
        left = close()
        if isThenable(left):
            await settled(writable, left)
