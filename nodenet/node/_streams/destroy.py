"""
How a stream is made, fails and ends. Node 20, C{internal/streams/destroy}.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nodenet.node._streams.utils import isDestroyed, isFinished, tick
from nodenet.node.errors import ERR_MULTIPLE_CALLBACK, AbortError, aggregateTwoErrors
from nodenet.node.validators import forgiving

__all__ = ["construct", "destroy", "destroyer", "errorOrDestroy", "undestroy"]


def _sides(stream: Any) -> tuple[Any, Any]:
    """
    @return: the states of the writable and of the readable side; C{None}: there is none.
    """
    return (
        getattr(stream, "_writableState", None),
        getattr(stream, "_readableState", None),
    )


def _fail(error: Any, *states: Any) -> None:
    for state in states:
        if error and state is not None and not state.errored:
            state.errored = error


def destroy(stream: Any, error: Any, callback: Any) -> None:
    """
    Call the stream's C{_destroy}, once in its life, then emit C{error}, if there is one,
    and C{close}: on a later tick. While it is being constructed that waits.

    @param callback: called when C{_destroy} has called back, with its error.
    """
    w, r = _sides(stream)
    if (w is not None and w.destroyed) or (r is not None and r.destroyed):
        if callable(callback):
            callback()
        return
    # Before anything is called, as that may call destroy again.
    _fail(error, w, r)
    for state in (w, r):
        if state is not None:
            state.destroyed = True
    state = w if w is not None else r
    if state.constructed:
        _destroy(stream, error, callback)
    else:

        def constructed(e: Any = None) -> None:
            _destroy(stream, aggregateTwoErrors(e, error), callback)

        stream.once(_DESTROY, constructed)


class _Event:
    """
    The name of an event of our own, which nobody else can listen to.
    """

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"Symbol({self.name})"


_DESTROY: Any = _Event("kDestroy")
_CONSTRUCT: Any = _Event("kConstruct")


def _destroy(stream: Any, error: Any, callback: Any) -> None:
    called = False

    def onDestroy(error: Any = None, *_: Any) -> None:
        nonlocal called
        if called:
            return
        called = True
        w, r = _sides(stream)
        _fail(error, w, r)
        if w is not None:
            w.closed = True
        if r is not None:
            r.closed = True
        if callable(callback):
            callback(error)
        if error:
            tick(stream, _emitErrorClose, stream, error)
        else:
            tick(stream, _emitClose, stream)

    try:
        result = stream._destroy(error or None, onDestroy)
        if result is not None:
            stream.watchResult(result)
    except Exception as e:
        onDestroy(e)


def _emitErrorClose(stream: Any, error: Any) -> None:
    # Node calls one after the other; where a listener (or nobody) lets the error out there,
    # the process ends. Here it lives on, and who waits for close must get it.
    try:
        _emitError(stream, error)
    finally:
        _emitClose(stream)


def _emitClose(stream: Any) -> None:
    w, r = _sides(stream)
    emits = False
    for state in (w, r):
        if state is not None:
            state.closeEmitted = True
            emits = emits or state.emitClose
    if emits:
        stream.emit("close")


def _emitError(stream: Any, error: Any) -> None:
    w, r = _sides(stream)
    if (w is not None and w.errorEmitted) or (r is not None and r.errorEmitted):
        return
    for state in (w, r):
        if state is not None:
            state.errorEmitted = True
    stream.emit("error", error)


def undestroy(stream: Any) -> None:
    """
    Make a stream that was destroyed as new: a socket connects again. Node 20,
    C{stream._undestroy}.
    """
    w, r = _sides(stream)
    for state in (w, r):
        if state is not None:
            state.constructed = True
            state.closed = state.closeEmitted = state.destroyed = state.errorEmitted = False
            state.errored = None
    if r is not None:
        r.reading = False
        r.ended = r.endEmitted = r.readable is False
    if w is not None:
        w.finalCalled = w.prefinished = False
        w.ended = w.ending = w.finished = w.writable is False


def errorOrDestroy(stream: Any, error: Any, sync: bool = False) -> None:
    """
    The stream has failed: destroy it with that error, unless C{autoDestroy} is off; then
    only emit it.

    @param sync: the caller's caller does not expect an event yet: on a later tick.
    """
    w, r = _sides(stream)
    if (w is not None and w.destroyed) or (r is not None and r.destroyed):
        return
    if (r is not None and r.autoDestroy) or (w is not None and w.autoDestroy):
        stream.destroy(error)
    elif error:
        _fail(error, w, r)
        if sync:
            tick(stream, _emitError, stream, error)
        else:
            _emitError(stream, error)


def construct(stream: Any, callback: Callable[[], Any]) -> None:
    """
    Call the stream's C{_construct} on the next tick, before anything is read, written or
    destroyed.

    @param callback: called when it has called back, unless it failed.
    """
    for state in _sides(stream):
        if state is not None:
            state.constructed = False
    stream.once(_CONSTRUCT, callback)
    tick(stream, _construct, stream)


def _construct(stream: Any) -> None:
    called = False

    def onConstruct(error: Any = None) -> None:
        nonlocal called
        if called:
            errorOrDestroy(stream, error or ERR_MULTIPLE_CALLBACK())
            return
        called = True
        w, r = _sides(stream)
        for state in (w, r):
            if state is not None:
                state.constructed = True
        if (w if w is not None else r).destroyed:
            stream.emit(_DESTROY, error)
        elif error:
            errorOrDestroy(stream, error, True)
        else:
            stream.emit(_CONSTRUCT)

    def back(error: Any = None, *_: Any) -> None:
        tick(stream, onConstruct, error)

    try:
        result = stream._construct(back)
        if result is not None:
            stream.watchResult(result)
    except Exception as e:
        back(e)


@forgiving
def destroyer(stream: Any, error: Any = None) -> None:
    """
    Destroy any stream, also one that is not of ours. Node 20, C{stream.destroy}.

    @param error: with which; an AbortError where it is not over yet and none is given.
    """
    if not stream or isDestroyed(stream):
        return
    if not error and not isFinished(stream):
        error = AbortError()
    if callable(getattr(stream, "destroy", None)):
        stream.destroy(error)
    elif callable(getattr(stream, "close", None)):
        stream.close()
    elif error:
        tick(stream, _emitErrorCloseLegacy, stream, error)
    else:
        tick(stream, stream.emit, "close")
    if not getattr(stream, "destroyed", False):
        stream._isDestroyed = True


def _emitErrorCloseLegacy(stream: Any, error: Any) -> None:
    try:
        stream.emit("error", error)
    finally:
        tick(stream, stream.emit, "close")
