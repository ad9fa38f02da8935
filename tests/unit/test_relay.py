"""
Tests for L{nodenet.service.relay.relay}: a client from when it is accepted to its record, on
fakes: no network, no clock but ours.
"""

from __future__ import annotations

import gc
import weakref
from dataclasses import fields
from errno import ECONNREFUSED, ECONNRESET, ETIMEDOUT
from unittest import mock

from twisted.internet.address import IPv4Address, UNIXAddress
from twisted.internet.error import ConnectionRefusedError
from twisted.internet.testing import MemoryReactorClock
from twisted.logger import LogLevel, formatEvent, globalLogPublisher
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from nodenet import net
from nodenet.errors import TLSError, errnoException
from nodenet.service.admission import AddressRules, Admission
from nodenet.service.proxyprotocol import Header
from nodenet.service.record import Ending, Record
from nodenet.service.relay import Relay
from nodenet.service.relay.upstreams import Upstream, Upstreams
from nodenet.service.sessions import Sessions
from tests.unit.relaying import Transport, lose

REFUSED = Failure(ConnectionRefusedError(ECONNREFUSED))


class RelayCase(SynchronousTestCase):
    def setUp(self):
        self.reactor = MemoryReactorClock()
        self.reactor.advance(1000)
        self.events = []
        globalLogPublisher.addObserver(self.events.append)
        self.addCleanup(globalLogPublisher.removeObserver, self.events.append)
        self.records = []

    def make(self, *ports, choice=None, relay=None, **settings):
        """
        @param relay: settings of the relay; others are the sessions'.
        """
        upstreams = Upstreams(
            self.reactor,
            [Upstream(f"10.0.0.9:{port}", port, "10.0.0.9") for port in ports or (1,)],
            **(choice or {}),
        )
        self.upstreams = upstreams.all
        self.relay = Relay(self.reactor, upstreams, splices=False, **(relay or {}))
        self.sessions = Sessions(self.reactor, self.relay, **settings)
        ended = self.sessions.ended

        def record(session):
            self.records.append(session.record())
            ended(session)

        self.sessions.ended = record
        self.server = net.createServer(
            self.sessions.accept, allowHalfOpen=True, reactor=self.reactor
        )
        return self.sessions

    def client(self, transport=None):
        stream = self.server.buildProtocol(None)
        stream.makeConnection(transport or Transport())
        return stream

    def proxied(self, header):
        """
        @return: a client that has begun with a PROXY header.
        """
        self.server.removeListener("connection", self.sessions.accept)
        client = self.client()
        self.sessions.accept(client, header)
        return client

    def answer(self, index=-1):
        """
        The upstream accepts.

        @return: its transport.
        """
        transport = Transport()
        self.reactor.tcpClients[index][2].buildProtocol(None).makeConnection(transport)
        return transport

    def refuse(self, index=-1):
        self.reactor.tcpClients[index][2].clientConnectionFailed(None, REFUSED)
        self.tick()

    def tick(self):
        for _ in range(5):
            self.reactor.advance(0)

    def pair(self, **settings):
        """
        @return: a client and its upstream's stream, connected.
        """
        self.make(**settings)
        client = self.client()
        self.answer()
        [session] = self.sessions.open
        return client, session._tunnel._server

    def record(self):
        self.tick()
        [record] = self.records
        self.assertEqual(self.sessions.open, set())
        self.assertEqual([each.active for each in self.upstreams], [0] * len(self.upstreams))
        return record

    def failures(self):
        """
        @return: what is wrong, by the log.
        """
        return [each for each in self.events if each["log_level"] >= LogLevel.error]


