"""
Tests for L{nodenet._net.lifecycle}.
"""

from __future__ import annotations

from itertools import product
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from nodenet._net.lifecycle import (
    TRANSITIONS,
    WRITABLE,
    finIsDue,
    mayRead,
    maySendAtOnce,
)

STATES = ("closed", "opening", "open", "readOnly", "writeOnly")
#: What each happening leads to; a state that is not named cannot have it.
DRAWN = {
    "connect": {"closed": "opening"},
    "connected": {"closed": "open", "opening": "open"},
    "eof": {"open": "writeOnly", "readOnly": "closed"},
    "fin": {"open": "readOnly", "writeOnly": "closed"},
    "destroy": dict.fromkeys(STATES, "closed"),
}
#: Those in which our side is open and there is a connection.
SENDING = ("open", "writeOnly")
#: Those in which the peer's side is open.
READING = ("open", "readOnly")


class TransitionsTests(SynchronousTestCase):
    """
    L{TRANSITIONS}.
    """

    def test_itIsWhatIsDrawnAndNothingElse(self) -> None:
        drawn = {
            (state, what): then for what, each in DRAWN.items() for state, then in each.items()
        }
        self.assertEqual(TRANSITIONS, drawn)

    def test_everyStateIsReachedAndAllLeadToTheEnd(self) -> None:
        reached = {"closed"}
        for _ in STATES:
            reached |= {then for (state, _), then in TRANSITIONS.items() if state in reached}
        self.assertEqual(reached, set(STATES))
        self.assertEqual({TRANSITIONS[state, "destroy"] for state in STATES}, {"closed"})

    def test_bothEndsInEitherOrderCloseIt(self) -> None:
        for first, second in ("eof", "fin"), ("fin", "eof"):
            state = TRANSITIONS["open", first]
            self.assertEqual(TRANSITIONS[state, second], "closed")
            self.assertNotIn((state, first), TRANSITIONS)  # at most once

    def test_writableAreThoseWhoseOwnSideIsOpen(self) -> None:
        self.assertEqual(WRITABLE, {"opening", *SENDING})


class QuestionsTests(SynchronousTestCase):
    """
    The questions, of all states and all flags.
    """

    def ask(self, question: Any, flags: int, allowed: tuple[str, ...], right: set[Any]) -> None:
        """
        Only these states, with only these flags, make it true.
        """
        for state in STATES:
            for each in product((False, True), repeat=flags):
                expected = state in allowed and each in right
                self.assertIs(question(state, *each), expected, (state, each))

    def test_theFinIsDueWhenEndWasCalledAndAllHasGoneOut(self) -> None:
        # ended, queued, securing
        self.ask(finIsDue, 3, SENDING, {(True, False, False)})

    def test_dataIsReadWhileThePeersSideIsOpenAndNobodyHasPaused(self) -> None:
        # paused
        self.ask(mayRead, 1, READING, {(False,)})

    def test_dataIsSentAtOnceWhenNothingIsBeforeIt(self) -> None:
        # ended, queued, securing
        self.ask(maySendAtOnce, 3, SENDING, {(False, False, False)})

    def test_neverBothTheFinAndMoreData(self) -> None:
        for state in STATES:
            for flags in product((False, True), repeat=3):
                self.assertFalse(finIsDue(state, *flags) and maySendAtOnce(state, *flags))
