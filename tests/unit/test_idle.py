"""
Tests for L{nodenet._net.idle}.
"""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from nodenet._net import idle
from nodenet._net.idle import Idle


class IdleTests(SynchronousTestCase):
    """
    L{Idle}.
    """

    def setUp(self) -> None:
        self.clock = Clock()
        self.fired: list[float] = []
        self.idle = Idle(self.clock, 2, lambda: self.fired.append(self.clock.seconds()))

    def test_withoutATouchNothingIsTimed(self) -> None:
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.idle.stop()

    def test_itIsToldOnceWhenTheTimeIsOver(self) -> None:
        self.idle.touch()
        self.clock.advance(1.9)
        self.assertEqual(self.fired, [])
        self.clock.pump([0.1, 10])
        self.assertEqual(self.fired, [2])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_aTouchPutsItOffToItsOwnTime(self) -> None:
        self.idle.touch()
        self.clock.advance(1.5)
        self.idle.touch()
        self.clock.advance(1.9)  # the timer has fired once, and found out
        self.assertEqual(self.fired, [])
        self.clock.advance(0.1)
        self.assertEqual(self.fired, [3.5])

    def test_anyNumberOfTouchesMakeOneTimer(self) -> None:
        self.idle.touch()
        [timer] = self.clock.getDelayedCalls()
        for _ in range(5):
            self.clock.advance(0.1)
            self.idle.touch()
            self.assertEqual(self.clock.getDelayedCalls(), [timer])
            self.assertEqual(timer.getTime(), 2)

    def test_afterItWasToldATouchBeginsAnew(self) -> None:
        self.idle.touch()
        self.clock.advance(2)
        self.clock.advance(5)
        self.idle.touch()
        self.clock.advance(2)
        self.assertEqual(self.fired, [2, 9])

    def test_aTouchWhenItIsToldBeginsAnew(self) -> None:
        again = Idle(self.clock, 2, lambda: (self.fired.append(1), again.touch()))
        again.touch()
        self.clock.pump([2, 2, 2])
        self.assertEqual(self.fired, [1, 1, 1])
        again.stop()

    def test_stopTakesItBackUntilTheNextTouch(self) -> None:
        self.idle.touch()
        self.clock.advance(1)
        self.idle.stop()
        self.idle.stop()
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.clock.advance(5)
        self.assertEqual(self.fired, [])
        self.idle.touch()
        self.clock.advance(2)
        self.assertEqual(self.fired, [8])

    def test_itMayBeStoppedWhenItIsTold(self) -> None:
        once = Idle(self.clock, 2, lambda: once.stop())
        once.touch()
        self.clock.advance(2)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_whatTheClockLosesInRoundingIsNoOtherStretch(self) -> None:
        self.idle.touch()
        [timer] = self.clock.getDelayedCalls()
        self.clock.rightNow += 1.9997
        timer.func()
        self.assertEqual(len(self.fired), 1)
        timer.cancel()

    def test_theGlobalReactorIsAskedForWhenItIsNeeded(self) -> None:
        self.patch(idle, "theReactor", lambda: self.clock)
        onGlobal = Idle(None, 1, lambda: self.fired.append(1))
        onGlobal.touch()
        self.clock.advance(1)
        self.assertEqual(self.fired, [1])