class SessionTests(RelayCase):
    """
    A client and its upstream.
    """

    def test_theClientIsNotReadBeforeItsUpstreamIsThere(self):
        self.make()
        client = self.client()
        self.assertFalse(client.transport.reads)
        self.answer()
        self.assertTrue(client.transport.reads)

    def test_theFINGoesThroughAndTheAnswerComesBack(self):
        client, server = self.pair()
        self.reactor.advance(0.5)
        client.dataReceived(b"request")
        client.readConnectionLost()
        upstream = server.transport
        self.assertEqual((upstream.value(), upstream.calls), (b"request", ["end"]))
        self.assertEqual(client.transport.calls, [])
        self.reactor.advance(1)
        server.dataReceived(b"answer")
        self.reactor.advance(0.25)
        server.readConnectionLost()
        self.assertEqual((client.transport.value(), client.transport.ended), (b"answer", "end"))
        record = self.record()
        self.assertGreater(record.start, 1.7e9)  # the time of day
        record.start = 0
        self.assertEqual(
            {field.name: getattr(record, field.name) for field in fields(Record)},
            {
                "start": 0,
                "duration": 1.75,
                "peer": "192.168.1.1:54321",
                "listener": None,  # without an access log, it is not asked for
                "upstream": "10.0.0.9:1",
                "attempts": 1,
                "bytesRead": 7,
                "bytesWritten": 6,
                "firstByte": 1.5,
                "ended": Ending.CLIENT_FIN,
                "error": "",
                "count": 1,
            },
        )

    def test_withAnAccessLogTheListenerIsRecordedAndTheLineWritten(self):
        log = mock.Mock()
        client, server = self.pair(accessLog=log)
        server.readConnectionLost()
        client.readConnectionLost()
        record = self.record()
        self.assertEqual(
            (record.listener, record.ended), ("10.0.0.1:12345", Ending.UPSTREAM_FIN)
        )
        log.write.assert_called_once_with(record.json())

    def test_theLogTellsOfIt(self):
        client, server = self.pair()
        client.dataReceived(b"request")
        client.readConnectionLost()
        server.readConnectionLost()
        self.tick()
        [event] = self.events
        self.assertIs(event["log_level"], LogLevel.info)
        self.assertEqual(
            formatEvent(event),
            "192.168.1.1:54321 -> 10.0.0.9:1 client-fin: 7 bytes in, 0 bytes out, 0.000 s",
        )

    def test_whoeverFailsTheOtherIsResetAndTheRecordSaysHow(self):
        for index, ending in enumerate((Ending.CLIENT_RESET, Ending.UPSTREAM_RESET)):
            self.records.clear()
            sides = self.pair()
            lose(sides[index])
            record = self.record()
            self.assertEqual(sides[1 - index].transport.calls, ["abort"])
            self.assertEqual((record.ended, record.error), (ending, "ECONNRESET"))
            self.assertEqual(record.upstream, "10.0.0.9:1")

    def test_failedAttemptsStandBeforeWhatEndedTheConnection(self):
        self.make(1, 2)
        client = self.client()
        self.refuse()
        self.answer()
        lose(client)
        record = self.record()
        self.assertEqual(record.error, "10.0.0.9:1: ECONNREFUSED; ECONNRESET")
        self.assertEqual((record.upstream, record.attempts), ("10.0.0.9:2", 2))

    def test_aTruncatedEndMayBeOneAsAnyOther(self):
        for closes, calls in (True, ["end"]), (False, ["abort"]):
            client, server = self.pair(relay={"closesTruncated": closes})
            lose(server, TLSError("truncated"))
            self.tick()
            self.assertEqual(client.transport.calls, calls)

    def test_itIsCut(self):
        client, server = self.pair()
        self.sessions.cut()
        record = self.record()
        self.assertEqual((record.ended, record.error), (Ending.DRAINED, ""))
        self.assertEqual((client.transport.calls, server.transport.calls), (["abort"],) * 2)

    def test_anUpstreamIsActiveUntilBothSidesHaveClosed(self):
        _, server = self.pair()
        server.readConnectionLost()
        lose(server)
        self.assertEqual(self.upstreams[0].active, 1)
        self.record()

    def test_theTimeoutsAreTheSessionsAndTheRelays(self):
        for end, ending in (False, Ending.IDLE_TIMEOUT), (True, Ending.HALF_CLOSE_TIMEOUT):
            self.records.clear()
            client, _ = self.pair(timeout=32, sweep=16, relay={"halfCloseTimeout": 16})
            if end:
                client.readConnectionLost()
            limit = 16 if end else 32
            self.reactor.pump([0.5] * (2 * limit - 1))
            self.assertEqual(self.records, [])
            self.reactor.pump([0.5] * 4)
            self.assertIs(self.record().ended, ending)

    def test_ofATimeoutThatIsZeroNobodyIsCut(self):
        client, _ = self.pair(timeout=0, sweep=16, relay={"halfCloseTimeout": 0})
        client.readConnectionLost()
        self.reactor.pump([3600] * 3)
        self.assertEqual(self.records, [])


