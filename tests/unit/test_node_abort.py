"""
Abort signals. What they do as Node 20's is held to Node by L{tests.node}.
"""

from __future__ import annotations

import builtins
import gc
import pickle
import weakref
from typing import Any

from twisted.internet.defer import CancelledError
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from nodenet.node.abort import (
    AbortController,
    AbortSignal,
    CancelledAbortError,
    Event,
    EventTarget,
    addAbortListener,
)
from nodenet.node.errors import AbortError, TimeoutError, undefined


class Signal:
    """
    A signal of somebody else's.
    """

    aborted = False
    reason: Any = None

    def __init__(self) -> None:
        self.listeners: list[Any] = []

    def addEventListener(self, type: str, listener: Any, options: Any = None) -> None:
        self.listeners.append(listener)


class SignalTests(SynchronousTestCase):
    """
    L{AbortSignal}
    """

    def test_isPrinted(self) -> None:
        controller = AbortController()
        self.assertEqual(repr(controller.signal), "AbortSignal { aborted: false }")
        controller.abort()
        self.assertEqual(repr(controller.signal), "AbortSignal { aborted: true }")

    def test_theReasonIsUndefinedBefore(self) -> None:
        self.assertIs(AbortController().signal.reason, undefined)

    def test_throwIfAbortedOfWhatIsNoException(self) -> None:
        error = self.assertRaises(AbortError, AbortSignal.abort("why").throwIfAborted)
        self.assertEqual(error.cause, "why")

    def test_theReasonIsPythonsCauseToo(self) -> None:
        reason = KeyError("x")
        self.assertIs(AbortError(cause=reason).__cause__, reason)

    def test_timeout(self) -> None:
        clock = Clock()
        signal = AbortSignal.timeout(50, reactor=clock)
        clock.advance(0.049)
        self.assertFalse(signal.aborted)
        clock.advance(0.002)
        self.assertIsInstance(signal.reason, TimeoutError)

        self.assertIsInstance(signal.reason, builtins.TimeoutError)

    def test_aTimeoutThatNobodyHasIsNoTimer(self) -> None:
        clock = Clock()
        signal: Any = AbortSignal.timeout(50, reactor=clock)
        self.assertEqual(len(clock.getDelayedCalls()), 1)
        del signal
        gc.collect()
        self.assertEqual(clock.getDelayedCalls(), [])

    def test_aTimeoutThatSomebodyListensToIsKept(self) -> None:
        clock = Clock()
        found: list[Event] = []
        signal: Any = AbortSignal.timeout(50, reactor=clock)
        signal.addEventListener("abort", found.append)
        gone = weakref.ref(signal)
        del signal
        gc.collect()
        clock.advance(1)
        self.assertEqual(len(found), 1)
        found.clear()
        gc.collect()
        self.assertIsNone(gone())

    def test_anyOfOneThatLivesLongIsForgotten(self) -> None:
        controller = AbortController()
        for _ in range(3):
            AbortSignal.any([controller.signal])
        gc.collect()
        self.assertEqual(controller.signal._dependents, [])

    def test_anyThatSomebodyListensToIsKept(self) -> None:
        controller = AbortController()
        found: list[Event] = []
        AbortSignal.any([controller.signal]).addEventListener("abort", found.append)
        gc.collect()
        controller.abort()
        self.assertEqual(len(found), 1)

    def test_anyOfSomebodyElses(self) -> None:
        foreign = Signal()
        signal = AbortSignal.any([foreign])
        foreign.reason = "why"
        foreign.listeners[0](None)
        self.assertEqual((signal.aborted, signal.reason), (True, "why"))

    def test_addAbortListenerAsContext(self) -> None:
        signal = AbortController().signal
        with addAbortListener(signal, print):
            self.assertEqual(signal.listeners("abort"), [print])
        self.assertEqual(signal.listeners("abort"), [])


class TargetTests(SynchronousTestCase):
    """
    L{EventTarget}
    """

    def test_whetherTheDefaultIsPrevented(self) -> None:
        target = EventTarget()
        target.addEventListener("x", lambda event: event.preventDefault())
        self.assertTrue(target.dispatchEvent(Event("x")))
        self.assertFalse(target.dispatchEvent(Event("x", {"cancelable": True})))

    def test_stopImmediatePropagation(self) -> None:
        target = EventTarget()
        target.addEventListener("x", lambda event: event.stopImmediatePropagation())
        target.addEventListener("x", lambda event: self.fail("called"))
        target.dispatchEvent(Event("x"))

    def test_whatAListenerRaisesIsLogged(self) -> None:
        def fails(event: Event) -> None:
            raise KeyError("x")

        target = EventTarget()
        target.addEventListener("x", fails)
        target.dispatchEvent(Event("x"))
        self.assertEqual(len(self.flushLoggedErrors(KeyError)), 1)


class ErrorTests(SynchronousTestCase):
    """
    What an abort fails with.
    """

    def test_cancelled(self) -> None:
        error = CancelledAbortError()
        self.assertIsInstance(error, CancelledError)
        self.assertEqual((error.name, error.code), ("AbortError", "ABORT_ERR"))
        self.assertEqual(str(error), "The operation was aborted")

    def test_pickled(self) -> None:
        error = pickle.loads(pickle.dumps(AbortError(cause="why")))
        self.assertEqual((error.message, error.cause), ("The operation was aborted", "why"))
