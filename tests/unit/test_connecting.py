"""
Tests for L{nodenet._net.connecting}: attempts and look-ups of the test's own, and a clock.
"""

from __future__ import annotations

from errno import ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, ETIMEDOUT
from typing import Any

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.error import ConnectionRefusedError as TwistedRefused
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from nodenet._net import connecting
from nodenet._net.connecting import Connecting, EndpointConnecting, interleaved
from nodenet.errors import errnoException, lookupError


class FakeAttempt:
    """
    An attempt that ends when it is told to.
    """

    def __init__(self, where: Any, connected: Any, failed: Any) -> None:
        self.where = where
        self.cancelled = False
        self._connected = connected
        self._failed = failed

    def succeed(self) -> None:
        self._connected(self)

    def fail(self, errno: int = ECONNREFUSED) -> OSError:
        error = errnoException(errno, "connect", address=self.where[0])
        self._failed(self, error)
        return error

    def cancel(self) -> None:
        self.cancelled = True


class ConnectingCase(SynchronousTestCase):
    """
    @ivar seen: what was told.
    @ivar attempts: those that were made.
    @ivar lookups: (name, Deferred) of each.
    """

    def setUp(self) -> None:
        self.clock = Clock()
        self.seen: list[Any] = []
        self.attempts: list[FakeAttempt] = []
        self.lookups: list[tuple[str, Deferred[Any]]] = []
        self.patch(connecting, "connectTCP", self.connectTCP)
        self.patch(connecting, "resolve", self.resolve)
        self.connecting = Connecting(self.clock, self.connected, self.seen.append)

    def connectTCP(
        self, reactor: Any, host: str, port: int, connected: Any, failed: Any
    ) -> FakeAttempt:
        self.assertIs(reactor, self.clock)
        self.attempts.append(FakeAttempt((host, port), connected, failed))
        return self.attempts[-1]

    def resolve(self, reactor: Any, name: str) -> Deferred[Any]:
        self.assertIs(reactor, self.clock)
        deferred: Deferred[Any] = Deferred()
        self.lookups.append((name, deferred))
        return deferred

    def connected(self, attempt: FakeAttempt) -> None:
        self.seen.append(attempt)

    @property
    def tried(self) -> list[str]:
        return [attempt.where[0] for attempt in self.attempts]

    def begin(self, *addresses: str) -> None:
        """
        Connect to a name that has these.
        """
        self.connecting.host("name", 80)
        self.lookups[-1][1].callback(list(addresses))

    def quiet(self) -> None:
        """
        Nothing is left, and nothing more is told.
        """
        seen = list(self.seen)
        self.clock.advance(10)
        self.assertEqual(self.seen, seen)
        self.assertEqual(self.clock.getDelayedCalls(), [])


class OneTests(ConnectingCase):
    """
    One address.
    """

    def test_itSucceeds(self) -> None:
        self.connecting.host("name", 80)
        self.lookups[0][1].callback(["192.0.2.1"])
        self.assertEqual(self.clock.getDelayedCalls(), [])
        [attempt] = self.attempts
        attempt.succeed()
        self.assertEqual(self.seen, [attempt])
        self.assertFalse(attempt.cancelled)
        self.quiet()

    def test_itFails(self) -> None:
        self.connecting.host("name", 80)
        self.lookups[0][1].callback(["192.0.2.1"])
        error = self.attempts[0].fail()
        self.assertEqual(self.seen, [error])
        self.quiet()


