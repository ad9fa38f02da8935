"""
L{nodenet.node.stream.pipeline}: what the scenarios in tests/node do not show.
"""

from __future__ import annotations

import os
from typing import Any

from twisted.internet.defer import CancelledError
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from nodenet import timers
from nodenet.node.errors import AbortError
from nodenet.node.stream import PassThrough, Readable, Transform, Writable, pipeline, promises


class PipelineTests(SynchronousTestCase):
    """
    Streams, functions and files in a row.
    """

    def setUp(self) -> None:
        self.clock = Clock()
        # Of what is made within, too.
        self.patch(timers, "theReactor", lambda reactor=None: reactor or self.clock)
        self.written: list[Any] = []

    def sink(self, **options: Any) -> Writable:
        def write(chunk: Any, encoding: Any, callback: Any) -> None:
            self.written.append(chunk)
            callback()

        return Writable(write=write, **options)

    def run_(self, done: Any) -> Any:
        for _ in range(5):
            self.clock.advance(0)
        return self.successResultOf(done)

    def test_deferred(self) -> None:
        done = pipeline(Readable.from_([b"a", b"b"]), self.sink())
        self.assertIsNone(self.run_(done))
        self.assertEqual(self.written, [b"a", b"b"])

    def test_aList(self) -> None:
        results: list[Any] = []
        last = self.sink()
        self.assertIs(pipeline([[b"a"], PassThrough(), last], results.append), last)
        self.clock.advance(0)
        self.assertEqual((self.written, results), ([b"a"], [None]))

    def test_fileToFile(self) -> None:
        source, target = self.mktemp(), self.mktemp()
        with open(source, "wb") as file:
            file.write(b"content" * 20000)
        upper = Transform(transform=lambda chunk, e, callback: callback(None, chunk.upper()))
        with open(source, "rb") as reading, open(target, "wb") as writing:
            self.run_(pipeline(reading, upper, writing))
            self.assertTrue(reading.closed and writing.closed)
        with open(target, "rb") as file:
            self.assertEqual(file.read(), b"CONTENT" * 20000)

    def test_aCharacterThatIsCutGoesWholeIntoATextFile(self) -> None:
        for encoding in "utf-8", "utf-16-le":
            path = self.mktemp()
            euro = "\u20ac".encode(encoding)
            with open(path, "w", encoding=encoding) as file:
                self.run_(pipeline(Readable.from_([euro[:1], euro[1:], "\u00e4"]), file))
            with open(path, encoding=encoding) as file:
                self.assertEqual(file.read(), "\u20ac\u00e4")

    def test_halfACharacterIsNone(self) -> None:
        for chunks in [b"\xe2"], [b"\xe2", "text"]:
            with open(self.mktemp(), "w", encoding="utf-8") as file:
                done = pipeline(Readable.from_(chunks), file)
                self.clock.advance(0)
                self.failureResultOf(done, UnicodeDecodeError)

    def test_fromATextFileIntoOne(self) -> None:
        source, target = self.mktemp(), self.mktemp()
        with open(source, "w", encoding="latin-1") as file:
            file.write("\u00e4" * 100_000)
        writing = open(target, "w", encoding="utf-8")  # noqa: SIM115 - the pipeline closes it
        with open(source, encoding="latin-1") as reading:
            self.run_(pipeline(reading, writing))
        with open(target, encoding="utf-8") as file:
            self.assertEqual(file.read(), "\u00e4" * 100_000)

    def test_descriptors(self) -> None:
        reading, writing = os.pipe()
        self.run_(pipeline([b"abc"], writing))
        os.close(writing)
        self.run_(pipeline(reading, self.sink()))
        os.close(reading)
        self.assertEqual(self.written, [b"abc"])

    def test_fileFails(self) -> None:
        path = self.mktemp()
        with open(path, "wb"):
            pass
        with open(path, "rb") as file:
            done = pipeline([b"abc"], file)
            self.clock.advance(0)
            self.failureResultOf(done)

    def test_functionsWithASignal(self) -> None:
        """
        A function gets the signal if it has a parameter of that name, or room for a dict.
        """
        signals: list[Any] = []

        async def source(*, signal: Any) -> Any:
            signals.append(signal)
            yield b"x"

        async def middle(chunks: Any, options: Any) -> Any:
            signals.append(options["signal"])
            async for chunk in chunks:
                yield chunk

        async def last(chunks: Any, signal: Any) -> int:
            signals.append(signal)
            return len([chunk async for chunk in chunks])

        done = promises.pipeline(source, middle, last)
        self.assertEqual(self.run_(done), 1)
        self.assertEqual([signal.aborted for signal in signals], [True] * 3)

    def test_cancel(self) -> None:
        """
        To cancel aborts all of it.
        """
        source, last = Readable(read=lambda size: None), self.sink()
        errors: list[Any] = []
        last.on("error", errors.append)
        done = promises.pipeline(source, last)
        done.cancel()
        self.failureResultOf(done, CancelledError)
        self.clock.advance(0)
        self.assertTrue(source.destroyed and last.destroyed)
        self.assertIsInstance(errors[0], AbortError)

    def test_backPressure(self) -> None:
        """
        An iterable is not read faster than it is written.
        """
        taken: list[int] = []
        waiting: list[Any] = []

        def numbers() -> Any:
            for number in range(10):
                taken.append(number)
                yield b"%d" % number

        slow = Writable(
            highWaterMark=2, write=lambda chunk, e, callback: waiting.append(callback)
        )
        pipeline(numbers(), slow, lambda error: None)
        self.clock.advance(0)
        self.assertEqual(taken, [0, 1])
        while waiting:
            waiting.pop()()
            self.clock.advance(0)
        self.assertEqual(taken, list(range(10)))

    def test_sourceIsLeft(self) -> None:
        """
        A generator is closed when what it is written to fails.
        """
        closed: list[Any] = []

        async def source() -> Any:
            try:
                while True:
                    yield b"x"
            finally:
                closed.append(True)

        fails = Writable(write=lambda chunk, e, callback: callback(ValueError("full")))
        done = promises.pipeline(source(), fails)
        self.clock.advance(0)
        self.failureResultOf(done, ValueError)
        self.assertEqual(closed, [True])
