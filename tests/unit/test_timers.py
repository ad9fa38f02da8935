"""
Tests for L{nodenet.timers}.
"""

from __future__ import annotations

import gc
from typing import Any, ClassVar
from unittest import mock

import twisted.internet
from twisted.internet.base import ReactorBase
from twisted.internet.defer import Deferred, fail
from twisted.internet.task import Clock
from twisted.logger import LogLevel, globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase

from nodenet import timers
from nodenet.timers import clearInterval, clearTimeout, nextTick, setInterval, setTimeout


class Loud(Exception):
    """
    What the callbacks of these tests raise.
    """


class StandingReactor(ReactorBase):
    """
    A reactor with a clock that stands still, and no I/O.
    """

    def installWaker(self) -> None:
        """
        There is nobody to be woken.
        """

    def seconds(self) -> float:
        return 5.0


class TimerCase(SynchronousTestCase):
    """
    A clock, and a list of what the callbacks saw.
    """

    def setUp(self) -> None:
        self.clock = Clock()
        self.seen: list[Any] = []

    def note(self, *args: Any) -> None:
        """
        A callback.
        """
        self.seen.append(args)


class SetTimeoutTests(TimerCase):
    """
    C{setTimeout} and C{clearTimeout}.
    """

    def test_theTimeIsInMilliseconds(self) -> None:
        setTimeout(self.note, 1500, reactor=self.clock)
        self.clock.advance(1.499)
        self.assertEqual(self.seen, [])
        self.clock.advance(0.001)
        self.assertEqual(self.seen, [()])

    def test_aTimeoutFiresOnce(self) -> None:
        setTimeout(self.note, 10, reactor=self.clock)
        self.clock.pump([0.01] * 5)
        self.assertEqual(self.seen, [()])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_theCallbackGetsTheArguments(self) -> None:
        setTimeout(self.note, 10, 1, None, reactor=self.clock)
        self.clock.advance(0.01)
        self.assertEqual(self.seen, [(1, None)])

    def test_aFractionOfAMillisecondCounts(self) -> None:
        setTimeout(self.note, 0.5, reactor=self.clock)
        self.clock.advance(0.0004)
        self.assertEqual(self.seen, [])
        self.clock.advance(0.0001)
        self.assertEqual(self.seen, [()])

    def test_noTimeIsTheNextTurnAndNotAtOnce(self) -> None:
        for msecs in 0, -5:
            self.seen.clear()
            setTimeout(self.note, msecs, reactor=self.clock)
            self.assertEqual(self.seen, [])
            self.clock.advance(0)
            self.assertEqual(self.seen, [()])

    def test_timeoutsComeInTheOrderOfTheirTimes(self) -> None:
        for msecs in 30, 10, 20:
            setTimeout(self.note, msecs, msecs, reactor=self.clock)
        self.clock.advance(1)
        self.assertEqual(self.seen, [(10,), (20,), (30,)])

    def test_whatIsNotCallableIsRefusedAtOnce(self) -> None:
        self.assertRaises(TypeError, setTimeout, "nope", 10, reactor=self.clock)
        self.assertRaises(TypeError, setTimeout, None, 10, reactor=self.clock)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_aClearedTimeoutDoesNotFire(self) -> None:
        timer = setTimeout(self.note, 10, reactor=self.clock)
        clearTimeout(timer)
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.clock.advance(1)
        self.assertEqual(self.seen, [])

    def test_oneIsClearedAndNotTheOthers(self) -> None:
        setTimeout(self.note, 10, 1, reactor=self.clock)
        timer = setTimeout(self.note, 10, 2, reactor=self.clock)
        setTimeout(self.note, 10, 3, reactor=self.clock)
        clearTimeout(timer)
        self.clock.advance(1)
        self.assertEqual(self.seen, [(1,), (3,)])

    def test_clearingTwiceIsLetPass(self) -> None:
        timer = setTimeout(self.note, 10, reactor=self.clock)
        clearTimeout(timer)
        clearTimeout(timer)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_clearingWhatHasFiredIsLetPass(self) -> None:
        timer = setTimeout(self.note, 10, reactor=self.clock)
        self.clock.advance(1)
        clearTimeout(timer)
        self.assertEqual(self.seen, [()])

    def test_clearingNoneIsLetPass(self) -> None:
        setTimeout(self.note, 10, reactor=self.clock)
        clearTimeout(None)
        clearInterval(None)
        self.assertEqual(len(self.clock.getDelayedCalls()), 1)

    def test_aTimeoutMayClearItself(self) -> None:
        timer = setTimeout(lambda: self.note(clearTimeout(timer)), 10, reactor=self.clock)
        self.clock.advance(1)
        self.assertEqual(self.seen, [(None,)])

    def test_aTimeoutMayBeSetByATimeout(self) -> None:
        setTimeout(
            lambda: setTimeout(self.note, 10, reactor=self.clock), 10, reactor=self.clock
        )
        self.clock.advance(0.01)
        self.assertEqual(self.seen, [])
        self.clock.advance(0.01)
        self.assertEqual(self.seen, [()])


