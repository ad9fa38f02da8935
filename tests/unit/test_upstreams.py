"""
Tests for L{nodenet.service.relay.upstreams}.
"""

from __future__ import annotations

import gc
import random
import weakref
from errno import ECONNREFUSED, EMFILE, ENFILE
from itertools import islice

from twisted.internet.error import ConnectionRefusedError
from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.logger import LogLevel, formatEvent, globalLogPublisher
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from nodenet import net
from nodenet.errors import errnoException
from nodenet.service.relay.upstreams import BALANCES, Deadlines, Upstream, Upstreams


class UpstreamsCase(SynchronousTestCase):
    """
    Three upstreams, a reactor without a network, and what the log has got.
    """

    def setUp(self):
        self.reactor = MemoryReactorClock()
        self.events = []
        globalLogPublisher.addObserver(self.events.append)
        self.addCleanup(globalLogPublisher.removeObserver, self.events.append)
        self.a, self.b, self.c = self.three = [
            Upstream(name, port, "192.0.2.1") for port, name in enumerate("abc", 1)
        ]

    def make(self, *args, all=None, **settings):
        return Upstreams(self.reactor, self.three if all is None else all, *args, **settings)

    def lines(self):
        """
        @return: level and text of each line of the log since the last time.
        """
        lines = [(event["log_level"], formatEvent(event)) for event in self.events]
        self.events.clear()
        return lines

    def failTimes(self, upstreams, upstream, times):
        for _ in range(times):
            upstreams.failed(upstream, refused())


def refused():
    return errnoException(ECONNREFUSED, "connect")


def names(candidates, count=None):
    return "".join(upstream.name for upstream in islice(candidates, count))


def orders(upstreams, count):
    """
    @return: who is tried for each of so many connections.
    """
    return [names(upstreams.candidates()) for _ in range(count)]


def firsts(upstreams, count):
    """
    @return: who is tried first for each of so many connections.
    """
    return "".join(names(upstreams.candidates(), 1) for _ in range(count))


class BalanceTests(UpstreamsCase):
    """
    The order of the candidates.
    """

    def test_roundRobinBeginsWithEachInItsTurn(self):
        self.assertEqual(orders(self.make("round-robin"), 4), ["abc", "bca", "cab", "abc"])

    def test_roundRobinIsTheDefault(self):
        self.assertEqual(firsts(self.make(), 6), "abcabc")

    def test_firstIsInTheOrderGiven(self):
        self.assertEqual(orders(self.make("first"), 3), ["abc"] * 3)

    def test_leastConnectionsBeginsWithThoseThatHaveFew(self):
        self.a.active, self.b.active, self.c.active = 2, 0, 1
        self.assertEqual(orders(self.make("least-connections"), 3), ["bca"] * 3)

    def test_ofThoseThatHaveAsFewEachHasItsTurn(self):
        upstreams = self.make("least-connections")
        self.assertEqual(orders(upstreams, 4), ["abc", "bca", "cab", "abc"])
        self.b.active = 1
        self.assertEqual(orders(upstreams, 3), ["cab", "cab", "acb"])

    def test_leastConnectionsFillsAllAlike(self):
        upstreams = self.make("least-connections")
        self.c.active = 3
        for _ in range(6):
            next(upstreams.candidates()).active += 1
        self.assertEqual([each.active for each in self.three], [3, 3, 3])

    def test_randomIsEachOrderInTheEnd(self):
        self.addCleanup(random.setstate, random.getstate())
        random.seed(1)
        seen = set(orders(self.make("random"), 200))
        self.assertEqual(seen, {"abc", "acb", "bac", "bca", "cab", "cba"})

    def test_theUpstreamsThemselvesStayInTheirOrder(self):
        for balance in BALANCES:
            upstreams = self.make(balance)
            self.a.active = 1
            orders(upstreams, 5)
            self.assertEqual(upstreams.all, self.three, balance)

    def test_oneAloneIsTriedByEveryBalance(self):
        for balance in BALANCES:
            self.assertEqual(orders(self.make(balance, all=[self.a]), 2), ["a", "a"], balance)

    def test_whoIsQuarantinedLosesItsTurnsToAllOthersAlike(self):
        upstreams = self.make(maxFails=1)
        self.failTimes(upstreams, self.a, 1)
        self.assertEqual(sorted(firsts(upstreams, 6)), list("bbbccc"))


