"""
C{AbortController} and C{AbortSignal}: one word that ends what many are doing.

What takes a C{signal} takes anything with C{aborted}, C{reason},
C{addEventListener('abort', f, {'once': True})} and C{removeEventListener('abort', f)}.

Source: Node 20, C{AbortController}, and as much of C{EventTarget} as it stands on.
"""

from __future__ import annotations

import warnings
import weakref
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from twisted.internet.defer import CancelledError

from nodenet.errors import report, watch
from nodenet.node._inspect import text
from nodenet.node._leaks import Defaults, MaxListenersExceededWarning
from nodenet.node.errors import (
    ERR_ILLEGAL_CONSTRUCTOR,
    ERR_INVALID_ARG_TYPE,
    ERR_MISSING_ARGS,
    AbortError,
    TimeoutError,
    undefined,
)
from nodenet.node.validators import (
    forgiving,
    isTruthy,
    validateAbortSignal,
    validateArray,
    validateFunction,
    validateObject,
    validateUint32,
)
from nodenet.timers import queueMicrotask, setTimeout

if TYPE_CHECKING:
    from nodenet._interfaces import ReactorLike
    from nodenet.node._types import SignalLike

__all__ = [
    "AbortController",
    "AbortSignal",
    "CancelledAbortError",
    "Event",
    "EventTarget",
    "Subscription",
    "addAbortListener",
]


class CancelledAbortError(AbortError, CancelledError):
    """
    What a Deferred of nodenet fails with when its C{cancel} has been called: an
    L{AbortError} for those who think in Node's terms, a C{CancelledError} for Twisted's,
    such as C{addTimeout}.

    It is nodenet's own: Node's promises have no C{cancel}.
    """


def _isMissing(value: object) -> bool:
    return value is undefined


class Event:
    """
    What a listener of an L{EventTarget} is called with.

    Source: Node 20, C{Event}.

    @ivar type: the name of the event.
    @ivar target: on which it happens; C{None} before it does.
    @ivar currentTarget: the same, while it is being told of.
    @ivar defaultPrevented: C{preventDefault} was called, which counts if the event is
        C{cancelable}.
    """

    @forgiving
    def __init__(self, type: str, options: dict[str, Any] | None = None) -> None:
        """
        @param options: C{{'cancelable': True}}; or nothing.
        @raise ERR_MISSING_ARGS: without a type.
        @raise ERR_INVALID_ARG_TYPE: options are no dict.
        """
        if _isMissing(type):
            raise ERR_MISSING_ARGS("type")
        validateObject(options, "options", nullable=True)
        self.type = text(type)
        self.target: EventTarget | None = None
        self.currentTarget: EventTarget | None = None
        self.cancelable = isTruthy((options or {}).get("cancelable"))
        self.defaultPrevented = False
        self.stopped = False

    def preventDefault(self) -> None:
        """
        L{EventTarget.dispatchEvent} shall return C{False}.

        Source: Node 20, C{event.preventDefault}.
        """
        self.defaultPrevented = self.cancelable

    def stopImmediatePropagation(self) -> None:
        """
        Call no more listeners.

        Source: Node 20, C{event.stopImmediatePropagation}.
        """
        self.stopped = True


class _HandlesEvent(Protocol):
    """
    An object that is a listener.
    """

    def handleEvent(self, event: Event, /) -> object: ...


#: Of an L{EventTarget}.
EventListener = Callable[[Event], object] | _HandlesEvent


class NoListenerWarning(RuntimeWarning):
    """
    C{addEventListener} with C{None} or L{undefined}.

    @ivar name: C{'AddEventListenerArgumentTypeWarning'}.
    """

    name = "AddEventListenerArgumentTypeWarning"

    def __init__(self, listener: object) -> None:
        super().__init__(f"addEventListener called with {text(listener)} which has no effect.")


class _Entry:
    """
    A listener that was added.
    """

    __slots__ = ("listener", "once", "removed")

    def __init__(self, listener: Any, once: bool) -> None:
        self.listener = listener
        self.once = once
        self.removed = False


