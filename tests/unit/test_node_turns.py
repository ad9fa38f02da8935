"""
L{nodenet.node._net.turns}: in which order things come that wait for no peer.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from nodenet.node._net.turns import afterIO, closing, pending, soon, turn
from nodenet.timers import nextTick


class TurnsTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.seen: list[Any] = []

    def test_ticksThenWhatIsOfTheIOThenWhatIsSoonThenTheRest(self) -> None:
        for call in turn, soon, afterIO:
            call(self.clock, self.seen.append, call.__name__)
        nextTick(self.seen.append, "tick", reactor=self.clock)
        self.clock.advance(0)
        self.assertEqual(self.seen, ["tick", "afterIO", "soon", "turn"])

    def test_severalComeAsTheyWereAskedFor(self) -> None:
        for call in soon, turn:
            for n in range(3):
                call(self.clock, self.seen.append, n)
            self.clock.advance(0)
        self.assertEqual(self.seen, [0, 1, 2, 0, 1, 2])

    def test_ofThoseThatCloseTheLastComesFirst(self) -> None:
        def close(n: int) -> None:
            self.seen.append(n)
            closing(self.clock, self.seen.append, n + 10)

        for n in 0, 1, 2:
            closing(self.clock, close, n)
        self.clock.advance(0)
        # Those that were asked for meanwhile are of the next go.
        self.assertEqual(self.seen, [2, 1, 0, 10, 11, 12])

    def test_aProgramIsNotOverBeforeThey(self) -> None:
        for call in turn, soon, afterIO, closing:
            call(self.clock, self.seen.append, 1)
            self.assertTrue(pending(self.clock))
            self.clock.advance(0)
            self.assertFalse(pending(self.clock))