class FailoverTests(UpstreamsCase):
    """
    One connection's attempts.
    """

    def test_withoutRetriesEachIsTriedOnce(self):
        for balance in BALANCES:
            self.assertEqual(sorted(orders(self.make(balance), 1)[0]), list("abc"), balance)

    def test_retriesComeBesides(self):
        for retries, order in (1, "abca"), (2, "abcab"), (5, "abcabcab"):
            self.assertEqual(orders(self.make(retries=retries), 1), [order])

    def test_retriesOfOneAlone(self):
        self.assertEqual(orders(self.make(retries=2, all=[self.a]), 1), ["aaa"])

    def test_noneIsTriedTwiceBeforeAllAreTried(self):
        for balance in BALANCES:
            order = orders(self.make(balance, retries=3), 1)[0]
            self.assertEqual([sorted(order[:3]), sorted(order[3:])], [list("abc")] * 2, balance)

    def test_whoWasQuarantinedMeanwhileIsNotTriedAgain(self):
        upstreams = self.make(maxFails=1, retries=2)
        candidates = upstreams.candidates()
        self.assertEqual(names(candidates, 1), "a")
        self.failTimes(upstreams, self.b, 1)
        self.assertEqual(names(candidates), "caca")

    def test_whoCameBackMeanwhileIsTried(self):
        upstreams = self.make(maxFails=1)
        self.failTimes(upstreams, self.b, 1)
        candidates = upstreams.candidates()
        self.assertEqual(names(candidates, 1), "a")
        upstreams.succeeded(self.b)
        self.assertEqual(sorted(names(candidates)), ["b", "c"])

    def test_allFailingAreAllTriedThoughTheyAreQuarantined(self):
        upstreams = self.make(maxFails=1)
        tried = []
        for upstream in upstreams.candidates():
            tried.append(upstream.name)
            upstreams.failed(upstream, refused())
        self.assertEqual(tried, ["a", "b", "c"])

    def test_theConnectionsOfOneTimeDoNotMixTheirTurns(self):
        upstreams = self.make()
        one, other = upstreams.candidates(), upstreams.candidates()
        taken = [names(each, 1) for each in (one, other, one, other, one, other)]
        self.assertEqual("".join(taken), "abbcca")


