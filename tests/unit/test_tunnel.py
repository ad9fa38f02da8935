"""
Tests for L{nodenet.service.relay.tunnel}.
"""

from __future__ import annotations

import gc
import weakref
from errno import ECONNRESET, EPIPE

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.task import Clock
from twisted.logger import LogLevel, globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase

from nodenet.errors import TLSError, errnoException
from nodenet.service.record import Ending
from nodenet.service.relay import tunnel as module
from nodenet.service.relay.tunnel import Tunnel
from tests.unit.relaying import lose, opened

SIDES = "client", "server"
RESETS = {"client": Ending.CLIENT_RESET, "server": Ending.UPSTREAM_RESET}
TRUNCATIONS = {"client": Ending.CLIENT_TRUNCATED, "server": Ending.UPSTREAM_TRUNCATED}
FINS = {"client": Ending.CLIENT_FIN, "server": Ending.UPSTREAM_FIN}


class Both:
    """
    A tunnel, its two streams over memory, and a clock.
    """

    def __init__(self, **options):
        self.clock = Clock()
        self.done = []
        self.client, self.server = opened(self.clock), opened(self.clock)
        self.client.pause()
        self.client.on("error", lambda error: self.tunnel.clientFailed(error))
        self.client.on("close", lambda had_error: self.tunnel.clientClosed())
        self.tunnel = Tunnel(
            self.client,
            self.server,
            lambda: self.done.append(self.tunnel.ending),
            self.clock,
            **options,
        )

    def tick(self):
        for _ in range(3):
            self.clock.advance(0)

    def stream(self, side):
        return getattr(self, side)

    def other(self, side):
        return self.server if side == "client" else self.client

    def got(self, side):
        """
        @return: what the peer on this side has got.
        """
        return self.stream(side).transport.value()

    def check(self, after, timeout=0, halfCloseTimeout=0):
        """
        Time passes; then idleness is looked for.
        """
        self.clock.advance(after)
        self.tunnel.check(self.clock.seconds(), timeout, halfCloseTimeout)
        self.tick()

    def state(self):
        """
        @return: what has been done to each side, how it has ended and why.
        """
        calls = [stream.transport.ended for stream in (self.client, self.server)]
        return (*calls, self.done, self.tunnel.error)


class TunnelCase(SynchronousTestCase):
    """
    No exception gets as far as the log.
    """

    def setUp(self):
        self.events = []
        globalLogPublisher.addObserver(self.events.append)
        self.addCleanup(globalLogPublisher.removeObserver, self.events.append)
        self.addCleanup(self.nothingFailed)

    def nothingFailed(self):
        wrong = [each for each in self.events if each["log_level"] >= LogLevel.error]
        self.assertEqual(wrong, [])


class PipeTests(TunnelCase):
    """
    Data, both ways.
    """

    def test_whatOneSideSendsTheOtherGets(self):
        both = Both()
        both.client.dataReceived(b"request")
        both.server.dataReceived(b"answer")
        self.assertEqual((both.got("server"), both.got("client")), (b"request", b"answer"))

    def test_theClientIsReadFromNow(self):
        both = Both()
        self.assertTrue(both.client.transport.reads)
        self.assertFalse(both.client.isPaused())

    def test_whoSendsMoreThanTheOtherTakesIsPausedUntilThatHasTakenAll(self):
        for side in SIDES:
            both = Both()
            source, dest = both.stream(side), both.other(side)
            dest.transport.fill()
            source.dataReceived(b"x")
            self.assertTrue(source.isPaused())
            self.assertFalse(dest.isPaused())
            dest.transport.empty()
            self.assertFalse(source.isPaused())
            self.assertTrue(source.transport.reads)
            self.assertEqual(dest.transport.value(), b"x")

    def test_oneThatHasEndedIsNotResumedWhenTheOtherTakesAll(self):
        for side in SIDES:
            both = Both()
            source, dest = both.stream(side), both.other(side)
            dest.transport.fill()
            source.dataReceived(b"x")
            source.readConnectionLost()  # is held
            dest.transport.empty()
            self.assertEqual((dest.transport.value(), dest.transport.ended), (b"x", "end"))
            dest.dataReceived(b"y")
            self.assertEqual(source.transport.value(), b"y")

    def test_firstByteAtIsTheServersFirst(self):
        both = Both()
        self.assertIsNone(both.tunnel.firstByteAt)
        both.clock.advance(1)
        both.client.dataReceived(b"x")
        self.assertIsNone(both.tunnel.firstByteAt)
        both.clock.advance(1.5)
        both.server.dataReceived(b"x")
        both.clock.advance(1)
        both.server.dataReceived(b"x")
        self.assertEqual(both.tunnel.firstByteAt, 2.5)


