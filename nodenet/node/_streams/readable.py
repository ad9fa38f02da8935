"""
What can be read from. Node 20, C{stream.Readable}.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from nodenet.node._streams.destroy import construct, destroy, errorOrDestroy, undestroy
from nodenet.node._streams.from_ import from_
from nodenet.node._streams.iterate import ReadableIterator, dispose
from nodenet.node._streams.legacy import Stream
from nodenet.node._streams.operators import Operators
from nodenet.node._streams.options import CHUNKS, VIEWS, putHooks
from nodenet.node._streams.pipe import Pipe
from nodenet.node._streams.state import ReadableState, merge
from nodenet.node._streams.text import Decoder, encode, units
from nodenet.node._streams.wrap import wrap, wrapped
from nodenet.node._types import readableListeners
from nodenet.node.errors import (
    ERR_INVALID_ARG_TYPE,
    ERR_METHOD_NOT_IMPLEMENTED,
    ERR_OUT_OF_RANGE,
    ERR_STREAM_PUSH_AFTER_EOF,
    ERR_STREAM_UNSHIFT_AFTER_END_EVENT,
    undefined,
)
from nodenet.node.validators import forgiving, isInteger, toNumber, validateObject
from nodenet.timers import nextTick

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Callable, Iterable

    from twisted.internet.defer import Deferred
    from typing_extensions import Self, Unpack

    from nodenet.node._types import (
        Chunk,
        IteratorOptions,
        PipeOptions,
        ReadableListeners,
        ReadableOptions,
        Undefined,
    )

    _D = TypeVar("_D")

__all__ = ["HOOKS", "Readable"]

#: The options that become hooks of the object.
HOOKS = {"read": "_read", "destroy": "_destroy", "construct": "_construct"}
#: The mark is never raised above this. Bytes.
_MAX_HWM = 0x40000000


class Readable(Operators["Readable"], Stream):
    """
    Node 20, C{stream.Readable}.

    Give it C{_read}, as a method or as option C{read}: it is called with a size when there is
    room, and answers with L{push}, now or later, and with C{push(None)} at the end. It is not
    called again before that.

    Events, each with its listener's arguments:

      - C{data}(chunk): bytes, or str where there is an encoding, or in object mode anything.
        For each chunk, while it flows: after L{resume}, L{pipe} or a listener was added, and
        not after L{pause}. Also for each chunk that L{read} takes.
      - C{readable}(): there is something to L{read}, or the end. On a tick, once for many
        pushes. While somebody listens to it, it does not flow.
      - C{end}(): all has been read, after C{push(None)}. Once, and not after a failure.
      - C{pause}(), C{resume}(): L{pause} was called while it did flow; L{resume} was called,
        on a later tick.
      - C{error}(exception): it has failed. At most once, on a later tick than L{destroy}.
        C{close} follows. When nobody listens, it is raised, and logged as critical.
      - C{close}(): nothing comes any more. Once, the last; by itself after C{end}, unless
        C{autoDestroy} is off; never, if C{emitClose} is.
    """

    __slots__ = ()

    _construct: Any = None
    _shaped = True
    _shape: ClassVar[tuple[str, ...]] = ("close", "error", "data", "end", "readable")

    def __init__(
        self, options: ReadableOptions | None = None, /, **keywords: Unpack[ReadableOptions]
    ) -> None:
        """
        @param options: C{highWaterMark}, C{objectMode}, C{encoding}, C{defaultEncoding},
            C{autoDestroy}, C{emitClose}, C{signal}; hooks C{read}, C{destroy},
            C{construct}; C{reactor}, whose ticks it lives on.
        @raise ERR_INVALID_ARG_VALUE: C{highWaterMark} is no size.
        @raise ERR_UNKNOWN_ENCODING: there is no such encoding.
        """
        options = merge(options, keywords)
        Stream.__init__(self, options)
        self._readableState = ReadableState(options, False)
        if options:
            putHooks(self, options, HOOKS)
        if self._construct is not None:
            construct(self, self._readableConstructed)

    def _readableConstructed(self) -> None:
        state = self._readableState
        if state.needReadable:
            self.__maybeReadMore(state)

    # Hooks

    @forgiving
    def _read(self, size: int) -> Any:
        """
        Push something, now or later.

        @param size: the high-water mark.
        """
        raise ERR_METHOD_NOT_IMPLEMENTED("_read()")

    def _destroy(self, error: Any, callback: Callable[..., Any]) -> Any:
        """
        Let go of what is below.

        @param callback: to be called with the error that is to be emitted, or C{None}.
        """
        callback(error)

    def destroy(self, error: Any = None, callback: Callable[..., object] | None = None) -> Self:
        """
        End it now: C{error}, if one is given, and C{close} on a later tick.

        Source: Node 20, C{readable.destroy}.

        @param error: an exception.
        @param callback: called with the error or C{None} when C{_destroy} is done, before the
            events; without either, if it was destroyed already.
        """
        destroy(self, error, callback)
        return self

    def onRejection(self, error: Any, *_: Any) -> None:
        """
        An C{async} listener has failed, and rejections are captured.

        Source: Node 20, C{readable[Symbol.for('nodejs.rejection')]}.
        """
        self.destroy(error)

    def _undestroy(self) -> None:
        undestroy(self)

    # What the source does

    def push(self, chunk: Chunk = undefined, encoding: str | None = None) -> bool:
        """
        Here is more.

        Source: Node 20, C{readable.push}. What is wrong is an C{error} event:
        C{ERR_INVALID_ARG_TYPE}, or C{ERR_STREAM_PUSH_AFTER_EOF}.

        @param chunk: bytes or str; in object mode anything; C{None}: that is all.
        @param encoding: of a str.
        @return: whether there is room for more.
        """
        state: ReadableState = self._readableState
        if (
            chunk.__class__ is bytes
            and chunk
            and state.decoder is None
            and not (state.ended or state.destroyed)
            and state.errored is None
        ):  # the common case
            if (
                state.selfFed
                and state.flowing
                and state.dataListening
                and not state.length
                and not state.sync
            ):
                # A socket that somebody listens to. What differs from below is that
                # _read need not be called by a tick, as it would do nothing.
                state.reading = False
                if state.multiAwaitDrain:
                    state.awaitDrainWriters.clear()
                else:
                    state.awaitDrainWriters = None
                state.dataEmitted = True
                self.emit("data", chunk)
                state.reading = state.needReadable = True
                return not state.ended and (
                    not state.length or state.length < state.highWaterMark
                )
        elif chunk is None:
            state.reading = False
            self.__onEof(state)
            return False
        else:
            if not state.objectMode:
                if chunk.__class__ is str or isinstance(chunk, str):
                    encoding = encoding or state.defaultEncoding
                    if state.encoding != encoding:
                        chunk = encode(chunk, encoding or "utf8")
                        encoding = ""
                elif isinstance(chunk, bytes):
                    encoding = ""
                elif isinstance(chunk, VIEWS):
                    chunk = bytes(chunk)
                    encoding = ""
                elif chunk is not undefined:
                    errorOrDestroy(self, ERR_INVALID_ARG_TYPE("chunk", CHUNKS, chunk))
                    return False
                if not chunk:
                    state.reading = False
                    self.__maybeReadMore(state)
                    return state.canPushMore()
            if state.ended:
                errorOrDestroy(self, ERR_STREAM_PUSH_AFTER_EOF())
                return False
            if state.destroyed or state.errored is not None:
                return False
            if state.decoder is not None and not encoding:
                chunk = state.decoder.write(chunk)
                if not chunk and not state.objectMode:
                    state.reading = False
                    self.__maybeReadMore(state)
                    return state.canPushMore()
        state.reading = False
        self.__addChunk(state, chunk, False)
        # As state.canPushMore.
        return not state.ended and (not state.length or state.length < state.highWaterMark)

    def unshift(self, chunk: Chunk = undefined, encoding: str | None = None) -> bool:
        """
        Put back what was read too much.

        Source: Node 20, C{readable.unshift}. What is wrong is an C{error} event:
        C{ERR_INVALID_ARG_TYPE}, or C{ERR_STREAM_UNSHIFT_AFTER_END_EVENT}.

        @param chunk: as of L{push}.
        @param encoding: of a str.
        @return: whether there is room for more.
        """
        state: ReadableState = self._readableState
        if chunk is None:
            state.reading = False
            self.__onEof(state)
            return False
        if not state.objectMode:
            if isinstance(chunk, str):
                encoding = encoding or state.defaultEncoding
                if state.encoding != encoding:
                    chunk = encode(chunk, encoding or "utf8")
                    if state.encoding:
                        decoder = Decoder(state.encoding)
                        chunk = decoder.write(chunk) + decoder.end()
            elif isinstance(chunk, VIEWS):
                chunk = bytes(chunk)
            elif not isinstance(chunk, bytes) and chunk is not undefined:
                errorOrDestroy(self, ERR_INVALID_ARG_TYPE("chunk", CHUNKS, chunk))
                return False
            if not chunk:
                return state.canPushMore()
        if state.endEmitted:
            errorOrDestroy(self, ERR_STREAM_UNSHIFT_AFTER_END_EVENT())
        elif state.destroyed or state.errored is not None:
            return False
        else:
            self.__addChunk(state, chunk, True)
        return state.canPushMore()

    def __addChunk(self, state: ReadableState, chunk: Any, first: bool) -> None:
        if state.flowing and state.dataListening and not state.length and not state.sync:
            state.drained()
            state.dataEmitted = True
            self.emit("data", chunk)
        else:
            state.length += state.lengthOf(chunk)
            if not first:
                state.buffer.append(chunk)
            elif state.bufferIndex:
                state.bufferIndex -= 1
                state.buffer[state.bufferIndex] = chunk
            else:
                state.buffer.insert(0, chunk)
            if state.needReadable:
                self.__emitReadable(state)
            if (
                state.selfFed
                and not first
                and state.length < state.highWaterMark
                and not state.sync
            ):
                # What the tick would do, but for calling _read.
                state.reading = True
                return
        self.__maybeReadMore(state)

    def __onEof(self, state: ReadableState) -> None:
        if state.ended:
            return
        if state.decoder is not None:
            rest = state.decoder.end()
            if rest:
                state.buffer.append(rest)
                state.length += state.lengthOf(rest)
        state.ended = True
        if state.sync:
            # Within _read, within a read that may be of flow: it must not emit data yet.
            self.__emitReadable(state)
        else:
            state.needReadable = False
            state.emittedReadable = True
            # At once: there are programs that rely on it.
            self.__emitReadableNow()

    # What the reader does

    def read(self, n: int | Undefined = undefined) -> Chunk | None:
        """
        Take from the buffer.

        Source: Node 20, C{readable.read}.

        @param n: how much: bytes, UTF-16 units; whatever there is unless it is given. More
            than there is: C{None}, unless that is the last. 0: take nothing, but see to it
            that the buffer is filled.
        @return: a chunk; C{None}: there is none (yet).
        @raise ERR_OUT_OF_RANGE: more than 1 GiB.
        """
        state = self._readableState
        size: int | None
        if n is undefined:
            if state.reading and not (state.length or state.ended):
                # The common case of a loop: there is nothing, and it has been asked for.
                state.emittedReadable = False
                state.needReadable = True
                return None
            size = None
        elif n.__class__ is int:
            size = n
        else:
            size = _parseInt(n)
        asked = size
        if size is not None and size > state.highWaterMark:
            if size > _MAX_HWM:
                raise ERR_OUT_OF_RANGE("size", "<= 1GiB", size)
            state.highWaterMark = 1 << (size - 1).bit_length()
        if size != 0:
            state.emittedReadable = False
        elif state.needReadable and (
            state.ended
            or (
                state.length >= state.highWaterMark if state.highWaterMark else state.length > 0
            )
        ):
            # There is enough already: say so and no more.
            if not state.length and state.ended:
                self.__endReadable(state)
            else:
                self.__emitReadable(state)
            return None
        count = state.howMuchToRead(size)
        if not count and state.ended:
            if not state.length:
                self.__endReadable(state)
            return None
        # _read comes before anything is taken, because it may push at once.
        if (
            not (state.reading or state.ended or state.destroyed)
            and state.errored is None
            and state.constructed
            and (
                state.needReadable
                or not state.length
                or state.length - count < state.highWaterMark
            )
        ):
            state.reading = state.sync = True
            if not state.length:
                state.needReadable = True
            try:
                result = self._read(state.highWaterMark)
                if result is not None:
                    self.watchResult(result)
            except Exception as e:
                errorOrDestroy(self, e)
            state.sync = False
            if not state.reading:
                count = state.howMuchToRead(asked)
        taken = state.take(count) if count > 0 else None
        if taken is None:
            if state.length <= state.highWaterMark:
                state.needReadable = True
            count = 0
        else:
            state.length -= count
            state.drained()
        if not state.length:
            if not state.ended:
                state.needReadable = True
            elif asked != count:  # past the end
                self.__endReadable(state)
        if taken is not None and not (state.errorEmitted or state.closeEmitted):
            state.dataEmitted = True
            self.emit("data", taken)
        return taken

    def __emitReadable(self, state: ReadableState) -> None:
        # Not at once: a listener would read, which calls _read, and so on.
        state.needReadable = False
        if not state.emittedReadable:
            state.emittedReadable = True
            nextTick(self.__emitReadableNow, reactor=self._reactor)

    def __emitReadableNow(self) -> None:
        state = self._readableState
        if not state.destroyed and state.errored is None and (state.length or state.ended):
            self.emit("readable")
            state.emittedReadable = False
        if not state.flowing and not state.ended and state.length <= state.highWaterMark:
            state.needReadable = True
        if state.flowing:
            self.__flow()

    def __maybeReadMore(self, state: ReadableState) -> None:
        if not state.readingMore and state.constructed:
            state.readingMore = True
            nextTick(self.__readMore, reactor=self._reactor)

    def __readMore(self) -> None:
        state = self._readableState
        # Until the buffer is full; if it flows, at least until there is something.
        while not (state.reading or state.ended) and (
            state.length < state.highWaterMark or (state.flowing and not state.length)
        ):
            before = state.length
            self.read(0)
            if before == state.length:  # nothing came: do not spin
                break
        state.readingMore = False

    def __endReadable(self, state: ReadableState) -> None:
        if not state.endEmitted:
            state.ended = True
            nextTick(self.__end, state, reactor=self._reactor)

    def __end(self, state: ReadableState) -> None:
        # It may have had one last unshift.
        if state.errored is not None or state.closeEmitted or state.endEmitted or state.length:
            return
        state.endEmitted = True
        self.emit("end")
        if getattr(self, "writable", None) and getattr(self, "allowHalfOpen", None) is False:
            nextTick(self.__endWritable, reactor=self._reactor)
        elif state.autoDestroy:
            w = self._writableState
            # A side that was never there is not waited for.
            if w is None or (w.autoDestroy and (w.finished or w.writable is False)):
                self.destroy()

    def __endWritable(self) -> None:
        stream: Any = self
        if stream.writable and not stream.writableEnded and not stream.destroyed:
            stream.end()

    # Flowing

    @readableListeners
    def on(self, type: Any, listener: Any = undefined) -> Self:  # type: ignore[override]
        """
        As L{EventEmitter.on}. A listener of C{data} makes it flow, unless L{pause} was
        called; one of C{readable} stops that.

        Source: Node 20, C{readable.on}.
        """
        Stream.on(self, type, listener)
        if type == "data" or type == "readable":
            self.__listened(type)
        return self

    addListener: ReadableListeners = on  # type: ignore[assignment]

    def __listened(self, type: Any) -> None:
        state = self._readableState
        if type == "data":
            state.dataListening = True
            # So that resume, a few lines down, does nothing where somebody reads.
            if self.listenerCount("readable"):
                state.readableListening = True
            if state.flowing is not False:
                self.resume()
        elif type == "readable" and not (state.endEmitted or state.readableListening):
            state.readableListening = state.needReadable = True
            state.flowing = False
            state.emittedReadable = False
            if state.length:
                self.__emitReadable(state)
            elif not state.reading:
                nextTick(self.__readZero, reactor=self._reactor)

    def __readZero(self) -> None:
        self.read(0)

    @readableListeners
    @forgiving
    def removeListener(self, type: Any, listener: Any = undefined) -> Self:  # type: ignore[override]
        """
        As L{EventEmitter.removeListener}. Without a listener of C{readable}, those of
        C{data} make it flow again.

        Source: Node 20, C{readable.removeListener}.
        """
        result = Stream.removeListener(self, type, listener)
        if type == "readable":
            # Later, because once("readable") may be called again meanwhile.
            nextTick(self.__updateReadableListening, reactor=self._reactor)
        elif type == "data" and not self.listenerCount("data"):
            self._readableState.dataListening = False
        return result

    off: ReadableListeners = removeListener  # type: ignore[assignment]

    if TYPE_CHECKING:
        # For checkers, these know the events, too.
        once: ReadableListeners  # type: ignore[assignment]
        prependListener: ReadableListeners  # type: ignore[assignment]
        prependOnceListener: ReadableListeners  # type: ignore[assignment]

    def removeAllListeners(self, type: Any = undefined) -> Self:
        """
        As L{EventEmitter.removeAllListeners}; see L{removeListener}.

        Source: Node 20, C{readable.removeAllListeners}.
        """
        result = Stream.removeAllListeners(self, type)
        if type is undefined or type == "readable":
            nextTick(self.__updateReadableListening, reactor=self._reactor)
        return result

    def __updateReadableListening(self) -> None:
        state = self._readableState
        state.readableListening = self.listenerCount("readable") > 0
        if state.resumeScheduled and state.paused is False:
            # Else the resume that is to come would not make it flow.
            state.flowing = True
        elif state.dataListening:
            self.resume()
        elif not state.readableListening:
            state.flowing = None

    def resume(self) -> Self:
        """
        Let C{data} flow, whether anybody listens or not; but not while somebody listens to
        C{readable}. C{resume} is emitted on a later tick.

        Source: Node 20, C{readable.resume}.
        """
        state = self._readableState
        if not state.flowing:
            # Not where somebody listens to readable; but resume is emitted all the same.
            state.flowing = not state.readableListening
            if not state.resumeScheduled:
                state.resumeScheduled = True
                nextTick(self.__resume, state, reactor=self._reactor)
        state.paused = False
        return self

    def __resume(self, state: ReadableState) -> None:
        if not state.reading:
            self.read(0)
        state.resumeScheduled = False
        self.emit("resume")
        self.__flow()
        if state.flowing and not state.reading:
            self.read(0)

    def pause(self) -> Self:
        """
        Let no C{data} flow until L{resume}. C{pause} is emitted, if it did.

        Source: Node 20, C{readable.pause}.
        """
        state = self._readableState
        if state.flowing is not False:
            state.flowing = False
            self.emit("pause")
        state.paused = True
        return self

    def isPaused(self) -> bool:
        """
        Source: Node 20, C{readable.isPaused}.

        @return: whether L{pause} was called, or it does not flow for another reason.
        """
        state = self._readableState
        return state.paused is True or state.flowing is False

    def __flow(self) -> None:
        state = self._readableState
        while state.flowing and self.read() is not None:
            pass

    @forgiving
    def pipe(
        self, dest: _D, options: PipeOptions | None = None, /, **keywords: Unpack[PipeOptions]
    ) -> _D:
        """
        Write all data to the destination, as fast as it takes it. Errors are not forwarded.

        Source: Node 20, C{readable.pipe}.

        @param options: C{end=False}: do not end it when this one ends.
        @return: the destination.
        """
        state = self._readableState
        if len(state.pipes) == 1 and not state.multiAwaitDrain:
            state.multiAwaitDrain = True
            waiting = state.awaitDrainWriters
            state.awaitDrainWriters = set() if waiting is None else {waiting}
        state.pipes.append(dest)
        Pipe(self, dest, merge(options, keywords).get("end") is not False)
        return dest

    def unpipe(self, dest: Any = None) -> Self:
        """
        Undo L{pipe}; the destination emits C{unpipe}.

        Source: Node 20, C{readable.unpipe}.

        @param dest: write to it no more; C{None}: to none.
        """
        state = self._readableState
        pipes = state.pipes
        if not pipes:
            return self
        if not dest:
            state.pipes = []
            self.pause()
            for each in pipes:
                each.emit("unpipe", self, {"hasUnpiped": False})
            return self
        for index, each in enumerate(pipes):
            if each is dest:
                del pipes[index]
                break
        else:
            return self
        if not pipes:
            self.pause()
        dest.emit("unpipe", self, {"hasUnpiped": False})
        return self

    def setEncoding(self, encoding: str | None = None) -> Self:
        """
        From now on chunks are str, also those that are in the buffer.

        Source: Node 20, C{readable.setEncoding}.

        @param encoding: C{'utf8'} by default.
        @raise ERR_UNKNOWN_ENCODING: there is no such encoding.
        """
        state = self._readableState
        decoder = state.decoder = Decoder(encoding)
        state.encoding = decoder.encoding
        content = "".join(map(decoder.write, state.buffer[state.bufferIndex :]))
        state.buffer = [content] if content else []
        state.bufferIndex = 0
        state.length = units(content)
        return self

    @forgiving
    def wrap(self, stream: Any) -> Self:
        """
        Read from an emitter of C{data} and C{end} of the old kind.

        Source: Node 20, C{readable.wrap}. Called on the class, C{Readable.wrap(stream,
        [options])} makes one that does.
        """
        if stream is undefined or not isinstance(self, Readable):
            options: Any = None if stream is undefined else stream
            return wrapped(Readable, self, options)  # type: ignore[no-any-return]
        wrap(self, stream)
        return self

    @classmethod
    @forgiving
    def from_(
        cls,
        iterable: Iterable[Any] | AsyncIterable[Any] | int,
        options: ReadableOptions | None = None,
        /,
        **keywords: Unpack[ReadableOptions],
    ) -> Self:
        """
        Node 20, C{Readable.from}.

        @param iterable: an iterable or async iterable, each item of which is a chunk; bytes
            or str are one chunk; a file of Python's, or its descriptor, is read: a text
            file's chunks are str.
        @param options: C{objectMode} is True and C{highWaterMark} 1 unless they say else.
        @raise ERR_INVALID_ARG_TYPE: it is none of these.
        """
        stream: Self = from_(cls, iterable, merge(options, keywords))
        return stream

    def _derived(self, iterable: Any) -> Any:
        return from_(Readable, iterable, {"reactor": self._reactor})

    def __aiter__(self) -> ReadableIterator:
        """
        C{async for chunk in readable}: bytes, or str where there is an encoding. Leaving the
        loop destroys it.

        Source: Node 20, C{readable[Symbol.asyncIterator]}.
        """
        return ReadableIterator(self)

    def iterator(
        self,
        options: IteratorOptions | Undefined = undefined,
        /,
        **keywords: Unpack[IteratorOptions],
    ) -> ReadableIterator:
        """
        As C{async for} does it.

        Source: Node 20, C{readable.iterator}.

        @param options: C{destroyOnReturn=False}: leaving the loop does not destroy it.
        """
        its: Any = options
        if its is not undefined:
            validateObject(its, "options")
        else:
            its = keywords
        return ReadableIterator(self, its.get("destroyOnReturn") is not False)

    async def __aenter__(self) -> Self:
        return self

    def __aexit__(self, *raised: object) -> Deferred[None]:
        """
        Destroy it, and wait for that.

        Source: Node 20, C{readable[Symbol.asyncDispose]}.
        """
        return dispose(self, "readableEnded")

    # What it is like

    @property
    def readable(self) -> bool:
        """
        Whether there may be something to read: not destroyed, failed or ended.
        """
        state = self._readableState
        return (
            state is not None
            and state.readable is not False
            and not (state.destroyed or state.errorEmitted or state.endEmitted)
        )

    @readable.setter
    def readable(self, value: object) -> None:
        if self._readableState is not None:
            self._readableState.readable = bool(value)

    @property
    def readableDidRead(self) -> bool:
        """
        Whether C{data} was emitted.
        """
        return bool(self._readableState.dataEmitted)

    @property
    def readableAborted(self) -> bool:
        """
        Whether it was destroyed or has failed before C{end}.
        """
        state = self._readableState
        return (
            state.readable is not False
            and (state.destroyed or state.errored is not None)
            and not state.endEmitted
        )

    @property
    def readableHighWaterMark(self) -> int:
        """
        Bytes, UTF-16 units, or objects.
        """
        return int(self._readableState.highWaterMark)

    @property
    def readableBuffer(self) -> list[Any]:
        """
        The chunks that wait.
        """
        state = self._readableState
        waiting: list[Any] = state.buffer[state.bufferIndex :]
        return waiting

    @property
    def readableFlowing(self) -> bool | None:
        """
        C{None}: nobody has asked for data yet.
        """
        flowing: bool | None = self._readableState.flowing
        return flowing

    @readableFlowing.setter
    def readableFlowing(self, value: bool | None) -> None:
        self._readableState.flowing = value if value is None else bool(value)

    @property
    def readableLength(self) -> int:
        """
        Of what waits: bytes, UTF-16 units, or objects.
        """
        return int(self._readableState.length)

    @property
    def readableObjectMode(self) -> bool:
        """
        Whether a chunk may be anything. Source: Node 20, C{stream.Readable}.
        """
        return self._readableState is not None and self._readableState.objectMode

    @property
    def readableEncoding(self) -> str | None:
        """
        What L{setEncoding} has set. Source: Node 20, C{stream.Readable}.
        """
        state = self._readableState
        return state.encoding if state is not None else None

    @property
    def readableEnded(self) -> bool:
        """
        Whether C{end} was emitted.
        """
        return self._readableState is not None and self._readableState.endEmitted

    @property
    def errored(self) -> Any:
        """
        With what it has failed, or C{None}.
        """
        return self._readableState.errored if self._readableState is not None else None

    @property
    def closed(self) -> bool:
        """
        Whether C{_destroy} is done.
        """
        return self._readableState is not None and self._readableState.closed

    @property
    def destroyed(self) -> bool:
        """
        Whether L{destroy} was called.
        """
        return self._readableState is not None and self._readableState.destroyed

    @destroyed.setter
    def destroyed(self, value: object) -> None:
        if self._readableState is not None:
            self._readableState.destroyed = bool(value)


def _parseInt(value: Any) -> int | None:
    """
    @return: JavaScript's C{parseInt(value)}; C{None}: NaN.
    """
    if isInteger(value):
        return int(value)
    try:
        return int(toNumber(value))
    except (TypeError, ValueError, OverflowError):
        return None