class QuarantineTests(UpstreamsCase):
    """
    Upstreams that do not answer.
    """

    def test_anUpstreamThatHasFailedThriceIsQuarantined(self):
        upstreams = self.make("first")
        self.failTimes(upstreams, self.a, 2)
        self.assertEqual(firsts(upstreams, 2), "aa")
        self.assertFalse(upstreams.quarantined(self.a))
        self.failTimes(upstreams, self.a, 1)
        self.assertEqual(firsts(upstreams, 2), "bb")
        self.assertTrue(upstreams.quarantined(self.a))
        self.assertFalse(upstreams.quarantined(self.b))

    def test_itComesBackAfterFailTimeout(self):
        upstreams = self.make("first", maxFails=1, failTimeout=10)
        self.failTimes(upstreams, self.a, 1)
        self.reactor.advance(9.75)
        self.assertEqual(firsts(upstreams, 1), "b")
        self.reactor.advance(0.25)
        self.assertEqual(firsts(upstreams, 1), "a")

    def test_failuresInARowAreCounted(self):
        upstreams = self.make()
        self.failTimes(upstreams, self.a, 2)
        upstreams.succeeded(self.a)
        self.failTimes(upstreams, self.a, 2)
        self.assertFalse(upstreams.quarantined(self.a))
        self.failTimes(upstreams, self.a, 1)
        self.assertTrue(upstreams.quarantined(self.a))

    def test_havingComeBackOneFailureIsEnoughUntilItAnswers(self):
        upstreams = self.make()
        self.failTimes(upstreams, self.a, 3)
        self.reactor.advance(10)
        self.assertFalse(upstreams.quarantined(self.a))
        self.failTimes(upstreams, self.a, 1)
        self.assertTrue(upstreams.quarantined(self.a))
        upstreams.succeeded(self.a)
        self.failTimes(upstreams, self.a, 1)
        self.assertFalse(upstreams.quarantined(self.a))

    def test_aFailureInQuarantineProlongsIt(self):
        upstreams = self.make(maxFails=1)
        self.failTimes(upstreams, self.a, 1)
        self.reactor.advance(6)
        self.failTimes(upstreams, self.a, 1)
        self.reactor.advance(6)
        self.assertTrue(upstreams.quarantined(self.a))
        self.reactor.advance(4)
        self.assertFalse(upstreams.quarantined(self.a))

    def test_anAnswerEndsTheQuarantine(self):
        upstreams = self.make("first", maxFails=1)
        self.failTimes(upstreams, self.a, 1)
        upstreams.succeeded(self.a)
        self.assertEqual(firsts(upstreams, 1), "a")

    def test_ifAllAreQuarantinedAllAreTried(self):
        upstreams = self.make("first", maxFails=1)
        for upstream in self.three:
            self.failTimes(upstreams, upstream, 1)
        self.assertEqual(orders(upstreams, 1), ["abc"])
        self.reactor.advance(5)
        self.failTimes(upstreams, self.a, 1)
        self.failTimes(upstreams, self.c, 1)
        self.reactor.advance(5)  # b's quarantine is over
        self.assertEqual(firsts(upstreams, 1), "b")

    def test_withoutMaxFailsNoneIsQuarantined(self):
        upstreams = self.make("first", maxFails=0)
        self.failTimes(upstreams, self.a, 100)
        self.assertEqual(firsts(upstreams, 1), "a")
        self.assertEqual(self.lines(), [])

    def test_withoutFailTimeoutNoneIsQuarantined(self):
        upstreams = self.make("first", maxFails=1, failTimeout=0)
        self.failTimes(upstreams, self.a, 100)
        self.assertEqual(firsts(upstreams, 1), "a")
        self.assertEqual(self.lines(), [])

    def test_toBeOutOfDescriptorsDoesNotCount(self):
        upstreams = self.make(maxFails=1)
        for errno in EMFILE, ENFILE:
            upstreams.failed(self.a, errnoException(errno, "connect"))
        self.assertEqual((self.a.failures, upstreams.quarantined(self.a)), (0, False))
        self.assertEqual(self.lines(), [])

    def test_whatHasNoErrnoCounts(self):
        upstreams = self.make(maxFails=1)
        upstreams.failed(self.a, ValueError("a listener's"))
        self.assertTrue(upstreams.quarantined(self.a))

    def test_theLogTellsOfItOnceAndWhenItAnswersAgain(self):
        upstreams = self.make(maxFails=2, failTimeout=2.5)
        self.failTimes(upstreams, self.a, 4)
        self.assertEqual(
            self.lines(),
            [
                (
                    LogLevel.warn,
                    "Upstream a is quarantined for 2.5 s: 2 failures in a row,"
                    " the last: ECONNREFUSED",
                )
            ],
        )
        upstreams.succeeded(self.a)
        upstreams.succeeded(self.a)
        self.assertEqual(self.lines(), [(LogLevel.info, "Upstream a answers again")])

    def test_theLogTellsOfEachQuarantine(self):
        upstreams = self.make(maxFails=1)
        for _ in range(2):
            self.failTimes(upstreams, self.a, 1)
            self.reactor.advance(10)
        levels = [level for level, _ in self.lines()]
        self.assertEqual(levels, [LogLevel.warn] * 2)
        # Though its time was over: it has failed whenever it was asked.
        upstreams.succeeded(self.a)
        self.assertEqual(self.lines(), [(LogLevel.info, "Upstream a answers again")])

    def test_theLogIsSilentOfAnswersAfterAFewFailures(self):
        upstreams = self.make()
        self.failTimes(upstreams, self.a, 2)
        upstreams.succeeded(self.a)
        self.assertEqual(self.lines(), [])