class ConnectTests(RelayCase):
    """
    No upstream yet.
    """

    def test_whenNoneAnswersTheClientIsResetAndTheRecordSaysWhy(self):
        self.make(1, 2, choice={"retries": 1})
        client = self.client()
        self.refuse()
        self.reactor.advance(5)  # the second does not answer
        self.tick()
        self.assertEqual(self.records, [])
        self.refuse()
        record = self.record()
        self.assertEqual(client.transport.calls, ["abort"])
        self.assertEqual((record.ended, record.attempts), (Ending.CONNECT_FAILED, 3))
        self.assertEqual((record.upstream, record.firstByte), (None, None))
        self.assertEqual(
            record.error,
            "10.0.0.9:1: ECONNREFUSED; 10.0.0.9:2: ETIMEDOUT; 10.0.0.9:1: ECONNREFUSED",
        )

    def test_ofThatTheLogWarns(self):
        self.make()
        self.client()
        self.refuse()
        [event] = self.events
        self.assertIs(event["log_level"], LogLevel.warn)
        self.assertEqual(
            formatEvent(event),
            "192.168.1.1:54321 -> nobody connect-failed (10.0.0.9:1: ECONNREFUSED): 0 bytes in,"
            " 0 bytes out, 0.000 s",
        )

    def test_aClientThatIsLostTakesTheSearchBackAndTheRecordSaysHow(self):
        for error, text in (
            (None, "ECONNRESET"),
            (errnoException(ETIMEDOUT, "handshake"), "ETIMEDOUT"),
            (TLSError("no shared cipher", "handshake"), "EPROTO, TLS: no shared cipher"),
        ):
            self.records.clear()
            self.make(1, 2)
            client = self.client()
            self.refuse()
            client.destroy(error or errnoException(ECONNRESET, "read"))
            record = self.record()
            self.assertEqual(
                (record.ended, record.error),
                (Ending.CLIENT_RESET, f"10.0.0.9:1: ECONNREFUSED; {text}"),
            )
            self.assertEqual((record.upstream, record.attempts), (None, 2))
            self.assertTrue(self.reactor.connectors[-1].stoppedConnecting)

    def test_oneThatClosesWithoutAnErrorHasResetToo(self):
        self.make()
        self.client().destroy()
        record = self.record()
        self.assertEqual((record.ended, record.error), (Ending.CLIENT_RESET, "ECONNRESET"))

    def test_aClientIsAskedAtEachSweepWhetherItHasReset(self):
        self.make(timeout=16, sweep=16, choice={"connectTimeout": 60})
        client = self.client()
        client.checkReset = lambda: client.destroy(errnoException(ECONNRESET, "read"))
        self.reactor.advance(0.5)
        self.assertEqual(self.records, [])
        self.reactor.advance(0.5)
        self.assertEqual(self.record().error, "ECONNRESET")

    def test_aSweepDoesNotFindOneThatIsJustEnding(self):
        self.make(timeout=16, sweep=16)
        client = self.client()
        client.destroy()
        [session] = self.sessions.open
        session.check(100)
        self.tick()
        session.check(100)
        self.assertIs(self.record().ended, Ending.CLIENT_RESET)

    def test_anUpstreamThatIsThereInTheTurnInWhichTheClientIsLostIsReset(self):
        for error in None, errnoException(ETIMEDOUT, "read"):
            self.records.clear()
            self.make()
            self.client().destroy(error)
            upstream = self.answer()
            record = self.record()
            self.assertEqual(upstream.calls, ["abort"])
            self.assertEqual(
                (record.ended, record.error),
                (Ending.CLIENT_RESET, "ETIMEDOUT" if error else "ECONNRESET"),
            )
            self.assertEqual(self.failures(), [])

    def test_anUpstreamThatIsThereInTheTurnOfTheCutIsNot(self):
        self.make()
        client = self.client()
        self.sessions.cut()
        self.tick()
        record = self.record()
        self.assertEqual((record.ended, record.error), (Ending.DRAINED, ""))
        self.assertEqual((client.transport.calls, record.attempts), (["abort"], 1))
        self.assertTrue(self.reactor.connectors[0].stoppedConnecting)

    def test_itIsCutOnceAndKeepsTheFirstEnding(self):
        self.make()
        client = self.client()
        [session] = self.sessions.open
        session.cut(Ending.DRAINED)
        session.cut(Ending.IDLE_TIMEOUT)
        lose(client)
        self.assertIs(self.record().ended, Ending.DRAINED)

    def test_cutOneThatIsLostInTheSameTurnHasAnEnding(self):
        self.make()
        self.client().destroy(errnoException(ECONNRESET, "read"))
        self.sessions.cut()
        self.assertIs(self.record().ended, Ending.DRAINED)

    def test_whoHasGoneMakesRoom(self):
        admission = Admission(AddressRules(), 1)
        self.make(admission=admission)
        self.client().destroy()
        self.tick()
        self.assertEqual(admission.count, 0)
        client = self.client()
        self.tick()
        self.assertEqual((client.transport.calls, len(self.sessions.open)), ([], 1))


