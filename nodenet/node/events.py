"""
C{EventEmitter} of today's Node, and what goes with it.

Source: Node 20, C{events}.
"""

from __future__ import annotations

import warnings
from collections import deque
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any, ClassVar

from twisted.internet.defer import Deferred, succeed

from nodenet.errors import misfit, watch
from nodenet.events import EventEmitter as _Emitter
from nodenet.node._inspect import inspect
from nodenet.node._leaks import Defaults, MaxListenersExceededWarning
from nodenet.node.abort import (
    AbortController,
    AbortSignal,
    CancelledAbortError,
    Subscription,
    addAbortListener,
)
from nodenet.node.errors import (
    ERR_INVALID_ARG_TYPE,
    ERR_UNHANDLED_ERROR,
    AbortError,
    Symbol,
    undefined,
)
from nodenet.node.validators import (
    MAX_SAFE_INTEGER,
    isTruthy,
    validateAbortSignal,
    validateBoolean,
    validateFunction,
    validateInteger,
    validateNumber,
)
from nodenet.timers import nextTick, queueMicrotask

if TYPE_CHECKING:
    from typing_extensions import Self  # of typing from Python 3.11 on

__all__ = [
    "AbortController",
    "AbortSignal",
    "EventEmitter",
    "EventIterator",
    "MaxListenersExceededWarning",
    "addAbortListener",
    "captureRejectionSymbol",
    "errorMonitor",
    "getEventListeners",
    "getMaxListeners",
    "listenerCount",
    "on",
    "once",
    "setMaxListeners",
]

Listener = Callable[..., Any]

#: The event that comes before C{error}, and does not count as being heard.
errorMonitor = Symbol("events.errorMonitor")
#: The name of the method that a rejection is handed to, C{Symbol.for('nodejs.rejection')}.
captureRejectionSymbol = "onRejection"


class _Listeners(list[Listener]):
    """
    Several listeners of one event.

    @ivar warned: there, and true, if it was said that they are too many.
    """

    __slots__ = ("warned",)
    warned: bool


class _EmitterClass(type):
    """
    The class of L{EventEmitter}: what can be set on that is checked, and is every
    subclass's.
    """

    @property
    def defaultMaxListeners(cls) -> float:
        """
        How many listeners of one type an emitter has without a warning: 10.
        """
        return Defaults.maxListeners

    @defaultMaxListeners.setter
    def defaultMaxListeners(cls, n: float) -> None:
        validateNumber(n, "defaultMaxListeners", 0)
        Defaults.maxListeners = n

    @property
    def captureRejections(cls) -> bool:
        """
        Whether emitters that are made from now on capture rejections.
        """
        return Defaults.captureRejections

    @captureRejections.setter
    def captureRejections(cls, value: bool) -> None:
        validateBoolean(value, "EventEmitter.captureRejections")
        Defaults.captureRejections = value


class _OnceWrapper:
    """
    A listener that takes itself off before it is called.
    """

    __slots__ = ("fired", "listener", "target", "type")

    def __init__(self, target: Any, type: Hashable, listener: Listener) -> None:
        self.target = target
        self.type = type
        self.listener = listener
        self.fired = False

    def __call__(self, *args: Any) -> Any:
        if self.fired:  # by an emit within the one that calls us now
            return None
        self.target.removeListener(self.type, self)
        self.fired = True
        try:
            return self.listener(*args)
        except TypeError as e:
            _explain(e, self.type, self.listener, args)
            raise


def _inner(entry: Any) -> Any:
    """
    @return: the listener that a wrapper is for; else what was given.
    """
    listener = getattr(entry, "listener", None)
    return listener if callable(listener) else entry


def _is(entry: Any, listener: Any) -> bool:
    return bool(entry == listener) or getattr(entry, "listener", undefined) == listener


