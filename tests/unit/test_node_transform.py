"""
L{nodenet.node.stream.Transform}: what the scenarios in tests/node do not show.
"""

from __future__ import annotations

import zlib
from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from nodenet.node.stream import PassThrough, Transform


class Inflate(Transform):
    """
    As a user would write it.
    """

    def __init__(self, options: Any = None) -> None:
        super().__init__(options)
        self.inflater = zlib.decompressobj()

    def _transform(self, chunk: bytes, encoding: Any, callback: Any) -> None:
        try:
            callback(None, self.inflater.decompress(chunk))
        except zlib.error as e:
            callback(e)

    def _flush(self, callback: Any) -> None:
        callback(None, self.inflater.flush())


class TransformTests(SynchronousTestCase):
    """
    From one side to the other.
    """

    def setUp(self) -> None:
        self.clock = Clock()
        self.log: list[Any] = []

    def test_subclass(self) -> None:
        stream = Inflate({"reactor": self.clock})
        stream.on("data", self.log.append).on("end", lambda: self.log.append("end"))
        packed = zlib.compress(b"hello")
        stream.write(packed[:5])
        stream.end(packed[5:])
        self.clock.advance(0)
        self.assertEqual((b"".join(self.log[:-1]), self.log[-1]), (b"hello", "end"))

    def test_fails(self) -> None:
        stream = Inflate({"reactor": self.clock})
        stream.on("error", self.log.append)
        stream.write(b"no zlib")
        self.clock.advance(0)
        self.assertIsInstance(self.log[0], zlib.error)
        self.assertTrue(stream.destroyed)

    def test_waitsForTheReader(self) -> None:
        stream = PassThrough(highWaterMark=2, reactor=self.clock)
        stream.on("drain", lambda: self.log.append("drain"))
        self.assertFalse(stream.write(b"abc"))
        self.assertFalse(stream.write(b"d"))
        self.clock.advance(0)
        self.assertEqual((self.log, stream.writableLength), ([], 4))
        self.assertEqual(stream.read(3), b"abc")
        self.clock.advance(0)
        self.assertEqual((stream.read(), self.log), (b"d", ["drain"]))

    def test_hooksFromOptions(self) -> None:
        def transform(chunk: Any, encoding: Any, callback: Any) -> None:
            stream.push(chunk)
            stream.push(chunk)
            callback()

        def flush(callback: Any) -> None:
            callback(None, "last")

        stream = Transform(
            transform=transform, flush=flush, reactor=self.clock, encoding="utf8"
        )
        stream.on("data", self.log.append)
        stream.end("x")
        self.clock.advance(0)
        self.assertEqual("".join(self.log), "xxlast")

    def test_chain(self) -> None:
        first = PassThrough(reactor=self.clock)
        last = first.pipe(PassThrough(reactor=self.clock)).pipe(PassThrough(reactor=self.clock))
        last.on("data", self.log.append).on("close", lambda: self.log.append("close"))
        first.end(b"through")
        self.clock.advance(0)
        self.assertEqual(self.log, [b"through", "close"])
