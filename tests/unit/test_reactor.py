"""
The clock of L{nodenet.reactor}.
"""

from __future__ import annotations

from unittest import mock

from twisted.internet.task import LoopingCall
from twisted.trial.unittest import SynchronousTestCase

from nodenet import reactor as module


class Unwoken(module.Reactor):
    """
    A reactor that no thread or signal wakes: it needs no sockets for that.
    """

    def installWaker(self) -> None: ...


class ClockTests(SynchronousTestCase):
    """
    Both clocks of the machine are the test's.
    """

    WALL = 1_600_000_000.0

    def setUp(self) -> None:
        self.wall, self.monotonic = self.WALL, 50.0
        self.patch(module, "time", lambda: self.wall)
        self.patch(module, "monotonic", lambda: self.monotonic)
        self.reactor = Unwoken()
        self.addCleanup(self.reactor._poller.close)
        self.called = mock.Mock()

    def run_(self) -> int:
        """
        @return: how often the calls of this time called.
        """
        self.called.reset_mock()
        self.reactor.runUntilCurrent()
        count: int = self.called.call_count
        return count

    def test_itReadsAsADate(self) -> None:
        self.assertEqual(self.reactor.seconds(), self.WALL)
        self.monotonic += 7.5
        self.wall += 7.5
        self.assertEqual(self.reactor.seconds(), self.WALL + 7.5)

    def test_aStepOfTheWallClockIsNoTime(self) -> None:
        for step in 7200, -14400:
            self.wall += step
            self.assertEqual(self.reactor.seconds(), self.WALL)

    def test_aCallComesWhenItsTimeHasPassedAndNotBefore(self) -> None:
        for step in 7200, -14400:
            self.reactor.callLater(10, self.called)
            self.wall += step
            self.assertEqual(self.run_(), 0)
            self.assertEqual(self.reactor.timeout(), 10)
            self.monotonic += 10
            self.assertEqual(self.reactor.timeout(), 0)
            self.assertEqual(self.run_(), 1)

    def test_soDoesOneThatWasMoved(self) -> None:
        for move in "delay", "reset":
            call = self.reactor.callLater(10, self.called)
            self.wall += 7200
            getattr(call, move)(5)
            expected = 15 if move == "delay" else 5
            self.assertEqual(call.getTime() - self.reactor.seconds(), expected)
            self.monotonic += expected - 1
            self.assertEqual(self.run_(), 0)
            self.monotonic += 1
            self.assertEqual(self.run_(), 1)

    def test_soDoesALoopingCall(self) -> None:
        looping = LoopingCall(self.called)
        looping.clock = self.reactor
        looping.start(10, now=False)
        self.wall += 7200
        self.assertEqual(self.run_(), 0)
        self.monotonic += 10
        self.assertEqual(self.run_(), 1)
        looping.stop()