class EventEmitter(_Emitter, metaclass=_EmitterClass):
    """
    Calls the listeners of an event, in the order in which they were added.

    A name of an event is any hashable.

    Event C{newListener}(type, listener): a listener is about to be added.

    Event C{removeListener}(type, listener): a listener has been taken off.

    Event C{error}(exception): when nobody listens, L{emit} raises the exception.

    A listener may be C{async}, or return a Deferred. If that fails, it is logged as
    critical; but where rejections are captured, C{onRejection} of the emitter is
    called, if it has one, with the exception, the event's name and arguments; else it
    is an C{error} of the emitter's.
    """

    EventEmitter: ClassVar[type[EventEmitter]]
    errorMonitor = errorMonitor
    captureRejectionSymbol = captureRejectionSymbol
    usingDomains = False

    _maxListeners: float | None = None  # type: ignore[assignment]
    _capture = False
    #: That the last listener of a type has gone is not told to C{removeListener}, as of
    #: Node's streams. For subclasses.
    _shaped = False

    def __new__(cls, *args: Any, **options: Any) -> Self:
        # Here, so that `on` works before __init__ has run, as in Node.
        self = super().__new__(cls)
        self._events = {}
        return self

    def __init__(
        self, options: dict[str, Any] | None = None, *, captureRejections: Any = undefined
    ) -> None:
        """
        @param options: C{{'captureRejections': bool}}, or that as a keyword.
        @raise ERR_INVALID_ARG_TYPE: that is not a bool.
        """
        if isinstance(options, dict):
            captureRejections = options.get("captureRejections", captureRejections)
        if isTruthy(captureRejections):
            validateBoolean(captureRejections, "options.captureRejections")
            self._capture = True
        elif Defaults.captureRejections:
            self._capture = True

    def on(self, type: Hashable, listener: Any = undefined) -> Self:  # type: ignore[override]
        """
        Add a listener to the end of the list for this type of event.

        @return: the emitter.
        @raise ERR_INVALID_ARG_TYPE: C{listener} is not callable.
        """
        events: dict[Any, Any] = self._events
        if type not in events and "newListener" not in events and callable(listener):
            events[type] = listener  # the common case
            return self
        return self._addListener(type, listener, False)

    addListener = on  # type: ignore[assignment]

    def once(self, type: Hashable, listener: Any = undefined) -> Self:  # type: ignore[override]
        """
        As L{on}, for a listener that is called at most once.
        """
        validateFunction(listener, "listener")
        self.on(type, _OnceWrapper(self, type, listener))
        return self

    def prependListener(self, type: Hashable, listener: Any = undefined) -> Self:
        """
        As L{on}, but before those that are there.
        """
        return self._addListener(type, listener, True)

    def prependOnceListener(self, type: Hashable, listener: Any = undefined) -> Self:
        """
        As L{once}, but before those that are there.
        """
        validateFunction(listener, "listener")
        self.prependListener(type, _OnceWrapper(self, type, listener))
        return self

    def _addListener(self, type: Hashable, listener: Any, first: bool) -> Self:
        validateFunction(listener, "listener")
        events: Any = self._events
        if "newListener" in events:
            self.emit("newListener", type, _inner(listener))
            events = self._events  # which a listener may have emptied
        present = events.get(type)
        if present is None:
            events[type] = listener
            return self
        if present.__class__ is not _Listeners:
            present = events[type] = _Listeners((present,))
        present.insert(0 if first else len(present), listener)
        most = self._limit()
        if 0 < most < len(present) and not hasattr(present, "warned"):
            present.warned = True
            warning = MaxListenersExceededWarning(self, type, len(present), most)
            warnings.warn(warning, stacklevel=3)
        return self

    def _limit(self) -> float:
        own = self._maxListeners
        return Defaults.maxListeners if own is None else own

    def setMaxListeners(self, n: float = undefined) -> Self:  # type: ignore[assignment]
        """
        Warn when one type of event gets more than C{n} listeners; 0: never.

        @return: the emitter.
        @raise ERR_INVALID_ARG_TYPE: C{n} is not a number.
        @raise ERR_OUT_OF_RANGE: it is less than 0, or NaN.
        """
        validateNumber(n, "setMaxListeners", 0)
        self._maxListeners = n
        return self

    def getMaxListeners(self) -> float:  # type: ignore[override]
        """
        @return: what L{setMaxListeners} has set, or C{EventEmitter.defaultMaxListeners}.
        """
        return self._limit()

    def removeListener(self, type: Hashable, listener: Any = undefined) -> Self:
        """
        Take off the last such listener of this type, if there is one; one that
        L{once} added is found too.

        @return: the emitter.
        @raise ERR_INVALID_ARG_TYPE: C{listener} is not callable.
        """
        validateFunction(listener, "listener")
        events: dict[Any, Any] = self._events
        present = events.get(type)
        if present is None:
            return self
        if present.__class__ is not _Listeners:
            if _is(present, listener):
                del events[type]
                if "removeListener" in events and not self._shaped:
                    self.emit("removeListener", type, _inner(present))
            return self
        for index in range(len(present) - 1, -1, -1):
            if _is(present[index], listener):
                break
        else:
            return self
        del present[index]
        if len(present) == 1:
            events[type] = present[0]
        if "removeListener" in events:
            self.emit("removeListener", type, listener)
        return self

    off = removeListener

    def removeAllListeners(self, type: Any = undefined) -> Self:
        """
        Take off all listeners of this type, or, without one, all of them.

        @return: the emitter.
        """
        events: dict[Any, Any] = self._events
        if "removeListener" not in events:
            if self._shaped:
                self._shaped = False
            if type is undefined:
                # Not emptied: an emit that is under way has what it began with.
                self._events = {}
            else:
                events.pop(type, None)
            return self
        if type is undefined:
            for each in self._names():
                if each != "removeListener":
                    self.removeAllListeners(each)
            self.removeAllListeners("removeListener")
            self._events = {}
            return self
        present: Any = events.get(type)
        if present.__class__ is _Listeners:
            # The list itself, as in Node: what takes off others meanwhile meets its error.
            for index in range(len(present) - 1, -1, -1):
                its = present[index] if index < len(present) else undefined
                self.removeListener(type, its)
        elif present is not None:
            self.removeListener(type, present)
        return self

    def listeners(self, type: Hashable) -> list[Listener]:
        """
        @return: a copy of the list of this type's listeners.
        """
        return [_inner(each) for each in self._entries(type)]  # type: ignore[arg-type]

    def rawListeners(self, type: Hashable) -> list[Listener]:
        """
        @return: as L{listeners}; but one that L{once} has added is in what wraps it,
            as its C{listener}.
        """
        return list(self._entries(type))  # type: ignore[arg-type]

    def listenerCount(self, type: Hashable, listener: Any = None) -> int:
        """
        @return: how many listeners this type has, or how often it has this one.
        """
        entries = self._entries(type)  # type: ignore[arg-type]
        if listener is None or listener is undefined:
            return len(entries)
        return sum(_is(entry, listener) for entry in entries)

    def eventNames(self) -> list[Any]:
        """
        @return: the types that have listeners: strings, then others, each in the order
            in which they came.
        """
        return self._names()

    def _names(self) -> list[Any]:
        # As JavaScript lists an object's own keys: its symbols are last.
        return sorted(self._events, key=lambda name: not isinstance(name, str))

    def emit(self, type: Hashable, *args: Any) -> bool:
        """
        Call each listener of this type with C{args}. Listeners that are added
        or taken off meanwhile count from the next time on.

        @return: whether there was any.
        @raise ListenerArgumentsError: a listener does not take C{args}.
        @raise ERR_UNHANDLED_ERROR: nobody listens to this C{error}, which is no
            exception.
        @raise Exception: what a listener raises: those after it are not
            called; and the exception of an C{error} that nobody listens to.
        """
        events: dict[Any, Any] = self._events
        if type == "error" and errorMonitor in events:
            self.emit(errorMonitor, *args)
        listener = events.get(type)
        if listener is None:
            if type == "error":
                _raiseUnheard(args)
            return False
        if listener.__class__ is not _Listeners:
            try:
                result = listener(*args)
            except TypeError as e:
                _explain(e, type, listener, args)
                raise
            if result is not None and result.__class__ is not bool:
                self._watchResult(result, type, args)
            return True
        for each in tuple(listener):
            try:
                result = each(*args)
            except TypeError as e:
                _explain(e, type, each, args)
                raise
            if result is not None and result.__class__ is not bool:
                self._watchResult(result, type, args)
        return True

    def _watchResult(self, result: object, type: Hashable, args: tuple[Any, ...]) -> None:
        if self._capture:
            # In Node the rejection is heard of by a microtask, which asks for a tick.
            watch(
                result,
                lambda error: queueMicrotask(nextTick, self._rejected, error, type, args),
            )
        else:
            self.watchResult(result)

    def _rejected(self, error: Exception, type: Hashable, args: tuple[Any, ...]) -> None:
        handler = getattr(self, captureRejectionSymbol, None)
        if callable(handler):
            result = handler(error, type, *args)
            if result is not None:
                self.watchResult(result)
            return
        # Or an `error` listener that fails would be called for ever.
        captures, self._capture = self._capture, False
        try:
            self.emit("error", error)
        finally:
            self._capture = captures


