"""
What comes in a turn of its own: in Node, the completion of something that libuv has done. All
ticks come between two of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

from nodenet._twisted import callAfterIO, callSoon
from nodenet.errors import report
from nodenet.timers import theReactor

__all__ = ["afterIO", "closing", "guarded", "pending", "soon", "turn", "unhandled"]


class _Turn:
    """
    What is to be called.
    """

    __slots__ = ("args", "call", "callback", "reactor")

    def __init__(
        self, reactor: Any, callback: Callable[..., Any], args: tuple[Any, ...]
    ) -> None:
        self.reactor = reactor
        self.callback = callback
        self.args = args
        self.call: Any = None  # the reactor's

    def __call__(self) -> None:
        _turns.discard(self)
        self.callback(*self.args)


_turns: set[_Turn] = set()


def _ask(
    call: Callable[..., Any], reactor: Any, callback: Callable[..., Any], args: tuple[Any, ...]
) -> None:
    """
    @param call: how the reactor is asked. One of its calls for each: ticks come between these.
    """
    reactor = theReactor(reactor)
    its = _Turn(reactor, callback, args)
    _turns.add(its)
    its.call = call(reactor, its)


def _later(reactor: Any, callback: Callable[[], Any]) -> Any:
    return reactor.callLater(0, callback)


def turn(reactor: Any, callback: Callable[..., Any], *args: Any) -> None:
    """
    Call C{callback(*args)} in a turn of its own, after all ticks; in the order in which they
    were asked for.
    """
    _ask(_later, reactor, callback, args)


def afterIO(reactor: Any, callback: Callable[..., Any], *args: Any) -> None:
    """
    Call C{callback(*args)} as if it was of the next I/O: before all that comes L{soon}.
    """
    _ask(callAfterIO, reactor, callback, args)


def closing(reactor: Any, callback: Callable[..., Any], *args: Any) -> None:
    """
    Call C{callback(*args)} in a turn of its own, L{soon}; but of those that were asked for
    meanwhile, the last comes first.

    Source: libuv 1.46, C{uv__make_close_pending}.
    """
    reactor = theReactor(reactor)
    waiting, _ = its = _closing.setdefault(reactor, ([], []))
    waiting.append((callback, args))
    soon(reactor, _close, its)


def _close(its: tuple[list[Any], list[Any]]) -> None:
    waiting, now = its
    if not now:
        now += waiting
        waiting.clear()
    callback, args = now.pop()
    callback(*args)


#: reactor -> those to be closed next, and those being closed.
_closing: WeakKeyDictionary[Any, tuple[list[Any], list[Any]]] = WeakKeyDictionary()


def soon(reactor: Any, callback: Callable[..., Any], *args: Any) -> None:
    """
    Call C{callback(*args)} after all ticks, but before more I/O: in Node, what libuv has to do
    that waits for nobody.
    """
    _ask(callSoon, reactor, callback, args)


def pending(reactor: Any) -> bool:
    """
    @return: whether any is to come.
    """
    for each in [each for each in _turns if not each.call.active()]:
        _turns.discard(each)  # somebody has cancelled all calls, such as a test's reactor
    return any(each.reactor is reactor for each in _turns)


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