class SetIntervalTests(TimerCase):
    """
    C{setInterval} and C{clearInterval}.
    """

    def test_thePeriodIsInMilliseconds(self) -> None:
        setInterval(self.note, 1500, reactor=self.clock)
        for times in 1, 2:
            self.clock.advance(1.499)
            self.assertEqual(len(self.seen), times - 1)
            self.clock.advance(0.001)
            self.assertEqual(len(self.seen), times)

    def test_anIntervalFiresAgainAndAgain(self) -> None:
        setInterval(self.note, 100, reactor=self.clock)
        self.clock.advance(0.099)
        self.assertEqual(self.seen, [])
        self.clock.advance(0.001)
        self.assertEqual(len(self.seen), 1)
        self.clock.pump([0.1] * 4)
        self.assertEqual(len(self.seen), 5)

    def test_theCallbackGetsTheArgumentsEachTime(self) -> None:
        setInterval(self.note, 100, 1, None, reactor=self.clock)
        self.clock.pump([0.1] * 2)
        self.assertEqual(self.seen, [(1, None), (1, None)])

    def test_theShortestPeriodIsOneMillisecond(self) -> None:
        for msecs in 0, -5, 0.5:
            self.seen.clear()
            timer = setInterval(self.note, msecs, reactor=self.clock)
            self.clock.advance(0.0009)
            self.assertEqual(self.seen, [])
            self.clock.advance(0.0002)
            self.assertEqual(len(self.seen), 1)
            self.clock.advance(0.0009)
            self.assertEqual(len(self.seen), 1)
            self.clock.advance(0.0002)
            self.assertEqual(len(self.seen), 2)
            clearInterval(timer)

    def test_aClearedIntervalDoesNotFire(self) -> None:
        timer = setInterval(self.note, 100, reactor=self.clock)
        clearInterval(timer)
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.clock.advance(1)
        self.assertEqual(self.seen, [])

    def test_anIntervalIsClearedAfterItHasFired(self) -> None:
        timer = setInterval(self.note, 100, reactor=self.clock)
        self.clock.advance(0.1)
        clearInterval(timer)
        clearInterval(timer)
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.clock.advance(1)
        self.assertEqual(self.seen, [()])

    def test_anIntervalMayClearItself(self) -> None:
        def callback() -> None:
            self.note()
            clearInterval(timer)

        timer = setInterval(callback, 100, reactor=self.clock)
        self.clock.pump([0.1] * 3)
        self.assertEqual(self.seen, [()])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_anIntervalGoesOnAfterItsCallbackRaised(self) -> None:
        def callback() -> None:
            self.note()
            raise Loud

        setInterval(callback, 100, reactor=self.clock)
        self.assertRaises(Loud, self.clock.advance, 0.1)
        self.assertRaises(Loud, self.clock.advance, 0.1)
        self.assertEqual(self.seen, [(), ()])

    def test_whatIsNotCallableIsRefusedAtOnce(self) -> None:
        self.assertRaises(TypeError, setInterval, "nope", 10, reactor=self.clock)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_clearTimeoutClearsAnIntervalAndTheOtherWayRound(self) -> None:
        clearTimeout(setInterval(self.note, 100, reactor=self.clock))
        clearInterval(setTimeout(self.note, 100, reactor=self.clock))
        self.clock.advance(1)
        self.assertEqual(self.seen, [])


