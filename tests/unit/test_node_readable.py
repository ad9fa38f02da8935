"""
L{nodenet.node.stream.Readable}: what the scenarios in tests/node do not show, because it is
Python's own or of the parts within.
"""

from __future__ import annotations

import gc
import os
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from nodenet.node.errors import ERR_STREAM_PREMATURE_CLOSE, AbortError
from nodenet.node.stream import Duplex, PassThrough, Readable
from nodenet.timers import nextTick, queueMicrotask


class ReadableTests(SynchronousTestCase):
    """
    Chunks in, chunks out.
    """

    def setUp(self) -> None:
        self.clock = Clock()
        self.log: list[Any] = []

    def make(self, **options: Any) -> Readable:
        options.setdefault("read", lambda size: None)
        return Readable(reactor=self.clock, **options)

    def listen(self, stream: Any, *events: str) -> None:
        for event in events:
            stream.on(event, lambda *args, event=event: self.log.append((event, *args)))

    def test_optionsAreADictOrKeywords(self) -> None:
        self.assertEqual(Readable({"highWaterMark": 3}).readableHighWaterMark, 3)
        self.assertEqual(Readable(highWaterMark=4).readableHighWaterMark, 4)
        both = Readable({"highWaterMark": 3, "objectMode": True}, highWaterMark=5)
        self.assertEqual((both.readableHighWaterMark, both.readableObjectMode), (5, True))

    def test_hookOfTheClass(self) -> None:
        class Three(Readable):
            left = 3

            def _read(self, size: int) -> None:
                self.left -= 1
                self.push(b"x" if self.left >= 0 else None)

        stream = Three(reactor=self.clock)
        self.listen(stream, "data", "end", "close")
        self.clock.advance(0)
        self.assertEqual(self.log, [("data", b"x")] * 3 + [("end",), ("close",)])

    def test_hookPutOnTheObject(self) -> None:
        stream: Any = self.make()
        stream._read = lambda size: stream.push(None)
        self.listen(stream, "data", "end")
        self.clock.advance(0)
        self.assertEqual(self.log, [("end",)])

    def test_pushOfTheObject(self) -> None:
        """
        Who replaces C{emit} sees all events.
        """
        stream: Any = self.make()
        emit = stream.emit
        stream.emit = lambda *args: self.log.append(args[0]) or emit(*args)
        stream.resume()
        stream.push(None)
        self.clock.advance(0)
        self.assertEqual(self.log, ["resume", "readable", "end", "close"])

    def test_bytesOfOtherKinds(self) -> None:
        stream = self.make()
        for chunk in (bytearray(b"a"), memoryview(b"bc"), b"d"):
            stream.push(chunk)
        self.assertEqual(stream.readableLength, 4)
        self.assertEqual(stream.read(), b"abcd")

    def test_longBuffer(self) -> None:
        """
        What was taken is let go of, now and then.
        """
        stream = self.make(highWaterMark=1)
        for _ in range(3000):
            stream.push(b"x")
        for _ in range(2000):
            stream.read(1)
        self.assertEqual(stream.readableLength, 1000)
        self.assertLess(len(stream._readableState.buffer), 2100)
        stream.unshift(b"yz")
        self.assertEqual(stream.read(3), b"yzx")
        self.assertEqual(stream.read(), b"x" * 999)
        self.assertEqual(stream.readableBuffer, [])

    def test_listenerRaises(self) -> None:
        """
        An exception of a listener is the pushing one's.
        """
        stream = self.make()
        stream.on("data", lambda chunk: 1 / 0)
        self.clock.advance(0)
        self.assertRaises(ZeroDivisionError, stream.push, b"x")

    def test_unheardError(self) -> None:
        """
        It comes out of the tick; C{close} comes all the same.
        """
        stream = self.make()
        self.listen(stream, "close")
        stream.destroy(ValueError("unheard"))
        self.assertRaises(ValueError, self.clock.advance, 0)
        self.assertEqual(self.log, [("close",)])

    def test_selfFed(self) -> None:
        """
        A source that goes on by itself costs no tick a chunk, and looks the same.
        """
        stream = self.make()
        self.listen(stream, "data")
        self.clock.advance(0)
        stream._readableState.selfFed = True
        self.assertTrue(stream.push(b"a"))
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.assertEqual(self.log, [("data", b"a")])
        state = stream._readableState
        self.assertTrue(state.reading and state.needReadable)
        stream.pause()
        stream.push(b"b")
        self.assertEqual(stream.readableLength, 1)

    def test_smallWhenIdle(self) -> None:
        gc.collect()
        stream = Duplex()
        parts = [stream, stream._readableState, stream._writableState, stream._events]
        parts += [stream._readableState.buffer, stream._readableState.pipes]
        self.assertEqual(vars(stream), {})
        self.assertLess(sum(part.__sizeof__() + 16 for part in parts), 1536)


