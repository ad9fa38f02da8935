"""
Promises in order: what a promise sets off comes after all ticks, as in Node.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from twisted.internet.defer import Deferred

from nodenet.node._streams.utils import isThenable
from nodenet.timers import queueMicrotask

__all__ = ["later", "microtask", "run", "settled"]

_T = TypeVar("_T")


def microtask(stream: Any, callback: Callable[..., Any], *args: Any) -> None:
    """
    Call C{callback(*args)} when there are no ticks any more.
    """
    queueMicrotask(callback, *args, reactor=getattr(stream, "_reactor", None))


def later(stream: Any, value: Any = None) -> Deferred[Any]:
    """
    @return: fires with the value when there are no ticks any more.
    """
    result: Deferred[Any] = Deferred()
    microtask(stream, _fire, result, value)
    return result


def _fire(result: Deferred[Any], value: Any) -> None:
    if not result.called:
        result.callback(value)


def run(awaitable: Any) -> Deferred[Any]:
    """
    @return: of a coroutine, Deferred, or other awaitable; it has begun.
    """
    if isinstance(awaitable, Deferred):
        return awaitable
    if isinstance(awaitable, Coroutine):
        return Deferred.fromCoroutine(awaitable)
    return Deferred.fromCoroutine(_await(awaitable))


async def _await(awaitable: Awaitable[_T]) -> _T:
    return await awaitable


async def settled(stream: Any, value: Any) -> Any:
    """
    JavaScript's C{await value}: never at once, and of what is no promise itself.
    """
    if not isThenable(value):
        return await later(stream, value)
    try:
        return await run(value)
    finally:
        await later(stream)
