"""
High-water marks, and the state of either side of a stream. Node 20's
C{internal/streams/state}, C{ReadableState} and C{WritableState}.

The names of the states' attributes are Node's, because programs look at them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from nodenet.node._streams.text import Decoder, isEncoding, units, unitsBefore
from nodenet.node.errors import ERR_INVALID_ARG_VALUE, ERR_UNKNOWN_ENCODING, undefined
from nodenet.node.validators import forgiving, isInteger, isTruthy, validateInteger

__all__ = [
    "Options",
    "ReadableState",
    "WritableState",
    "getDefaultHighWaterMark",
    "getHighWaterMark",
    "highWaterMarkOf",
    "merge",
    "setDefaultHighWaterMark",
]

#: What a stream is made with.
Options = Mapping[str, Any]


_default = {False: 16 * 1024, True: 16}


def getDefaultHighWaterMark(objectMode: bool = False) -> int:
    """
    Node 20, C{stream.getDefaultHighWaterMark}.

    @return: bytes, or objects.
    """
    return _default[bool(objectMode)]


@forgiving
def setDefaultHighWaterMark(objectMode: bool, value: int) -> None:
    """
    Node 20, C{stream.setDefaultHighWaterMark}.

    @param value: bytes, or objects; of the streams that are made from now on.
    @raise ERR_INVALID_ARG_TYPE: it is no number.
    @raise ERR_OUT_OF_RANGE: it is not an integer, or negative.
    """
    validateInteger(value, "value", 0)
    _default[bool(objectMode)] = value


def highWaterMarkOf(options: Options, isDuplex: bool, key: str) -> int | None:
    """
    @param key: the option of this side of a duplex.
    @return: what the options say; C{None}: nothing.
    @raise ERR_INVALID_ARG_VALUE: that is not an integer of zero or more.
    """
    value = options.get("highWaterMark")
    if value is None and isDuplex:
        value = options.get(key)
    if value is None:
        return None
    if not isInteger(value) or value < 0:
        name = f"options.{key}" if isDuplex else "options.highWaterMark"
        raise ERR_INVALID_ARG_VALUE(name, value)
    return int(value)


def getHighWaterMark(options: Options, isDuplex: bool, key: str, objectMode: bool) -> int:
    """
    As L{highWaterMarkOf}, but the default where they say nothing.
    """
    value = highWaterMarkOf(options, isDuplex, key)
    return _default[objectMode] if value is None else value


def merge(options: Options | None, keywords: Options) -> Any:
    """
    @return: options that were given as a dict, as keywords, or both.
    """
    if not keywords:
        return options if options is not None else keywords
    return {**options, **keywords} if options else keywords


def _defaultEncoding(options: Options) -> str:
    encoding = options.get("defaultEncoding")
    if encoding is None:
        return "utf8"
    if not isEncoding(encoding):
        raise ERR_UNKNOWN_ENCODING(encoding)
    return "utf8" if encoding == "utf-8" else str(encoding)


def _joined(parts: list[Any]) -> str:
    """
    @return: the text. Bytes that were put back there are taken to be utf8, as JavaScript does.
    """
    if len(parts) == 1 and parts[0].__class__ is str:
        return str(parts[0])
    return "".join(
        each if isinstance(each, str) else each.decode("utf-8", "replace") for each in parts
    )


class ReadableState:
    """
    The state of a readable side.

    @ivar objectMode: chunks are objects, of length 1 each.
    @ivar highWaterMark: C{_read} is called while less than this is in the buffer.
    @ivar buffer: the chunks, of which those before C{bufferIndex} are gone.
    @ivar length: of the buffer: bytes, UTF-16 units, or objects.
    @ivar pipes: the destinations.
    @ivar awaitDrainWriters: the destination, or the set of them, that has to drain before
        more flows.
    @ivar flowing: C{None}: nobody has said whether; else whether data goes to C{data}'s
        listeners by itself.
    @ivar paused: C{None}: neither C{pause} nor C{resume} was called.
    @ivar ended: C{push(None)} was called.
    @ivar endEmitted: C{end} was emitted.
    @ivar reading: C{_read} was called, and has not pushed.
    @ivar sync: C{_read} is running, or never ran: what it pushes must wait.
    @ivar needReadable: C{readable} is due when there is data.
    @ivar emittedReadable: it is on its way, or nobody has read since.
    @ivar readingMore: a tick is due which reads until the buffer is full.
    @ivar selfFed: the source goes on by itself while C{reading}, and C{_read} does
        nothing then: so no tick is needed to call it after each chunk. For sockets.
    @ivar readable: C{False}: there is no such side.
    @ivar errored: with what it has failed.
    """

    __slots__ = (
        "autoDestroy",
        "awaitDrainWriters",
        "buffer",
        "bufferIndex",
        "closeEmitted",
        "closed",
        "constructed",
        "dataEmitted",
        "dataListening",
        "decoder",
        "defaultEncoding",
        "destroyed",
        "emitClose",
        "emittedReadable",
        "encoding",
        "endEmitted",
        "ended",
        "errorEmitted",
        "errored",
        "flowing",
        "highWaterMark",
        "length",
        "multiAwaitDrain",
        "needReadable",
        "objectMode",
        "paused",
        "pipes",
        "readable",
        "readableListening",
        "reading",
        "readingMore",
        "resumeScheduled",
        "selfFed",
        "sync",
    )

    def __init__(self, options: Options, isDuplex: bool) -> None:
        objectMode = isTruthy(options.get("objectMode"))
        if isDuplex and isTruthy(options.get("readableObjectMode")):
            objectMode = True
        self.objectMode = objectMode
        self.highWaterMark = getHighWaterMark(
            options, isDuplex, "readableHighWaterMark", objectMode
        )
        self.buffer: list[Any] = []
        self.bufferIndex = 0
        self.length = 0
        self.pipes: list[Any] = []
        self.awaitDrainWriters: Any = None
        self.multiAwaitDrain = False
        self.flowing: bool | None = None
        self.paused: bool | None = None
        self.emitClose = options.get("emitClose") is not False
        self.autoDestroy = options.get("autoDestroy") is not False
        self.constructed = self.sync = True
        self.ended = self.endEmitted = self.reading = self.readingMore = False
        self.needReadable = self.emittedReadable = self.readableListening = False
        self.resumeScheduled = self.dataEmitted = self.dataListening = False
        self.destroyed = self.closed = self.closeEmitted = self.errorEmitted = False
        self.selfFed = False
        self.errored: Any = None
        self.readable: bool | None = None
        self.defaultEncoding = _defaultEncoding(options)
        self.decoder: Decoder | None = None
        self.encoding: str | None = None
        encoding = options.get("encoding")
        if isTruthy(encoding):
            self.decoder = Decoder(encoding)
            self.encoding = encoding

    @property
    def pipesCount(self) -> int:  # Node's, of old
        return len(self.pipes)

    def lengthOf(self, chunk: Any) -> int:
        """
        @return: what the chunk counts for.
        """
        if self.objectMode:
            return 1
        return units(chunk) if chunk.__class__ is str else len(chunk)

    def drained(self) -> None:
        """
        Data flows: no destination is waited for.
        """
        if self.multiAwaitDrain:
            self.awaitDrainWriters.clear()
        else:
            self.awaitDrainWriters = None

    def canPushMore(self) -> bool:
        """
        @return: what C{push} returns: whether the buffer is not full. An empty one never is,
            whatever the mark.
        """
        return not self.ended and (not self.length or self.length < self.highWaterMark)

    def howMuchToRead(self, n: int | None) -> int:
        """
        @param n: what was asked for; C{None}: as is best.
        @return: how much C{read} may take now.
        """
        if (n is not None and n <= 0) or (not self.length and self.ended):
            return 0
        if self.objectMode:
            return 1
        if n is None:
            # Only flow one buffer at a time.
            if self.flowing and self.length:
                return self.lengthOf(self.buffer[self.bufferIndex])
            return self.length
        if n <= self.length:
            return n
        return self.length if self.ended else 0

    def take(self, n: int) -> Any:
        """
        @param n: how much, which L{howMuchToRead} has said.
        @return: that much of the buffer; C{None}: it is empty. C{length} is the caller's.
        """
        if not self.length:
            return None
        buffer, index = self.buffer, self.bufferIndex
        if self.objectMode:
            if index == len(buffer):
                # setEncoding has counted characters, as Node's does.
                return undefined
            first = buffer[index]
            self._dropped(index + 1)
            return first
        if n >= self.length:
            parts = buffer[index:]
            buffer.clear()
            self.bufferIndex = 0
            if self.decoder is not None:
                return _joined(parts)
            return parts[0] if len(parts) == 1 else b"".join(parts)
        parts = []
        while n:
            chunk = buffer[index]
            size = self.lengthOf(chunk)
            if size > n:
                head, buffer[index] = (
                    unitsBefore(chunk, n) if chunk.__class__ is str else (chunk[:n], chunk[n:])
                )
                parts.append(head)
                break
            parts.append(chunk)
            index += 1
            n -= size
        self._dropped(index)
        if len(parts) == 1:
            return parts[0]
        return _joined(parts) if self.decoder is not None else b"".join(parts)

    def _dropped(self, index: int) -> None:
        # Chunks before the index are gone. The list is cut now and then only: cutting it
        # each time would make a long buffer slow.
        buffer = self.buffer
        if index == len(buffer):
            buffer.clear()
            index = 0
        elif index > 1024:
            del buffer[:index]
            index = 0
        else:
            buffer[self.bufferIndex : index] = [None] * (index - self.bufferIndex)
        self.bufferIndex = index


class WritableState:
    """
    The state of a writable side.

    @ivar objectMode: chunks are objects, of length 1 each.
    @ivar highWaterMark: C{write} is true while less than this is queued.
    @ivar length: what is queued and being written: bytes, UTF-16 units, or objects.
    @ivar writelen: of it, what is being written.
    @ivar buffered: (chunk, encoding, callback) of each write that waits, of which those
        before C{bufferedIndex} are gone; C{None}: none does.
    @ivar writecb: the user's callback of the write that runs.
    @ivar expectWriteCb: a write runs that has not called back.
    @ivar sync: C{_write} or C{_final} is running: what follows its callback must wait.
    @ivar pendingcb: callbacks that are due before C{finish}.
    @ivar afterWriteTickInfo: [count, callback] of writes that ended at once, whose
        callbacks come in one tick.
    @ivar onFinished: callbacks of C{end}.
    @ivar needDrain: a C{write} was false: C{drain} is due when the queue is empty.
    @ivar ending: C{end} was called; C{ended}: and has returned.
    @ivar writable: C{False}: there is no such side.
    @ivar errored: with what it has failed.
    """

    __slots__ = (
        "afterWritePending",
        "afterWriteTickInfo",
        "allBuffers",
        "allNoop",
        "autoDestroy",
        "bufferProcessing",
        "buffered",
        "bufferedIndex",
        "closeEmitted",
        "closed",
        "constructed",
        "corked",
        "decodeStrings",
        "defaultEncoding",
        "destroyed",
        "emitClose",
        "ended",
        "ending",
        "errorEmitted",
        "errored",
        "expectWriteCb",
        "finalCalled",
        "finished",
        "highWaterMark",
        "length",
        "needDrain",
        "objectMode",
        "onFinished",
        "pendingcb",
        "prefinished",
        "sync",
        "writable",
        "writecb",
        "writelen",
        "writing",
    )

    def __init__(self, options: Options, isDuplex: bool) -> None:
        objectMode = isTruthy(options.get("objectMode"))
        if isDuplex and isTruthy(options.get("writableObjectMode")):
            objectMode = True
        self.objectMode = objectMode
        self.highWaterMark = getHighWaterMark(
            options, isDuplex, "writableHighWaterMark", objectMode
        )
        self.decodeStrings = options.get("decodeStrings") is not False
        self.emitClose = options.get("emitClose") is not False
        self.autoDestroy = options.get("autoDestroy") is not False
        self.defaultEncoding = _defaultEncoding(options)
        self.length = self.writelen = self.corked = self.pendingcb = 0
        self.sync = self.constructed = True
        self.writing = self.expectWriteCb = self.bufferProcessing = False
        self.needDrain = self.ending = self.ended = self.finished = False
        self.finalCalled = self.prefinished = self.afterWritePending = False
        self.destroyed = self.closed = self.closeEmitted = self.errorEmitted = False
        self.errored: Any = None
        self.writable: bool | None = None
        self.writecb: Callable[..., Any] | None = None
        self.afterWriteTickInfo: list[Any] | None = None
        self.onFinished: list[Callable[..., Any]] | None = None
        self.resetBuffer()

    def resetBuffer(self) -> None:
        """
        Nothing is queued.
        """
        self.buffered: list[Any] | None = None
        self.bufferedIndex = 0
        self.allBuffers = self.allNoop = True

    def getBuffer(self) -> list[dict[str, Any]]:
        """
        @return: what is queued: C{chunk}, C{encoding} and C{callback} of each.
        """
        waiting = (self.buffered or [])[self.bufferedIndex :]
        return [
            {"chunk": chunk, "encoding": encoding, "callback": callback}
            for chunk, encoding, callback in filter(None, waiting)
        ]

    @property
    def bufferedRequestCount(self) -> int:
        return len(self.buffered) - self.bufferedIndex if self.buffered else 0

    def lengthOf(self, chunk: Any) -> int:
        """
        @return: what the chunk counts for.
        """
        if self.objectMode:
            return 1
        return units(chunk) if chunk.__class__ is str else len(chunk)

    def needFinish(self) -> bool:
        """
        @return: whether all that was written is out, after C{end}, and nothing went wrong.
        """
        return (
            self.ending
            and not self.length
            and self.constructed
            and self.buffered is None
            and self.errored is None
            and not (
                self.destroyed
                or self.finished
                or self.writing
                or self.errorEmitted
                or self.closeEmitted
            )
        )