class EndTests(TunnelCase):
    """
    FINs.
    """

    def test_aFINGoesThroughAndTheOtherWayGoesOn(self):
        for side in SIDES:
            both = Both()
            one, other = both.stream(side), both.other(side)
            one.dataReceived(b"last")
            one.readConnectionLost()
            both.tick()
            self.assertEqual(other.transport.value(), b"last")
            self.assertEqual((other.transport.calls, one.transport.calls), (["end"], []))
            other.dataReceived(b"answer")
            self.assertEqual(one.transport.value(), b"answer")
            self.assertEqual(both.done, [])

    def test_whenBothHaveEndedItIsDoneAndWasEndedByTheFirst(self):
        for side in SIDES:
            both = Both()
            both.stream(side).readConnectionLost()
            both.tick()
            both.other(side).readConnectionLost()
            self.assertEqual(both.done, [])
            both.tick()
            self.assertEqual(both.state(), ("end", "end", [FINS[side]], ""))
            self.assertIsNone(both.tunnel.cause)

    def test_aFINGoesBehindWhatTheOtherHasNotTaken(self):
        for side in SIDES:
            both = Both()
            one, other = both.stream(side), both.other(side)
            other.readConnectionLost()
            other.transport.fill()
            one.dataReceived(b"much")
            one.resume()
            one.readConnectionLost()
            both.tick()
            self.assertEqual((other.transport.calls, both.done), ([], []))
            other.transport.empty()
            both.tick()
            self.assertEqual((other.transport.value(), other.transport.ended), (b"much", "end"))
            self.assertEqual(len(both.done), 1)


class CutShortTests(TunnelCase):
    """
    RSTs, and TLS that ends without close_notify.
    """

    ERRORS = (
        (errnoException(ECONNRESET, "read"), RESETS, "ECONNRESET"),
        (errnoException(EPIPE, "write"), RESETS, "EPIPE"),
        (TLSError("bad record mac"), RESETS, "EPROTO, TLS: bad record mac"),
        (TLSError("truncated"), TRUNCATIONS, "EPROTO, TLS: truncated"),
    )

    def test_theOtherIsResetAndTheEndingSaysWhoAndWhy(self):
        for side in SIDES:
            for error, endings, text in self.ERRORS:
                both = Both()
                lose(both.stream(side), error)
                both.tick()
                self.assertEqual(both.other(side).transport.calls, ["abort"])
                self.assertEqual((both.done, both.tunnel.error), ([endings[side]], text))
                self.assertIs(both.tunnel.cause, endings[side])

    def test_theOtherGetsFirstWhatWasRead(self):
        for side in SIDES:
            for error, endings, _ in self.ERRORS:
                both = Both()
                one, other = both.stream(side), both.other(side)
                other.transport.fill()
                one.dataReceived(b"read")
                one.resume()
                lose(one, error)
                both.tick()
                both.clock.advance(100)
                self.assertEqual((other.transport.calls, both.done), ([], []))
                other.transport.empty()
                self.assertEqual(other.bufferSize, 0)
                both.clock.advance(1)
                both.tick()
                self.assertEqual(
                    (other.transport.value(), other.transport.calls), (b"read", ["abort"])
                )
                self.assertEqual(both.done, [endings[side]])
                self.assertEqual(both.clock.getDelayedCalls(), [])

    def test_whatTheOtherStillSendsIsDropped(self):
        for side in SIDES:
            both = Both()
            one, other = both.stream(side), both.other(side)
            other.transport.fill()
            one.dataReceived(b"read")
            one.resume()
            lose(one)
            both.tick()
            other.dataReceived(b"for nobody")
            other.readConnectionLost()
            both.tick()
            self.assertEqual(one.transport.value(), b"")
            other.transport.empty()
            both.clock.advance(1)
            both.tick()
            self.assertEqual(both.done, [RESETS[side]])

    def test_aResetAfterItsOwnFINIsOneAllTheSame(self):
        for side in SIDES:
            both = Both()
            both.stream(side).readConnectionLost()
            lose(both.stream(side))
            both.tick()
            self.assertEqual(both.done, [RESETS[side]])
            # Our FIN has gone to the other; then it is cut.
            self.assertEqual(both.other(side).transport.calls, ["end", "abort"])

    def test_whoClosesWithoutEndOrErrorHasReset(self):
        # A stream does so if it was reset before our FIN went.
        for side in SIDES:
            both = Both()
            both.stream(side).destroy()
            both.tick()
            self.assertEqual(both.other(side).transport.calls, ["abort"])
            self.assertEqual((both.done, both.tunnel.error), ([RESETS[side]], "ECONNRESET"))

    def test_theFirstFailureIsTold(self):
        for side in SIDES:
            both = Both()
            lose(both.stream(side), TLSError("truncated"))
            lose(both.other(side))
            both.tick()
            self.assertEqual(both.done, [TRUNCATIONS[side]])
            self.assertEqual(both.tunnel.error, "EPROTO, TLS: truncated")

    def test_aListenerThatFailsEndsBoth(self):
        both = Both()
        both.client.on("data", lambda data: 1 / 0)
        both.client.dataReceived(b"x")
        both.tick()
        self.assertEqual(both.server.transport.calls, ["abort"])
        self.assertEqual(
            (both.done, both.tunnel.error), ([RESETS["client"]], "division by zero")
        )
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        self.events.clear()


