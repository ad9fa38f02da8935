"""
The base of all streams. Node 20, C{internal/streams/legacy}.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from nodenet.node._streams.state import Options, merge
from nodenet.node.events import EventEmitter

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from nodenet.node._types import PipeOptions

__all__ = ["Stream", "reactorOf"]


def reactorOf(stream: Any) -> Any:
    """
    @return: whose ticks a stream lives on; C{None}: those of the global one.
    """
    return getattr(stream, "_reactor", None)


def _place(shape: tuple[str, ...], name: object) -> int:
    return shape.index(name) if name in shape else len(shape)


class Stream(EventEmitter):
    """
    Node 20, C{stream.Stream}: an emitter of C{data} that can be piped, as of Node 0.8. What
    is written today is a L{Readable}, L{Writable}, or both.
    """

    # Of all that is derived: two bases of one class cannot have slots each.
    __slots__ = ("_reactor", "_readableState", "_writableState", "allowHalfOpen")

    #: The types that come first in C{eventNames}, in this order: in Node a stream has a place
    #: for each from the start on, until C{removeAllListeners}.
    _shape: ClassVar[tuple[str, ...]] = ()

    def __init__(self, options: Options | None = None, /, **keywords: Any) -> None:
        self._readableState: Any = None
        self._writableState: Any = None
        options = merge(options, keywords)
        self._reactor: Any = options.get("reactor")
        # Its keywords are ours, so not by super().
        EventEmitter.__init__(self, options)  # type: ignore[arg-type]

    def _names(self) -> list[Any]:
        names = super()._names()
        if self._shaped:
            names.sort(key=lambda name: _place(self._shape, name))
        return names

    def pipe(
        self, dest: Any, options: PipeOptions | None = None, /, **keywords: Unpack[PipeOptions]
    ) -> Any:
        """
        Write C{data} to the destination, and end it with this one.

        Source: Node 20, C{stream.Stream.pipe}.

        @param options: C{end=False}: do not end it.
        @return: the destination.
        """
        source: Any = self
        over = False

        def ondata(chunk: Any = None, *_: Any) -> None:
            if getattr(dest, "writable", None) and dest.write(chunk) is False:
                pause = getattr(source, "pause", None)
                if pause is not None:
                    pause()

        def ondrain(*_: Any) -> None:
            if getattr(source, "readable", None):
                resume = getattr(source, "resume", None)
                if resume is not None:
                    resume()

        def onend(*_: Any) -> None:
            nonlocal over
            if not over:
                over = True
                dest.end()

        def onclose(*_: Any) -> None:
            nonlocal over
            if not over:
                over = True
                if callable(getattr(dest, "destroy", None)):
                    dest.destroy()

        def failed(emitter: Any) -> Any:
            # Its listener is gone now: if it was the only one, the error must be raised.
            def onerror(error: Any = None, *_: Any) -> None:
                cleanup()
                if not emitter.listenerCount("error"):
                    emitter.emit("error", error)

            return onerror

        def cleanup(*_: Any) -> None:
            for emitter, event, listener in listeners:
                emitter.removeListener(event, listener)

        listeners = [
            (source, "data", ondata),
            (dest, "drain", ondrain),
            (source, "end", cleanup),
            (source, "close", cleanup),
            (dest, "close", cleanup),
        ]
        if merge(options, keywords).get("end") is not False:
            listeners[2:2] = [(source, "end", onend), (source, "close", onclose)]
        errors = [(source, "error", failed(source)), (dest, "error", failed(dest))]
        for emitter, event, listener in listeners:
            emitter.on(event, listener)
        for emitter, event, listener in errors:
            emitter.prependListener(event, listener)
        listeners += errors
        dest.emit("pipe", source)
        return dest