class FromTests(SynchronousTestCase):
    """
    L{Readable.from_}, of Python's own.
    """

    def setUp(self) -> None:
        self.clock = Clock()

    def all(self, thing: Any, **options: Any) -> list[Any]:
        got: list[Any] = []
        stream = Readable.from_(thing, reactor=self.clock, **options)
        stream.on("data", got.append).on("end", lambda: got.append("end"))
        stream.on("error", got.append)
        for _ in range(5):
            self.clock.advance(0)
        return got

    def test_file(self) -> None:
        path = self.mktemp()
        with open(path, "wb") as file:
            file.write(b"x" * 70000)
        with open(path, "rb") as file:
            got = self.all(file)
        self.assertEqual([len(part) for part in got[:-1]], [65536, 70000 - 65536])

    def test_fileIsClosed(self) -> None:
        path = self.mktemp()
        with open(path, "wb") as writing:
            writing.write(b"x")
            reading = os.fdopen(os.open(path, os.O_RDONLY), "rb")
        self.all(reading)
        self.assertTrue(reading.closed)

    def test_textFile(self) -> None:
        path = self.mktemp()
        with open(path, "w", encoding="utf-8") as file:
            file.write("\u20ac")
        with open(path, encoding="utf-8") as file:
            self.assertEqual(self.all(file), ["\u20ac", "end"])

    def test_descriptor(self) -> None:
        reading, writing = os.pipe()
        os.write(writing, b"abc")
        os.close(writing)
        self.assertEqual(self.all(reading), [b"abc", "end"])
        os.close(reading)

    def test_fileFails(self) -> None:
        with open(self.mktemp(), "wb") as file:
            (error,) = self.all(file)
        self.assertIsInstance(error, (OSError, ValueError))

    def test_awaitables(self) -> None:
        fired: Deferred[str] = Deferred()

        async def two() -> str:
            return "two"

        got: list[Any] = []
        stream = Readable.from_([fired, two(), "three"], reactor=self.clock)
        stream.on("data", got.append)
        self.clock.advance(0)
        self.assertEqual(got, [])
        fired.callback("one")
        self.clock.advance(0)
        self.assertEqual(got, ["one", "two", "three"])

    def test_generatorIsClosed(self) -> None:
        got: list[Any] = []

        def chunks() -> Any:
            try:
                yield 1
                yield 2
            finally:
                got.append("closed")

        stream = Readable.from_(chunks(), reactor=self.clock)
        stream.read()
        stream.on("close", lambda: got.append("close")).destroy()
        self.clock.advance(0)
        self.assertEqual(got, ["closed", "close"])