class ClosesTruncatedTests(TunnelCase):
    """
    C{closesTruncated}: an end without close_notify is one as any other.
    """

    def truncated(self, side):
        both = Both(closesTruncated=True)
        both.stream(side).dataReceived(b"last")
        lose(both.stream(side), TLSError("truncated"))
        both.tick()
        return both

    def test_theOtherGetsAnEndAndMayEndInItsTurn(self):
        for side in SIDES:
            both = self.truncated(side)
            other = both.other(side)
            self.assertEqual(
                (other.transport.value(), other.transport.calls), (b"last", ["end"])
            )
            self.assertEqual(both.done, [])
            other.dataReceived(b"for nobody")
            other.readConnectionLost()
            both.tick()
            self.assertEqual(both.done, [TRUNCATIONS[side]])
            self.assertEqual(other.transport.calls, ["end", "end"])

    def test_itIsResetWhenItFails(self):
        for side in SIDES:
            both = self.truncated(side)
            lose(both.other(side))
            both.tick()
            self.assertEqual(both.done, [TRUNCATIONS[side]])

    def test_othersFailuresResetTheOther(self):
        for side in SIDES:
            for error in errnoException(ECONNRESET, "read"), TLSError("bad record mac"):
                both = Both(closesTruncated=True)
                lose(both.stream(side), error)
                both.tick()
                self.assertEqual(both.other(side).transport.calls, ["abort"])

    def test_theHalfCloseTimeoutHoldsForTheOther(self):
        for side in SIDES:
            both = self.truncated(side)
            both.check(0, 100, 10)
            both.check(9.5, 100, 10)
            self.assertEqual(both.done, [])
            both.check(0.5, 100, 10)
            self.assertEqual(both.done, [TRUNCATIONS[side]])

    def test_theEndOfOneThatWasPausedIsSeen(self):
        # It is paused for the sake of one that is not there any more.
        for side in SIDES:
            both = Both(closesTruncated=True)
            one, other = both.stream(side), both.other(side)
            one.transport.fill()
            other.dataReceived(b"more than it takes")
            self.assertTrue(other.isPaused())
            lose(one, TLSError("truncated"))
            both.tick()
            self.assertFalse(other.isPaused())
            other.readConnectionLost()
            both.tick()
            self.assertEqual(both.done, [TRUNCATIONS[side]])