EventEmitter.EventEmitter = EventEmitter


def _explain(error: TypeError, type: Any, listener: Listener, args: tuple[Any, ...]) -> None:
    """
    @raise ListenerArgumentsError: that is what the error means.
    """
    better = misfit(error, type, listener, args)
    if better is not None:
        raise better from error


def _raiseUnheard(args: tuple[Any, ...]) -> None:
    error = args[0] if args else undefined
    raise _exception(error)


def _exception(value: Any) -> BaseException:
    """
    @return: what Python can raise in place of what JavaScript can.
    """
    if isinstance(value, BaseException):
        return value
    error = ERR_UNHANDLED_ERROR(inspect(value))
    error.context = value
    return error


# Functions


def setMaxListeners(n: Any = undefined, *targets: Any) -> None:
    """
    Set it for these emitters and signals; without any, for all that say nothing else.

    @raise ERR_OUT_OF_RANGE: C{n} is less than 0, or NaN.
    @raise ERR_INVALID_ARG_TYPE: it is no number; or one of them is no emitter.
    """
    if n is undefined:
        n = Defaults.maxListeners
    validateNumber(n, "setMaxListeners", 0)
    if not targets:
        Defaults.maxListeners = n
    for each in targets:
        setter = getattr(each, "setMaxListeners", None)
        if not callable(setter):
            kinds = ["EventEmitter", "EventTarget"]
            raise ERR_INVALID_ARG_TYPE("eventTargets", kinds, each)
        setter(n)