class ProbeTests(UpstreamsCase):
    """
    Connecting to see whether an upstream answers.
    """

    def probe(self, interval=30, **settings):
        """
        @return: upstreams of which C{a} alone is there and has been probed.
        """
        upstreams = self.make(all=[self.a], **settings)
        upstreams.probe(interval)
        self.reactor.advance(interval)
        return upstreams

    def answer(self):
        """
        @return: the transport of the last connection that was asked for.
        """
        protocol = self.reactor.tcpClients[-1][2].buildProtocol(None)
        transport = StringTransport()
        protocol.makeConnection(transport)
        self.reactor.advance(0)
        return transport

    def refuse(self):
        self.reactor.tcpClients[-1][2].clientConnectionFailed(
            self.reactor.connectors[-1], Failure(ConnectionRefusedError(ECONNREFUSED))
        )
        self.reactor.advance(0)

    def test_eachIsProbedEverySoManySeconds(self):
        upstreams = self.make()
        upstreams.probe(2)
        self.reactor.advance(1.75)
        self.assertEqual(self.reactor.tcpClients, [])
        for _ in range(2):
            self.reactor.tcpClients.clear()
            self.reactor.advance(2)
            where = [client[:2] for client in self.reactor.tcpClients]
            self.assertEqual(where, [("192.0.2.1", port) for port in (1, 2, 3)])
            for client, connector in zip(
                self.reactor.tcpClients, self.reactor.connectors[-3:], strict=True
            ):
                client[2].clientConnectionFailed(
                    connector, Failure(ConnectionRefusedError(ECONNREFUSED))
                )

    def test_noneIsProbedWhileTheProbeBeforeGoesOn(self):
        upstreams = self.make()
        upstreams.probe(2)
        self.reactor.pump([2, 2, 0.5])
        self.assertEqual(len(self.reactor.tcpClients), 3)

    def test_UNIXSocketsAreProbed(self):
        self.a.where = ("/run/x.sock",)
        self.probe()
        self.assertEqual(self.reactor.unixClients[0][0], b"/run/x.sock")

    def test_whatAnswersIsDisconnectedAndLeavesTheQuarantine(self):
        upstreams = self.probe(maxFails=1, failTimeout=100)
        self.failTimes(upstreams, self.a, 1)
        self.lines()
        self.assertTrue(upstreams.quarantined(self.a))
        transport = self.answer()
        self.assertTrue(transport.disconnected)
        self.assertEqual(transport.value(), b"")
        self.assertFalse(upstreams.quarantined(self.a))
        self.assertEqual(self.lines(), [(LogLevel.info, "Upstream a answers again")])

    def test_whatAnswersHasNoFailuresInARow(self):
        upstreams = self.probe()
        self.failTimes(upstreams, self.a, 2)
        self.answer()
        self.failTimes(upstreams, self.a, 2)
        self.assertFalse(upstreams.quarantined(self.a))

    def test_whatRefusesHasFailed(self):
        upstreams = self.probe(maxFails=2)
        self.refuse()
        self.assertFalse(upstreams.quarantined(self.a))
        self.reactor.advance(30)
        self.refuse()
        self.assertTrue(upstreams.quarantined(self.a))
        [(level, text)] = self.lines()
        self.assertIs(level, LogLevel.warn)
        self.assertTrue(text.endswith("the last: ECONNREFUSED"), text)

    def test_whatDoesNotAnswerInTimeHasFailed(self):
        upstreams = self.probe(maxFails=1, connectTimeout=5)
        self.reactor.advance(4.75)
        self.assertFalse(self.reactor.connectors[0].stoppedConnecting)
        self.reactor.advance(0.25)
        self.reactor.advance(0)
        self.assertTrue(self.reactor.connectors[0].stoppedConnecting)
        self.assertTrue(upstreams.quarantined(self.a))
        [(_, text)] = self.lines()
        self.assertTrue(text.endswith("the last: ETIMEDOUT"), text)

    def test_probesAreNoConnections(self):
        self.probe()
        self.answer()
        self.assertEqual(self.a.active, 0)

    def test_noTimerIsLeftOfAProbe(self):
        for end in self.answer, self.refuse:
            upstreams = self.probe()
            end()
            upstreams.stop()
            self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_aProbeIsFreedByReferenceCountsAlone(self):
        gc.disable()
        self.addCleanup(gc.enable)
        for end in self.answer, self.refuse:
            upstreams = self.probe()
            [stream] = upstreams._probes.values()
            ref = weakref.ref(stream)
            del stream
            end()
            for each in self.reactor.tcpClients, self.reactor.connectors:
                each.clear()
            upstreams.stop()
            self.assertIsNone(ref(), end)

    def test_stopEndsProbing(self):
        upstreams = self.make()
        upstreams.probe(2)
        upstreams.stop()
        self.assertEqual(self.reactor.getDelayedCalls(), [])
        self.reactor.pump([2] * 3)
        self.assertEqual(self.reactor.tcpClients, [])

    def test_stopEndsTheProbesThatThereAre(self):
        upstreams = self.probe(maxFails=1)
        upstreams.stop()
        self.reactor.advance(0)
        self.assertTrue(self.reactor.connectors[0].stoppedConnecting)
        self.assertEqual(self.reactor.getDelayedCalls(), [])
        self.assertEqual(self.lines(), [])

    def test_stopIsLetPassWithoutProbing(self):
        upstreams = self.make()
        upstreams.stop()
        upstreams.probe(2)
        upstreams.stop()
        upstreams.stop()
        self.assertEqual(self.reactor.getDelayedCalls(), [])


