"""
Tests for L{nodenet.service.log}.
"""

from __future__ import annotations

from collections import Counter
from errno import ECONNREFUSED, EPROTO

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from nodenet.errors import errnoException, lookupError
from nodenet.service.log import QUIET, Throttle, errorText


class ErrorTextTests(SynchronousTestCase):
    """
    C{errorText}.
    """

    def test_theErrnosNameSaysAll(self):
        self.assertEqual(errorText(errnoException(ECONNREFUSED, "connect")), "ECONNREFUSED")

    def test_whatElseIsKnownFollows(self):
        error = errnoException(EPROTO, "handshake", "TLS: no shared cipher")
        self.assertEqual(errorText(error), "EPROTO, TLS: no shared cipher")
        self.assertEqual(
            errorText(lookupError("nowhere")), "ENOTFOUND, name not found: nowhere"
        )

    def test_othersSpeakForThemselves(self):
        self.assertEqual(errorText(ValueError("so not")), "so not")
        self.assertEqual(errorText(ConnectionResetError("gone")), "gone")

    def test_anExceptionWithoutWordsIsNamed(self):
        self.assertEqual(errorText(ZeroDivisionError()), "ZeroDivisionError")


class ThrottleTests(SynchronousTestCase):
    """
    C{Throttle}.
    """

    def setUp(self):
        self.clock = Clock()
        self.told = []
        self.throttle = Throttle(self.clock, self.tell)

    def tell(self, subject, count):
        self.told.append((self.clock.seconds(), subject, count))

    def test_theFirstIsToldAtOnce(self):
        self.throttle.add("deny", "peer")
        self.assertEqual(self.told, [(0, "peer", 1)])

    def test_thoseOfASecondAreToldTogetherAfterItByTheLast(self):
        for number in range(4):
            self.throttle.add("deny", number)
            self.clock.advance(0.125)
        self.assertEqual(len(self.told), 1)
        self.clock.advance(0.375)
        self.assertEqual(len(self.told), 1)
        self.clock.advance(0.125)
        self.assertEqual(self.told, [(0, 0, 1), (1, 3, 3)])

    def test_aFloodIsToldOnceASecond(self):
        for number in range(33):
            self.throttle.add("deny", number)
            self.clock.advance(0.125)
        counts = [(when, count) for when, _, count in self.told]
        self.assertEqual(counts, [(0, 1), (1, 7), (2, 8), (3, 8), (4, 8)])

    def test_afterAQuietSecondTheNextIsToldAtOnceAgain(self):
        self.throttle.add("deny", 1)
        self.clock.advance(1)
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.throttle.add("deny", 2)
        self.assertEqual(self.told, [(0, 1, 1), (1, 2, 1)])

    def test_eachKeyHasItsOwnSecond(self):
        self.throttle.add("deny", 1)
        self.clock.advance(0.5)
        self.throttle.add("max-connections", 2)
        self.throttle.add("max-connections", 3)
        self.throttle.add("deny", 4)
        self.clock.pump([0.5, 0.5])
        self.assertEqual(self.told, [(0, 1, 1), (0.5, 2, 1), (1, 4, 1), (1.5, 3, 1)])

    def test_oneThatComesOfTellingCounts(self):
        def tell(*args):
            self.tell(*args)
            if len(self.told) < 3:
                throttle.add("deny", len(self.told))

        throttle = Throttle(self.clock, tell)
        throttle.add("deny", 0)
        self.clock.pump([1] * 3)
        self.assertEqual(self.told, [(0, 0, 1), (1, 1, 1), (2, 2, 1)])

    def test_whatIsToldOfMayBeAnything(self):
        for subject in None, 0, "":
            self.throttle.add("deny", subject)
            self.throttle.add("deny", subject)
            self.throttle.stop()
        self.assertEqual(self.told, [(0, subject, 1) for subject in (None, None, 0, 0, "", "")])
        self.told.clear()
        self.throttle.add("deny", None)
        self.throttle.add("deny", None)
        self.clock.advance(1)
        self.assertEqual(self.told, [(0, None, 1), (1, None, 1)])

    def test_stoppingTellsOfThoseThatWaitAndLeavesNoTimer(self):
        for key in "deny", "max-connections":
            for number in range(4):
                self.throttle.add(key, number)
        self.throttle.add("alone", 9)
        self.told.clear()
        self.throttle.stop()
        self.assertEqual(self.told, [(0, 3, 3), (0, 3, 3)])
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.throttle.stop()
        self.assertEqual(len(self.told), 2)

    # Eighths of seconds have no rounding.
    @settings(deadline=None, database=None, derandomize=True)
    @given(st.lists(st.tuples(st.integers(0, 12), st.sampled_from("abc"))), st.integers(0, 16))
    def test_noneIsLostAndNoneIsTooSoon(self, adds, rest):
        self.setUp()
        for delay, key in adds:
            self.clock.advance(delay / 8)
            self.throttle.add(key, key)
        self.clock.pump([0.125] * rest)
        last = {}
        for when, key, count in self.told:
            self.assertGreaterEqual(when - last.get(key, -QUIET), QUIET)
            self.assertGreater(count, 0)
            last[key] = when
        if rest == 16:
            self.assertEqual(self.clock.getDelayedCalls(), [])
        self.throttle.stop()
        counts = Counter()
        for _, key, count in self.told:
            counts[key] += count
        self.assertEqual(counts, Counter(key for _, key in adds))
