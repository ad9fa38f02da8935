"""
L{nodenet.node.stream.Writable}: what the scenarios in tests/node do not show.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from nodenet.node.errors import ERR_STREAM_DESTROYED, ERR_STREAM_WRITE_AFTER_END
from nodenet.node.stream import Writable


class WritableTests(SynchronousTestCase):
    """
    Chunks that go out one by one.
    """

    def setUp(self) -> None:
        self.clock = Clock()
        self.log: list[Any] = []
        self.waiting: list[Any] = []

    def write(self, chunk: Any, encoding: Any, callback: Any) -> None:
        self.log.append(chunk)
        self.waiting.append(callback)

    def make(self, **options: Any) -> Writable:
        options.setdefault("write", self.write)
        return Writable(reactor=self.clock, **options)

    def test_bytesOfOtherKinds(self) -> None:
        stream = self.make()
        data = bytearray(b"ab")
        stream.write(data)
        data[:] = b"xy"
        stream.write(memoryview(b"cd"))
        self.waiting.pop()()
        self.assertEqual(self.log, [b"ab", b"cd"])

    def test_callbackInPlaceOfTheEncoding(self) -> None:
        stream = self.make()
        stream.write("x", self.log.append)
        self.waiting.pop()()
        self.assertEqual(self.log, [b"x", None])

    def test_oneTickForOneCallback(self) -> None:
        """
        Many writes with one callback that end at once take one tick.
        """
        stream = self.make(write=lambda chunk, encoding, callback: callback())
        calls: list[Any] = []
        callback = calls.append
        for _ in range(5):
            stream.write("x", callback)
        self.assertEqual(len(self.clock.getDelayedCalls()), 1)
        self.clock.advance(0)
        self.assertEqual(calls, [None] * 5)

    def test_manyThatWait(self) -> None:
        stream = self.make()
        for number in range(1000):
            stream.write(b"%d" % number)
        for _ in range(600):
            self.waiting.pop()()
        self.assertEqual(stream._writableState.bufferedRequestCount, 399)
        self.assertLess(len(stream._writableState.buffered), 700)
        while self.waiting:
            self.waiting.pop()()
        self.assertEqual(self.log, [b"%d" % number for number in range(1000)])
        self.assertEqual((stream.writableLength, stream.writableBuffer), (0, []))

    def test_destroyedWhileItWrites(self) -> None:
        """
        The write's callback hears what became of it, the others that they were not written.
        """
        stream = self.make()
        errors: list[Any] = []
        stream.write(b"a", errors.append)
        stream.write(b"b", errors.append)
        stream.destroy()
        self.clock.advance(0)
        self.assertEqual(errors, [])
        self.waiting.pop()()
        self.assertIsNone(errors[0])
        self.assertIsInstance(errors[1], ERR_STREAM_DESTROYED)

    def test_endWithAChunkTooLate(self) -> None:
        stream = self.make(write=lambda chunk, encoding, callback: callback())
        errors: list[Any] = []
        stream.on("error", errors.append)
        stream.end()
        stream.end(b"x", errors.append)
        self.clock.advance(0)
        self.assertEqual([type(each) for each in errors], [ERR_STREAM_WRITE_AFTER_END] * 2)

    def test_hookRaises(self) -> None:
        """
        It comes out of C{write}, as in Node.
        """

        def write(chunk: Any, encoding: Any, callback: Any) -> None:
            raise ValueError

        self.assertRaises(ValueError, self.make(write=write).write, b"x")

    def test_subclass(self) -> None:
        log = self.log

        class Upper(Writable):
            def _write(self, chunk: bytes, encoding: Any, callback: Any) -> None:
                log.append(chunk.upper())
                callback()

            def _final(self, callback: Any) -> None:
                log.append("final")
                callback()

        stream = Upper(reactor=self.clock)
        stream.on("finish", lambda: log.append("finish"))
        stream.end("x")
        self.clock.advance(0)
        self.assertEqual(log, [b"X", "final", "finish"])

    def test_asyncWith(self) -> None:
        async def use() -> None:
            async with self.make() as stream:
                stream.on("error", self.log.append)

        done = Deferred.fromCoroutine(use())
        self.clock.advance(0)
        self.successResultOf(done)
        self.assertEqual(self.log[0].name, "AbortError")

    def test_rejections(self) -> None:
        """
        An C{async} listener that fails destroys it, where that is asked for.
        """
        stream = self.make(captureRejections=True)
        stream.on("error", self.log.append)

        @self.asListener(stream)
        async def fails() -> None:
            raise ValueError

        stream.emit("ping")
        stream.onRejection(ValueError(), "ping")
        self.clock.advance(0)
        self.assertIsInstance(self.log[0], ValueError)

    def asListener(self, stream: Writable) -> Any:
        return lambda listener: stream.on("ping", listener)
