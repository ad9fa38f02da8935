"""
What gives chunks one by one, as a stream. Node 20, C{Readable.from}.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

from nodenet.node._streams.microtasks import microtask, run, settled
from nodenet.node._streams.state import Options
from nodenet.node._streams.utils import isThenable, tick
from nodenet.node.errors import ERR_INVALID_ARG_TYPE, ERR_STREAM_NULL_VALUES

__all__ = ["from_", "isFile", "parts"]

#: How much is read of a file at a time. Bytes.
_PART = 64 * 1024


def isFile(thing: Any) -> bool:
    """
    @return: whether that is a file of Python's, or the number of an open one.
    """
    if isinstance(thing, int):
        return not isinstance(thing, bool)
    if callable(getattr(thing, "on", None)):  # a stream
        return False
    return hasattr(thing, "fileno") and (
        callable(getattr(thing, "read", None)) or callable(getattr(thing, "write", None))
    )


def parts(file: Any) -> Iterator[bytes | str]:
    """
    @param file: see L{isFile}. It is closed at the end, but a descriptor is not.
    @return: what is in it.
    """
    if isinstance(file, int):
        while part := os.read(file, _PART):
            yield part
        return
    with file:
        while part := file.read(_PART):
            yield part


class _Source:
    """
    The hooks of a readable that an iterator feeds.

    @ivar reading: C{_read} was called, and it has not been answered.
    @ivar awaits: the iterator is asynchronous, or has given something to be awaited.
    """

    def __init__(self, stream: Any, iterator: Any, isAsync: bool) -> None:
        self.stream = stream
        self.iterator = iterator
        self.isAsync = isAsync
        self.reading = self.awaits = False

    def read(self, size: int = 0) -> None:
        if self.reading:
            return
        self.reading = True
        if self.isAsync:
            run(self.nextAsync())
        elif self.awaits:
            run(self.nextAwaited())
        else:
            self.nextSync()

    def give(self, value: Any) -> bool:
        """
        @return: whether there is room for more.
        """
        if value is None:
            self.reading = False
            raise ERR_STREAM_NULL_VALUES()
        if self.stream.push(value):
            return True
        self.reading = False
        return False

    def nextSync(self) -> None:
        try:
            while True:
                try:
                    value = next(self.iterator)
                except StopIteration:
                    self.stream.push(None)
                    return
                if isThenable(value):
                    self.awaits = True
                    run(self.nextAwaited(value))
                    return
                if not self.give(value):
                    return
        except Exception as e:
            self.stream.destroy(e)

    async def nextAwaited(self, *first: Any) -> None:
        try:
            for value in first:
                if not self.give(await settled(self.stream, value)):
                    return
            while True:
                try:
                    value = next(self.iterator)
                except StopIteration:
                    self.stream.push(None)
                    return
                if isThenable(value):
                    value = await settled(self.stream, value)
                if not self.give(value):
                    return
        except Exception as e:
            self.stream.destroy(e)

    async def nextAsync(self) -> None:
        try:
            while True:
                try:
                    value = await settled(self.stream, self.iterator.__anext__())
                except StopAsyncIteration:
                    self.stream.push(None)
                    return
                if not self.give(value):
                    return
        except Exception as e:
            self.stream.destroy(e)

    def destroy(self, error: Any, callback: Any) -> None:
        stream = self.stream
        run(self.close(error)).addCallbacks(
            lambda _: microtask(stream, self.closed, callback, error),
            lambda failure: microtask(stream, self.closed, callback, failure.value or error),
        )

    def closed(self, callback: Any, error: Any) -> None:
        # On a tick, should the callback raise.
        tick(self.stream, callback, error)

    async def close(self, error: Any) -> None:
        """
        End the iterator: a generator's C{finally} is run. As Node awaits what its methods
        return, and the value of that, so that the order of events is the same.
        """
        iterator, stream = self.iterator, self.stream
        throw = getattr(iterator, "athrow" if self.isAsync else "throw", None)
        if error and throw is not None:
            try:
                await settled(stream, throw(error))
            except (StopIteration, StopAsyncIteration):
                return
            await settled(stream, None)
        end = getattr(iterator, "aclose" if self.isAsync else "close", None)
        if end is not None:
            await settled(stream, end())
            await settled(stream, None)
            if self.isAsync:  # which awaits what it returns
                await settled(stream, None)


def from_(cls: Any, iterable: Any, options: Options) -> Any:
    """
    @param cls: the class of the stream, whose constructor takes options.
    @return: the stream, see L{Readable.from_}.
    """
    if isinstance(iterable, (str, bytes)):

        def read(size: int = 0) -> None:
            stream.push(iterable)
            stream.push(None)

        stream = cls({"objectMode": True, **options, "read": read})
        return stream
    if isFile(iterable):
        options = {"objectMode": False, "highWaterMark": _PART, **options}
        if hasattr(iterable, "encoding") and not options["objectMode"]:
            options = {"encoding": "utf8", **options}  # its chunks are str, as those it reads
        iterable = parts(iterable)
    isAsync = hasattr(iterable, "__aiter__")
    if isAsync:
        iterator = iterable.__aiter__()
    elif (
        hasattr(iterable, "__iter__")
        and not isinstance(iterable, Mapping)
        and not isThenable(iterable)
    ):
        iterator = iter(iterable)
    else:
        raise ERR_INVALID_ARG_TYPE("iterable", ["Iterable"], iterable)
    stream = cls({"objectMode": True, "highWaterMark": 1, **options})
    source = _Source(stream, iterator, isAsync)
    stream._read = source.read
    stream._destroy = source.destroy
    return stream
