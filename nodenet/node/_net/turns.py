"""
What comes in a turn of its own: in Node, the completion of something that libuv has done. All
ticks come between two of them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

from nodenet.errors import report
from nodenet.timers import theReactor

__all__ = ["guarded", "pending", "turn"]

#: reactor -> what is to be called, each with its arguments
_turns: WeakKeyDictionary[Any, deque[tuple[Callable[..., Any], tuple[Any, ...]]]] = (
    WeakKeyDictionary()
)


def turn(reactor: Any, callback: Callable[..., Any], *args: Any) -> None:
    """
    Call C{callback(*args)} in a turn of its own, after all ticks; in the order in which they
    were asked for.
    """
    reactor = theReactor(reactor)
    turns = _turns.get(reactor)
    if turns is None:
        turns = _turns[reactor] = deque()
    turns.append((callback, args))
    # One of the reactor's calls for each: ticks come between these.
    reactor.callLater(0, _next, turns)


def _next(turns: deque[tuple[Callable[..., Any], tuple[Any, ...]]]) -> None:
    callback, args = turns.popleft()
    callback(*args)


def pending() -> bool:
    """
    @return: whether any is to come.
    """
    return any(_turns.values())


def guarded(source: object, callback: Callable[..., Any], *args: Any) -> Any:
    """
    Call C{callback(*args)} for a transport. What a listener lets out is told to the log and
    is no fault of the connection, which lives on.

    @return: what it returns; C{None} if it raised.
    """
    try:
        return callback(*args)
    except Exception as e:
        unhandled(source, e)
        return None


def unhandled(source: object, error: BaseException) -> None:
    """
    Tell the log of what a listener has let out.
    """
    report(error, f"Nobody catches what came of {source!r}", source)
