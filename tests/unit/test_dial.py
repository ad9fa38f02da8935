"""
Tests for L{nodenet.service.relay.dial}.
"""

from __future__ import annotations

import gc
import weakref
from errno import ECONNREFUSED, EMFILE, EPIPE

from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone, ConnectionRefusedError
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.internet.testing import MemoryReactorClock
from twisted.logger import LogLevel, globalLogPublisher
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from nodenet import net
from nodenet.errors import TLSError, errnoException
from nodenet.service.relay.dial import Dial
from nodenet.service.relay.upstreams import Upstream, Upstreams
from tests.unit.relaying import Transport, lose


@implementer(IStreamClientEndpoint)
class Endpoint:
    """
    One that has not looked up its name yet.
    """

    cancelled = False

    def connect(self, factory):
        self.attempt = Deferred(lambda attempt: setattr(self, "cancelled", True))
        return self.attempt


class DialCase(SynchronousTestCase):
    """
    Upstreams that do what a test says.
    """

    def setUp(self):
        self.reactor = MemoryReactorClock()
        self.calls = []
        self.events = []
        globalLogPublisher.addObserver(self.events.append)
        self.addCleanup(globalLogPublisher.removeObserver, self.events.append)

    def dial(self, *wheres, upstreams=None, **options):
        """
        @return: one that tries upstreams C{a}, C{b} and so on.
        """
        wheres = wheres or ((1, "192.0.2.1"),)
        self.upstreams = Upstreams(
            self.reactor,
            [Upstream(name, *where) for name, where in zip("abcd", wheres, strict=False)],
            **(upstreams or {}),
        )
        self.dialed = Dial(
            self.upstreams,
            lambda stream, upstream: self.calls.append((stream, upstream.name)),
            lambda: self.calls.append("failed"),
            **options,
        )
        self.dialed.next()
        return self.dialed

    def several(self, count, **options):
        return self.dial(*[(port, "192.0.2.1") for port in range(1, count + 1)], **options)

    def tick(self):
        for _ in range(3):
            self.reactor.advance(0)

    def answer(self, transport=None):
        """
        @return: the transport of the connection.
        """
        transport = transport or Transport()
        host, port, factory, *_ = self.reactor.tcpClients[-1]
        factory.buildProtocol(IPv4Address("TCP", host, port)).makeConnection(transport)
        return transport

    def refuse(self, errno=ECONNREFUSED):
        self.reactor.tcpClients[-1][2].clientConnectionFailed(
            None, Failure(ConnectionRefusedError(errno))
        )
        self.tick()

    def ports(self):
        return [port for _, port, *_ in self.reactor.tcpClients]

    def active(self):
        return [upstream.active for upstream in self.upstreams.all]

    def lines(self):
        return [event for event in self.events if event["log_level"] >= LogLevel.error]


class CandidateTests(DialCase):
    """
    Whom it tries.
    """

    def test_oneThatAnswersIsEnough(self):
        dial = self.several(2)
        transport = self.answer()
        [(stream, name)] = self.calls
        self.assertIs(stream.transport, transport)
        self.assertEqual((name, dial.attempts, dial.errors), ("a", 1, []))
        self.assertEqual(self.ports(), [1])

    def test_theNextIsTriedWhenOneHasFailedAndNotBefore(self):
        dial = self.several(3)
        self.refuse()
        self.assertEqual(self.ports(), [1, 2])
        self.refuse()
        self.assertEqual((self.ports(), self.calls), ([1, 2, 3], []))
        self.answer()
        self.assertEqual(self.calls[0][1], "c")
        self.assertEqual(dial.attempts, 3)
        self.assertEqual(dial.errors, ["a: ECONNREFUSED", "b: ECONNREFUSED"])

    def test_whenNoneIsLeftItHasFailedOnce(self):
        dial = self.several(2, upstreams={"retries": 1})
        for _ in range(2):
            self.refuse()
        self.assertEqual(self.calls, [])
        self.refuse()
        self.assertEqual(self.ports(), [1, 2, 1])
        self.assertEqual((self.calls, dial.attempts), (["failed"], 3))
        self.assertEqual(dial.errors, [f"{name}: ECONNREFUSED" for name in "aba"])

    def test_oneThatDoesNotAnswerInTimeHasFailed(self):
        dial = self.several(2, upstreams={"connectTimeout": 5})
        self.reactor.advance(4.75)
        self.tick()
        self.assertEqual(self.ports(), [1])
        self.reactor.advance(0.25)
        self.tick()
        self.assertEqual((self.ports(), dial.errors), ([1, 2], ["a: ETIMEDOUT"]))

    def test_oneThatHasAnsweredMayTakeItsTime(self):
        self.several(1, upstreams={"connectTimeout": 5})
        transport = self.answer()
        self.reactor.pump([5, 5])
        self.assertEqual(transport.calls, [])
        self.assertEqual(len(self.calls), 1)

    def test_UNIXSocketsAndEndpointsAreTried(self):
        endpoint = Endpoint()
        dial = self.dial(("/run/x.sock",), (endpoint,))
        self.assertEqual(self.reactor.unixClients[0][0], b"/run/x.sock")
        self.reactor.unixClients[0][1].clientConnectionFailed(
            None, Failure(ConnectionRefusedError(ECONNREFUSED))
        )
        self.tick()
        endpoint.attempt.errback(Failure(errnoException(ECONNREFUSED, "connect")))
        self.tick()
        self.assertEqual(dial.errors, ["a: ECONNREFUSED", "b: ECONNREFUSED"])

    def test_theUpstreamLearnsHowItWent(self):
        self.several(2, upstreams={"maxFails": 1})
        self.refuse()
        a, b = self.upstreams.all
        self.assertTrue(self.upstreams.quarantined(a))
        b.failures = 7
        self.answer()
        self.assertEqual((a.failures, b.failures), (1, 0))

    def test_toBeOutOfDescriptorsDoesNotCountAgainstTheUpstream(self):
        endpoint = Endpoint()
        dial = self.dial((endpoint,), upstreams={"maxFails": 1})
        endpoint.attempt.errback(Failure(errnoException(EMFILE, "socket")))
        self.tick()
        self.assertEqual((self.calls, dial.errors), (["failed"], ["a: EMFILE"]))
        self.assertEqual(self.upstreams.all[0].failures, 0)
        self.assertFalse(self.upstreams.quarantined(self.upstreams.all[0]))

    def test_nothingListensToWhatIsHandedOver(self):
        secured = []
        self.several(1, secure=secured.append)
        self.answer()
        secured[0].emit("secure")
        [(stream, _)] = self.calls
        self.assertEqual(stream.eventNames(), [])

    def test_itKeepsTheUpstreamsHalfCloseApart(self):
        self.several(1)
        transport = self.answer()
        [(stream, _)] = self.calls
        stream.on("end", lambda: None)
        stream.readConnectionLost()
        self.assertEqual((transport.calls, stream.readyState), ([], "writeOnly"))


