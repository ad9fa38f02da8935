"""
What can be written to. Node 20, C{stream.Writable}.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, overload

from nodenet.node._streams.destroy import construct, destroy, errorOrDestroy, undestroy
from nodenet.node._streams.iterate import dispose
from nodenet.node._streams.legacy import Stream
from nodenet.node._streams.options import CHUNKS, VIEWS, putHooks
from nodenet.node._streams.state import WritableState, merge
from nodenet.node._streams.text import encode, isEncoding
from nodenet.node._streams.utils import follow
from nodenet.node.errors import (
    ERR_INVALID_ARG_TYPE,
    ERR_METHOD_NOT_IMPLEMENTED,
    ERR_MULTIPLE_CALLBACK,
    ERR_STREAM_ALREADY_FINISHED,
    ERR_STREAM_CANNOT_PIPE,
    ERR_STREAM_DESTROYED,
    ERR_STREAM_NULL_VALUES,
    ERR_STREAM_WRITE_AFTER_END,
    ERR_UNKNOWN_ENCODING,
    undefined,
)
from nodenet.node.validators import forgiving, isTruthy
from nodenet.timers import nextTick

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred
    from typing_extensions import Self, Unpack

    from nodenet.node._types import Chunk, TakesError, WritableListeners, WritableOptions

__all__ = ["HOOKS", "Writable"]

#: The options that become hooks of the object.
HOOKS = {
    "write": "_write",
    "writev": "_writev",
    "destroy": "_destroy",
    "final": "_final",
    "construct": "_construct",
}


class Writable(Stream):
    """
    Node 20, C{stream.Writable}.

    Give it C{_write}, as a method or as option C{write}: it is called with a chunk, its
    encoding (C{'buffer'} of bytes) and a callback, and is not called again before it has
    called that, with an error or without. C{_final}, called with a callback, comes before
    C{finish}.

    Events, each with its listener's arguments:

      - C{drain}(): after a L{write} that was false, all has been written.
      - C{prefinish}(), C{finish}(): after L{end}, all has been written, and C{_final} has
        called back. Each once, and not after a failure.
      - C{pipe}(source), C{unpipe}(source, info): a readable writes to it, or does not any
        more; the dict C{info} has C{hasUnpiped}. Once for each C{pipe}.
      - C{error}(exception): it has failed. At most once, after the callbacks of what it has
        failed with. C{close} follows. When nobody listens, it is raised, and logged as
        critical.
      - C{close}(): nothing is written any more. Once, the last; by itself after C{finish},
        unless C{autoDestroy} is off; never, if C{emitClose} is.
    """

    __slots__ = ()

    _construct: Any = None
    _final: Any = None
    _writev: Any = None

    _shaped = True
    _shape: ClassVar[tuple[str, ...]] = ("close", "error", "prefinish", "finish", "drain")

    if TYPE_CHECKING:
        # For checkers, these are no methods, but know the events.
        on: WritableListeners  # type: ignore[assignment]
        addListener: WritableListeners  # type: ignore[assignment]
        once: WritableListeners  # type: ignore[assignment]
        prependListener: WritableListeners  # type: ignore[assignment]
        prependOnceListener: WritableListeners  # type: ignore[assignment]
        off: WritableListeners  # type: ignore[assignment]
        removeListener: WritableListeners  # type: ignore[assignment]

    def __init__(
        self, options: WritableOptions | None = None, /, **keywords: Unpack[WritableOptions]
    ) -> None:
        """
        @param options: C{highWaterMark}, C{objectMode}, C{decodeStrings} (C{False}: C{_write}
            gets str as it is), C{defaultEncoding}, C{autoDestroy}, C{emitClose}, C{signal};
            hooks C{write}, C{writev}, C{final}, C{destroy}, C{construct}; C{reactor}, whose
            ticks it lives on.
        @raise ERR_INVALID_ARG_VALUE: C{highWaterMark} is no size.
        @raise ERR_UNKNOWN_ENCODING: there is no such encoding.
        """
        options = merge(options, keywords)
        Stream.__init__(self, options)
        self._writableState = WritableState(options, False)
        if options:
            putHooks(self, options, HOOKS)
        if self._construct is not None:
            construct(self, self._writableConstructed)

    def _writableConstructed(self) -> None:
        state = self._writableState
        if not state.writing:
            self.__clearBuffer(state)
        if state.ending:
            self.__finishMaybe(state, False)

    # Hooks

    @forgiving
    def _write(self, chunk: Any, encoding: Any, callback: Callable[..., Any]) -> Any:
        """
        Write a chunk.

        @param callback: to be called when the next may come, with an error if there was one.
        """
        if self._writev is None:
            raise ERR_METHOD_NOT_IMPLEMENTED("_write()")
        return self._writev([{"chunk": chunk, "encoding": encoding}], callback)

    def _destroy(self, error: Any, callback: Callable[..., Any]) -> Any:
        """
        Let go of what is below.

        @param callback: to be called with the error that is to be emitted, or C{None}.
        """
        callback(error)

    def destroy(self, error: Any = None, callback: Callable[..., object] | None = None) -> Self:
        """
        End it now: C{error}, if one is given, and C{close} on a later tick; what waits to be
        written is not, and its callbacks are told.

        Source: Node 20, C{writable.destroy}.

        @param error: an exception.
        @param callback: called with the error or C{None} when C{_destroy} is done, before the
            events; without either, if it was destroyed already.
        """
        state = self._writableState
        if (state.buffered is not None or state.onFinished is not None) and not state.destroyed:
            nextTick(self.__errorBuffer, state, reactor=self._reactor)
        destroy(self, error, callback)
        return self

    def onRejection(self, error: Any, *_: Any) -> None:
        """
        An C{async} listener has failed, and rejections are captured.

        Source: Node 20, C{writable[Symbol.for('nodejs.rejection')]}.
        """
        self.destroy(error)

    def _undestroy(self) -> None:
        undestroy(self)

    def pipe(self, *_: Any, **__: Any) -> Any:
        """
        One cannot read from it.

        Source: Node 20, C{writable.pipe}: an C{error} event, C{ERR_STREAM_CANNOT_PIPE}.
        """
        errorOrDestroy(self, ERR_STREAM_CANNOT_PIPE())

    # What the user does

    @overload
    def write(
        self, chunk: Chunk, encoding: str | None = None, callback: TakesError | None = None
    ) -> bool: ...
    @overload
    def write(self, chunk: Chunk, callback: TakesError, /) -> bool: ...
    def write(self, chunk: Any = undefined, encoding: Any = None, callback: Any = None) -> bool:
        """
        Write, when what was written before is.

        Source: Node 20, C{writable.write}. After L{end} it is an C{error} event,
        C{ERR_STREAM_WRITE_AFTER_END}, of which the callback is told, too; of a stream that is
        destroyed C{ERR_STREAM_DESTROYED}, of which only the callback is told.

        @param chunk: bytes or str; in object mode anything but C{None}.
        @param encoding: of a str; it may be left away before C{callback}.
        @param callback: called with C{None} when it is written, or with the error.
        @return: whether less than the high-water mark is waiting; if not, wait for C{drain}.
        @raise ERR_STREAM_NULL_VALUES: C{chunk} is C{None}.
        @raise ERR_INVALID_ARG_TYPE: it cannot be written.
        @raise ERR_UNKNOWN_ENCODING: there is no such encoding.
        """
        state = self._writableState
        if (
            chunk.__class__ is not bytes
            or callback is not None
            or encoding is not None
            or state.writing
            or state.corked
            or state.objectMode
            or state.ending
            or state.destroyed
            or state.errored is not None
            or not state.constructed
        ):
            if encoding is not None and callable(encoding):
                encoding, callback = None, encoding
            return self.__write(chunk, encoding, callback) is True
        # Bytes with nobody before them, and nobody to be told: the common case.
        size = len(chunk)
        state.pendingcb += 1
        state.length += size
        state.writelen = size
        state.writing = state.sync = state.expectWriteCb = True
        result = self._write(chunk, "buffer", self.__onwrite)
        if result is not None:
            self.watchResult(result)
        state.sync = False
        if not state.length or state.length < state.highWaterMark:
            return not state.destroyed and state.errored is None
        state.needDrain = True
        return False

    def __write(self, chunk: Any, encoding: Any, callback: Any) -> Any:
        """
        @return: what C{write} returns, or the error.
        """
        state = self._writableState
        if not callable(callback):
            callback = None
        if chunk is None:
            raise ERR_STREAM_NULL_VALUES()
        if not state.objectMode:
            if not encoding and not isTruthy(encoding):
                encoding = state.defaultEncoding
            elif encoding != "buffer" and not isEncoding(encoding):
                raise ERR_UNKNOWN_ENCODING(encoding)
            if isinstance(chunk, str):
                if state.decodeStrings:
                    chunk = encode(chunk, encoding)
                    encoding = "buffer"
            elif isinstance(chunk, bytes):
                encoding = "buffer"
            elif isinstance(chunk, VIEWS):
                chunk = bytes(chunk)
                encoding = "buffer"
            else:
                raise ERR_INVALID_ARG_TYPE("chunk", CHUNKS, chunk)
        error: Any = None
        if state.ending:
            error = ERR_STREAM_WRITE_AFTER_END()
        elif state.destroyed:
            error = ERR_STREAM_DESTROYED("write")
        if error is not None:
            if callback is not None:
                nextTick(callback, error, reactor=self._reactor)
            errorOrDestroy(self, error, True)
            return error
        state.pendingcb += 1
        size = state.lengthOf(chunk)
        state.length += size
        if state.writing or state.corked or state.errored is not None or not state.constructed:
            if state.buffered is None:
                state.buffered = []
            state.buffered.append((chunk, encoding, callback))
            if encoding != "buffer":
                state.allBuffers = False
            if callback is not None:
                state.allNoop = False
        else:
            state.writelen = size
            if callback is not None:
                state.writecb = callback
            state.writing = state.sync = state.expectWriteCb = True
            result = self._write(chunk, encoding, self.__onwrite)
            if result is not None:
                self.watchResult(result)
            state.sync = False
        room = not state.length or state.length < state.highWaterMark
        if not room:
            state.needDrain = True
        # False ends loops that write while they may.
        return room and not state.destroyed and state.errored is None

    def __onwrite(self, error: Any = None, *_: Any) -> None:
        """
        What C{_write} calls.
        """
        state = self._writableState
        if not state.expectWriteCb:
            errorOrDestroy(self, ERR_MULTIPLE_CALLBACK())
            return
        callback = state.writecb
        state.writecb = None
        state.writing = state.expectWriteCb = False
        state.length -= state.writelen
        state.writelen = 0
        if error:
            if not state.errored:
                state.errored = error
            readable = self._readableState
            if readable is not None and not readable.errored:
                readable.errored = error
            if state.sync:
                nextTick(self.__onwriteError, state, error, callback, reactor=self._reactor)
            else:
                self.__onwriteError(state, error, callback)
            return
        if state.buffered is not None:
            self.__clearBuffer(state)
        if not state.sync:
            self.__afterWrite(state, 1, callback)
        elif callback is None:
            # What follows must wait for a tick, if there is anything. In object mode there
            # always is: by a slip of Node's, `state & kDestroyed !== 0`, on which the order
            # of events depends.
            needTick = state.objectMode or (state.needDrain and not state.length)
            if needTick and not state.afterWritePending:
                state.afterWritePending = True
                nextTick(self.__afterWrite, state, 1, None, reactor=self._reactor)
            else:
                state.pendingcb -= 1
                if state.ending:
                    self.__finishMaybe(state, True)
        elif state.afterWriteTickInfo is not None and state.afterWriteTickInfo[1] == callback:
            # One callback for many writes: one tick.
            state.afterWriteTickInfo[0] += 1
        else:
            state.afterWriteTickInfo = info = [1, callback]
            state.afterWritePending = True
            nextTick(self.__afterWriteTick, state, info, reactor=self._reactor)

    def __onwriteError(self, state: WritableState, error: Any, callback: Any) -> None:
        state.pendingcb -= 1
        if callback is not None:
            follow(callback(error), callback)
        # Of those that wait, too, should autoDestroy be off. The error is of this one only.
        self.__errorBuffer(state)
        # Its event comes after the callbacks.
        errorOrDestroy(self, error)

    def __afterWriteTick(self, state: WritableState, info: list[Any]) -> None:
        state.afterWriteTickInfo = None
        self.__afterWrite(state, info[0], info[1])

    def __afterWrite(self, state: WritableState, count: int, callback: Any) -> None:
        state.afterWritePending = False
        if state.needDrain and not (state.length or state.ending or state.destroyed):
            state.needDrain = False
            self.emit("drain")
        while count > 0:
            count -= 1
            state.pendingcb -= 1
            if callback is not None:
                follow(callback(None), callback)
        if state.destroyed:
            self.__errorBuffer(state)
        if state.ending:
            self.__finishMaybe(state, True)

    def __errorBuffer(self, state: WritableState) -> None:
        """
        What waits is not written: tell the callbacks.
        """
        if state.writing:
            return
        if state.buffered is not None:
            for entry in state.buffered[state.bufferedIndex :]:
                if entry is None:  # is being written
                    continue
                chunk, _, callback = entry
                state.length -= state.lengthOf(chunk)
                if callback is not None:
                    follow(callback(state.errored or ERR_STREAM_DESTROYED("write")), callback)
        _callFinished(state, state.errored or ERR_STREAM_DESTROYED("end"))
        state.resetBuffer()

    def __clearBuffer(self, state: WritableState) -> None:
        """
        Write what waits.
        """
        buffered = state.buffered
        if (
            buffered is None
            or state.destroyed
            or state.bufferProcessing
            or state.corked
            or not state.constructed
        ):
            return
        index = state.bufferedIndex
        waiting = len(buffered) - index
        if not waiting:
            return
        state.bufferProcessing = True
        if waiting > 1 and self._writev is not None:
            state.pendingcb -= waiting - 1
            batch = buffered[index:]
            callbacks: Any = None
            if not state.allNoop:

                def callbacks(error: Any = None) -> None:
                    for _, _, callback in batch:
                        if callback is not None:
                            follow(callback(error), callback)

            chunks = Chunks(
                {"chunk": chunk, "encoding": encoding, "callback": callback}
                for chunk, encoding, callback in batch
            )
            chunks.allBuffers = state.allBuffers
            self.__doWrite(state, True, state.length, chunks, "", callbacks)
            state.resetBuffer()
        else:
            while True:
                chunk, encoding, callback = buffered[index]
                buffered[index] = None
                index += 1
                self.__doWrite(state, False, state.lengthOf(chunk), chunk, encoding, callback)
                if index >= len(buffered) or state.writing:
                    break
            if index == len(buffered):
                state.resetBuffer()
            elif index > 256:
                del buffered[:index]
                state.bufferedIndex = 0
            else:
                state.bufferedIndex = index
        state.bufferProcessing = False

    def __doWrite(
        self,
        state: WritableState,
        several: bool,
        size: int,
        chunk: Any,
        encoding: Any,
        callback: Any,
    ) -> None:
        state.writelen = size
        if callback is not None:
            state.writecb = callback
        state.writing = state.sync = state.expectWriteCb = True
        if state.destroyed:
            self.__onwrite(ERR_STREAM_DESTROYED("write"))
        elif several:
            result = self._writev(chunk, self.__onwrite)
            if result is not None:
                self.watchResult(result)
        else:
            result = self._write(chunk, encoding, self.__onwrite)
            if result is not None:
                self.watchResult(result)
        state.sync = False

    def cork(self) -> None:
        """
        Let what is written wait until L{uncork}, or L{end}, so that it goes out together.

        Source: Node 20, C{writable.cork}.
        """
        self._writableState.corked += 1

    def uncork(self) -> None:
        """
        After as many calls as of L{cork}, write what waits.

        Source: Node 20, C{writable.uncork}.
        """
        state = self._writableState
        if state.corked:
            state.corked -= 1
            if not state.writing:
                self.__clearBuffer(state)

    def setDefaultEncoding(self, encoding: str = undefined) -> Self:  # type: ignore[assignment]
        """
        Source: Node 20, C{writable.setDefaultEncoding}.

        @param encoding: of str that are written without.
        @raise ERR_UNKNOWN_ENCODING: there is no such encoding.
        """
        if isinstance(encoding, str):
            encoding = encoding.lower()
        if not isEncoding(encoding):
            raise ERR_UNKNOWN_ENCODING(encoding)
        self._writableState.defaultEncoding = "utf8" if encoding == "utf-8" else encoding
        return self

    @overload
    def end(
        self,
        chunk: Chunk | None = None,
        encoding: str | None = None,
        callback: TakesError | None = None,
    ) -> Self: ...
    @overload
    def end(self, chunk: Chunk | None, callback: TakesError, /) -> Self: ...
    def end(self, chunk: Any = None, encoding: Any = None, callback: Any = None) -> Self:
        """
        That is all.

        Source: Node 20, C{writable.end}. A second one is C{ERR_STREAM_ALREADY_FINISHED} to
        its callback.

        @param chunk: to be written before; it and C{encoding} may be left away before
            C{callback}.
        @param callback: called before C{finish}'s listeners, with C{None}; or with the error.
        """
        state = self._writableState
        if callable(chunk):
            chunk, encoding, callback = None, None, chunk
        elif callable(encoding):
            encoding, callback = None, encoding
        error: Any = None
        if chunk is not None and chunk is not undefined:
            result = self.__write(chunk, encoding, None)
            if isinstance(result, Exception):
                error = result
        if state.corked:
            state.corked = 1
            self.uncork()
        if error is not None:
            pass
        elif not state.ending and state.errored is None:
            # More calls do no harm, and who makes them often cannot know.
            state.ending = True
            self.__finishMaybe(state, True)
            state.ended = True
        elif state.finished:
            error = ERR_STREAM_ALREADY_FINISHED("end")
        elif state.destroyed:
            error = ERR_STREAM_DESTROYED("end")
        if callable(callback):
            if error is not None:
                nextTick(callback, error, reactor=self._reactor)
            elif state.errored is not None:
                nextTick(callback, state.errored, reactor=self._reactor)
            elif state.finished:
                nextTick(callback, None, reactor=self._reactor)
            elif state.onFinished is None:
                state.onFinished = [callback]
            else:
                state.onFinished.append(callback)
        return self

    # The end

    def __finishMaybe(self, state: WritableState, sync: bool) -> None:
        if not state.needFinish():
            return
        self.__prefinish(state)
        if state.pendingcb:
            return
        if sync:
            state.pendingcb += 1
            nextTick(self.__finishLater, state, reactor=self._reactor)
        elif state.needFinish():
            state.pendingcb += 1
            self.__finish(state)

    def __finishLater(self, state: WritableState) -> None:
        if state.needFinish():
            self.__finish(state)
        else:
            state.pendingcb -= 1

    def __prefinish(self, state: WritableState) -> None:
        if state.prefinished or state.finalCalled:
            return
        state.finalCalled = True
        if not callable(self._final) or state.destroyed:
            state.prefinished = True
            self.emit("prefinish")
            return
        state.sync = True
        state.pendingcb += 1
        try:
            result = self._final(self.__onfinal)
            if result is not None:
                self.watchResult(result)
        except Exception as e:
            self.__onfinal(e)
        state.sync = False

    def __onfinal(self, error: Any = None, *_: Any) -> None:
        """
        What C{_final} calls.
        """
        state = self._writableState
        if state.prefinished:
            errorOrDestroy(self, error or ERR_MULTIPLE_CALLBACK())
            return
        state.pendingcb -= 1
        if error:
            _callFinished(state, error)
            errorOrDestroy(self, error, state.sync)
        elif state.needFinish():
            state.prefinished = True
            self.emit("prefinish")
            # There are streams which count on finish coming later.
            state.pendingcb += 1
            nextTick(self.__finish, state, reactor=self._reactor)

    def __finish(self, state: WritableState) -> None:
        state.pendingcb -= 1
        state.finished = True
        _callFinished(state, None)
        self.emit("finish")
        if state.autoDestroy:
            readable = self._readableState
            # A side that was never there is not waited for.
            if readable is None or (
                readable.autoDestroy and (readable.endEmitted or readable.readable is False)
            ):
                self.destroy()

    def __aexit__(self, *raised: object) -> Deferred[None]:
        """
        Destroy it, and wait for that.

        Source: Node 20, C{writable[Symbol.asyncDispose]}.
        """
        return dispose(self, "writableFinished")

    async def __aenter__(self) -> Self:
        return self

    # What it is like

    @property
    def writable(self) -> bool:
        """
        Whether it may be written to: not destroyed, failed or ended.
        """
        state = self._writableState
        return (
            state is not None
            and state.writable is not False
            and not (state.ending or state.ended or state.destroyed)
            and state.errored is None
        )

    @writable.setter
    def writable(self, value: object) -> None:
        if self._writableState is not None:
            self._writableState.writable = bool(value)

    @property
    def writableFinished(self) -> bool:
        """
        Whether C{finish} was emitted, or is now.
        """
        return self._writableState is not None and self._writableState.finished

    @property
    def writableObjectMode(self) -> bool:
        """
        Whether a chunk may be anything. Source: Node 20, C{stream.Writable}.
        """
        return self._writableState is not None and self._writableState.objectMode

    @property
    def writableBuffer(self) -> list[dict[str, Any]] | None:
        """
        What waits: C{chunk}, C{encoding} and C{callback} of each.
        """
        state = self._writableState
        return state.getBuffer() if state is not None else None

    @property
    def writableEnded(self) -> bool:
        """
        Whether L{end} was called.
        """
        return self._writableState is not None and self._writableState.ending

    @property
    def writableNeedDrain(self) -> bool:
        """
        Whether a L{write} was false, and C{drain} is to come.
        """
        state = self._writableState
        return state is not None and state.needDrain and not (state.destroyed or state.ending)

    @property
    def writableHighWaterMark(self) -> int:
        """
        Bytes, UTF-16 units, or objects.
        """
        return int(self._writableState.highWaterMark)

    @property
    def writableCorked(self) -> int:
        """
        How often L{uncork} has to be called.
        """
        return self._writableState.corked if self._writableState is not None else 0

    @property
    def writableLength(self) -> int:
        """
        Of what waits and is being written: bytes, UTF-16 units, or objects.
        """
        return int(self._writableState.length)

    @property
    def writableAborted(self) -> bool:
        """
        Whether it was destroyed or has failed before C{finish}.
        """
        state = self._writableState
        return (
            state.writable is not False
            and (state.destroyed or state.errored is not None)
            and not state.finished
        )

    @property
    def errored(self) -> Any:
        """
        With what it has failed, or C{None}.
        """
        return self._writableState.errored if self._writableState is not None else None

    @property
    def closed(self) -> bool:
        """
        Whether C{_destroy} is done.
        """
        return self._writableState is not None and self._writableState.closed

    @property
    def destroyed(self) -> bool:
        """
        Whether L{destroy} was called.
        """
        return self._writableState is not None and self._writableState.destroyed

    @destroyed.setter
    def destroyed(self, value: object) -> None:
        if self._writableState is not None:
            self._writableState.destroyed = bool(value)


class Chunks(list[Any]):
    """
    What C{_writev} gets: C{chunk}, C{encoding} and C{callback} of each write.

    @ivar allBuffers: whether all are bytes.
    """

    allBuffers = False


def _callFinished(state: WritableState, error: Any) -> None:
    callbacks: list[Callable[..., Any]] | None = state.onFinished
    if callbacks is not None:
        state.onFinished = None
        for callback in callbacks:
            follow(callback(error), callback)
