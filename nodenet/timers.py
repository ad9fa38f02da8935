"""
Node's timers, on a Twisted reactor. All times are in milliseconds.

Each function takes C{reactor=}: any C{IReactorTime}, such as a
C{Clock}; by default the global reactor. A callback may be C{async}, or return a
Deferred: if that fails, it is logged as critical.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, NoReturn
from weakref import WeakKeyDictionary

from nodenet._interfaces import Clock, ReactorLike
from nodenet.errors import report, watch

__all__ = [
    "clearInterval",
    "clearTimeout",
    "nextTick",
    "queueMicrotask",
    "setInterval",
    "setTimeout",
]


def theReactor(reactor: ReactorLike | None = None) -> Any:
    """
    @return: C{reactor}, or the global one, which is installed only now if it
        is asked for.
    """
    if reactor is None:
        from twisted.internet import reactor
    return reactor


def _refuse(callback: object) -> NoReturn:
    raise TypeError(f"callback must be callable, not {callback!r}")


def _follow(result: object, callback: Callable[..., Any]) -> None:
    """
    @param result: what a callback returned, if not C{None}.
    """
    what = f"Unhandled exception from {callback!r}, which a timer or tick called"
    watch(result, lambda error: report(error, what, None))


class Timer:
    """
    What L{setTimeout} and L{setInterval} return: a call that is to come.
    """

    __slots__ = ("_args", "_call", "_callback", "_every", "_reactor")

    def __init__(
        self,
        reactor: Clock,
        msecs: float,
        every: bool,
        callback: Callable[..., Any],
        args: tuple[Any, ...],
    ) -> None:
        if not callable(callback):
            _refuse(callback)
        self._reactor = reactor
        # As in Node, a period of less than one millisecond is one millisecond.
        self._every = max(msecs, 1) / 1000 if every else None
        self._callback = callback
        self._args = args
        self._call: Any = reactor.callLater(self._every or max(msecs, 0) / 1000, self._fire)

    def _fire(self) -> None:
        self._call = None
        if self._every is not None:
            # Before the callback, which may clear the interval or raise.
            self._call = self._reactor.callLater(self._every, self._fire)
        result = self._callback(*self._args)
        if result is not None:
            _follow(result, self._callback)

    def clear(self) -> None:
        """
        Call no more.
        """
        call, self._call = self._call, None
        if call is not None:
            call.cancel()


def setTimeout(
    callback: Callable[..., Any], msecs: float, *args: Any, reactor: ReactorLike | None = None
) -> Timer:
    """
    Call C{callback(*args)} once, in C{msecs} milliseconds.

    @return: what L{clearTimeout} takes.
    @raise TypeError: C{callback} is not callable.
    """
    return Timer(theReactor(reactor), msecs, False, callback, args)


def setInterval(
    callback: Callable[..., Any], msecs: float, *args: Any, reactor: ReactorLike | None = None
) -> Timer:
    """
    Call C{callback(*args)} every C{msecs} milliseconds, first in C{msecs}.

    An exception from the callback is logged by the reactor and does not stop
    the interval.

    @return: what L{clearInterval} takes.
    @raise TypeError: C{callback} is not callable.
    """
    return Timer(theReactor(reactor), msecs, True, callback, args)


def clearTimeout(timer: Timer | None) -> None:
    """
    Take back a L{setTimeout}. One that has fired or was cleared, and C{None},
    are let pass, as in Node.
    """
    if timer is not None:
        timer.clear()


#: Take back a L{setInterval}, likewise.
clearInterval = clearTimeout


def nextTick(
    callback: Callable[..., Any], *args: Any, reactor: ReactorLike | None = None
) -> None:
    """
    Call C{callback(*args)} after the event or timer that asks for it, before the
    reactor's next wait and before more I/O; several calls come in the order they were
    asked for.

    The events that one wait has given count as one. A tick that asks for a tick, and so
    on for ever, keeps timers and I/O from coming, as in Node.

    Source: Node v0.3.3, C{process.nextTick}.

    @raise TypeError: C{callback} is not callable.
    """
    if not callable(callback):
        _refuse(callback)
    if reactor is None:
        reactor = theReactor()
    last, call, ticks = _last
    if last is not reactor:
        call, ticks = _ticks.get(reactor, (None, None))
    if call is None or not call.active():
        ticks = deque()
        _schedule(reactor, ticks)
    ticks.append((callback, args))


def queueMicrotask(
    callback: Callable[..., Any], *args: Any, reactor: ReactorLike | None = None
) -> None:
    """
    Call C{callback(*args)} when no tick is left, before the reactor goes on; the ticks that
    it asks for come when no microtask is left. So in Node what a promise sets off comes after
    the ticks.

    Source: Node 20, C{queueMicrotask}.

    @raise TypeError: C{callback} is not callable.
    """
    if not callable(callback):
        _refuse(callback)
    if reactor is None:
        reactor = theReactor()
    waiting = _microtasks.get(reactor)
    if waiting is None:
        waiting = _microtasks[reactor] = deque()
    waiting.append((callback, args))
    last, call, _ = _last
    if last is not reactor or call is not _RUNNING:
        nextTick(_nothing, reactor=reactor)


def _nothing() -> None:
    """
    A tick that is there so that microtasks come after it.
    """


def ticksLeft(reactor: Any) -> bool:
    """
    @return: whether any tick is still to come.
    """
    _, ticks = _ticks.get(reactor, (None, None))
    return bool(ticks)


def _schedule(reactor: Any, ticks: deque[Any]) -> None:
    from nodenet._twisted import callFirst

    global _last
    # One call of the reactor's for all: its calls of one time are in no order.
    call = callFirst(reactor, _tick, reactor, ticks)
    _ticks[reactor] = call, ticks
    _last = reactor, call, ticks


#: reactor -> its call, and (callback, arguments) of each that it will make
_ticks: WeakKeyDictionary[Any, tuple[Any, Any]] = WeakKeyDictionary()
#: reactor -> (callback, arguments) of each microtask
_microtasks: WeakKeyDictionary[Any, deque[Any]] = WeakKeyDictionary()
#: Of the ticks, the one that was asked for last, with its reactor: it is found at once.
_last: tuple[Any, Any, Any] = (None, None, None)


class _Running:
    """
    In place of the reactor's call, while that is being served: what is asked for meanwhile
    comes in the same go.
    """

    def active(self) -> bool:
        return True


_RUNNING = _Running()


def _tick(reactor: Any, ticks: deque[Any]) -> None:
    global _last
    _ticks[reactor] = _RUNNING, ticks
    _last = reactor, _RUNNING, ticks
    try:
        while True:
            while ticks:
                callback, args = ticks.popleft()
                result = callback(*args)
                if result is not None:
                    _follow(result, callback)
            waiting = _microtasks.get(reactor)
            if not waiting:
                break
            while waiting:
                callback, args = waiting.popleft()
                result = callback(*args)
                if result is not None:
                    _follow(result, callback)
    finally:
        _ticks.pop(reactor, None)
        _last = None, None, None
        if ticks or _microtasks.get(reactor):  # one has raised, which the reactor logs
            _schedule(reactor, ticks)
