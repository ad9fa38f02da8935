"""
Today's emitter. What it does as Node 20 does is held to Node by L{tests.node}; here is
what is Python's.
"""

from __future__ import annotations

import gc
import warnings
import weakref
from collections.abc import Callable
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.defer import TimeoutError as DeferredTimeoutError
from twisted.internet.task import deferLater
from twisted.trial.unittest import SynchronousTestCase, TestCase

import nodenet.events
from nodenet.errors import ListenerArgumentsError, NodeError
from nodenet.node import events
from nodenet.node.abort import AbortController, CancelledAbortError
from nodenet.node.errors import (
    ERR_INVALID_ARG_TYPE,
    ERR_OUT_OF_RANGE,
    ERR_UNHANDLED_ERROR,
    AbortError,
)
from nodenet.node.events import EventEmitter, MaxListenersExceededWarning


class Signal:
    """
    A signal of somebody else's.
    """

    def __init__(self) -> None:
        self.aborted = False
        self.reason: Any = None
        self.listeners: list[Callable[[Any], Any]] = []

    def addEventListener(self, type: str, listener: Any, options: Any = None) -> None:
        assert type == "abort" and options == {"once": True}
        self.listeners.append(listener)

    def removeEventListener(self, type: str, listener: Any, options: Any = None) -> None:
        if listener in self.listeners:
            self.listeners.remove(listener)

    def abort(self, reason: Any) -> None:
        self.aborted, self.reason = True, reason
        for each in list(self.listeners):
            each(None)