class NextTickTests(TimerCase):
    """
    C{nextTick}.
    """

    def test_theCallbackComesLaterWithoutAnyTime(self) -> None:
        nextTick(self.note, 1, None, reactor=self.clock)
        self.assertEqual(self.seen, [])
        self.clock.advance(0)
        self.assertEqual(self.seen, [(1, None)])
        self.clock.advance(1)
        self.assertEqual(self.seen, [(1, None)])

    def test_ticksComeInTheOrderTheyWereAskedFor(self) -> None:
        for number in range(10):
            nextTick(self.note, number, reactor=self.clock)
        self.clock.advance(0)
        self.assertEqual(self.seen, [(number,) for number in range(10)])

    def test_ticksOfOneInstantComeInTheOrderTheyWereAskedFor(self) -> None:
        # Twisted's reactors keep their calls in a heap, which tells calls of the
        # same time in no order.
        reactor = StandingReactor()
        for number in range(10):
            nextTick(self.note, number, reactor=reactor)
        self.assertEqual(self.seen, [])
        for _ in range(10):
            reactor.runUntilCurrent()
        self.assertEqual(self.seen, [(number,) for number in range(10)])

    def test_theReactorDoesNotWaitBeforeATick(self) -> None:
        reactor = StandingReactor()
        nextTick(self.note, reactor=reactor)
        self.assertEqual(reactor.timeout(), 0)
        reactor.runUntilCurrent()
        self.assertEqual(self.seen, [()])

    def loud(self) -> None:
        """
        A callback that raises.
        """
        raise Loud

    def test_aTickThatRaisesDoesNotKeepTheOthersFromComing(self) -> None:
        nextTick(self.note, 1, reactor=self.clock)
        nextTick(self.loud, reactor=self.clock)
        nextTick(self.note, 2, reactor=self.clock)
        nextTick(self.loud, reactor=self.clock)
        nextTick(self.note, 3, reactor=self.clock)
        self.assertRaises(Loud, self.clock.advance, 0)
        self.assertRaises(Loud, self.clock.advance, 0)
        self.clock.advance(0)
        self.assertEqual(self.seen, [(1,), (2,), (3,)])

    def test_ticksComeInTheOrderTheyWereAskedForThoughOneRaises(self) -> None:
        # 3 is asked for after 2
        nextTick(lambda: nextTick(self.note, 3, reactor=self.clock), reactor=self.clock)
        nextTick(self.loud, reactor=self.clock)
        nextTick(self.note, 2, reactor=self.clock)
        self.assertRaises(Loud, self.clock.advance, 0)
        self.clock.advance(0)
        self.assertEqual(self.seen, [(2,), (3,)])

    def test_aTickComesAfterTheTimerThatAskedForItAndBeforeTheNext(self) -> None:
        for reactor in self.clock, StandingReactor():
            self.seen.clear()
            for number in 1, 2, 3:
                reactor.callLater(0, self.timer, reactor, number)
            if isinstance(reactor, Clock):
                reactor.advance(5)
            else:
                reactor.runUntilCurrent()
            seen = [args for (args,) in self.seen]
            timers = [each for each in seen if not isinstance(each, str)]
            self.assertEqual(sorted(timers), [1, 2, 3])  # Twisted's have no order
            self.assertEqual(
                seen, [each for n in timers for each in (n, f"tick {n}", f"its tick {n}")]
            )
            self.assertEqual(reactor.getDelayedCalls(), [])

    def timer(self, reactor: Any, number: int) -> None:
        """
        A timer that asks for a tick, which asks for another.
        """

        def tick() -> None:
            self.note(f"tick {number}")
            nextTick(self.note, f"its tick {number}", reactor=reactor)

        self.note(number)
        nextTick(tick, reactor=reactor)

    def test_aTickBringsForwardNoOtherCall(self) -> None:
        # or a call that makes itself anew would keep the reactor from its I/O
        reactor = StandingReactor()

        def again() -> None:
            self.note("timer")
            reactor.callLater(0, again)
            nextTick(self.note, "tick", reactor=reactor)

        again()
        for _ in range(3):
            self.seen.clear()
            reactor.runUntilCurrent()
            self.assertEqual(self.seen.count(("timer",)), 1)

    def test_aTickOfAFunctionFromAThreadComesInTheSameTurn(self) -> None:
        reactor = StandingReactor()
        reactor.wakeUp = lambda: None
        reactor.callFromThread(nextTick, self.note, reactor=reactor)
        reactor.runUntilCurrent()
        self.assertEqual(self.seen, [()])

    def test_ticksThatWereCancelledWithAllCallsAreGoneAndLaterOnesCome(self) -> None:
        for reactor in self.clock, StandingReactor():
            self.seen.clear()
            nextTick(self.note, 1, reactor=reactor)
            for call in list(reactor.getDelayedCalls()):
                str(call)
                call.cancel()
            nextTick(self.note, 2, reactor=reactor)
            if isinstance(reactor, Clock):
                reactor.advance(0)
            else:
                reactor.runUntilCurrent()
            self.assertEqual(self.seen, [(2,)])

    def test_aReactorThatIsNotTwistedsTicksByCallLater(self) -> None:
        class Strange:
            def callLater(self, delay: float, f: Any, *args: Any) -> Any:
                calls.append((delay, f, args))
                return mock.Mock()

        calls: list[Any] = []
        nextTick(self.note, 1, reactor=(reactor := Strange()))
        nextTick(self.note, 2, reactor=reactor)
        [(delay, f, args)] = calls
        self.assertEqual(delay, 0)
        f(*args)
        self.assertEqual(self.seen, [(1,), (2,)])

    def test_whatIsNotCallableIsRefusedAtOnce(self) -> None:
        for wrong in 5, None, "nope":
            error = self.assertRaises(TypeError, nextTick, wrong, reactor=self.clock)
            self.assertEqual(str(error), f"callback must be callable, not {wrong!r}")
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_reactorsTickApart(self) -> None:
        other = Clock()
        nextTick(self.note, 1, reactor=self.clock)
        nextTick(self.note, 2, reactor=other)
        other.advance(0)
        self.assertEqual(self.seen, [(2,)])
        self.clock.advance(0)
        self.assertEqual(self.seen, [(2,), (1,)])

    def test_theReactorIsLeftWithoutCallsAfterTheTicks(self) -> None:
        for _ in range(2):
            nextTick(self.note, reactor=self.clock)
            self.clock.advance(0)
            self.assertEqual(self.clock.getDelayedCalls(), [])
        self.assertEqual(self.seen, [(), ()])

    def test_aTickThatATickAsksForComesAfterTheOthers(self) -> None:
        nextTick(lambda: nextTick(self.note, 2, reactor=self.clock), reactor=self.clock)
        nextTick(self.note, 1, reactor=self.clock)
        self.clock.advance(0)
        self.assertEqual(self.seen, [(1,), (2,)])