class ProxyHeaderTests(RelayCase):
    """
    PROXY headers, of clients and to upstreams.
    """

    ENDS = IPv4Address("TCP", "192.0.2.1", 1), IPv4Address("TCP", "198.51.100.2", 80)

    def test_ourHeaderComesFirst(self):
        self.make(relay={"sendProxy": 1})
        client = self.client()
        upstream = self.answer()
        client.dataReceived(b"data")
        self.assertEqual(
            upstream.value(), b"PROXY TCP4 192.168.1.1 10.0.0.1 54321 12345\r\ndata"
        )

    def test_ofEitherVersion(self):
        self.make(relay={"sendProxy": 2})
        self.client()
        self.assertEqual(
            self.answer().value(),
            b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\xa8\1\1\x0a\0\0\1\xd4\x31\x30\x39",
        )

    def test_aHeaderThatTheClientBeganWithSaysWhoItIs(self):
        self.make(relay={"sendProxy": 1}, accessLog=mock.Mock())
        self.proxied(Header(*self.ENDS))
        upstream = self.answer()
        self.assertEqual(upstream.value(), b"PROXY TCP4 192.0.2.1 198.51.100.2 1 80\r\n")
        self.sessions.cut()
        record = self.record()
        self.assertEqual((record.peer, record.listener), ("192.0.2.1:1", "198.51.100.2:80"))

    def test_aHeaderThatNamesNobodyLeavesTheConnectionsOwnAddresses(self):
        self.make(relay={"sendProxy": 1}, accessLog=mock.Mock())
        self.proxied(Header())
        upstream = self.answer()
        self.assertEqual(upstream.value(), b"PROXY TCP4 192.168.1.1 10.0.0.1 54321 12345\r\n")
        self.sessions.cut()
        record = self.record()
        self.assertEqual(
            (record.peer, record.listener), ("192.168.1.1:54321", "10.0.0.1:12345")
        )

    def test_behindAProxyClientsAreCountedByTheirHeaders(self):
        admission = Admission(AddressRules(), None, 1)
        self.make(admission=admission)

        def come(source):
            client = self.proxied(Header(source, source))
            self.tick()
            return client

        one, other = (IPv4Address("TCP", f"192.0.2.{number}", 1) for number in (1, 2))
        unnamed = UNIXAddress(b"/run/client")
        first = come(one)
        for source, there in (one, 1), (other, 2), (unnamed, 3), (unnamed, 4), (None, 5):
            come(source)
            self.assertEqual(len(self.sessions.open), there)
        self.assertEqual(come(None).transport.ended, "abort")
        self.assertEqual(len(self.sessions.open), 5)
        first.destroy()
        self.tick()
        self.assertEqual(len(self.sessions.open), 4)
        come(one)
        self.assertEqual(len(self.sessions.open), 5)