def getMaxListeners(emitter: Any) -> float:
    """
    @return: of an emitter or signal: with how many listeners it warns not yet.
    @raise ERR_INVALID_ARG_TYPE: it is neither.
    """
    getter = getattr(emitter, "getMaxListeners", None)
    if not callable(getter):
        raise ERR_INVALID_ARG_TYPE("emitter", ["EventEmitter", "EventTarget"], emitter)
    return getter()  # type: ignore[no-any-return]


def getEventListeners(emitter: Any, type: Hashable) -> list[Any]:
    """
    @return: a copy of the list of an emitter's or signal's listeners.
    @raise ERR_INVALID_ARG_TYPE: it is neither.
    """
    getter = getattr(emitter, "listeners", None)
    if not callable(getter):
        raise ERR_INVALID_ARG_TYPE("emitter", ["EventEmitter", "EventTarget"], emitter)
    return getter(type)  # type: ignore[no-any-return]


def listenerCount(emitter: Any, type: Hashable) -> int:
    """
    @return: how many listeners of this type the emitter has.
    """
    return emitter.listenerCount(type)  # type: ignore[no-any-return]


def _add(target: Any, type: Hashable, listener: Listener, once: bool = False) -> None:
    """
    Add to an emitter, or to what has C{addEventListener}.
    """
    if callable(getattr(target, "on", None)):
        (target.once if once else target.on)(type, listener)
    elif callable(getattr(target, "addEventListener", None)):
        target.addEventListener(type, listener, {"once": once})
    else:
        raise ERR_INVALID_ARG_TYPE("emitter", "EventEmitter", target)


def _remove(target: Any, type: Hashable, listener: Listener) -> None:
    if callable(getattr(target, "removeListener", None)):
        target.removeListener(type, listener)
    elif callable(getattr(target, "removeEventListener", None)):
        target.removeEventListener(type, listener)
    else:
        raise ERR_INVALID_ARG_TYPE("emitter", "EventEmitter", target)


def _signalOf(options: Any, signal: Any) -> Any:
    """
    @return: the signal of an options' dict or keyword, which is not over.
    """
    if isinstance(options, dict):
        signal = options.get("signal", signal)
    validateAbortSignal(signal, "options.signal")
    if signal is not undefined and signal.aborted:
        raise AbortError(cause=signal.reason)
    return signal


def _fire(deferred: Deferred[Any], result: Any, hops: int = 1) -> Deferred[Any]:
    """
    Give a Deferred its result by a microtask: as in Node, what waits for it goes on after
    the listeners that come after ours, and after the ticks.

    @param hops: in how many microtasks, each asked for by the one before.
    @return: the Deferred.
    """

    def fire() -> None:
        if deferred.called:  # it was cancelled
            return
        if hops > 1:
            _fire(deferred, result, hops - 1)
        elif isinstance(result, BaseException):
            deferred.errback(result)
        else:
            deferred.callback(result)

    queueMicrotask(fire)
    return deferred