class HeaderTests(DialCase):
    """
    What goes first.
    """

    def test_theHeaderIsSentFirst(self):
        self.several(1, header=b"PROXY\r\n")
        transport = self.answer()
        self.calls[0][0].write(b"data")
        self.assertEqual(transport.value(), b"PROXY\r\ndata")

    def test_beforeTLS(self):
        seen = []
        self.several(
            1, header=b"PROXY\r\n", secure=lambda stream: seen.append(stream.transport.value())
        )
        self.answer()
        self.assertEqual(seen, [b"PROXY\r\n"])

    def test_toEachThatIsTried(self):
        secured = []
        self.several(2, header=b"PROXY\r\n", secure=secured.append)
        first = self.answer()
        lose(secured[0])
        self.tick()
        second = self.answer()
        self.assertEqual([first.value(), second.value()], [b"PROXY\r\n"] * 2)


class Gone(Transport):
    """
    Nothing can be sent: the peer has gone.
    """

    def write(self, data):
        raise errnoException(EPIPE, "write")


class SecureTests(DialCase):
    """
    TLS to upstreams.
    """

    def setUp(self):
        super().setUp()
        self.secured = []

    def test_itIsConnectedWhenTheHandshakeIsDone(self):
        self.several(1, secure=self.secured.append)
        self.answer()
        self.assertEqual((self.calls, len(self.secured)), ([], 1))
        self.assertEqual(self.active(), [1])
        self.secured[0].emit("secure")
        self.assertEqual(self.calls, [(self.secured[0], "a")])

    def test_aHandshakeThatFailsIsAFailedAttempt(self):
        dial = self.several(2, secure=self.secured.append, upstreams={"maxFails": 1})
        self.answer()
        lose(self.secured[0], TLSError("certificate has expired", "handshake"))
        self.tick()
        self.assertEqual(dial.errors, ["a: EPROTO, TLS: certificate has expired"])
        self.assertEqual((self.ports(), self.calls), ([1, 2], []))
        self.assertTrue(self.upstreams.quarantined(self.upstreams.all[0]))

    def test_theTimeToConnectIsForTheHandshakeToo(self):
        dial = self.several(1, secure=self.secured.append, upstreams={"connectTimeout": 5})
        self.reactor.advance(4)
        transport = self.answer()
        self.reactor.advance(0.75)
        self.assertEqual(transport.calls, [])
        self.reactor.advance(0.25)
        self.tick()
        self.assertEqual((transport.calls, dial.errors), (["abort"], ["a: ETIMEDOUT"]))
        self.assertEqual(self.calls, ["failed"])

    def test_whatSecureRaisesIsAFailedAttempt(self):
        dial = self.several(1, secure=lambda stream: 1 / 0)
        self.answer()
        self.tick()
        self.assertEqual((self.calls, dial.errors), (["failed"], ["a: division by zero"]))
        self.assertEqual(self.active(), [0])
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    def test_anUpstreamThatEndsInTheHandshakeHasFailedAndItIsSaidHow(self):
        dial = self.several(1, secure=self.secured.append, upstreams={"maxFails": 1})
        self.answer()
        self.secured[0].connectionLost(Failure(ConnectionDone()))
        self.tick()
        self.assertEqual((self.calls, dial.errors), (["failed"], ["a: ECONNRESET"]))
        self.assertTrue(self.upstreams.quarantined(self.upstreams.all[0]))

    def test_anUpstreamThatHasGoneBeforeTheHeaderCouldBeSentHasFailed(self):
        dial = self.several(1, header=b"PROXY\r\n", secure=self.secured.append)
        self.answer(Gone())
        self.tick()
        # If it was still read from, that would tell.
        for stream in self.secured:
            lose(stream)
        self.tick()
        self.assertEqual((self.calls, dial.errors), (["failed"], ["a: EPIPE"]))
        self.assertEqual((self.active(), self.lines()), ([0], []))