class CutTests(TunnelCase):
    """
    C{cut}.
    """

    def test_bothAreReset(self):
        both = Both()
        both.tunnel.cut(Ending.DRAINED)
        self.assertEqual(both.done, [])  # not from within
        both.tick()
        self.assertEqual(both.state(), ("abort", "abort", [Ending.DRAINED], ""))

    def test_nowWhateverWasNotDelivered(self):
        both = Both()
        both.server.transport.fill()
        both.client.dataReceived(b"x")
        both.tunnel.cut(Ending.DRAINED)
        both.tick()
        self.assertEqual(both.state(), ("abort", "abort", [Ending.DRAINED], ""))
        self.assertEqual(both.clock.getDelayedCalls(), [])

    def test_twiceIsOnce(self):
        both = Both()
        both.tunnel.cut(Ending.IDLE_TIMEOUT)
        both.tunnel.cut(Ending.DRAINED)
        both.tick()
        self.assertEqual(both.done, [Ending.IDLE_TIMEOUT])

    def test_oneThatWasCutShortBeforeStaysSo(self):
        for side in SIDES:
            both = Both()
            one, other = both.stream(side), both.other(side)
            other.transport.fill()
            one.dataReceived(b"read")
            one.resume()
            lose(one)
            both.tick()
            both.tunnel.cut(Ending.DRAINED)
            both.tick()
            self.assertEqual((both.done, both.tunnel.error), ([RESETS[side]], "ECONNRESET"))
            self.assertEqual(other.transport.calls, ["abort"])
            self.assertEqual(both.clock.getDelayedCalls(), [])

    def test_oneSideAloneIsLeft(self):
        for side in SIDES:
            both = Both()
            one, other = both.stream(side), both.other(side)
            other.readConnectionLost()
            other.transport.fill()
            one.dataReceived(b"x")
            one.resume()
            one.readConnectionLost()
            both.tick()
            self.assertEqual(one.readyState, "closed")
            both.tunnel.cut(Ending.DRAINED)
            both.tick()
            self.assertEqual((other.transport.calls, both.done), (["abort"], [Ending.DRAINED]))


class CheckTests(TunnelCase):
    """
    Idle connections.
    """

    def test_oneThatNothingMovesOnIsCutInTime(self):
        both = Both()
        both.check(0, 10)
        both.check(9.5, 10)
        self.assertEqual(both.done, [])
        both.check(0.5, 10)
        self.assertEqual(both.state(), ("abort", "abort", [Ending.IDLE_TIMEOUT], ""))

    def test_whatComesOrGoesOnEitherSideKeepsIt(self):
        for side in SIDES:
            both = Both()
            both.check(0, 10)
            both.clock.advance(9)
            both.stream(side).dataReceived(b"x")
            both.check(0, 10)
            both.check(9.5, 10)
            self.assertEqual(both.done, [])
            both.check(0.5, 10)
            self.assertEqual(len(both.done), 1)

    def test_whatIsTakenLateKeepsIt(self):
        both = Both()
        both.server.transport.fill()
        both.client.dataReceived(b"x")
        both.check(0, 10)
        both.clock.advance(9)
        both.server.transport.empty()
        both.check(0, 10)
        both.check(9.5, 10)
        self.assertEqual(both.done, [])

    def test_zeroIsNever(self):
        for halfCloseTimeout in 0, 5:
            both = Both()
            both.check(0, 0, halfCloseTimeout)
            both.check(1e9, 0, halfCloseTimeout)
            self.assertEqual(both.done, [])
        both.client.readConnectionLost()
        both.check(1e9, 0, 0)
        self.assertEqual(both.done, [])

    def test_afterAFINTheHalfCloseTimeoutHoldsFromThen(self):
        for side in SIDES:
            both = Both()
            both.check(0, 100, 10)
            both.clock.advance(50)
            both.stream(side).readConnectionLost()
            both.check(9.5, 100, 10)
            self.assertEqual(both.done, [])
            both.check(0.5, 100, 10)
            self.assertEqual(
                both.done, [Ending.HALF_CLOSE_TIMEOUT], f"{side} has ended, the other not"
            )

    def test_aShorterTimeoutHoldsAfterAFINToo(self):
        for halfCloseTimeout in 0, 20:
            both = Both()
            both.client.readConnectionLost()
            both.check(0, 10, halfCloseTimeout)
            both.check(9.5, 10, halfCloseTimeout)
            self.assertEqual(both.done, [])
            both.check(0.5, 10, halfCloseTimeout)
            self.assertEqual(both.done, [Ending.IDLE_TIMEOUT])

    def test_aLongTimeoutThatIsOffDoesNotKeepTheHalfCloseTimeoutFromHolding(self):
        both = Both()
        both.client.readConnectionLost()
        both.check(0, 0, 10)
        both.check(10, 0, 10)
        self.assertEqual(both.done, [Ending.HALF_CLOSE_TIMEOUT])

    def test_oneThatWaitsToBeResetIsCutAfterTheHalfCloseTimeoutAndKeepsItsCause(self):
        for side in SIDES:
            both = Both()
            one, other = both.stream(side), both.other(side)
            other.transport.fill()
            one.dataReceived(b"read")
            one.resume()
            both.check(0, 100, 10)
            both.clock.advance(50)
            lose(one)
            both.tick()
            both.check(9.5, 100, 10)
            self.assertEqual(other.transport.calls, [])
            both.check(0.5, 100, 10)
            self.assertEqual((other.transport.calls, both.done), (["abort"], [RESETS[side]]))