class _Wait:
    """
    One call of L{once}.

    In Node that is an async function that returns a promise, so that microtasks pass: one
    in which the function's own promise turns to the one returned, and, once that has its
    result, one until the first has it and one for who waits.
    """

    def __init__(self, emitter: Any, name: Hashable, signal: Any) -> None:
        self.emitter = emitter
        self.name = name
        self.signal = signal
        self.deferred: Deferred[list[Any]] = Deferred(self.cancel)
        self.turned = False
        self.result: list[Any] | BaseException | None = None

    def start(self) -> None:
        _add(self.emitter, self.name, self.happened, once=True)
        if self.name != "error" and callable(getattr(self.emitter, "once", None)):
            self.emitter.once("error", self.failed)
        if self.signal is not undefined:
            _add(self.signal, "abort", self.aborted, once=True)
        queueMicrotask(self.turn)

    def turn(self) -> None:
        self.turned = True
        if self.result is not None:
            _fire(self.deferred, self.result, 2)

    def settle(self, result: list[Any] | BaseException) -> None:
        if self.result is None:
            self.result = result
            if self.turned:
                _fire(self.deferred, result, 2)

    def happened(self, *args: Any) -> None:
        if callable(getattr(self.emitter, "removeListener", None)):
            self.emitter.removeListener("error", self.failed)
        self.leaveSignal()
        self.settle(list(args))

    def failed(self, *args: Any) -> None:
        _remove(self.emitter, self.name, self.happened)
        self.leaveSignal()
        self.settle(_exception(args[0] if args else undefined))

    def aborted(self, *args: Any) -> None:
        self.leaveEmitter()
        self.settle(AbortError(cause=self.signal.reason))

    def cancel(self, deferred: Deferred[Any]) -> None:
        self.leaveEmitter()
        self.leaveSignal()
        deferred.errback(CancelledAbortError())

    def leaveEmitter(self) -> None:
        _remove(self.emitter, self.name, self.happened)
        _remove(self.emitter, "error", self.failed)

    def leaveSignal(self) -> None:
        if self.signal is not undefined:
            _remove(self.signal, "abort", self.aborted)


def once(
    emitter: Any, name: Hashable, options: Any = None, *, signal: Any = undefined
) -> Deferred[list[Any]]:
    """
    Wait for an event.

    @param emitter: an emitter, or what has C{addEventListener}.
    @param options: C{{'signal': signal}}, or that as a keyword: to stop waiting by.
    @return: fires after the event and its ticks with the list of its arguments; fails
        with the argument of an C{error} event, if that is not what is waited for, with
        an L{AbortError} of the signal, or if the arguments are wrong. Cancelled, it
        fails with a L{CancelledAbortError}.
    """
    try:
        signal = _signalOf(options, signal)
    except Exception as e:
        return _fire(Deferred(), e)
    wait = _Wait(emitter, name, signal)
    try:
        wait.start()
    except Exception as e:
        return _fire(Deferred(), e, 3)
    return wait.deferred


class _Queue:
    """
    The events that an L{EventIterator} has not given yet, and those who wait for one.
    """

    def __init__(self, emitter: Any, low: int, high: int) -> None:
        self.emitter = emitter
        self.low = low
        self.high = high
        self.events: deque[list[Any]] = deque()
        self.waiting: deque[Deferred[Any]] = deque()
        self.paused = False
        self.error: BaseException | None = None
        self.finished = False
        self.listening: list[tuple[Any, Hashable, Listener]] = []
        self.subscription: Subscription | None = None

    def listen(self, type: Hashable, listener: Listener) -> None:
        _add(self.emitter, type, listener)
        self.listening.append((self.emitter, type, listener))

    def happened(self, *args: Any) -> None:
        if self.waiting:
            _fire(self.waiting.popleft(), list(args))
            return
        self.events.append(list(args))
        if not self.paused and len(self.events) > self.high:
            self.paused = True
            self.emitter.pause()

    def failed(self, *args: Any) -> None:
        error = _exception(args[0] if args else undefined)
        if self.waiting:
            _fire(self.waiting.popleft(), error)
        else:
            self.error = error
        self.close()

    def next(self) -> Deferred[Any]:
        if self.events:
            args = self.events.popleft()
            if self.paused and len(self.events) < self.low:
                self.paused = False
                self.emitter.resume()
            return _fire(Deferred(), args)
        if self.error is not None:
            error, self.error = self.error, None
            return _fire(Deferred(), error)
        if self.finished:
            self.close()
            return _fire(Deferred(), StopAsyncIteration())
        deferred: Deferred[Any] = Deferred(self.cancel)
        self.waiting.append(deferred)
        return deferred

    def cancel(self, deferred: Deferred[Any]) -> None:
        if deferred in self.waiting:  # else its event is on its way, and is lost
            self.waiting.remove(deferred)
        deferred.errback(CancelledAbortError())

    def close(self, *args: Any) -> None:
        if self.subscription is not None:
            self.subscription.dispose()
        while self.listening:
            _remove(*self.listening.pop())
        self.finished = True
        while self.waiting:
            _fire(self.waiting.popleft(), StopAsyncIteration())


