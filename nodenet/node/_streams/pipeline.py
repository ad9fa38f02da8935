"""
Streams in a row. Node 20, C{stream.pipeline}.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, overload

from twisted.internet.defer import Deferred

from nodenet.node._streams import destroy as _destroy
from nodenet.node._streams.duplex import Duplex
from nodenet.node._streams.duplexify import duplexify
from nodenet.node._streams.files import FileWritable
from nodenet.node._streams.finished import eos
from nodenet.node._streams.from_ import isFile, parts
from nodenet.node._streams.iterate import ReadableIterator
from nodenet.node._streams.microtasks import run, settle, settled
from nodenet.node._streams.pump import pump
from nodenet.node._streams.readable import Readable
from nodenet.node._streams.state import Options, merge
from nodenet.node._streams.transform import PassThrough
from nodenet.node._streams.utils import (
    callBack,
    callStep,
    isIterable,
    isNodeStream,
    isReadable,
    isReadableFinished,
    isReadableNodeStream,
    isThenable,
    returned,
    tick,
)
from nodenet.node._streams.wrap import wrapped
from nodenet.node.abort import AbortController, addAbortListener
from nodenet.node.errors import (
    ERR_INVALID_ARG_TYPE,
    ERR_INVALID_RETURN_VALUE,
    ERR_MISSING_ARGS,
    ERR_STREAM_DESTROYED,
    ERR_STREAM_PREMATURE_CLOSE,
    AbortError,
    nameOf,
    undefined,
)
from nodenet.node.validators import validateAbortSignal, validateFunction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from typing_extensions import Unpack

    from nodenet.node._types import PipelineCallback, PipelineOptions, PipePart

__all__ = ["pipeline", "promised"]

_D = TypeVar("_D")

#: What goes on from an iterable.
_ITERABLES = ["Readable", "Iterable", "AsyncIterable", "ReadableStream", "TransformStream"]


class _Pipeline:
    """
    @ivar left: how many parts are not through yet.
    @ivar destroys: what ends each stream, if one fails.
    @ivar cleanups: what takes our listeners off the last stream, if that can still be read.
    """

    def __init__(
        self, streams: list[Any], callback: Callable[..., Any], options: Options
    ) -> None:
        """
        @param callback: gets the error, and the value of a function at the end.
        """
        if len(streams) == 1 and isinstance(streams[0], (list, tuple)):
            streams = list(streams[0])
        if len(streams) < 2:
            raise ERR_MISSING_ARGS("streams")
        self.callback: Callable[..., Any] | None = callback
        self.controller = AbortController()
        self.left = 0
        self.error: Any = None
        self.value: Any = None
        self.destroys: list[Callable[[Any], None]] = []
        self.cleanups: list[Callable[[], Any]] = []
        self.subscription: Any = None
        self.signal = outer = options.get("signal")
        self.endsLast = options.get("end") is not False
        if outer is not None:
            validateAbortSignal(outer, "options.signal")
            self.subscription = addAbortListener(outer, self.abort)
        self.last: Any = None
        for index, stream in enumerate(streams):
            self.last = self._add(index, stream, index == len(streams) - 1)
        if self.controller.signal.aborted or (outer is not None and outer.aborted):
            tick(self.last, self.abort)

    def abort(self, *_: Any) -> None:
        self.over(AbortError(cause=getattr(self.signal, "reason", None)), False)

    def finish(self, error: Any = None) -> None:
        """
        A part is through.
        """
        self.left -= 1
        self.over(error, self.left == 0)

    def over(self, error: Any, final: bool) -> None:
        if error and (
            not self.error or getattr(self.error, "code", None) == "ERR_STREAM_PREMATURE_CLOSE"
        ):
            self.error = error
        if not self.error and not final:
            return
        while self.destroys:
            self.destroys.pop(0)(self.error)
        if self.subscription is not None:
            self.subscription.dispose()
        self.controller.abort()
        if final:
            if not self.error:
                for cleanup in self.cleanups:
                    cleanup()
            tick(self.last, self._call, self.error, self.value)

    def _call(self, error: Any, value: Any) -> None:
        callback, self.callback = self.callback, None
        if callback is not None:
            callback(error, value)

    # The parts

    def _add(self, index: int, stream: Any, isLast: bool) -> Any:
        """
        @return: what the next one reads from.
        """
        reading, writing = not isLast, index > 0
        end = reading or self.endsLast
        if isLast and not isNodeStream(stream) and isFile(stream):
            stream = FileWritable(stream)
        if isNodeStream(stream):
            if end:
                cleanup = self._destroyer(stream, reading, writing)
                if isReadable(stream) and isLast:
                    self.cleanups.append(cleanup)
            self._onError(stream, isLast)
        before = self.last
        if not index:
            return self._first(stream)
        if callable(stream) and not isNodeStream(stream):
            return self._function(index, before, stream, isLast, end)
        if not isNodeStream(stream):
            return duplexify(Duplex, stream)
        if isReadableNodeStream(before):
            self.left += 2
            cleanup = _pipe(before, stream, self.finish, end)
            if isReadable(stream) and isLast:
                self.cleanups.append(cleanup)
        elif isIterable(before):
            self.left += 1
            run(pump(before, stream, self.finish, end))
        else:
            raise ERR_INVALID_ARG_TYPE("val", _ITERABLES, before)
        return stream

    def _destroyer(self, stream: Any, reading: bool, writing: bool) -> Callable[[], None]:
        finished = False

        def onclose(*_: Any) -> None:
            nonlocal finished
            finished = True

        def over(error: Any = None) -> None:
            nonlocal finished
            finished = not error

        def destroy(error: Any) -> None:
            nonlocal finished
            if not finished:
                finished = True
                _destroy.destroyer(stream, error or ERR_STREAM_DESTROYED("pipe"))

        stream.on("close", onclose)
        self.destroys.append(destroy)
        return eos(stream, {"readable": reading, "writable": writing}, over)

    def _onError(self, stream: Any, isLast: bool) -> None:
        # There are errors after all is through.
        def onerror(error: Any = None, *_: Any) -> None:
            if (
                error
                and nameOf(error) != "AbortError"
                and getattr(error, "code", None) != "ERR_STREAM_PREMATURE_CLOSE"
            ):
                self.finish(error)

        stream.on("error", onerror)
        if isReadable(stream) and isLast:
            self.cleanups.append(lambda: stream.removeListener("error", onerror))

    def _first(self, stream: Any) -> Any:
        if not isNodeStream(stream):
            if callable(stream):
                made = callStep(stream, (), self.controller.signal)
                if not isIterable(made):
                    raise ERR_INVALID_RETURN_VALUE(
                        "Iterable, AsyncIterable or Stream", "source", returned(made)
                    )
                return made
            if isFile(stream):
                return parts(stream)
        if isIterable(stream) or isReadableNodeStream(stream):
            return stream
        return duplexify(Duplex, stream)

    def _function(self, index: int, before: Any, function: Any, isLast: bool, end: bool) -> Any:
        if not isIterable(before):
            if not isReadableNodeStream(before):
                kinds = ["Readable", "Iterable", "AsyncIterable"]
                raise ERR_INVALID_ARG_TYPE("val", kinds, before)
            # One of the old kind.
            before = ReadableIterator(wrapped(Readable, before))
        if not hasattr(before, "__aiter__"):
            before = _Both(before)
        made = callStep(function, (before,), self.controller.signal)
        if not isLast:
            if not isIterable(made, True):
                raise ERR_INVALID_RETURN_VALUE(
                    "AsyncIterable", f"transform[{index - 1}]", returned(made)
                )
            return made
        # So that what is returned can be piped on, whatever came last.
        through = PassThrough(objectMode=True)
        if isThenable(made):
            self.left += 1
            run(self._value(made, through, end))
        elif isIterable(made, True):
            self.left += 1
            run(pump(made, through, self.finish, end))
        else:
            raise ERR_INVALID_RETURN_VALUE(
                "AsyncIterable or Promise", "destination", returned(made)
            )
        self.cleanups.append(self._destroyer(through, False, True))
        return through

    async def _value(self, made: Any, through: Any, end: bool) -> None:
        try:
            value = await settled(through, made)
        except Exception as e:
            through.destroy(e)
            tick(through, self.finish, e)
            return
        self.value = value
        if value is not None:
            through.write(value)
        if end:
            through.end()
        tick(through, self.finish)


class _Both:
    """
    An iterable that can be iterated over asynchronously, too, as all can in JavaScript.
    """

    def __init__(self, iterable: Any) -> None:
        self.iterable = iterable

    def __iter__(self) -> Any:
        return iter(self.iterable)

    async def __aiter__(self) -> Any:
        for each in self.iterable:
            yield await run(each) if isThenable(each) else each


def _pipe(source: Any, dest: Any, finish: Callable[..., Any], end: bool) -> Any:
    """
    @return: what takes our listeners off the destination.
    """
    ended = False

    def onclose(*_: Any) -> None:
        if not ended:  # before the source has
            finish(ERR_STREAM_PREMATURE_CLOSE())

    def endDest(*_: Any) -> None:
        nonlocal ended
        ended = True
        dest.end()

    dest.on("close", onclose)
    # We have a listener of our own that ends it.
    source.pipe(dest, {"end": False})
    if not end:
        finish()
    elif isReadableFinished(source):
        tick(source, endDest)
    else:
        source.once("end", endDest)

    def over(error: Any = None) -> None:
        state = getattr(source, "_readableState", None)
        if (
            getattr(error, "code", None) == "ERR_STREAM_PREMATURE_CLOSE"
            and state is not None
            and state.ended
            and not state.errored
            and not state.errorEmitted
        ):
            # There are streams that close before they emit end, which will come.
            source.once("end", finish)
            source.once("error", finish)
        else:
            finish(error)

    eos(source, {"readable": True, "writable": False}, over)
    return eos(dest, {"readable": False, "writable": True}, finish)


@overload
def pipeline(  # type: ignore[overload-overlap]
    source: PipePart,
    last: _D,
    callback: PipelineCallback,
    /,
    **options: Unpack[PipelineOptions],
) -> _D: ...
@overload
def pipeline(  # type: ignore[overload-overlap]
    source: PipePart,
    second: PipePart,
    last: _D,
    callback: PipelineCallback,
    /,
    **options: Unpack[PipelineOptions],
) -> _D: ...
@overload
def pipeline(  # type: ignore[overload-overlap]
    source: PipePart,
    second: PipePart,
    third: PipePart,
    last: _D,
    callback: PipelineCallback,
    /,
    **options: Unpack[PipelineOptions],
) -> _D: ...
@overload
def pipeline(
    streams: Sequence[PipePart],
    callback: PipelineCallback,
    /,
    **options: Unpack[PipelineOptions],
) -> Any: ...
@overload
def pipeline(
    source: PipePart | Sequence[PipePart],
    /,
    *streams: PipePart,
    **options: Unpack[PipelineOptions],
) -> Deferred[Any]: ...
def pipeline(*streams: Any, **options: Any) -> Any:
    """
    Node 20, C{stream.pipeline}: pipe streams in a row, and destroy all if one fails.

    The first may be an iterable, an async iterable, or a function that returns one; a
    function in the middle gets what it reads from as an async iterable, and returns one; the
    last may be a function that returns an awaitable or an async iterable. Python's files,
    and descriptors, may be first and last. Functions with a parameter C{signal} get one,
    which says that it is over.

    @param streams: one after the other, or a list of them; then callback(error, value).
        Without a callback a Deferred is returned, as by C{stream.promises.pipeline}.
    @param options: C{signal}, C{end} (C{False}: do not end the last).
    @return: the last stream; or a Deferred.
    @raise ERR_MISSING_ARGS: there are less than two.
    @raise ERR_INVALID_ARG_TYPE: one of them is nothing to pipe.
    @raise ERR_INVALID_RETURN_VALUE: a function returns nothing to pipe.
    """
    last: Any = streams[-1] if streams else undefined
    given = streams[0] if len(streams) == 1 else streams
    several = isinstance(given, (list, tuple)) and len(given) > 1
    if several and not callable(last) and (isNodeStream(last) or options or _isStep(last)):
        return promised(*streams, **options)
    validateFunction(last, "streams[stream.length - 1]")
    return _Pipeline(
        list(streams[:-1]), lambda error, value: callBack(last, error, value), options
    ).last


def _isStep(thing: Any) -> bool:
    return isIterable(thing) or isThenable(thing) or isFile(thing) or isinstance(thing, dict)


@overload
def promised(
    source: PipePart | Sequence[PipePart],
    /,
    *streams: PipePart,
    **options: Unpack[PipelineOptions],
) -> Deferred[Any]: ...
@overload
def promised(
    source: PipePart | Sequence[PipePart], /, *streams: PipePart | PipelineOptions
) -> Deferred[Any]: ...
def promised(*streams: Any, **options: Any) -> Deferred[Any]:
    """
    Node 20, C{stream.promises.pipeline}.

    @param streams: as of L{pipeline}, without the callback; a dict at the end is options.
    @return: fires with what a function at the end has returned, or C{None}. To cancel it
        aborts the pipeline.
    """
    parts = list(streams)
    if parts and isinstance(parts[-1], dict):
        options = {**parts.pop(), **options}
    running: _Pipeline | None = None

    def cancel(_: Deferred[Any]) -> None:
        if running is not None:
            running.abort()

    result: Deferred[Any] = Deferred(cancel)

    def callback(error: Any, value: Any) -> None:
        settle(running.last if running else None, result, error, value)

    try:
        running = _Pipeline(parts, callback, merge(options, {}))
    except Exception as e:
        result.errback(e)
    return result