class CancelTests(DialCase):
    """
    Nobody wants a connection any more.
    """

    def cancelled(self):
        self.dialed.cancel()
        self.assertEqual(self.calls, [])
        self.tick()
        self.reactor.pump([10] * 3)
        self.assertEqual((self.calls, self.active()), ([], [0] * len(self.active())))
        self.assertEqual((self.reactor.getDelayedCalls(), self.lines()), ([], []))
        self.assertEqual(
            [each.failures for each in self.upstreams.all], [0] * len(self.active())
        )

    def test_whileTheNameIsLookedUp(self):
        endpoint = Endpoint()
        self.dial((endpoint,), (2, "192.0.2.1"))
        self.assertEqual(self.active(), [1, 0])
        self.cancelled()
        self.assertTrue(endpoint.cancelled)
        self.assertEqual(self.ports(), [])

    def test_whileItConnects(self):
        self.several(2)
        self.assertEqual(self.active(), [1, 0])
        self.cancelled()
        self.assertTrue(self.reactor.connectors[0].stoppedConnecting)
        self.assertEqual(self.ports(), [1])

    def test_inTLS(self):
        self.several(2, secure=lambda stream: None)
        transport = self.answer()
        self.assertEqual(self.active(), [1, 0])
        self.cancelled()
        self.assertEqual((transport.calls, self.ports()), (["abort"], [1]))

    def test_theConnectionIsReset(self):
        # The upstream is not to take the header alone for a client that has ended.
        resets = []
        self.patch(net.Stream, "resetAndDestroy", lambda stream: resets.append(stream))
        secured = []
        self.several(1, secure=secured.append)
        self.answer()
        self.dialed.cancel()
        self.assertEqual(resets, secured)

    def test_whenTheLastAttemptHasFailedInThisVeryTurn(self):
        self.several(2)
        self.reactor.tcpClients[-1][2].clientConnectionFailed(
            None, Failure(ConnectionRefusedError(ECONNREFUSED))
        )
        self.dialed.cancel()
        self.tick()
        self.assertEqual((self.calls, self.active(), self.ports()), ([], [0, 0], [1]))

    def test_afterwardsAndTwiceItIsLetPass(self):
        self.several(1)
        self.dialed.cancel()
        self.dialed.cancel()
        self.tick()
        self.several(1)
        transport = self.answer()
        self.dialed.cancel()
        self.assertEqual((transport.calls, len(self.calls), self.active()), ([], 1, [1]))


class ActiveTests(DialCase):
    """
    C{Upstream.active}, from which C{least-connections} chooses.
    """

    def test_anAttemptCountsWhileItLasts(self):
        self.several(2)
        self.assertEqual(self.active(), [1, 0])
        self.refuse()
        self.assertEqual(self.active(), [0, 1])
        self.refuse()
        self.assertEqual((self.active(), self.calls), ([0, 0], ["failed"]))

    def test_aConnectionStaysCountedForWhoeverHasIt(self):
        self.several(1)
        self.answer()
        [(stream, _)] = self.calls
        self.assertEqual(self.active(), [1])
        stream.destroy()
        self.tick()
        self.assertEqual(self.active(), [1])


class MemoryTests(DialCase):
    """
    What is left of attempts.
    """

    def test_allIsFreedByReferenceCountsAlone(self):
        gc.disable()
        self.addCleanup(gc.enable)

        def fail():
            lose(self.dialed._stream)

        def cancel():
            self.dialed.cancel()

        def answer():
            self.answer()
            if self.secure is not None:
                self.dialed._stream.emit("secure")
            [(stream, _)] = self.calls
            stream.destroy()

        def failInTLS():
            self.answer()
            fail()

        def cancelInTLS():
            self.answer()
            cancel()

        for secure, end in (
            (None, self.refuse),
            (None, cancel),
            (None, answer),
            (lambda stream: None, answer),
            (lambda stream: None, failInTLS),
            (lambda stream: None, cancelInTLS),
        ):
            self.secure = secure
            self.several(1, secure=secure)
            refs = [weakref.ref(self.dialed._stream), weakref.ref(self.dialed._failed)]
            end()
            self.tick()
            self.upstreams.stop()
            self.calls.clear()
            self.reactor.tcpClients.clear()
            self.reactor.connectors.clear()
            del self.dialed
            self.assertEqual([ref() for ref in refs], [None, None], end)