class LookupTests(ConnectingCase):
    """
    A name.
    """

    def test_itIsLookedUpThenConnectedTo(self) -> None:
        self.connecting.host("name", 80)
        self.assertEqual(self.lookups[0][0], "name")
        self.assertEqual(self.attempts, [])
        self.lookups[0][1].callback(["192.0.2.1"])
        self.assertEqual(self.attempts[0].where, ("192.0.2.1", 80))

    def test_oneThatIsUnknownFailsInALaterTurn(self) -> None:
        error = lookupError("name")
        self.patch(connecting, "resolve", lambda reactor, name: fail(error))
        self.connecting.host("name", 80)
        self.assertEqual(self.seen, [])
        self.clock.advance(0)
        self.assertEqual(self.seen, [error])
        self.quiet()

    def test_anAnswerMayBeThereAtOnce(self) -> None:
        self.patch(connecting, "resolve", lambda reactor, name: succeed(["::1"]))
        self.connecting.host("name", 80)
        self.assertEqual(self.tried, ["::1"])

    def test_cancelTakesTheLookupBack(self) -> None:
        cancelled: list[Any] = []
        deferred: Deferred[Any] = Deferred(cancelled.append)
        self.patch(connecting, "resolve", lambda reactor, name: deferred)
        self.connecting.host("name", 80)
        self.connecting.cancel()
        self.assertEqual(cancelled, [deferred])
        self.quiet()
        self.assertEqual((self.seen, self.attempts), ([], []))

    def test_cancelTakesBackAFailureThatWasNotToldYet(self) -> None:
        self.patch(connecting, "resolve", lambda reactor, name: fail(lookupError("name")))
        self.connecting.host("name", 80)
        self.connecting.cancel()
        self.quiet()
        self.assertEqual(self.seen, [])

    def test_cancelAfterTheLookupDoesNotCancelIt(self) -> None:
        cancelled: list[Any] = []
        deferred: Deferred[Any] = Deferred(cancelled.append)
        self.patch(connecting, "resolve", lambda reactor, name: deferred)
        self.connecting.host("name", 80)
        deferred.callback(["192.0.2.1"])
        self.connecting.cancel()
        self.assertEqual(cancelled, [])
        self.assertTrue(self.attempts[0].cancelled)


class SeveralTests(ConnectingCase):
    """
    Several addresses: RFC 8305.
    """

    FIRST, SECOND, THIRD = "2001:db8::1", "192.0.2.1", "2001:db8::2"

    def test_theNextIsTriedAfterAQuarterOfASecondBesideTheFirst(self) -> None:
        self.begin(self.FIRST, self.SECOND)
        self.assertEqual(self.tried, [self.FIRST])
        self.clock.advance(0.249)
        self.assertEqual(self.tried, [self.FIRST])
        self.clock.advance(0.001)
        self.assertEqual(self.tried, [self.FIRST, self.SECOND])
        self.assertFalse(self.attempts[0].cancelled)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_eachAfterAnother(self) -> None:
        self.begin(self.FIRST, self.SECOND, self.THIRD)
        self.clock.pump([0.25, 0.25])
        self.assertEqual(self.tried, [self.FIRST, self.SECOND, self.THIRD])

    def test_theFamiliesTakeTurns(self) -> None:
        self.begin(self.FIRST, self.THIRD, self.SECOND)
        self.clock.pump([0.25, 0.25])
        self.assertEqual(self.tried, [self.FIRST, self.SECOND, self.THIRD])

    def test_theNextIsTriedAtOnceWhenOneFails(self) -> None:
        self.begin(self.FIRST, self.SECOND, self.THIRD)
        self.clock.advance(0.2)
        self.attempts[0].fail()
        self.assertEqual(self.tried, [self.FIRST, self.SECOND])
        self.assertEqual(self.seen, [])
        # and the delay of the one after counts from then
        self.clock.advance(0.249)
        self.assertEqual(len(self.attempts), 2)
        self.clock.advance(0.001)
        self.assertEqual(len(self.attempts), 3)

    def test_theFirstToSucceedCancelsTheOthers(self) -> None:
        self.begin(self.FIRST, self.SECOND, self.THIRD)
        self.clock.advance(0.25)
        self.attempts[1].succeed()
        self.assertEqual(self.seen, [self.attempts[1]])
        self.assertEqual([each.cancelled for each in self.attempts], [True, False])
        self.quiet()
        self.assertEqual(len(self.attempts), 2)

    def test_theFirstMayStillSucceedWhenTheSecondHasFailed(self) -> None:
        self.begin(self.FIRST, self.SECOND)
        self.clock.advance(0.25)
        self.attempts[1].fail()
        self.assertEqual(self.seen, [])
        self.attempts[0].succeed()
        self.assertEqual(self.seen, [self.attempts[0]])
        self.quiet()

    def test_itFailsWhenAllHave(self) -> None:
        self.begin(self.FIRST, self.SECOND)
        self.clock.advance(0.25)
        first = self.attempts[0].fail(ECONNREFUSED)
        self.assertEqual(self.seen, [])
        self.attempts[1].fail(ETIMEDOUT)
        self.assertEqual(self.seen, [first])
        self.quiet()

    def test_theErrorIsTheFirstThatSaysMoreThanNoWay(self) -> None:
        for errnos, told in [
            ([ECONNREFUSED, ETIMEDOUT], 0),
            ([ENETUNREACH, ECONNREFUSED], 1),
            ([ECONNREFUSED, ENETUNREACH], 0),
            ([EHOSTUNREACH, ETIMEDOUT, ECONNREFUSED], 1),
            ([EHOSTUNREACH, ECONNREFUSED, ENETUNREACH], 1),
        ]:
            self.setUp()
            self.begin(*[self.FIRST, self.SECOND, self.THIRD][: len(errnos)])
            errors = [self.attempts[-1].fail(errno) for errno in errnos]
            self.assertEqual(self.seen, [errors[told]])
            self.quiet()

    def test_cancelAtEveryPoint(self) -> None:
        def late() -> None:
            self.clock.advance(0.25)

        def failing() -> None:
            self.attempts[-1].fail()

        for steps in [[], [late], [failing], [late, late], [late, failing], [failing, late]]:
            self.setUp()
            self.begin(self.FIRST, self.SECOND, self.THIRD)
            gone = []
            for step in steps:
                step()
                if step is failing:
                    gone.append(self.attempts[len(self.attempts) - 2])
            self.connecting.cancel()
            self.connecting.cancel()
            for attempt in self.attempts:
                self.assertEqual(attempt.cancelled, attempt not in gone)
            count = len(self.attempts)
            self.quiet()
            self.assertEqual((self.seen, len(self.attempts)), ([], count))


