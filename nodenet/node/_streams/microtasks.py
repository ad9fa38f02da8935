"""
Promises in order: what a promise sets off comes after all ticks, as in Node.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from twisted.internet.defer import Deferred

from nodenet.node._streams.legacy import reactorOf
from nodenet.node._streams.utils import isThenable
from nodenet.timers import queueMicrotask

__all__ = ["later", "microtask", "run", "settle", "settled"]

_T = TypeVar("_T")


def microtask(stream: Any, callback: Callable[..., Any], *args: Any) -> None:
    """
    Call C{callback(*args)} when there are no ticks any more.
    """
    queueMicrotask(callback, *args, reactor=reactorOf(stream))


def later(stream: Any, value: Any = None) -> Deferred[Any]:
    """
    @return: fires with the value when there are no ticks any more.
    """
    result: Deferred[Any] = Deferred()
    microtask(stream, _fire, result, value)
    return result


def settle(stream: Any, result: Deferred[Any], error: Any, value: Any = None) -> None:
    """
    Fire a Deferred as a promise is: what waits for it goes on when there are no ticks any
    more.

    @param error: what it is to fail with; if there is one, C{value} does not count.
    """
    if error:
        failed = error if isinstance(error, BaseException) else Exception(error)
        microtask(stream, _fail, result, failed)
    else:
        microtask(stream, _fire, result, value)


def _fire(result: Deferred[Any], value: Any) -> None:
    if not result.called:
        result.callback(value)


def _fail(result: Deferred[Any], error: BaseException) -> None:
    if not result.called:
        result.errback(error)


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
        result = await run(value)
    except Exception:
        await later(stream)
        raise
    await later(stream)
    return result
