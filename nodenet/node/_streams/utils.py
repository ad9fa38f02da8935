"""
Questions that can be asked of any stream, also of one that is not of ours. Node 20,
C{internal/streams/utils}.

Where it cannot be said, the answer is C{None}.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from inspect import Parameter, isawaitable, signature
from typing import Any

from nodenet.errors import report, watch
from nodenet.node._streams.legacy import reactorOf
from nodenet.node.errors import undefined
from nodenet.node.validators import forgiving
from nodenet.timers import nextTick

__all__ = [
    "callBack",
    "callStep",
    "follow",
    "isClosed",
    "isDestroyed",
    "isDisturbed",
    "isDuplexNodeStream",
    "isErrored",
    "isFinished",
    "isIterable",
    "isNodeStream",
    "isReadable",
    "isReadableErrored",
    "isReadableFinished",
    "isReadableNodeStream",
    "isThenable",
    "isWritable",
    "isWritableErrored",
    "isWritableFinished",
    "isWritableNodeStream",
    "returned",
    "tick",
    "willEmitClose",
]


def tick(stream: Any, callback: Callable[..., Any], *args: Any) -> None:
    """
    Node's C{process.nextTick}, on the reactor of this stream.
    """
    nextTick(callback, *args, reactor=reactorOf(stream))


def follow(result: Any, callback: Callable[..., Any]) -> None:
    """
    @param result: what the user's callback has returned, which may be a promise.
    """
    if result is not None:
        watch(result, lambda e: report(e, f"Unhandled exception from {callback!r}", None))


def callBack(callback: Callable[..., Any], *args: Any) -> None:
    """
    Call a user's callback with JavaScript's trailing undefined (here C{None}) left away,
    unless it insists on an argument: C{def done(error)} gets C{None} where nothing failed.
    What it does not take is left away, too.
    """
    follow(callback(*args[: _taken(callback, args)]), callback)


def _taken(callback: Callable[..., Any], args: tuple[Any, ...]) -> int:
    least = len(args)
    while least and args[least - 1] is None:
        least -= 1
    try:
        takes = signature(callback)
    except (TypeError, ValueError):  # of no known signature
        return least
    counts: list[int] = [*range(least, len(args) + 1), *range(least - 1, -1, -1)]
    for count in counts:
        try:
            takes.bind(*args[:count])
        except TypeError:
            continue
        return count
    return least


def callStep(function: Any, args: tuple[Any, ...], signal: Any) -> Any:
    """
    Call a user's function: with C{signal}, if it has a parameter of that name; with
    a dict of it, as in JavaScript, if it has room for one more; else without.
    """
    try:
        parameters = signature(function).parameters
    except (TypeError, ValueError):
        parameters = {}  # type: ignore[assignment]
    named = parameters.get("signal")
    if named is not None and named.kind is not Parameter.VAR_POSITIONAL:
        if named.kind is not Parameter.POSITIONAL_ONLY:
            return function(*args, signal=signal)
        return function(*args, signal)
    try:
        signature(function).bind(*args, {})
    except TypeError:
        return function(*args)
    except ValueError:
        pass
    return function(*args, {"signal": signal})


def returned(value: Any) -> Any:
    """
    @return: what a function that should have returned something has returned, for a message:
        C{None} is JavaScript's undefined there.
    """
    return undefined if value is None else value


def _can(thing: Any, name: str) -> bool:
    return callable(getattr(thing, name, None))


def isReadableNodeStream(thing: Any, strict: bool = False) -> bool:
    """
    @param strict: one that can be paused, too.
    """
    if not (_can(thing, "pipe") and _can(thing, "on")):
        return False
    if strict and not (_can(thing, "pause") and _can(thing, "resume")):
        return False
    if getattr(thing, "_writableState", None) is None:
        return True
    state = getattr(thing, "_readableState", None)  # a Writable has pipe, too
    return state is not None and getattr(state, "readable", None) is not False


def isWritableNodeStream(thing: Any) -> bool:
    if not (_can(thing, "write") and _can(thing, "on")):
        return False
    if getattr(thing, "_readableState", None) is None:
        return True
    return getattr(getattr(thing, "_writableState", None), "writable", None) is not False


def isDuplexNodeStream(thing: Any) -> bool:
    return (
        _can(thing, "pipe")
        and getattr(thing, "_readableState", None) is not None
        and _can(thing, "on")
        and _can(thing, "write")
    )


def isNodeStream(thing: Any) -> bool:
    if thing is None or isinstance(thing, type):
        return False
    return (
        getattr(thing, "_readableState", None) is not None
        or getattr(thing, "_writableState", None) is not None
        or (_can(thing, "on") and (_can(thing, "write") or _can(thing, "pipe")))
    )


def isThenable(thing: Any) -> bool:
    """
    @return: whether it is what JavaScript calls a promise: a Deferred, or to be awaited.
    """
    return isawaitable(thing) or _can(thing, "addCallbacks")


def isIterable(thing: Any, isAsync: bool | None = None) -> bool:
    """
    @param isAsync: C{True}: only asynchronously; C{False}: only synchronously.
    """
    # A dict is JavaScript's object, of which there is no iterator.
    if isinstance(thing, (Mapping, type)) or isThenable(thing):
        return False
    return (isAsync is not False and hasattr(thing, "__aiter__")) or (
        isAsync is not True and hasattr(thing, "__iter__")
    )


@forgiving
def isDestroyed(stream: Any) -> bool | None:
    """
    Node 20, C{stream.isDestroyed}: whether C{destroy} was called.
    """
    if not isNodeStream(stream):
        return None
    w = getattr(stream, "_writableState", None)
    state = w if w is not None else getattr(stream, "_readableState", None)
    return bool(
        getattr(stream, "destroyed", False)
        or getattr(stream, "_isDestroyed", False)
        or getattr(state, "destroyed", False)
    )


def isWritableEnded(stream: Any) -> bool | None:
    """
    @return: whether C{end} was called.
    """
    if not isWritableNodeStream(stream):
        return None
    if getattr(stream, "writableEnded", None) is True:
        return True
    state = getattr(stream, "_writableState", None)
    if getattr(state, "errored", None):
        return False
    ended = getattr(state, "ended", None)
    return ended if isinstance(ended, bool) else None


def isWritableFinished(stream: Any, strict: bool = True) -> bool | None:
    """
    @return: whether C{finish} was emitted, or (not C{strict}) is due.
    """
    if not isWritableNodeStream(stream):
        return None
    if getattr(stream, "writableFinished", None) is True:
        return True
    state = getattr(stream, "_writableState", None)
    if getattr(state, "errored", None):
        return False
    finished = getattr(state, "finished", None)
    if not isinstance(finished, bool):
        return None
    return finished or (
        not strict and getattr(state, "ended", None) is True and state.length == 0  # type: ignore[union-attr]
    )


def isReadableFinished(stream: Any, strict: bool = True) -> bool | None:
    """
    @return: whether C{end} was emitted, or (not C{strict}) is due.
    """
    if not isReadableNodeStream(stream):
        return None
    state = getattr(stream, "_readableState", None)
    if getattr(state, "errored", None):
        return False
    emitted = getattr(state, "endEmitted", None)
    if not isinstance(emitted, bool):
        return None
    return emitted or (
        not strict and getattr(state, "ended", None) is True and state.length == 0  # type: ignore[union-attr]
    )


@forgiving
def isReadable(stream: Any) -> bool | None:
    """
    Node 20, C{stream.isReadable}.
    """
    readable = getattr(stream, "readable", None)
    if not isinstance(readable, bool):
        return None
    if isDestroyed(stream):
        return False
    return isReadableNodeStream(stream) and readable and not isReadableFinished(stream)


@forgiving
def isWritable(stream: Any) -> bool | None:
    """
    Node 20, C{stream.isWritable}.
    """
    writable = getattr(stream, "writable", None)
    if not isinstance(writable, bool):
        return None
    if isDestroyed(stream):
        return False
    return isWritableNodeStream(stream) and writable and not isWritableEnded(stream)


def isFinished(stream: Any) -> bool | None:
    """
    @return: whether nothing can be read from it or written to it any more.
    """
    if not isNodeStream(stream):
        return None
    return bool(isDestroyed(stream)) or not (isReadable(stream) or isWritable(stream))


def isWritableErrored(stream: Any) -> Any:
    if not isNodeStream(stream):
        return None
    return getattr(stream, "writableErrored", None) or getattr(
        getattr(stream, "_writableState", None), "errored", None
    )


def isReadableErrored(stream: Any) -> Any:
    if not isNodeStream(stream):
        return None
    return getattr(stream, "readableErrored", None) or getattr(
        getattr(stream, "_readableState", None), "errored", None
    )


def isClosed(stream: Any) -> bool | None:
    if not isNodeStream(stream):
        return None
    closed = getattr(stream, "closed", None)
    if isinstance(closed, bool):
        return closed
    w = getattr(getattr(stream, "_writableState", None), "closed", None)
    r = getattr(getattr(stream, "_readableState", None), "closed", None)
    if isinstance(w, bool) or isinstance(r, bool):
        return bool(w or r)
    return None


def willEmitClose(stream: Any) -> bool | None:
    """
    @return: whether a C{close} is to come.
    """
    if not isNodeStream(stream):
        return None
    w = getattr(stream, "_writableState", None)
    state = w if w is not None else getattr(stream, "_readableState", None)
    return bool(
        state is not None
        and getattr(state, "autoDestroy", False)
        and getattr(state, "emitClose", False)
        and getattr(state, "closed", None) is False
    )


@forgiving
def isDisturbed(stream: Any) -> bool:
    """
    Node 20, C{stream.isDisturbed}: whether it was read from, or cancelled.
    """
    return bool(
        getattr(stream, "readableDidRead", False) or getattr(stream, "readableAborted", False)
    )


@forgiving
def isErrored(stream: Any) -> bool:
    """
    Node 20, C{stream.isErrored}.
    """
    for thing, names in (
        (stream, ("readableErrored", "writableErrored")),
        (getattr(stream, "_readableState", None), ("errorEmitted",)),
        (getattr(stream, "_writableState", None), ("errorEmitted",)),
        (getattr(stream, "_readableState", None), ("errored",)),
        (getattr(stream, "_writableState", None), ("errored",)),
    ):
        for name in names:
            answer = getattr(thing, name, None)
            if answer is not None:
                return bool(answer)
    return False