class AsyncTests(TimerCase):
    """
    Callbacks that return a coroutine or a Deferred.
    """

    ways: ClassVar[list[Any]] = [
        lambda callback, clock: nextTick(callback, 1, reactor=clock),
        lambda callback, clock: setTimeout(callback, 1, 1, reactor=clock),
        lambda callback, clock: setInterval(callback, 1, 1, reactor=clock),
    ]

    def test_aCoroutineIsRun(self) -> None:
        for way in self.ways:
            clock, ready = Clock(), Deferred[int]()
            self.seen.clear()

            async def work(value: int, ready: Deferred[int] = ready) -> None:
                self.seen.append(value)
                self.seen.append(await ready)

            way(work, clock)
            clock.advance(0.0015)
            self.assertEqual(self.seen, [1])
            ready.callback(2)
            self.assertEqual(self.seen, [1, 2])

    def test_whatFailsIsLoggedAsCritical(self) -> None:
        async def loud(value: int) -> None:
            raise Loud("loud")

        def failing(value: int) -> Deferred[None]:
            return fail(Loud("loud"))

        records: list[Any] = []
        globalLogPublisher.addObserver(records.append)
        self.addCleanup(globalLogPublisher.removeObserver, records.append)
        for way in self.ways:
            for callback in loud, failing:
                records.clear()
                clock = Clock()
                way(callback, clock)
                clock.advance(0.0015)
                gc.collect()
                self.assertEqual(len(self.flushLoggedErrors(Loud)), 1)
                [record] = records
                self.assertIs(record["log_level"], LogLevel.critical)
                self.assertIn(repr(callback), record["what"])


class ReactorTests(TimerCase):
    """
    C{reactor=}.
    """

    def test_theGlobalReactorIsTheDefault(self) -> None:
        with mock.patch.object(twisted.internet, "reactor", self.clock, create=True):
            setTimeout(self.note, 10, "timeout")
            interval = setInterval(self.note, 20, "interval")
            nextTick(self.note, "tick")
            self.assertIs(timers.theReactor(), self.clock)
        self.clock.advance(0)
        self.clock.pump([0.01] * 4)
        clearInterval(interval)
        self.assertEqual(self.seen, [("tick",), ("timeout",), ("interval",), ("interval",)])

    def test_theGlobalReactorIsLeftAloneIfOneIsGiven(self) -> None:
        with mock.patch.object(twisted.internet, "reactor", None, create=True):
            setTimeout(self.note, 10, "timeout", reactor=self.clock)
            interval = setInterval(self.note, 20, "interval", reactor=self.clock)
            nextTick(self.note, "tick", reactor=self.clock)
            self.assertIs(timers.theReactor(self.clock), self.clock)
            self.clock.advance(0)
            self.clock.pump([0.01] * 2)
            clearInterval(interval)
        self.assertEqual(self.seen, [("tick",), ("timeout",), ("interval",)])

    def test_docstringsTellTheUnitOfTimes(self) -> None:
        for function in setTimeout, setInterval:
            self.assertIn("milliseconds", function.__doc__ or "")