class DeadlineTests(UpstreamsCase):
    """
    The time limit of attempts to connect.
    """

    def setUp(self):
        super().setUp()
        self.deadlines = Deadlines(self.reactor, 1.5)
        self.seen = []

    def attempt(self, name):
        stream = net.Stream(reactor=self.reactor)
        stream.on("error", lambda error: self.seen.append((name, error)))
        self.deadlines.add(stream)
        stream.connect(1, "192.0.2.1")
        return stream

    def failed(self):
        self.reactor.advance(0)
        return "".join(name for name, _ in self.seen)

    def test_anAttemptFailsInTime(self):
        stream = self.attempt("a")
        self.reactor.advance(1.25)
        self.assertEqual(stream.readyState, "opening")
        self.reactor.advance(0.25)
        self.assertEqual(stream.readyState, "closed")
        self.assertEqual(self.failed(), "a")
        error = self.seen[0][1]
        self.assertIsInstance(error, TimeoutError)
        self.assertEqual((error.code, error.syscall), ("ETIMEDOUT", "connect"))
        self.assertTrue(self.reactor.connectors[0].stoppedConnecting)

    def test_unlessItIsRemoved(self):
        stream = self.attempt("a")
        self.deadlines.remove(stream)
        self.reactor.pump([1] * 10)
        self.assertEqual((stream.readyState, self.failed()), ("opening", ""))
        self.deadlines.remove(stream)  # twice is let pass

    def test_eachHasItsOwnTimeFromWhenItBegan(self):
        for name in "abc":
            self.attempt(name)
            self.reactor.advance(0.25)
        for expected in "", "", "", "a", "ab", "abc":
            self.assertEqual(self.failed(), expected)
            self.reactor.advance(0.25)

    def test_thoseOfOneTimeFailInTheirOrder(self):
        for name in "bca":
            self.attempt(name)
        self.reactor.advance(1.5)
        self.assertEqual(self.failed(), "bca")

    def test_oneThatIsRemovedDoesNotKeepTheOthersFromFailing(self):
        first, last = self.attempt("a"), self.attempt("c")
        self.reactor.advance(1)
        self.attempt("b")
        self.deadlines.remove(first)
        self.deadlines.remove(last)
        self.reactor.advance(1.25)
        self.assertEqual(self.failed(), "")
        self.reactor.advance(0.25)
        self.assertEqual(self.failed(), "b")

    def test_thereIsOneTimerForAll(self):
        for name in "abc":
            self.attempt(name)
            self.reactor.advance(0.25)
            self.assertEqual(len(self.reactor.getDelayedCalls()), 1)

    def test_withoutAttemptsThereIsNoTimerInTheEnd(self):
        self.deadlines.remove(self.attempt("a"))
        self.attempt("b")
        self.reactor.pump([1.5, 0])
        self.assertEqual(self.reactor.getDelayedCalls(), [])
        self.attempt("c")
        self.reactor.advance(1.5)
        self.assertEqual(self.failed(), "bc")

    def test_oneThatBeginsWhenAnotherFailsHasAllItsTime(self):
        self.attempt("a").on("close", lambda had_error: self.attempt("b"))
        self.reactor.pump([1.5, 0, 1.25])
        self.assertEqual(self.failed(), "a")
        self.reactor.advance(0.25)
        self.assertEqual(self.failed(), "ab")

    def test_stopLeavesNoTimer(self):
        self.deadlines.stop()
        self.attempt("a")
        self.deadlines.stop()
        self.deadlines.stop()
        self.assertEqual(self.reactor.getDelayedCalls(), [])
        self.reactor.advance(10)
        self.assertEqual(self.failed(), "")
