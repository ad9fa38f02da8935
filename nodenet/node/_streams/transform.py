"""
What makes of what is written what is read. Node 20, C{stream.Transform}.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nodenet.node._streams.duplex import Duplex
from nodenet.node._streams.state import highWaterMarkOf, merge
from nodenet.node._streams.utils import tick
from nodenet.node.errors import ERR_METHOD_NOT_IMPLEMENTED

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import Unpack

    from nodenet.node._types import TransformOptions

from nodenet.node.validators import forgiving

__all__ = ["PassThrough", "Transform"]


class Transform(Duplex):
    """
    Node 20, C{stream.Transform}.

    Give it C{_transform}, as a method or as option C{transform}: it is called with a chunk,
    its encoding and a callback, may C{push} any number of times, and calls
    C{callback(error, chunk)}. C{_flush}, called with such a callback, comes after the last.

    Events: those of L{Duplex}. C{prefinish}, C{finish} and C{end} come when C{_flush} has
    called back.
    """

    __slots__ = ()

    _flush: Any = None
    # The write that waits until somebody has read.
    _waiting: Any = None

    def __init__(
        self, options: TransformOptions | None = None, /, **keywords: Unpack[TransformOptions]
    ) -> None:
        """
        @param options: those of L{Duplex}, and C{transform}, C{flush}.
        """
        options = merge(options, keywords)
        if options and highWaterMarkOf(options, True, "readableHighWaterMark") == 0:
            # What need not be buffered for reading need not be for writing.
            options = {
                **options,
                "highWaterMark": None,
                "readableHighWaterMark": 0,
                "writableHighWaterMark": options.get("writableHighWaterMark") or 0,
            }
        Duplex.__init__(self, options)
        # We have done what is to be done before the first _read.
        self._readableState.sync = False
        for option, hook in (("transform", "_transform"), ("flush", "_flush")):
            function = options.get(option)
            if callable(function):
                setattr(self, hook, function)
        self.on("prefinish", self._prefinish)

    def _prefinish(self) -> None:
        # There are transforms with a _final of their own, which must flush all the same.
        if getattr(self._final, "__func__", None) is not Transform._final:
            Transform._final(self)

    def _final(self, callback: Any = None) -> None:
        def flushed(error: Any = None, data: Any = None, *_: Any) -> None:
            if error:
                if callback is not None:
                    callback(error)
                else:
                    self.destroy(error)
                return
            if data is not None:
                self.push(data)
            self.push(None)
            if callback is not None:
                callback()

        if callable(self._flush) and not self.destroyed:
            result = self._flush(flushed)
            if result is not None:
                self.watchResult(result)
        else:
            self.push(None)
            if callback is not None:
                callback()

    @forgiving
    def _transform(self, chunk: Any, encoding: Any, callback: Callable[..., Any]) -> Any:
        """
        Make something of the chunk.

        @param callback: to be called with an error or C{None}, and what is to be pushed.
        """
        raise ERR_METHOD_NOT_IMPLEMENTED("_transform()")

    def _write(self, chunk: Any, encoding: Any, callback: Any) -> None:
        r, w = self._readableState, self._writableState
        before = r.length

        def transformed(error: Any = None, value: Any = None, *_: Any) -> None:
            if error:
                callback(error)
                return
            if value is not None:
                self.push(value)
            if r.ended:
                # The end, pushed by the user, must be noticed first.
                tick(self, callback)
            elif w.ended or before == r.length or r.length < r.highWaterMark:
                callback()
            else:
                self._waiting = callback

        result = self._transform(chunk, encoding, transformed)
        if result is not None:
            self.watchResult(result)

    def _read(self, size: int) -> None:
        callback, self._waiting = self._waiting, None
        if callback is not None:
            callback()


class PassThrough(Transform):
    """
    Node 20, C{stream.PassThrough}: what is written is read.
    """

    __slots__ = ()

    def _transform(self, chunk: Any, encoding: Any, callback: Any) -> None:
        callback(None, chunk)