class OptionTransport(Transport):
    """
    Has what C{SO_KEEPALIVE} and C{TCP_NODELAY} are set by.
    """

    family = 2  # AF_INET

    def __init__(self):
        super().__init__()
        self.options = []
        self.setTcpKeepAlive = lambda on: self.options.append(("keepAlive", on))
        self.setTcpNoDelay = lambda on: self.options.append(("noDelay", on))
        self.getHandle = lambda: self

    def setsockopt(self, level, name, value):
        self.options.append(value)


class OptionTests(RelayCase):
    """
    Options of the sockets.
    """

    def connected(self, **settings):
        self.make(**settings)
        client, server = OptionTransport(), OptionTransport()
        self.client(client)
        self.reactor.tcpClients[-1][2].buildProtocol(None).makeConnection(server)
        return client.options, server.options

    def test_bothSidesAreProbedWhenIdle(self):
        for options in self.connected(keepAlive=30, relay={"keepAlive": 40}):
            self.assertIn(("keepAlive", True), options)
        self.assertEqual(
            [
                set(each) & {30, 40}
                for each in self.connected(keepAlive=30, relay={"keepAlive": 40})
            ],
            [{30}, {40}],
        )

    def test_orNeither(self):
        for options in self.connected():
            self.assertNotIn(("keepAlive", True), options)

    def test_smallPiecesAreNotHeldBack(self):
        for options in self.connected():
            self.assertIn(("noDelay", True), options)


class SecureTests(RelayCase):
    """
    TLS, on either side.
    """

    def test_theSearchBeginsWhenTheClientIsSecure(self):
        secured = []
        self.make(secure=secured.append)
        client = self.client()
        self.assertEqual((secured, self.reactor.tcpClients), ([client], []))
        client.emit("secure")
        self.assertEqual(len(self.reactor.tcpClients), 1)
        self.answer()
        self.assertTrue(client.transport.reads)

    def test_aClientThatDoesNotGetThereIsAResetAndNobodyIsAsked(self):
        self.make(secure=lambda stream: None)
        lose(self.client(), errnoException(ETIMEDOUT, "handshake"))
        record = self.record()
        self.assertEqual((record.ended, record.error), (Ending.CLIENT_RESET, "ETIMEDOUT"))
        self.assertEqual((record.attempts, self.reactor.tcpClients), (0, []))

    def test_oneThatIsCutBeforeIsDrained(self):
        self.make(secure=lambda stream: None)
        self.client()
        self.sessions.cut()
        record = self.record()
        self.assertEqual((record.ended, record.error), (Ending.DRAINED, ""))

    def test_theClientWaitsUntilTheUpstreamIsSecure(self):
        secured = []
        self.make(relay={"secure": secured.append})
        client = self.client()
        self.answer()
        self.assertFalse(client.transport.reads)
        secured[0].emit("secure")
        self.assertTrue(client.transport.reads)

    def test_aClientThatIsLostMeanwhileResetsTheUpstream(self):
        self.make(relay={"secure": lambda stream: None})
        client = self.client()
        upstream = self.answer()
        client.destroy()
        record = self.record()
        self.assertEqual((record.ended, record.error), (Ending.CLIENT_RESET, "ECONNRESET"))
        self.assertEqual((upstream.calls, record.upstream), (["abort"], None))