class EmitterTests(SynchronousTestCase):
    """
    L{EventEmitter}
    """

    def test_isTheDocumentsToo(self) -> None:
        self.assertIsInstance(EventEmitter(), nodenet.events.EventEmitter)
        self.assertIs(EventEmitter.addListener, EventEmitter.on)
        self.assertIs(EventEmitter.off, EventEmitter.removeListener)
        self.assertIs(EventEmitter.EventEmitter, EventEmitter)

    def test_theDocumentsIsAsItWas(self) -> None:
        EventEmitter.defaultMaxListeners = 3
        self.addCleanup(setattr, EventEmitter, "defaultMaxListeners", 10)
        emitter = nodenet.events.EventEmitter()
        self.assertEqual(emitter.getMaxListeners(), 10)
        self.assertFalse(hasattr(nodenet.events.EventEmitter, "defaultMaxListeners"))
        emitter.on("x", print)
        emitter.listeners("x").append(repr)
        self.assertEqual(emitter.listenerCount("x"), 2)

    def test_anyHashableIsAName(self) -> None:
        emitter = EventEmitter()
        found: list[Any] = []
        for name in (None, 5, ("a", 1), events.errorMonitor, EventEmitter, frozenset()):
            emitter.on(name, found.append)
            self.assertTrue(emitter.emit(name, name))
        self.assertEqual(len(found), 6)
        self.assertRaises(TypeError, emitter.on, [], print)

    def test_boundMethodsAreTheSame(self) -> None:
        emitter = EventEmitter()
        found: list[Any] = []
        emitter.on("x", found.append)
        emitter.once("x", found.append)
        self.assertEqual(emitter.listenerCount("x", found.append), 2)
        emitter.off("x", found.append).off("x", found.append)
        self.assertEqual(emitter.eventNames(), [])

    def test_aListenerThatDoesNotTakeTheArguments(self) -> None:
        emitter = EventEmitter()
        for add in emitter.on, emitter.once:
            for more in 0, 1:
                emitter.removeAllListeners()
                add("x", lambda: None)
                if more:
                    emitter.on("x", lambda *args: None)
                with self.assertRaises(ListenerArgumentsError):
                    emitter.emit("x", 1)

    def test_aTypeErrorOfTheListenersOwn(self) -> None:
        def listener(value: Any) -> None:
            raise TypeError("own")

        emitter = EventEmitter().on("x", listener)
        error = self.assertRaises(TypeError, emitter.emit, "x", 1)
        self.assertEqual(str(error), "own")

    def test_errors(self) -> None:
        emitter = EventEmitter()
        error = self.assertRaises(ERR_INVALID_ARG_TYPE, emitter.on, "x", 5)
        self.assertIsInstance(error, TypeError)
        self.assertIsInstance(error, NodeError)
        self.assertRaises(ERR_OUT_OF_RANGE, emitter.setMaxListeners, -1)
        error = self.assertRaises(ERR_UNHANDLED_ERROR, emitter.emit, "error", b"x")
        self.assertEqual(error.context, b"x")
        self.assertRaises(KeyboardInterrupt, emitter.emit, "error", KeyboardInterrupt())

    def test_theWarningIsOfTheCaller(self) -> None:
        class Foo(EventEmitter):
            pass

        emitter = Foo().setMaxListeners(1)
        for add in (emitter.on, emitter.prependListener):
            emitter.removeAllListeners()
            with warnings.catch_warnings(record=True) as found:
                warnings.simplefilter("always")
                add(None, print)
                add(None, print)
            [warning] = found
            self.assertEqual(warning.filename, __file__)
            self.assertIs(warning.category, MaxListenersExceededWarning)
            its: Any = warning.message
            self.assertIs(its.emitter, emitter)
            self.assertEqual((its.type, its.count, its.code), (None, 2, None))
            self.assertIn("2 null listeners added to [Foo]. MaxListeners is 1", its.message)

    def test_defaultsAreOfAllSubclasses(self) -> None:
        class Foo(EventEmitter):
            pass

        Foo.defaultMaxListeners = 7
        self.addCleanup(setattr, EventEmitter, "defaultMaxListeners", 10)
        self.assertEqual(EventEmitter.defaultMaxListeners, 7)
        self.assertEqual(Foo().getMaxListeners(), 7)
        Foo.captureRejections = True
        self.addCleanup(setattr, EventEmitter, "captureRejections", False)
        self.assertIs(EventEmitter.captureRejections, True)

    def test_aSubclassThatDoesNotCallOurInit(self) -> None:
        class Foo(EventEmitter):
            def __init__(self, value: int) -> None:
                self.on("x", lambda: None)

        self.assertTrue(Foo(5).emit("x"))

    def test_shapedEmittersTellLess(self) -> None:
        class Shaped(EventEmitter):
            _shaped = True

        found: list[Any] = []
        emitter = Shaped().on("removeListener", lambda *args: found.append(args))
        emitter.on("x", print).off("x", print)
        self.assertEqual(found, [])
        emitter.on("x", print).on("x", repr).off("x", print)
        self.assertEqual(found, [("x", print)])


class CaptureTests(TestCase):
    """
    Listeners that fail later.
    """

    async def test_aDeferredThatFailsIsCaptured(self) -> None:
        found: list[Any] = []
        later: Deferred[None] = Deferred()
        emitter = EventEmitter(captureRejections=True)
        emitter.on("x", lambda: later).on("error", found.append)
        emitter.emit("x")
        error = KeyError("late")
        later.errback(error)
        self.assertEqual(found, [])
        await deferLater(reactor, 0)
        self.assertEqual(found, [error])

    async def test_notCapturedItIsLogged(self) -> None:
        async def fails() -> None:
            raise KeyError("late")

        emitter = EventEmitter().on("x", fails).on("error", self.fail)
        emitter.emit("x")
        self.assertEqual(len(self.flushLoggedErrors(KeyError)), 1)

    async def test_aHandlerMayBeAsync(self) -> None:
        class Foo(EventEmitter):
            async def onRejection(self, error: Exception, type: str, *args: Any) -> None:
                raise ValueError(type) from error

        async def fails() -> None:
            raise KeyError("late")

        Foo({"captureRejections": True}).on("x", fails).emit("x")
        await deferLater(reactor, 0)
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)