class EventIterator:
    """
    What L{on} returns: C{async for args in on(emitter, name)}.

    Leaving the loop takes the listeners off when nothing else holds the iterator; with
    L{aclose} they are off at once.
    """

    def __init__(self, queue: _Queue) -> None:
        self._queue = queue

    def __aiter__(self) -> Self:
        return self

    def __anext__(self) -> Deferred[list[Any]]:
        """
        @return: fires with the list of the next event's arguments; fails with the
            argument of an C{error} event, or an L{AbortError} of the signal, once;
            then with C{StopAsyncIteration}.
        """
        deferred = self._queue.next()
        if not deferred.called:
            # Who waits for the next keeps us, though the loop's own reference were gone.
            deferred.addBoth(self._passed)
        return deferred

    def _passed(self, result: Any) -> Any:
        return result

    def aclose(self) -> Deferred[None]:
        """
        Take the listeners off. Those who wait get C{StopAsyncIteration}; events that
        have happened are still given.

        Node's C{iterator.return()}.
        """
        self._queue.close()
        return succeed(None)

    def athrow(self, error: Any = undefined) -> Deferred[None]:
        """
        As if the emitter had emitted this C{error}.

        Node's C{iterator.throw()}.

        @raise ERR_INVALID_ARG_TYPE: that is no exception.
        """
        if not isinstance(error, BaseException):
            raise ERR_INVALID_ARG_TYPE("EventEmitter.AsyncIterator", "Error", error)
        self._queue.failed(error)
        return succeed(None)

    def __del__(self) -> None:
        queue = getattr(self, "_queue", None)
        if queue is not None and not queue.finished:
            # Who waits held us, and is gone too; and this may come at any time, within
            # nextTick itself: nothing may be asked for.
            queue.waiting.clear()
            queue.close()


def on(
    emitter: Any,
    event: Hashable,
    options: dict[str, Any] | None = None,
    *,
    signal: Any = undefined,
    close: Any = undefined,
    highWaterMark: Any = undefined,
    lowWaterMark: Any = undefined,
) -> EventIterator:
    """
    Iterate over the events of a name; each is the list of its arguments. An C{error} of
    the emitter's ends it with that error.

    @param emitter: an emitter, or what has C{addEventListener}.
    @param options: a dict of these options, or they are keywords.
    @param signal: ends it with an L{AbortError}.
    @param close: names of events that end it.
    @param highWaterMark: with more events than these waiting, the emitter's C{pause} is
        called.
    @param lowWaterMark: with fewer, its C{resume}.
    @raise AbortError: the signal is over.
    @raise ERR_INVALID_ARG_TYPE: an option or the emitter is wrong.
    @raise ERR_OUT_OF_RANGE: a mark is less than 1.
    """
    given = options or {}
    signal = _signalOf(given, signal)
    high = _mark(given, "high", highWaterMark, MAX_SAFE_INTEGER)
    low = _mark(given, "low", lowWaterMark, 1)
    queue = _Queue(emitter, low, high)
    queue.listen(event, queue.happened)
    if event != "error" and callable(getattr(emitter, "on", None)):
        queue.listen("error", queue.failed)
    for each in given.get("close", close) or ():
        queue.listen(each, queue.close)
    if signal is not undefined:

        def aborted(*args: Any) -> None:
            queue.failed(AbortError(cause=signal.reason))

        queue.subscription = addAbortListener(signal, aborted)
    return EventIterator(queue)


def _mark(options: dict[str, Any], which: str, keyword: Any, default: int) -> int:
    for name in f"{which}WaterMark", f"{which}Watermark":
        value = options.get(name, keyword)
        if value is not None and value is not undefined:
            break
    else:
        value = default
    validateInteger(value, f"options.{which}WaterMark", 1)
    return int(value)
