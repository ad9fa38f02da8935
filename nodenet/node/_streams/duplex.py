"""
What can be read from and written to. Node 20, C{stream.Duplex} and C{stream.duplexPair}.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from nodenet.node._streams.destroy import construct
from nodenet.node._streams.duplexify import duplexify
from nodenet.node._streams.legacy import Stream
from nodenet.node._streams.options import putHooks
from nodenet.node._streams.readable import HOOKS as READABLE_HOOKS
from nodenet.node._streams.readable import Readable
from nodenet.node._streams.state import ReadableState, WritableState, merge
from nodenet.node._streams.utils import tick
from nodenet.node._streams.writable import HOOKS as WRITABLE_HOOKS
from nodenet.node._streams.writable import Writable

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from nodenet.node._types import DuplexListeners, DuplexOptions

from nodenet.node.validators import forgiving

__all__ = ["Duplex", "duplexPair"]

_HOOKS = {**READABLE_HOOKS, **WRITABLE_HOOKS}


class Duplex(Readable, Writable):
    """
    Node 20, C{stream.Duplex}: a L{Readable} and a L{Writable} with a life of their own each;
    it closes when both are through.

    Events: those of both. C{error} and C{close} come once for both sides, C{close} after both
    C{end} and C{finish}.

    @ivar allowHalfOpen: C{False}: it is ended when it has emitted C{end}.
    """

    __slots__ = ()

    _shape: ClassVar[tuple[str, ...]] = (*Writable._shape, "data", "end", "readable")

    def __init__(
        self, options: DuplexOptions | None = None, /, **keywords: Unpack[DuplexOptions]
    ) -> None:
        """
        @param options: those of both; C{readableHighWaterMark}, C{writableHighWaterMark},
            C{readableObjectMode}, C{writableObjectMode}; C{readable}, C{writable}
            (C{False}: there is no such side), C{allowHalfOpen}.
        """
        options = merge(options, keywords)
        Stream.__init__(self, options)
        self._readableState = r = ReadableState(options, True)
        self._writableState = w = WritableState(options, True)
        self.allowHalfOpen = True
        if options:
            self.allowHalfOpen = options.get("allowHalfOpen") is not False
            if options.get("readable") is False:
                r.readable = False
                r.ended = r.endEmitted = True
            if options.get("writable") is False:
                w.writable = False
                w.ending = w.ended = w.finished = True
            putHooks(self, options, _HOOKS)
        if self._construct is not None:
            construct(self, self._bothConstructed)

    if TYPE_CHECKING:
        # For checkers, these are no methods, but know the events of both.
        on: DuplexListeners  # type: ignore[assignment]
        addListener: DuplexListeners  # type: ignore[assignment]
        once: DuplexListeners  # type: ignore[assignment]
        prependListener: DuplexListeners  # type: ignore[assignment]
        prependOnceListener: DuplexListeners  # type: ignore[assignment]
        off: DuplexListeners  # type: ignore[assignment]
        removeListener: DuplexListeners  # type: ignore[assignment]

    def _bothConstructed(self) -> None:
        self._readableConstructed()
        self._writableConstructed()

    @classmethod
    @forgiving
    def from_(  # type: ignore[override]
        cls,
        body: Any,
        options: DuplexOptions | None = None,
        /,
        **keywords: Unpack[DuplexOptions],
    ) -> Duplex:
        """
        Node 20, C{Duplex.from}.

        @param body: a stream; an iterable, whose items are read; a function that gets what is
            written, as an async iterable, and returns what is read, as one, or an awaitable;
            an awaitable, whose value is read; a dict of C{readable} and C{writable}.
        @return: a duplex, of which a side may be missing.
        @raise ERR_INVALID_ARG_TYPE: it is none of these.
        """
        duplex: Duplex = duplexify(Duplex, body)
        return duplex

    pipe = Readable.pipe
    # That of Writable, which tells the callbacks of what waits.
    destroy = Writable.destroy

    @property
    def destroyed(self) -> bool:
        """
        Whether L{destroy} was called.
        """
        r, w = self._readableState, self._writableState
        return r is not None and w is not None and r.destroyed and w.destroyed

    @destroyed.setter
    def destroyed(self, value: object) -> None:
        if self._readableState is not None and self._writableState is not None:
            self._readableState.destroyed = self._writableState.destroyed = bool(value)


class _Side(Duplex):
    """
    One end of a L{duplexPair}.
    """

    __slots__ = ()

    _other: Any = None
    _waiting: Any = None

    def _read(self, size: int) -> None:
        callback, self._waiting = self._waiting, None
        if callback is not None:
            callback()

    def _write(self, chunk: Any, encoding: Any, callback: Any) -> None:
        if len(chunk):
            self._other.push(chunk)
            self._other._waiting = callback
        else:
            tick(self, callback)

    def _final(self, callback: Any) -> None:
        self._other.on("end", callback)
        self._other.push(None)


def duplexPair(
    options: DuplexOptions | None = None, /, **keywords: Unpack[DuplexOptions]
) -> tuple[Duplex, Duplex]:
    """
    Node 20, C{stream.duplexPair}.

    @param options: of each, see L{Duplex}.
    @return: two; what is written to one is read from the other.
    """
    options = merge(options, keywords)
    one, other = _Side(options), _Side(options)
    one._other, other._other = other, one
    return one, other