class OnceTests(TestCase):
    """
    L{events.once}
    """

    async def test_cancelled(self) -> None:
        emitter = EventEmitter()
        signal = AbortController().signal
        waiting = events.once(emitter, "x", signal=signal)
        waiting.cancel()
        self.assertEqual(emitter.eventNames(), [])
        self.assertEqual(events.getEventListeners(signal, "abort"), [])
        failure = self.failureResultOf(waiting)
        self.assertIsInstance(failure.value, AbortError)
        self.assertIsInstance(failure.value, CancelledError)
        self.assertEqual(failure.value.code, "ABORT_ERR")

    async def test_cancelledOnItsWay(self) -> None:
        emitter = EventEmitter()
        waiting = events.once(emitter, "x")
        emitter.emit("x")
        waiting.cancel()
        self.failureResultOf(waiting, CancelledAbortError)
        await deferLater(reactor, 0)

    async def test_addTimeout(self) -> None:
        emitter = EventEmitter()
        with self.assertRaises(DeferredTimeoutError):
            await events.once(emitter, "x").addTimeout(0.001, reactor)
        self.assertEqual(emitter.eventNames(), [])

    async def test_aSignalOfSomebodyElses(self) -> None:
        emitter = EventEmitter()
        signal = Signal()
        waiting = events.once(emitter, "x", {"signal": signal})
        self.assertEqual(len(signal.listeners), 1)
        signal.abort("why")
        with self.assertRaises(AbortError) as caught:
            await waiting
        self.assertEqual(caught.exception.cause, "why")
        signal.aborted = False
        waiting = events.once(emitter, "x", {"signal": signal})
        emitter.emit("x", 5)
        self.assertEqual(await waiting, [5])

    async def test_ofTheDocumentsEmitter(self) -> None:
        emitter = nodenet.events.EventEmitter()
        waiting = events.once(emitter, "x")
        emitter.emit("x", 5)
        self.assertEqual(await waiting, [5])

    async def test_anErrorThatIsNoException(self) -> None:
        emitter = EventEmitter()
        waiting = events.once(emitter, "x")
        emitter.emit("error", "text")
        with self.assertRaises(ERR_UNHANDLED_ERROR) as caught:
            await waiting
        self.assertEqual(caught.exception.context, "text")


class OnTests(TestCase):
    """
    L{events.on}
    """

    async def test_leavingTheLoopTakesTheListenersOff(self) -> None:
        emitter = EventEmitter()
        its = events.on(emitter, "x")
        emitter.emit("x", 1)
        async for args in its:
            self.assertEqual(args, [1])
            break
        self.assertEqual(emitter.listenerCount("x"), 1)
        gone = weakref.ref(its)
        del its
        gc.collect()
        self.assertIsNone(gone())
        self.assertEqual(emitter.eventNames(), [])

    async def test_whoWaitsKeepsIt(self) -> None:
        emitter = EventEmitter()
        waiting = events.on(emitter, "x").__anext__()
        gc.collect()
        emitter.emit("x", 1)
        self.assertEqual(await waiting, [1])
        gc.collect()
        self.assertEqual(emitter.eventNames(), [])

    async def test_cancelled(self) -> None:
        emitter = EventEmitter()
        its = events.on(emitter, "x")
        waiting = its.__anext__()
        waiting.cancel()
        self.failureResultOf(waiting, CancelledAbortError)
        emitter.emit("x", 1)
        self.assertEqual(await its.__anext__(), [1])

    async def test_aSignalOfSomebodyElses(self) -> None:
        emitter = EventEmitter()
        signal = Signal()
        its = events.on(emitter, "x", {"signal": signal})
        signal.abort("why")
        with self.assertRaises(AbortError) as caught:
            await its.__anext__()
        self.assertEqual(caught.exception.cause, "why")
        self.assertEqual(signal.listeners, [])