def _isListener(listener: object) -> bool:
    """
    @return: false of what is to be passed over.
    @raise ERR_INVALID_ARG_TYPE: it is no listener. Whether an object has C{handleEvent} is
        asked when there is an event.
    """
    if listener is None or listener is undefined:
        return False
    if isinstance(listener, (str, bool, int, float)):
        raise ERR_INVALID_ARG_TYPE("listener", "EventListener", listener)
    return True


class EventTarget:
    """
    Calls the listeners of an event, each with the L{Event}.

    A listener is a callable, or an object with C{handleEvent}. What it raises is
    logged as critical, and those after it are called all the same.

    Source: Node 20, C{EventTarget}.
    """

    def __init__(self) -> None:
        self._entries: dict[str, list[_Entry]] = {}
        self._maxListeners = Defaults.maxListeners
        self._warned = False

    @forgiving
    def addEventListener(
        self, type: str, listener: EventListener | None, options: dict[str, Any] | None = None
    ) -> None:
        """
        Add a listener, unless it is there.

        Source: Node 20, C{eventTarget.addEventListener}.

        @param options: with C{once}: it is called at most once; with C{signal}: it is taken
            off when that is over.
        @raise ERR_MISSING_ARGS: without a type.
        @raise ERR_INVALID_ARG_TYPE: it is no listener, nor C{None}.
        """
        if _isMissing(type):
            raise ERR_MISSING_ARGS("type", "listener")
        type = text(type)
        given = options if isinstance(options, dict) else {}
        signal = given.get("signal")
        if signal is not None:
            validateAbortSignal(signal, "options.signal")
        if not _isListener(listener):
            warnings.warn(NoListenerWarning(listener), stacklevel=2)
            return
        if signal is not None:
            if signal.aborted:
                return
            signal.addEventListener(
                "abort", lambda *_: self.removeEventListener(type, listener), {"once": True}
            )
        entries = self._entries.setdefault(type, [])
        if not any(each.listener == listener for each in entries):
            once = isTruthy(given.get("once"))
            # As with an emitter's: who is iterating has the list as it was.
            self._entries[type] = [*entries, _Entry(listener, once)]
            self._changed(type)
            self._warnOfLeak(type, len(entries) + 1)

    def _warnOfLeak(self, type: str, count: int) -> None:
        if 0 < self._maxListeners < count and not self._warned:
            self._warned = True
            most = self._maxListeners
            warning = MaxListenersExceededWarning(self, type, count, most, target=True)
            warnings.warn(warning, stacklevel=3)

    def setMaxListeners(self, n: float) -> None:
        """
        For L{nodenet.node.events.setMaxListeners}.
        """
        self._maxListeners = n
        self._warned = False

    def getMaxListeners(self) -> float:
        """
        For L{nodenet.node.events.getMaxListeners}.
        """
        return self._maxListeners

    @forgiving
    def removeEventListener(
        self, type: str, listener: EventListener | None, options: Any = None
    ) -> None:
        """
        Take off a listener, if it is there.

        Source: Node 20, C{eventTarget.removeEventListener}.

        @param options: of no effect here.
        @raise ERR_MISSING_ARGS: without a listener.
        @raise ERR_INVALID_ARG_TYPE: it is no listener, nor C{None}.
        """
        if _isMissing(listener):
            raise ERR_MISSING_ARGS("type", "listener")
        if not _isListener(listener):
            return
        type = text(type)
        for each in self._entries.get(type, ()):
            if each.listener == listener:
                self._remove(type, each)

    def _remove(self, type: str, entry: _Entry) -> None:
        entry.removed = True
        self._entries[type] = [each for each in self._entries[type] if each is not entry]
        self._changed(type)

    def _changed(self, type: str) -> None:
        """
        Listeners of this type have come or gone.
        """

    def listeners(self, type: str) -> list[Any]:
        """
        @return: a copy of the list of this type's listeners, for L{events.getEventListeners}.
        """
        return [each.listener for each in self._entries.get(type, ())]

    @forgiving
    def dispatchEvent(self, event: Event) -> bool:
        """
        Call the listeners of C{event.type}.

        Source: Node 20, C{eventTarget.dispatchEvent}.

        @return: false if one has prevented the default.
        @raise ERR_MISSING_ARGS: without an event.
        @raise ERR_INVALID_ARG_TYPE: it is none.
        """
        if _isMissing(event):
            raise ERR_MISSING_ARGS("event")
        if not isinstance(event, Event):
            raise ERR_INVALID_ARG_TYPE("event", "Event", event)
        event.target = event.currentTarget = self
        for each in self._entries.get(event.type, ()):
            if each.removed:
                continue
            if event.stopped:
                break
            if each.once:
                self._remove(event.type, each)
            self._call(each.listener, event)
        event.currentTarget = None
        return not event.defaultPrevented

    def _call(self, listener: Any, event: Event) -> None:
        call = listener if callable(listener) else getattr(listener, "handleEvent", None)
        if not callable(call):
            return
        try:
            result = call(event)
        except Exception as e:
            self._failed(e)
        else:
            if result is not None and result.__class__ is not bool:
                watch(result, self._failed)

    def _failed(self, error: Exception) -> None:
        report(error, f"Unhandled exception from a listener on {self!r}", self)


