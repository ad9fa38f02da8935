"""
What can be made of a readable: C{map}, C{filter} and the like. Node 20, C{Readable.map}...
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Any

from twisted.internet.defer import Deferred

from nodenet.node._streams.abort import addAbortSignal
from nodenet.node._streams.finished import promised
from nodenet.node._streams.microtasks import run, settle, settled
from nodenet.node._streams.state import Options, merge
from nodenet.node._streams.utils import callStep, isNodeStream, isThenable, isWritable
from nodenet.node.abort import AbortController, AbortSignal
from nodenet.node.errors import (
    ERR_INVALID_ARG_TYPE,
    ERR_INVALID_ARG_VALUE,
    ERR_MISSING_ARGS,
    ERR_OUT_OF_RANGE,
    AbortError,
    undefined,
)
from nodenet.node.validators import (
    toNumber,
    validateAbortSignal,
    validateInteger,
    validateObject,
)

__all__ = ["Operators", "composers"]

#: L{nodenet.node.stream.compose}, which stands above what it composes, and puts itself here.
composers: list[Callable[..., Any]] = []

_EMPTY: Any = object()
_END: Any = object()


def _checked(options: Any, keywords: dict[str, Any]) -> Options:
    if options is not None and options is not undefined:
        validateObject(options, "options")
    else:
        options = None
    merged = merge(options, keywords)
    if merged.get("signal") is not None:
        validateAbortSignal(merged["signal"], "options.signal")
    return merged


def _function(fn: Any, name: str = "fn") -> None:
    if not callable(fn):
        raise ERR_INVALID_ARG_TYPE(name, ["Function", "AsyncFunction"], fn)


def _throwIfAborted(options: Options) -> None:
    signal = options.get("signal")
    if signal is not None and signal.aborted:
        raise AbortError(cause=getattr(signal, "reason", None))


class _Map:
    """
    Calls a function for each chunk, for some at the same time, and gives what they return in
    the order of the chunks.

    @ivar queue: a Deferred each, of what is to be given.
    @ivar count: how many are running.
    """

    def __init__(self, stream: Any, fn: Callable[[Any], Any], limit: int, mark: int) -> None:
        self.stream = stream
        self.fn = fn
        self.limit = limit
        self.mark = mark
        self.queue: deque[Any] = deque()
        self.count = 0
        self.done = False
        self.next: Deferred[None] | None = None
        self.resume: Deferred[None] | None = None

    def wakeNext(self) -> None:
        waiting, self.next = self.next, None
        if waiting is not None:
            settle(self.stream, waiting, None)

    def maybeResume(self) -> None:
        if not self.done and self.count < self.limit and len(self.queue) < self.mark:
            waiting, self.resume = self.resume, None
            if waiting is not None:
                settle(self.stream, waiting, None)

    async def one(self, value: Any) -> Any:
        try:
            return await settled(self.stream, value)
        except Exception:
            self.done = True
            raise
        finally:
            self.count -= 1
            self.maybeResume()

    async def failed(self, error: Exception) -> Any:
        self.done = True
        raise error

    async def pump(self, signal: Any) -> None:
        try:
            async for chunk in self.stream:
                if self.done:
                    return
                if signal.aborted:
                    raise AbortError()
                try:
                    value = self.fn(chunk)
                except Exception as e:
                    self.queue.append(run(self.failed(e)))
                else:
                    self.count += 1
                    self.queue.append(run(self.one(value)))
                self.wakeNext()
                if not self.done and (len(self.queue) >= self.mark or self.count >= self.limit):
                    self.resume = Deferred()
                    await self.resume
            self.queue.append(_END)
        except Exception as e:
            self.queue.append(run(self.failed(e)))
        finally:
            self.done = True
            self.wakeNext()

    async def results(self, signal: Any) -> AsyncIterator[Any]:
        run(self.pump(signal))
        try:
            while True:
                while self.queue:
                    first = self.queue[0]
                    if first is _END:
                        return
                    value = await first
                    if signal.aborted:
                        raise AbortError()
                    if value is not _EMPTY:
                        yield value
                    self.queue.popleft()
                    self.maybeResume()
                self.next = Deferred()
                await self.next
        finally:
            self.done = True
            waiting, self.resume = self.resume, None
            if waiting is not None:
                waiting.callback(None)
            for each in self.queue:  # nobody asks for them any more
                if each is not _END:
                    each.addErrback(lambda _: None)


def _mapped(stream: Any, fn: Any, options: Options) -> AsyncIterator[Any]:
    """
    @return: what the function makes of each chunk, but not L{_EMPTY}.
    """
    limit: Any = 1
    if options.get("concurrency") is not None:
        limit = _floor(options["concurrency"])
    mark: Any = limit - 1
    if options.get("highWaterMark") is not None:
        mark = _floor(options["highWaterMark"])
    validateInteger(limit, "options.concurrency", 1)
    validateInteger(mark, "options.highWaterMark", 0)
    outer = options.get("signal")
    signal = AbortSignal.any([outer] if outer is not None else [])

    def call(chunk: Any) -> Any:
        return fn(chunk, signal)

    return _Map(stream, call, limit, mark + limit).results(signal)


def _filtered(stream: Any, fn: Any, options: Options) -> AsyncIterator[Any]:
    async def keep(chunk: Any, signal: Any) -> Any:
        kept = callStep(fn, (chunk,), signal)
        if isThenable(kept):
            kept = await settled(stream, kept)
        return chunk if kept else _EMPTY

    return _mapped(stream, keep, options)


def _floor(value: Any) -> float:
    number = toNumber(value)
    return math.floor(number) if math.isfinite(number) else number


def _number(number: Any) -> float:
    try:
        number = toNumber(number)
    except (TypeError, ValueError):
        return 0
    if math.isnan(number):
        return 0
    if number < 0:
        raise ERR_OUT_OF_RANGE("number", ">= 0", number)
    return float(number)


class Operators:
    """
    What L{Readable} has from here. Functions are called with a chunk, and the signal where
    they take one, see L{nodenet.node.stream.pipeline}; they may be C{async}.

    Options: C{signal}; of those that call a function C{concurrency} (1) and
    C{highWaterMark}.
    """

    __slots__ = ()

    def _derived(self, iterable: Any) -> Any:
        raise NotImplementedError

    def compose(self, stream: Any, options: Any = None, /, **keywords: Any) -> Any:
        """
        @param stream: what follows this one: a writable, an iterable or a function, see
            L{nodenet.node.stream.compose}.
        @return: a duplex of both.
        @raise ERR_INVALID_ARG_VALUE: that cannot be written to.
        """
        signal = _checked(options, keywords).get("signal")
        if isNodeStream(stream) and not isWritable(stream):
            raise ERR_INVALID_ARG_VALUE("stream", stream, "must be writable")
        [compose] = composers
        composed = compose(self, stream)
        if signal is not None:
            addAbortSignal(signal, composed, validate=False)
        return composed

    def map(self, fn: Any = undefined, options: Any = None, /, **keywords: Any) -> Any:
        """
        @return: a readable of what the function makes of each chunk.
        """
        _function(fn)

        def call(chunk: Any, signal: Any) -> Any:
            return callStep(fn, (chunk,), signal)

        return self._derived(_mapped(self, call, _checked(options, keywords)))

    def filter(self, fn: Any = undefined, options: Any = None, /, **keywords: Any) -> Any:
        """
        @return: a readable of the chunks for which the function is true.
        """
        _function(fn)
        return self._derived(_filtered(self, fn, _checked(options, keywords)))

    def flatMap(self, fn: Any = undefined, options: Any = None, /, **keywords: Any) -> Any:
        """
        @return: a readable of the items of what the function makes of each chunk.
        """
        _function(fn)

        def call(chunk: Any, signal: Any) -> Any:
            return callStep(fn, (chunk,), signal)

        values = _mapped(self, call, _checked(options, keywords))

        async def flat() -> AsyncIterator[Any]:
            async for value in values:
                if hasattr(value, "__aiter__"):
                    async for each in value:
                        yield each
                else:
                    for each in value:
                        yield each

        return self._derived(flat())

    def drop(self, number: Any = undefined, options: Any = None, /, **keywords: Any) -> Any:
        """
        @return: a readable without the first so many chunks.
        """
        checked = _checked(options, keywords)
        left = _number(number)

        async def rest() -> AsyncIterator[Any]:
            nonlocal left
            _throwIfAborted(checked)
            async for chunk in self:  # type: ignore[attr-defined]
                _throwIfAborted(checked)
                left -= 1
                if left < 0:
                    yield chunk

        return self._derived(rest())

    def take(self, number: Any = undefined, options: Any = None, /, **keywords: Any) -> Any:
        """
        @return: a readable of the first so many chunks.
        """
        checked = _checked(options, keywords)
        left = _number(number)

        async def first() -> AsyncIterator[Any]:
            nonlocal left
            _throwIfAborted(checked)
            async for chunk in self:  # type: ignore[attr-defined]
                _throwIfAborted(checked)
                left -= 1
                if left >= 0:
                    yield chunk
                if left <= 0:
                    return

        return self._derived(first())

    def asIndexedPairs(self, options: Any = None, /, **keywords: Any) -> Any:
        """
        @return: a readable of C{[index, chunk]}.
        """
        checked = _checked(options, keywords)

        async def pairs() -> AsyncIterator[Any]:
            index = 0
            async for chunk in self:  # type: ignore[attr-defined]
                _throwIfAborted(checked)
                yield [index, chunk]
                index += 1

        return self._derived(pairs())

    def forEach(
        self, fn: Any = undefined, options: Any = None, /, **keywords: Any
    ) -> Deferred[None]:
        """
        @return: fires when the function was called for each chunk.
        """

        async def each() -> None:
            _function(fn)

            async def call(chunk: Any, signal: Any) -> Any:
                result = callStep(fn, (chunk,), signal)
                if isThenable(result):
                    await settled(self, result)
                return _EMPTY

            async for _ in _mapped(self, call, _checked(options, keywords)):
                pass

        return run(each())

    def toArray(self, options: Any = None, /, **keywords: Any) -> Deferred[list[Any]]:
        """
        @return: fires with all chunks.
        """

        async def all() -> list[Any]:
            checked = _checked(options, keywords)
            result = []
            async for chunk in self:  # type: ignore[attr-defined]
                _throwIfAborted(checked)
                result.append(chunk)
            return result

        return run(all())

    def find(
        self, fn: Any = undefined, options: Any = None, /, **keywords: Any
    ) -> Deferred[Any]:
        """
        @return: fires with the first chunk for which the function is true, or C{None}.
        """

        async def first() -> Any:
            _function(fn)
            async for chunk in _filtered(self, fn, _checked(options, keywords)):
                return chunk
            return None

        return run(first())

    def some(
        self, fn: Any = undefined, options: Any = None, /, **keywords: Any
    ) -> Deferred[bool]:
        """
        @return: fires with whether the function is true for a chunk.
        """

        async def any() -> bool:
            _function(fn)
            async for _ in _filtered(self, fn, _checked(options, keywords)):
                return True
            return False

        return run(any())

    def every(
        self, fn: Any = undefined, options: Any = None, /, **keywords: Any
    ) -> Deferred[bool]:
        """
        @return: fires with whether the function is true for all chunks.
        """

        async def all() -> bool:
            _function(fn)

            async def isNot(chunk: Any, signal: Any) -> bool:
                result = callStep(fn, (chunk,), signal)
                if isThenable(result):
                    result = await settled(self, result)
                return not result

            async for _ in _filtered(self, isNot, _checked(options, keywords)):
                return False
            return True

        return run(all())

    def reduce(
        self,
        reducer: Any = undefined,
        initialValue: Any = undefined,
        options: Any = None,
        /,
        **keywords: Any,
    ) -> Deferred[Any]:
        """
        @param reducer: called with what it has returned before, or C{initialValue}, and a
            chunk.
        @return: fires with what it has returned last.
        """

        async def whole() -> Any:
            _function(reducer, "reducer")
            checked = _checked(options, keywords)
            value = initialValue
            stream: Any = self
            outer = checked.get("signal")
            if outer is not None and outer.aborted:
                error = AbortError(cause=outer.reason)
                stream.once("error", lambda *_: None)  # it is raised here
                done = promised(stream.destroy(error))
                done.addErrback(lambda _: None)
                await done
                raise error
            controller = AbortController()
            if outer is not None:
                outer.addEventListener("abort", lambda *_: controller.abort(), {"once": True})
            try:
                async for chunk in stream:
                    if outer is not None and outer.aborted:
                        raise AbortError()
                    if value is undefined:
                        value = chunk
                        continue
                    value = callStep(reducer, (value, chunk), controller.signal)
                    if isThenable(value):
                        value = await settled(stream, value)
                if value is undefined:
                    missing = ERR_MISSING_ARGS("reduce")
                    missing.message = "Reduce of an empty stream requires an initial value"
                    raise missing
            finally:
                controller.abort()
            return value

        return run(whole())