class LimitTests(RelayCase):
    """
    Who is refused.
    """

    def test_aboveTheLimitTheyAreClosedAndNoUpstreamIsAsked(self):
        self.make(admission=Admission(AddressRules(), 1))
        self.client()
        refused = [self.client() for _ in range(5)]
        self.assertEqual({each.transport.ended for each in refused}, {"abort"})
        self.assertEqual(len(self.reactor.tcpClients), 1)

    def test_theLogTellsOfThemOnceASecond(self):
        log = mock.Mock()
        self.make(admission=Admission(AddressRules(), 1), accessLog=log)
        self.client()
        for _ in range(5):
            self.client()
        self.reactor.advance(1)
        self.assertEqual(
            [formatEvent(event) for event in self.events],
            [
                "192.168.1.1:54321 refused (max-connections)",
                "192.168.1.1:54321 refused (max-connections), and 3 before it",
            ],
        )
        self.assertEqual(log.write.call_count, 2)


class EndTests(RelayCase):
    """
    The end of the service.
    """

    def test_cutResetsAllAndRecordsThem(self):
        self.make()
        ended = []
        self.sessions.onEnd = lambda: ended.append(len(self.records))
        one, other = self.client(), self.client()
        self.answer(0)  # the second is still connecting
        self.sessions.stop()
        self.tick()
        self.assertEqual(len(self.sessions.open), 2)
        self.sessions.cut()
        self.tick()
        self.assertEqual((one.transport.ended, other.transport.ended), ("abort", "abort"))
        self.assertEqual(ended, [2])
        self.assertEqual([each.ended for each in self.records], [Ending.DRAINED] * 2)
        self.assertEqual(self.upstreams[0].active, 0)

    def test_closedNoTimerIsLeft(self):
        self.make(timeout=16, sweep=16, choice={"connectTimeout": 60})
        self.relay.upstreams.probe(30)
        self.client()
        self.answer()
        self.sessions.cut()
        self.tick()
        self.sessions.close()
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_sweepsReleaseIdlePipesAndCloseTheirs(self):
        self.make(timeout=16, sweep=16)
        self.relay.splicer = splicer = mock.Mock()
        self.reactor.advance(1)
        splicer.releaseIdle.assert_called_once_with()
        self.sessions.close()
        splicer.close.assert_called_once_with()


class Marker:
    """
    In place of a header that names nobody, one that may be referred to weakly.
    """

    source = destination = None


class MemoryTests(RelayCase):
    """
    What is left of a session.
    """

    def test_allIsFreedByReferenceCountsAlone(self):
        gc.disable()
        self.addCleanup(gc.enable)

        def inOrder(client):
            self.answer()
            [session] = self.sessions.open
            session._tunnel._server.readConnectionLost()
            client.readConnectionLost()

        def lost(client):
            self.answer()
            lose(client)

        def lostBefore(client):
            lose(client)

        def lostAtOnce(client):
            client.destroy()
            self.answer()

        def refused(client):
            self.refuse()

        def drained(client):
            self.sessions.cut()

        for secure, end in (
            (None, inOrder),
            (None, lost),
            (None, lostBefore),
            (None, lostAtOnce),
            (None, refused),
            (None, drained),
            (lambda stream: None, lostBefore),
        ):
            self.make(secure=secure)
            client = self.client()
            [session] = self.sessions.open
            # A session may not be referred to weakly; what only it refers to may.
            marker = Marker()
            session._header = marker
            refs = [weakref.ref(client), weakref.ref(marker)]
            del session, marker
            end(client)
            self.tick()
            self.sessions._told.stop()  # which had the last one
            self.reactor.tcpClients.clear()
            self.reactor.connectors.clear()
            del client
            self.assertEqual([ref() for ref in refs], [None, None], end)
            self.assertEqual(self.upstreams[0].active, 0)