class EndpointTests(SynchronousTestCase):
    """
    L{EndpointConnecting}.
    """

    def setUp(self) -> None:
        self.seen: list[Any] = []
        self.cancelled: list[Any] = []
        self.attempt: Deferred[Any] = Deferred(self.cancelled.append)
        self.protocol = object()
        self.connecting = EndpointConnecting(
            self, self.protocol, self.seen.append, ("name", 80)
        )

    def connect(self, factory: Any) -> Deferred[Any]:
        """
        We are the endpoint.
        """
        self.assertIs(factory, self.connecting)
        return self.attempt

    def test_theEndpointGetsTheProtocol(self) -> None:
        self.connecting.connect()
        self.assertFalse(self.connecting.arrived)
        self.assertIs(self.connecting.buildProtocol(None), self.protocol)
        self.assertTrue(self.connecting.arrived)
        self.attempt.callback(self.protocol)
        self.assertEqual(self.seen, [])

    def test_aFailureIsTheOSErrorOfWhereItWasTried(self) -> None:
        self.connecting.connect()
        self.attempt.errback(TwistedRefused(ECONNREFUSED, "no"))
        [error] = self.seen
        self.assertEqual(
            (error.code, error.syscall, error.address, error.port),
            ("ECONNREFUSED", "connect", "name", 80),
        )

    def test_afterCancelNothingIsTold(self) -> None:
        self.connecting.connect()
        self.connecting.cancel()
        self.assertEqual(self.cancelled, [self.attempt])
        self.assertEqual(self.seen, [])

    def test_itMayBeCancelledBeforeAndTwice(self) -> None:
        self.connecting.cancel()
        self.connecting.connect()
        self.connecting.cancel()
        self.connecting.cancel()
        self.assertEqual(self.seen, [])


class InterleavedTests(SynchronousTestCase):
    """
    L{interleaved}.
    """

    def test_theFamiliesTakeTurnsAsLongAsBothAreThere(self) -> None:
        for before, after in [
            ("4a", "4a"),
            ("4a 4b 4c", "4a 4b 4c"),
            ("6a 4a", "6a 4a"),
            ("6a 6b 4a 4b", "6a 4a 6b 4b"),
            ("4a 4b 6a", "4a 6a 4b"),
            ("4a 6a 6b 6c", "4a 6a 6b 6c"),
            ("6a 4a 4b 6b 6c 6d", "6a 4a 6b 4b 6c 6d"),
        ]:
            texts = {"4": "192.0.2.{}", "6": "2001:db8::{}"}

            def addresses(short: str, texts: dict[str, str] = texts) -> list[str]:
                return [texts[each[0]].format(ord(each[1])) for each in short.split()]

            self.assertEqual(interleaved(addresses(before)), addresses(after))

    def test_theArgumentIsNotChanged(self) -> None:
        given = ["2001:db8::1", "2001:db8::2", "192.0.2.1"]
        copy = list(given)
        interleaved(given)
        self.assertEqual(given, copy)