class AbortSignal(EventTarget):
    """
    Says whether it is over. Made by an L{AbortController}, or by L{abort}, L{timeout}
    and L{any}.

    Event C{abort}(event): it is over; once.

    Source: Node 20, C{AbortSignal}.

    @ivar aborted: whether it is over.
    @ivar reason: why; L{undefined} before.
    """

    #: Those that somebody listens to, and that nothing else holds.
    _held: ClassVar[set[AbortSignal]] = set()

    def __init__(self) -> None:
        raise ERR_ILLEGAL_CONSTRUCTOR()

    def _begin(self) -> None:
        super().__init__()
        self.aborted = False
        self.reason: Any = undefined
        #: Signals that end with this one, weakly; those with more than one source.
        self._dependents: list[weakref.ref[AbortSignal]] = []
        self._sources: list[AbortSignal] = []
        self._composite = False
        self._hold = False
        self._onabort: Any = None

    def __repr__(self) -> str:
        return f"AbortSignal {{ aborted: {'true' if self.aborted else 'false'} }}"

    @property
    def onabort(self) -> Callable[[Event], object] | None:
        """
        A listener of C{abort}, or C{None}. Source: Node 20, C{abortSignal.onabort}.
        """
        its: Callable[[Event], object] | None = self._onabort
        return its

    @onabort.setter
    def onabort(self, listener: Callable[[Event], object] | None) -> None:
        self._onabort = listener
        # Its place among the listeners is that of the first time, whatever it becomes.
        if self._callOnabort not in self.listeners("abort"):
            self.addEventListener("abort", self._callOnabort)

    def _callOnabort(self, event: Event) -> Any:
        return self._onabort(event) if callable(self._onabort) else None

    def _changed(self, type: str) -> None:
        # Of a timer's or of several others', which do not hold it.
        if self._hold and not self.aborted and self._entries.get("abort"):
            self._held.add(self)
        else:
            self._held.discard(self)

    def throwIfAborted(self) -> None:
        """
        Source: Node 20, C{abortSignal.throwIfAborted}.

        @raise Exception: C{reason}, if it is over; what is no exception is the
            L{AbortError.cause} of one.
        """
        if self.aborted:
            if isinstance(self.reason, BaseException):
                raise self.reason
            raise AbortError(cause=self.reason)

    @classmethod
    def abort(cls, reason: Any = undefined) -> AbortSignal:
        """
        Source: Node 20, C{AbortSignal.abort}.

        @return: one that is over.
        """
        signal = newSignal()
        signal.end(reason)
        return signal

    @classmethod
    @forgiving
    def timeout(cls, delay: int, *, reactor: ReactorLike | None = None) -> AbortSignal:
        """
        Source: Node 20, C{AbortSignal.timeout}.

        @param delay: milliseconds.
        @return: one that is over in that time, with a L{TimeoutError}.
        @raise ERR_INVALID_ARG_TYPE: C{delay} is not a number.
        @raise ERR_OUT_OF_RANGE: it is not an integer of 32 bits.
        """
        validateUint32(delay, "delay")
        signal = newSignal()
        signal._hold = True
        its = weakref.ref(signal)

        def over() -> None:
            present = its()
            if present is not None:
                present.end(TimeoutError())

        timer = setTimeout(over, delay, reactor=reactor)
        weakref.finalize(signal, timer.clear).atexit = False
        return signal

    @classmethod
    @forgiving
    def any(cls, signals: Sequence[SignalLike]) -> AbortSignal:
        """
        Source: Node 20, C{AbortSignal.any}.

        @return: one that is over when one of these is, with its reason.
        @raise ERR_INVALID_ARG_TYPE: these are not a list of signals.
        """
        validateArray(signals, "signals")
        signals = list(signals)
        for index, each in enumerate(signals):
            validateAbortSignal(undefined if each is None else each, f"signals[{index}]")
            if each is None or each is undefined:  # type: ignore[comparison-overlap]
                raise ERR_INVALID_ARG_TYPE(f"signals[{index}]", "AbortSignal", each)
        result = newSignal()
        result._composite = result._hold = True
        for each in signals:
            if each.aborted:
                result.end(each.reason)
                break
            result._follow(each)
        return result

    def _follow(self, other: Any) -> None:
        if not isinstance(other, AbortSignal):
            other.addEventListener(
                "abort", lambda event: self.end(other.reason), {"once": True}
            )
            return
        # Of one with sources the sources: the order in which they end is then right.
        for source in other._sources if other._composite else [other]:
            if source not in self._sources:
                self._sources.append(source)
                source._dependents.append(weakref.ref(self, source._forget))

    def _forget(self, dependent: weakref.ref[AbortSignal]) -> None:
        self._dependents.remove(dependent)

    def end(self, reason: Any = undefined) -> None:
        """
        It is over. For its L{AbortController}.
        """
        if self.aborted:
            return
        if reason is undefined:
            reason = AbortError("This operation was aborted")
            reason.code = 20  # a DOMException's
        self.aborted = True
        self.reason = reason
        self.dispatchEvent(Event("abort"))
        self._held.discard(self)
        for each in list(self._dependents):
            dependent = each()
            if dependent is not None:
                dependent.end(reason)


