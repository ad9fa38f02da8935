"""
Node's C{EventEmitter}.

Source: Node v0.3.3, C{lib/events.js}.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar, overload

from nodenet.errors import ListenerArgumentsError, NodeError, misfit, report, watch

if TYPE_CHECKING:
    from typing_extensions import Self  # of typing from Python 3.11 on

__all__ = ["EventEmitter"]

Listener = Callable[..., Any]
_L = TypeVar("_L", bound=Listener)
_MISSING: Any = object()


class _Once:
    """
    A listener that takes itself off before it is called.
    """

    __slots__ = ("called", "emitter", "listener", "type")

    def __init__(self, emitter: EventEmitter, type: str, listener: Listener) -> None:
        self.emitter = emitter
        self.type = type
        self.listener = listener
        self.called = False

    def __call__(self, *args: Any) -> Any:
        if self.called:  # by an emit within the one that calls us now
            return None
        self.called = True
        self.emitter.removeListener(self.type, self)
        try:
            return self.listener(*args)
        except TypeError as e:
            _explain(e, self.type, self.listener, args)
            raise


class EventEmitter:
    """
    Calls the listeners of an event, in the order in which they were added.

    Event C{newListener}(type, listener): a listener is about to be added.

    Event C{error}(exception): when nobody listens, L{emit} raises the
    exception.

    A listener's return value is ignored, except that a coroutine is run, and
    that a coroutine or Deferred that fails is logged as critical (and destroys a
    stream): C{async def} listeners just work.
    """

    __slots__ = ("__dict__", "__weakref__", "_events", "_warned")

    # type -> the listener if there is one, a tuple of several, or the list of them when
    # somebody has it from listeners(). Most events of most streams have one, and a
    # list for each would be half of an idle stream's memory.
    _events: dict[str, Listener | tuple[Listener, ...] | list[Listener]]
    _maxListeners = 10
    _warned: set[str]

    def __init__(self) -> None:
        self._events = {}

    @overload
    def on(self, type: str) -> Callable[[_L], _L]: ...
    @overload
    def on(self, type: str, listener: Listener) -> Self: ...
    def on(self, type: str, listener: Any = _MISSING) -> Any:
        """
        Add a listener to the end of the list for this type of event.

        Without C{listener} this is a decorator, which returns the function.

        @return: the emitter.
        @raise NodeError: C{listener} is not callable.
        """
        if listener is _MISSING:
            return partial(self._decorate, type, lambda listener: listener)
        events = self._events
        if type not in events and "newListener" not in events and callable(listener):
            events[type] = listener  # the common case
            return self
        return self._add(type, listener, listener)

    addListener = on

    @overload
    def once(self, type: str) -> Callable[[_L], _L]: ...
    @overload
    def once(self, type: str, listener: Listener) -> Self: ...
    def once(self, type: str, listener: Any = _MISSING) -> Any:
        """
        As L{on}, for a listener that is called at most once.
        """
        if listener is _MISSING:
            return partial(self._decorate, type, partial(_Once, self, type))
        return self._add(type, listener, _Once(self, type, listener))

    def prependListener(self, type: str, listener: Listener) -> Self:
        """
        As L{on}, but before those that are there.

        Source: Node v20, C{EventEmitter}.
        """
        return self._add(type, listener, listener, first=True)

    def prependOnceListener(self, type: str, listener: Listener) -> Self:
        """
        As L{once}, but before those that are there.

        Source: Node v20, C{EventEmitter}.
        """
        return self._add(type, listener, _Once(self, type, listener), first=True)

    def _decorate(self, type: str, entry: Callable[[_L], Listener], listener: _L) -> _L:
        self._add(type, listener, entry(listener))
        return listener

    def _add(
        self, type: str, listener: Listener, entry: Listener, *, first: bool = False
    ) -> Self:
        events = self._events
        if not callable(listener):
            raise NodeError("addListener only takes instances of Function")
        if "newListener" in events:
            self.emit("newListener", type, listener)
        present = events.get(type)
        if present is None:
            events[type] = entry
        elif isinstance(present, list):
            present.insert(0 if first else len(present), entry)
            self._warnOfLeak(type, len(present))
        else:
            all = present if isinstance(present, tuple) else (present,)
            events[type] = (entry, *all) if first else (*all, entry)
            self._warnOfLeak(type, len(all) + 1)
        return self

    def _warnOfLeak(self, type: str, count: int) -> None:
        if not 0 < self._maxListeners < count:
            return
        warned = getattr(self, "_warned", None)
        if warned is None:
            warned = self._warned = set()
        if type not in warned:
            warned.add(type)
            warnings.warn(
                f"possible EventEmitter memory leak detected. {count} {type!r} listeners"
                " added. Use emitter.setMaxListeners() to increase limit.",
                RuntimeWarning,
                stacklevel=4,
            )

    def setMaxListeners(self, n: int) -> Self:
        """
        Warn when one type of event gets more than C{n} listeners (10 unless
        told otherwise); 0: never.

        @return: the emitter.
        """
        self._maxListeners = n
        return self

    def getMaxListeners(self) -> int:
        """
        Source: Node v20, C{EventEmitter}.

        @return: what L{setMaxListeners} has set.
        """
        return self._maxListeners

    def removeListener(self, type: str, listener: Listener) -> Self:
        """
        Take off the first such listener of this type, if there is one; one that
        L{once} added is found too.

        @return: the emitter.
        """
        present = self._events.get(type)
        if isinstance(present, (list, tuple)):
            for index, entry in enumerate(present):
                if entry == listener or _is(entry, listener):
                    if isinstance(present, list):
                        del present[index]
                    else:
                        rest = present[:index] + present[index + 1 :]
                        self._events[type] = rest if len(rest) > 1 else rest[0]  # pyright: ignore[reportGeneralTypeIssues]
                    break
        elif present is not None and (present == listener or _is(present, listener)):
            del self._events[type]
        return self

    #: Another name. Source: Node v20, C{EventEmitter}.
    off = removeListener

    def removeAllListeners(self, type: str | None = None) -> Self:
        """
        Take off all listeners of this type, or all of them.

        @return: the emitter.
        """
        if type is None:
            self._events.clear()
        else:
            self._events.pop(type, None)
        return self

    def listeners(self, type: str) -> list[Listener]:
        """
        @return: the live list of this type's listeners, which may be edited.
        """
        present = self._events.get(type)
        if isinstance(present, tuple):
            present = self._events[type] = list(present)
        elif not isinstance(present, list):
            present = self._events[type] = [] if present is None else [present]
        return present

    def rawListeners(self, type: str) -> list[Listener]:
        """
        Source: Node v20, C{EventEmitter}.

        @return: a copy of the list. A listener that L{once} added is C{listener} of
            its entry there.
        """
        return list(self._entries(type))

    def listenerCount(self, type: str, listener: Listener | None = None) -> int:
        """
        Source: Node v20, C{EventEmitter}.

        @return: how many listeners this type has, or how often it has this one.
        """
        entries = self._entries(type)
        if listener is None:
            return len(entries)
        return sum(_is(entry, listener) for entry in entries)

    def eventNames(self) -> list[str]:
        """
        Source: Node v20, C{EventEmitter}.

        @return: the types that have listeners.
        """
        # A live list may be empty.
        return [type for type, present in self._events.items() if present != []]

    def _entries(self, type: str) -> tuple[Listener, ...] | list[Listener]:
        present = self._events.get(type)
        if isinstance(present, (tuple, list)):
            return present
        return () if present is None else (present,)

    def emit(self, type: str, *args: Any) -> bool:
        """
        Call each listener of this type with C{args}. Listeners that are added
        or taken off meanwhile count from the next time on.

        @return: whether there was any.
        @raise ListenerArgumentsError: a listener does not take C{args}.
        @raise Exception: what a listener raises: those after it are not
            called; and the exception of an C{error} that nobody listens to.
        """
        listener: Any = self._events.get(type)
        if listener is not None:
            kind = listener.__class__
            if kind is not tuple and kind is not list:
                try:
                    result = listener(*args)
                except TypeError as e:
                    _explain(e, type, listener, args)
                    raise
                if result is not None and result.__class__ is not bool:
                    self.watchResult(result)
                return True
            if listener:
                for each in tuple(listener):
                    try:
                        result = each(*args)
                    except TypeError as e:
                        _explain(e, type, each, args)
                        raise
                    if result is not None and result.__class__ is not bool:
                        self.watchResult(result)
                return True
        if type == "error":
            if args and isinstance(args[0], BaseException):
                raise args[0]
            raise NodeError("Uncaught, unspecified 'error' event.")
        return False

    def watchResult(self, result: object) -> None:
        """
        A listener has returned this.
        """
        watch(result, self.listenerFailed)

    def listenerFailed(self, error: Exception) -> None:
        """
        An exception that no caller can catch came out of a listener.
        """
        if isinstance(error, ListenerArgumentsError):
            what = f"{self!r}: {error}"
        else:
            what = f"Unhandled exception from a listener on {self!r}"
        report(error, what, self)


def _is(entry: Listener, listener: Listener) -> bool:
    return entry == listener or (isinstance(entry, _Once) and entry.listener == listener)


def _explain(error: TypeError, type: str, listener: Listener, args: tuple[Any, ...]) -> None:
    """
    @raise ListenerArgumentsError: that is what the error means.
    """
    better = misfit(error, type, listener, args)
    if better is not None:
        raise better from error