class IterateTests(SynchronousTestCase):
    """
    C{async for}.
    """

    def setUp(self) -> None:
        self.clock = Clock()
        self.stream = Readable(reactor=self.clock, read=lambda size: None)

    def test_breakDestroys(self) -> None:
        """
        Python tells nobody of a C{break}; that the iterator is gone does.
        """

        async def loop() -> None:
            async for _ in self.stream:
                break

        self.stream.push(b"x")
        self.successResultOf(Deferred.fromCoroutine(loop()))
        self.assertTrue(self.stream.destroyed)
        self.clock.advance(0)

    def test_breakDestroysAtOnceThoughTheLoopHasWaited(self) -> None:
        seen: list[bool] = []

        async def loop() -> None:
            async for _ in self.stream:
                break
            seen.append(self.stream.destroyed)

        done = Deferred.fromCoroutine(loop())
        self.stream.push(b"x")
        self.clock.advance(0)
        self.successResultOf(done)
        self.assertEqual(seen, [True])
        self.clock.advance(0)

    def test_cancelledLoop(self) -> None:
        async def loop() -> None:
            async for _ in self.stream:
                pass

        done = Deferred.fromCoroutine(loop())
        self.clock.advance(0)
        self.assertFalse(self.stream.destroyed)
        done.cancel()
        self.failureResultOf(done)
        gc.collect()
        self.assertTrue(self.stream.destroyed)
        self.clock.advance(0)

    def test_severalAtOnce(self) -> None:
        iterator = self.stream.__aiter__()
        asked = [iterator.__anext__() for _ in range(3)]
        self.stream.push(b"a")
        self.clock.advance(0)
        self.assertEqual(self.successResultOf(asked[0]), b"a")
        self.assertNoResult(asked[1])
        self.stream.push(b"b")
        self.stream.push(None)
        self.clock.advance(0)
        self.assertEqual(self.successResultOf(asked[1]), b"b")
        self.failureResultOf(asked[2], StopAsyncIteration)
        self.failureResultOf(iterator.__anext__(), StopAsyncIteration)

    def test_acloseBeforeTheFirst(self) -> None:
        iterator = self.stream.__aiter__()
        self.successResultOf(iterator.aclose())
        self.failureResultOf(iterator.__anext__(), StopAsyncIteration)
        self.assertFalse(self.stream.destroyed)

    def test_athrow(self) -> None:
        iterator = self.stream.__aiter__()
        self.stream.push(b"x")
        self.successResultOf(iterator.__anext__())
        self.failureResultOf(iterator.athrow(ValueError()), ValueError)
        self.assertTrue(self.stream.destroyed)
        self.clock.advance(0)

    def test_closedEarly(self) -> None:
        asked = self.stream.__aiter__().__anext__()
        self.stream.destroy()
        self.clock.advance(0)
        self.failureResultOf(asked, ERR_STREAM_PREMATURE_CLOSE)

    def test_asyncWith(self) -> None:
        errors: list[Any] = []
        self.stream.on("error", errors.append)

        async def use() -> None:
            async with self.stream as stream:
                self.assertIs(stream, self.stream)

        done = Deferred.fromCoroutine(use())
        self.clock.advance(0)
        self.successResultOf(done)
        self.assertEqual([type(each) for each in errors], [AbortError])


class MicrotaskTests(SynchronousTestCase):
    """
    Ticks, then microtasks, then the ticks that these have asked for.
    """

    def test_order(self) -> None:
        clock, log = Clock(), []

        def micro() -> None:
            log.append("micro")
            nextTick(log.append, "tick of micro", reactor=clock)
            queueMicrotask(log.append, "micro of micro", reactor=clock)

        queueMicrotask(micro, reactor=clock)
        nextTick(log.append, "tick", reactor=clock)
        nextTick(lambda: nextTick(log.append, "tick of tick", reactor=clock), reactor=clock)
        clock.callLater(0, log.append, "timer")
        clock.advance(0)
        wanted = ["tick", "tick of tick", "micro", "micro of micro", "tick of micro", "timer"]
        self.assertEqual(log, wanted)

    def test_oneThatRaises(self) -> None:
        clock, log = Clock(), []
        queueMicrotask(lambda: 1 / 0, reactor=clock)
        queueMicrotask(log.append, "next", reactor=clock)
        self.assertRaises(ZeroDivisionError, clock.advance, 0)
        clock.advance(0)
        self.assertEqual(log, ["next"])

    def test_notCallable(self) -> None:
        self.assertRaises(TypeError, queueMicrotask, 5, reactor=Clock())


class PipeTests(SynchronousTestCase):
    """
    C{pipe} to what is no stream of ours.
    """

    def test_dest(self) -> None:
        clock = Clock()
        source = Readable(reactor=clock, read=lambda size: None)
        dest: Any = PassThrough(reactor=clock)
        written: list[Any] = []
        dest.write = written.append
        source.pipe(dest)
        source.push(b"x")
        clock.advance(0)
        self.assertEqual(written, [b"x"])