def newSignal() -> AbortSignal:
    """
    @return: one that is not over. For an L{AbortController}.
    """
    signal = AbortSignal.__new__(AbortSignal)
    signal._begin()
    return signal


class AbortController:
    """
    Ends a L{signal}.

    Source: Node 20, C{AbortController}.

    @ivar signal: an L{AbortSignal}, to be given to what shall end with it.
    """

    def __init__(self) -> None:
        self.signal = newSignal()

    def abort(self, reason: Any = undefined) -> None:
        """
        It is over. A second time does nothing.

        Source: Node 20, C{abortController.abort}.

        @param reason: for C{signal.reason}; else an L{AbortError},
            C{'This operation was aborted'}.
        """
        self.signal.end(reason)


class Subscription:
    """
    What L{addAbortListener} returns. C{with} it, the listener is taken off at the end.

    Source: Node 20, C{events.addAbortListener}.
    """

    def __init__(self, dispose: Callable[[], object] | None) -> None:
        self._dispose = dispose

    def dispose(self) -> None:
        """
        Take the listener off. Node's C{Symbol.dispose}.
        """
        if self._dispose is not None:
            self._dispose()

    def __enter__(self) -> Subscription:
        return self

    def __exit__(self, *exception: object) -> None:
        self.dispose()


@forgiving
def addAbortListener(signal: SignalLike, listener: Callable[..., Any]) -> Subscription:
    """
    Call C{listener(event)} once, when the signal is over; if it is already, by
    a microtask (without an event, as Node does).

    Source: Node 20, C{events.addAbortListener}.

    @raise ERR_INVALID_ARG_TYPE: this is no signal, or no callable.
    """
    if signal is undefined:  # type: ignore[comparison-overlap]
        raise ERR_INVALID_ARG_TYPE("signal", "AbortSignal", signal)
    validateAbortSignal(signal, "signal")
    validateFunction(listener, "listener")
    if signal.aborted:
        queueMicrotask(listener)
        return Subscription(None)
    signal.addEventListener("abort", listener, {"once": True})
    return Subscription(lambda: signal.removeEventListener("abort", listener))