class UnreadResetTests(TunnelCase):
    """
    The reset of a side that is not read from.
    """

    def setUp(self):
        super().setUp()
        self.unread, self.reset = set(), set()
        self.patch(module, "hasUnread", self.unread.__contains__)
        self.patch(module, "isReset", self.reset.__contains__)

    def both(self):
        """
        @return: of which the kernel knows what is in C{reset} and C{unread}.
        """
        both = Both()
        for stream in both.client, both.server:
            self.asked = []

            def checkReset(stream=stream):
                self.asked.append(stream)
                if stream in self.reset:
                    lose(stream)

            # As net.Stream's, which asks the kernel.
            stream.checkReset = checkReset
        both.check(0)
        return both

    def blocked(self, side):
        """
        @return: of which this side is paused, as the other takes nothing.
        """
        both = self.both()
        both.other(side).transport.fill()
        both.stream(side).dataReceived(b"x")
        both.check(0)
        self.asked.clear()
        return both

    def test_whoIsReadFromIsNotAsked(self):
        both = self.both()
        both.check(1)
        self.assertEqual(self.asked, [])

    def test_whoIsPausedIsAskedAndItsResetTold(self):
        for side in SIDES:
            both = self.blocked(side)
            self.reset.add(both.stream(side))
            both.check(1)
            self.assertEqual(self.asked, [both.stream(side)])
            self.assertIs(both.tunnel.cause, RESETS[side])
            both.other(side).transport.empty()
            both.clock.advance(1)
            both.tick()
            self.assertEqual(both.done, [RESETS[side]])

    def test_whoIsPausedIsAskedThoughTheOtherHasNothingToTake(self):
        for side in SIDES:
            both = self.both()
            both.stream(side).pause()
            both.check(1)
            self.assertEqual(self.asked, [both.stream(side)])

    def test_whoIsSplicedIsAskedWhileTheOtherHasSomethingToTake(self):
        # A source is not paused then, but not read from either.
        for side in SIDES:
            both = self.both()
            both.other(side).countQueued(1)
            both.check(1)
            self.assertEqual(self.asked, [both.stream(side)])

    def test_whoHasEndedIsAsked(self):
        for side in SIDES:
            both = self.both()
            both.stream(side).readConnectionLost()
            self.reset.add(both.stream(side))
            both.check(1)
            self.assertEqual(both.done, [RESETS[side]])

    def test_whatItSentBeforeIsReadFirst(self):
        for side in SIDES:
            both = self.blocked(side)
            one, other = both.stream(side), both.other(side)
            self.unread.add(one)
            self.reset.add(one)
            both.check(1, 100, 10)
            self.assertEqual((self.asked, both.tunnel.cause), ([], None))
            other.transport.empty()
            one.dataReceived(b"unread")
            lose(one)
            both.tick()
            self.assertEqual(other.transport.value(), b"xunread")
            self.assertEqual((both.done, both.tunnel.error), ([RESETS[side]], "ECONNRESET"))

    def test_ifTheOtherTakesItWithinTheHalfCloseTimeout(self):
        for side in SIDES:
            both = self.blocked(side)
            self.unread.add(both.stream(side))
            self.reset.add(both.stream(side))
            both.check(50, 100, 10)
            both.check(9.5, 100, 10)
            self.assertEqual(both.done, [])
            both.check(0.5, 100, 10)
            self.assertEqual(both.state(), ("abort", "abort", [RESETS[side]], "ECONNRESET"))

    def test_unreadDataWithoutAResetIsNoReset(self):
        for side in SIDES:
            both = self.blocked(side)
            self.unread.add(both.stream(side))
            both.check(50, 100, 10)
            self.assertEqual((self.asked, both.done), ([], []))
            both.check(50, 100, 10)
            self.assertEqual(both.done, [Ending.IDLE_TIMEOUT])

    def test_oneThatWaitsToBeResetIsNotAsked(self):
        for side in SIDES:
            both = self.blocked(side)
            one, other = both.stream(side), both.other(side)
            one.resume()
            lose(one)
            both.tick()
            self.reset.add(other)
            both.check(1)
            self.assertEqual(self.asked, [])


