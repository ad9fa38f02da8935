"""
Tests for L{nodenet._net.outbox}, with a wire that takes what it is told to.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from nodenet._net.outbox import Outbox


class FakeWire:
    """
    A wire.

    @ivar room: bytes that the next calls take, each; then it takes all.
    @ivar calls: the pieces of each call, as far as they were taken.
    @ivar descriptors: (device, inode) of those that were sent.
    """

    def __init__(self, *room: int, buffers: bool = False) -> None:
        self.room = list(room)
        self.buffers = buffers
        self.calls: list[list[bytes]] = []
        self.descriptors: list[tuple[int, int]] = []

    @property
    def data(self) -> bytes:
        return b"".join(piece for call in self.calls for piece in call)

    def sendv(self, pieces: Sequence[bytes | memoryview]) -> int:
        left = size = self.room.pop(0) if self.room else sum(map(len, pieces))
        if not size and sum(map(len, pieces)):
            raise BlockingIOError
        taken = []
        for piece in pieces:
            taken.append(bytes(piece[:left]))
            left -= len(taken[-1])
        self.calls.append(taken)
        return sum(map(len, taken))

    def sendDescriptor(self, data: bytes | memoryview, fd: int) -> int:
        size = self.sendv([data])
        self.descriptors.append(identity(fd))
        return size


def identity(fd: int) -> tuple[int, int]:
    status = os.fstat(fd)
    return status.st_dev, status.st_ino


class OutboxCase(SynchronousTestCase):
    """
    A queue, and what its callbacks have said.
    """

    def setUp(self) -> None:
        self.outbox = Outbox()
        self.called: list[Any] = []

    def add(self, data: bytes, name: Any = None, fd: int | None = None) -> None:
        """
        @param name: what the callback says; C{None}: there is none.
        """
        callback = None if name is None else lambda: self.called.append(name)
        self.outbox.add(data, callback, fd)

    def step(self, wire: FakeWire) -> int:
        """
        Send once.
        """
        size = self.outbox.send(wire)
        for callback in self.outbox.sent(size):
            callback()
        return size

    def flush(self, wire: FakeWire) -> bytes:
        """
        Send until nothing is left, or TLS is to begin.
        """
        while self.outbox.waits and not self.outbox.takeTLS():
            self.step(wire)
        return wire.data


class SendTests(OutboxCase):
    """
    Bytes and callbacks.
    """

    def test_allGoesOutInOrderAndInOneCall(self) -> None:
        self.assertFalse(self.outbox.waits)
        for data in b"one ", memoryview(b"two "), b"three":
            self.add(data)
        self.assertTrue(self.outbox.waits)
        wire = FakeWire()
        self.assertEqual(self.step(wire), 13)
        self.assertEqual(wire.calls, [[b"one ", b"two ", b"three"]])
        self.assertFalse(self.outbox.waits)

    def test_soManyPiecesACall(self) -> None:
        for _ in range(150):
            self.add(b"x")
        wire = FakeWire()
        self.flush(wire)
        self.assertEqual([len(call) for call in wire.calls], [64, 64, 22])

    def test_whatWasNotTakenStaysFirst(self) -> None:
        whole = b"abcdefghij"
        for first in range(1, 10):
            for second in range(1, 10):
                self.add(whole[:4])
                self.add(whole[4:7])
                self.add(whole[7:])
                self.assertEqual(self.flush(FakeWire(first, second)), whole)

    def test_whatBlocksLosesNothing(self) -> None:
        self.add(b"abc", 1)
        wire = FakeWire(0)
        self.assertRaises(BlockingIOError, self.outbox.send, wire)
        self.assertEqual(self.flush(wire), b"abc")
        self.assertEqual(self.called, [1])

    def test_eachCallbackComesWhenItsWriteHasGoneAndInOrder(self) -> None:
        for name, data in enumerate((b"abc", b"de", b"", b"f")):
            self.add(data, name)
        wire = FakeWire(2, 1, 1, 1, 1)
        steps = []
        while self.outbox.waits:
            self.step(wire)
            steps.append(list(self.called))
        self.assertEqual(steps, [[], [0], [0], [0, 1, 2], [0, 1, 2, 3]])

    def test_anEmptyWriteIsCalledBackToo(self) -> None:
        self.add(b"", "empty")
        self.assertEqual(self.step(FakeWire()), 0)
        self.assertEqual(self.called, ["empty"])
        self.assertFalse(self.outbox.waits)

    def test_whatACallbackAddsComesBehind(self) -> None:
        self.outbox.add(b"a", lambda: self.add(b"c", "c"))
        self.add(b"b", "b")
        wire = FakeWire()
        self.assertEqual(self.flush(wire), b"abc")
        self.assertEqual(self.called, ["b", "c"])

    def test_aCallbackIsTakenOffBeforeItIsCalled(self) -> None:
        self.outbox.add(b"a", lambda: self.called.append(self.outbox.waits))
        self.step(FakeWire())
        self.assertEqual(self.called, [False])

    def test_callsSetsTheCallbackOfTheLastWrite(self) -> None:
        self.add(b"a", "a")
        self.add(b"b")
        self.outbox.calls(lambda: self.called.append("set"))
        self.flush(FakeWire(1))
        self.assertEqual(self.called, ["a", "set"])

    def test_closedItIsEmptyAndCallsNobody(self) -> None:
        self.add(b"a", "a")
        self.outbox.close()
        self.assertFalse(self.outbox.waits)
        self.assertEqual(list(self.outbox.sent(1)), [])
        self.assertEqual(self.called, [])


class DescriptorTests(OutboxCase):
    """
    Descriptors, each with its data.
    """

    def descriptor(self) -> int:
        read, write = os.pipe()
        os.close(write)

        def close() -> None:
            with contextlib.suppress(OSError):
                os.close(read)

        self.addCleanup(close)
        return read

    def test_itGoesWithItsDataAloneAndIsClosedThen(self) -> None:
        fd = self.descriptor()
        it = identity(fd)
        self.add(b"before")
        self.add(b"with", "with", fd)
        self.add(b"after")
        self.assertTrue(self.outbox.hasDescriptors)
        wire = FakeWire()
        self.assertEqual(self.step(wire), 6)
        self.assertEqual((wire.descriptors, self.called), ([], []))
        self.assertEqual(self.step(wire), 4)
        self.assertEqual((wire.descriptors, self.called), ([it], ["with"]))
        self.assertRaises(OSError, os.fstat, fd)
        self.assertFalse(self.outbox.hasDescriptors)
        self.step(wire)
        self.assertEqual(wire.calls, [[b"before"], [b"with"], [b"after"]])

    def test_itGoesOnceThoughItsDataGoesInPieces(self) -> None:
        fd = self.descriptor()
        it = identity(fd)
        self.add(b"with", "with", fd)
        wire = FakeWire(1, 2)
        self.assertEqual(self.flush(wire), b"with")
        self.assertEqual((wire.descriptors, self.called), ([it], ["with"]))

    def test_whatBlocksKeepsIt(self) -> None:
        fd = self.descriptor()
        self.add(b"with", "with", fd)
        wire = FakeWire(0)
        self.assertRaises(BlockingIOError, self.outbox.send, wire)
        os.fstat(fd)
        self.assertEqual(self.flush(wire), b"with")
        self.assertEqual(len(wire.descriptors), 1)

    def test_severalInARow(self) -> None:
        fds = [self.descriptor() for _ in range(3)]
        them = [identity(fd) for fd in fds]
        for fd in fds:
            self.add(b"x", fd, fd)
        wire = FakeWire()
        self.flush(wire)
        self.assertEqual((wire.descriptors, self.called), (them, fds))

    def test_thoseThatHaveNotGoneAreClosedWithTheQueue(self) -> None:
        fds = [self.descriptor() for _ in range(2)]
        for fd in fds:
            self.add(b"x", None, fd)
        self.step(FakeWire())
        self.outbox.close()
        for fd in fds:
            self.assertRaises(OSError, os.fstat, fd)


class TLSTests(OutboxCase):
    """
    TLS that is to begin behind what was written on the connection.
    """

    def test_withoutItNothingIsToldOfIt(self) -> None:
        self.add(b"a")
        self.assertFalse(self.outbox.securing)
        self.assertFalse(self.outbox.takeTLS())
        self.flush(FakeWire())
        self.assertFalse(self.outbox.takeTLS())

    def test_whatIsQueuedGoesOutInClearThenItIsToldOnce(self) -> None:
        self.add(b"clear", "clear")
        self.outbox.beginTLSBehind()
        self.add(b"inside", "inside")
        self.assertTrue(self.outbox.securing)
        self.assertFalse(self.outbox.takeTLS())
        wire = FakeWire(2)
        self.step(wire)
        self.assertFalse(self.outbox.takeTLS())
        self.step(wire)
        self.assertEqual(wire.data, b"clear")
        self.assertTrue(self.outbox.securing)
        self.assertTrue(self.outbox.takeTLS())
        self.assertFalse(self.outbox.securing)
        self.assertFalse(self.outbox.takeTLS())
        self.assertEqual(self.called, ["clear"])
        self.assertEqual(self.flush(FakeWire()), b"inside")
        self.assertEqual(self.called, ["clear", "inside"])

    def test_whatWasWrittenBeforeTheConnectionGoesInside(self) -> None:
        self.add(b"early ", "early")
        self.add(b"too ", "too")
        self.outbox.connected()
        self.add(b"clear ", "clear")
        self.outbox.beginTLSBehind()
        self.add(b"late", "late")
        self.assertEqual(self.flush(FakeWire()), b"clear ")
        self.assertEqual(self.flush(FakeWire()), b"early too late")
        self.assertEqual(self.called, ["clear", "early", "too", "late"])

    def test_ifThatIsAllItBeginsAtOnce(self) -> None:
        self.add(b"early")
        self.outbox.connected()
        self.outbox.beginTLSBehind()
        self.assertTrue(self.outbox.takeTLS())
        self.assertEqual(self.flush(FakeWire()), b"early")

    def test_emptyWritesInsideAreNotCalledBackBefore(self) -> None:
        self.add(b"clear", "clear")
        self.outbox.beginTLSBehind()
        self.add(b"", "empty")
        self.flush(FakeWire())
        self.assertEqual(self.called, ["clear"])
        self.flush(FakeWire())
        self.assertEqual(self.called, ["clear", "empty"])

    def test_whatHasBegunToGoOutGoesOnInClear(self) -> None:
        # Its other half would be no answer to anything, under TLS.
        self.add(b"early")
        self.add(b" too")
        self.outbox.connected()
        wire = FakeWire(2)
        self.step(wire)
        self.outbox.beginTLSBehind()
        self.add(b"inside")
        self.assertEqual(self.flush(wire), b"early")
        self.assertEqual(self.flush(FakeWire()), b" tooinside")

    def test_whatATransportThatBuffersMayHaveGoesOnInClear(self) -> None:
        self.add(b"early")
        self.add(b" too")
        self.outbox.connected()
        wire = FakeWire(2, buffers=True)
        self.step(wire)
        self.outbox.beginTLSBehind()
        self.add(b"inside")
        self.assertEqual(self.flush(wire), b"early too")
        self.assertEqual(self.flush(FakeWire()), b"inside")

    def test_manyPiecesStopAtTheBoundary(self) -> None:
        for _ in range(70):
            self.add(b"c")
        self.outbox.beginTLSBehind()
        self.add(b"inside")
        wire = FakeWire()
        self.assertEqual(self.flush(wire), b"c" * 70)
        self.assertEqual([len(call) for call in wire.calls], [64, 6])
