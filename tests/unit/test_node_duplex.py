"""
L{nodenet.node.stream.Duplex} and what makes one: what the scenarios in tests/node do not
show.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from nodenet.node.stream import Duplex, Readable, Writable, duplexPair


class DuplexTests(SynchronousTestCase):
    """
    Two sides of one thing.
    """

    def setUp(self) -> None:
        self.clock = Clock()
        self.log: list[Any] = []

    def make(self, **options: Any) -> Duplex:
        options.setdefault("read", lambda size: None)
        options.setdefault("write", lambda chunk, encoding, callback: callback())
        return Duplex(reactor=self.clock, **options)

    def test_isBoth(self) -> None:
        stream = self.make()
        self.assertIsInstance(stream, Readable)
        self.assertIsInstance(stream, Writable)
        self.assertEqual((stream.readable, stream.writable), (True, True))

    def test_closesWhenBothAreThrough(self) -> None:
        stream = self.make()
        for event in ("end", "finish", "close"):
            stream.on(event, lambda event=event: self.log.append(event))
        stream.end()
        self.clock.advance(0)
        self.assertEqual(self.log, ["finish"])
        stream.push(None)
        stream.resume()
        self.clock.advance(0)
        self.assertEqual(self.log, ["finish", "end", "close"])

    def test_destroyedBySetting(self) -> None:
        stream = self.make()
        stream.destroyed = True
        self.assertTrue(stream._readableState.destroyed and stream._writableState.destroyed)

    def test_sidesBySetting(self) -> None:
        stream = self.make()
        stream.readable = False
        stream.writable = False
        self.assertEqual((stream.readable, stream.writable), (False, False))

    def test_undestroy(self) -> None:
        """
        As a socket that connects again.
        """
        stream = self.make()
        stream.on("error", self.log.append)
        stream.destroy(ValueError())
        self.clock.advance(0)
        stream._undestroy()
        state = (stream.destroyed, stream.closed, stream.errored, stream.readable)
        self.assertEqual(state, (False, False, None, True))
        self.assertTrue(stream.write(b"x"))

    def test_pair(self) -> None:
        one, other = duplexPair(reactor=self.clock)
        other.on("data", self.log.append).on("end", lambda: self.log.append("end"))
        one.end(b"hello")
        self.clock.advance(0)
        self.assertEqual(self.log, [b"hello", "end"])

    def test_ofAPair(self) -> None:
        """
        What is written to the one is read from the other's; errors go both ways.
        """
        readable = Readable(reactor=self.clock, read=lambda size: None)
        writable = Writable(
            reactor=self.clock, write=lambda chunk, encoding, callback: self.log.append(chunk)
        )
        stream = Duplex.from_({"readable": readable, "writable": writable})
        self.assertIsInstance(stream, Duplex)
        self.assertIs(Duplex.from_(stream), stream)