class MemoryTests(TunnelCase):
    """
    What is left when it has ended.
    """

    def test_allIsFreedByReferenceCountsAlone(self):
        gc.disable()
        self.addCleanup(gc.enable)

        def inOrder(both):
            both.client.readConnectionLost()
            both.server.readConnectionLost()

        def late(both):
            both.server.transport.fill()
            both.client.dataReceived(b"x")
            both.client.resume()
            lose(both.client)
            both.tick()
            both.server.transport.empty()
            both.clock.advance(1)

        for end in (
            inOrder,
            late,
            lambda both: lose(both.client),
            lambda both: lose(both.server),
            lambda both: both.tunnel.cut(Ending.DRAINED),
        ):
            both = Both()
            refs = [weakref.ref(each) for each in (both.client, both.server)]
            # The tunnel has no weak references, but what it calls has.
            done = both.tunnel._done
            refs.append(weakref.ref(done))
            del done
            end(both)
            both.tick()
            self.assertEqual(len(both.done), 1)
            del both.client, both.server, both.tunnel, both
            self.assertEqual([ref() for ref in refs], [None] * 3)


#: What may happen, to each side and to both.
HAPPENINGS = [
    (what, side)
    for side in SIDES
    for what in ("data", "end", "reset", "truncate", "destroy", "fill", "empty")
] + [(what, "") for what in ("cut", "tick", "second", "check")]


class OrderTests(TunnelCase):
    """
    Every order of events.
    """

    @settings(max_examples=300, deadline=None)
    @given(st.lists(st.sampled_from(HAPPENINGS), max_size=25), st.booleans())
    def test_doneOnceWithAnEndingThatFitsAndNothingLeft(self, happenings, closesTruncated):
        both = Both(closesTruncated=closesTruncated)
        sent = {"client": b"", "server": b""}
        ended, failed, cut = [], [], False
        for number, (what, side) in enumerate(happenings):
            stream = both.stream(side) if side else None
            if what == "tick":
                both.tick()
            elif what == "second":
                both.clock.advance(1)
            elif what == "check":
                both.check(0.5, 5, 2)
            elif what == "cut":
                cut = cut or not both.done
                both.tunnel.cut(Ending.DRAINED)
            elif not stream.connected:
                continue
            elif what == "fill":
                if stream.transport.producer is not None:
                    stream.transport.fill()
            elif what == "empty":
                if stream.transport.producer is not None:
                    stream.transport.empty()
            elif what == "data" and side not in ended:
                data = b"%d " % number
                sent[side] += data
                stream.dataReceived(data)
            elif what == "end" and side not in ended:
                ended.append(side)
                stream.readConnectionLost()
            elif what in ("reset", "truncate"):
                failed.append(side)
                lose(stream, TLSError("truncated") if what == "truncate" else None)
            elif what == "destroy" and side not in ended:
                # As one that was reset when our FIN was to go.
                failed.append(side)
                stream.destroy()
        if not both.done:
            # Whatever is left ends by itself, in its time.
            for _ in range(3):
                both.check(5, 5, 2)
        self.assertEqual(len(both.done), 1)
        self.assertEqual((both.client.readyState, both.server.readyState), ("closed",) * 2)
        self.assertEqual(both.clock.getDelayedCalls(), [])
        for side in SIDES:
            to = both.other(side).transport.value()
            self.assertTrue(sent[side].startswith(to), (sent, to))
        [ending] = both.done
        if ending in FINS.values():
            self.assertFalse(cut)
            self.assertEqual(sorted(ended), sorted(SIDES))
            self.assertEqual(both.tunnel.error, "")
            self.assertEqual(both.got("client"), sent["server"])
            self.assertEqual(both.got("server"), sent["client"])
        elif ending in (*RESETS.values(), *TRUNCATIONS.values()):
            self.assertTrue(failed)
            self.assertNotEqual(both.tunnel.error, "")
        elif ending is Ending.DRAINED:
            self.assertTrue(cut)
        # Done is done.
        both.tunnel.cut(Ending.DRAINED)
        both.check(100, 5, 2)
        self.assertEqual((both.done, both.clock.getDelayedCalls()), ([ending], []))
        self.nothingFailed()
