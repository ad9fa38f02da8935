"""
Node's timers, on a Twisted reactor. All times are in milliseconds.

Each function takes C{reactor=}: any C{IReactorTime}, such as a
C{Clock}; by default the global reactor. A callback may be C{async}, or return a
Deferred: if that fails, it is logged as critical.
"""

from __future__ import annotations

import sys
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
        # What the import below would find, which takes as long as a tick.
        reactor = getattr(sys.modules.get("twisted.internet"), "reactor", None)
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
    _queueOf(reactor).ticks.append((callback, args))


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
    _queueOf(reactor).microtasks.append((callback, args))


def ticksLeft(reactor: Any) -> bool:
    """
    @return: whether any tick or microtask is still to come.
    """
    queue = _queues.get(reactor)
    return queue is not None and bool(queue.ticks or queue.microtasks)


class _Running:
    """
    In place of the reactor's call, while that is being served: what is asked for meanwhile
    comes in the same go.
    """

    def active(self) -> bool:
        return True


_RUNNING = _Running()


class _Queue:
    """
    What a reactor is asked to do next.

    @ivar ticks: (callback, arguments) of each.
    @ivar microtasks: likewise.
    @ivar call: the reactor's one call for all of them, as its calls of one time are in no
        order; C{None}: there is nothing to do.
    """

    __slots__ = ("call", "microtasks", "ticks")

    def __init__(self) -> None:
        self.ticks: deque[tuple[Callable[..., Any], tuple[Any, ...]]] = deque()
        self.microtasks: deque[tuple[Callable[..., Any], tuple[Any, ...]]] = deque()
        self.call: Any = None


_queues: WeakKeyDictionary[Any, _Queue] = WeakKeyDictionary()
#: The reactor that was asked last, and its queue: it is found at once.
_last: tuple[Any, _Queue] = (None, _Queue())


def _queueOf(reactor: Any) -> _Queue:
    """
    @return: the queue, which is going to be served.
    """
    global _last
    if reactor is None:
        reactor = theReactor()
    last, queue = _last
    if last is not reactor:
        found = _queues.get(reactor)
        queue = _queues[reactor] = _Queue() if found is None else found
        _last = reactor, queue
    call = queue.call
    if call is None or not call.active():
        # If somebody has cancelled the call, he did not want what it was for.
        queue.ticks.clear()
        queue.microtasks.clear()
        _schedule(reactor, queue)
    return queue


def _schedule(reactor: Any, queue: _Queue) -> None:
    from nodenet._twisted import callFirst

    queue.call = callFirst(reactor, _serve, reactor, queue)


def _serve(reactor: Any, queue: _Queue) -> None:
    queue.call = _RUNNING
    ticks, microtasks = queue.ticks, queue.microtasks
    try:
        while ticks or microtasks:
            while ticks:
                callback, args = ticks.popleft()
                result = callback(*args)
                if result is not None:
                    _follow(result, callback)
            while microtasks:
                callback, args = microtasks.popleft()
                result = callback(*args)
                if result is not None:
                    _follow(result, callback)
    finally:
        queue.call = None
        if ticks or microtasks:  # one has raised, which the reactor logs
            _schedule(reactor, queue)
