"""
L{nodenet.service.relay}, on fakes: no network, no clock but ours.
"""

from __future__ import annotations

import json
from errno import ECONNREFUSED

from nodenet.service.limits import Limits, Networks
from nodenet.service.upstreams import Upstream, Upstreams
from twisted.internet.address import IPv4Address, UNIXAddress
from twisted.internet.error import ConnectionRefusedError
from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.logger import globalLogPublisher
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from nodenet import net
from nodenet.service.log import AccessLog
from nodenet.service.proxyprotocol import Header
from nodenet.service.relay import Relay

REFUSED = Failure(ConnectionRefusedError(ECONNREFUSED))


class Transport(StringTransport):
    """
    One that says how it was ended: first of all.
    """

    ended = ""

    def loseConnection(self):
        self.ended = self.ended or "end"

    def abortConnection(self):
        self.ended = self.ended or "abort"


class RelayCase(SynchronousTestCase):
    def setUp(self):
        self.reactor = MemoryReactorClock()
        self.events = []
        globalLogPublisher.addObserver(self.events.append)
        self.addCleanup(globalLogPublisher.removeObserver, self.events.append)

    def make(self, *ports, limits=None, choice=None, **settings):
        upstreams = Upstreams(
            self.reactor,
            [Upstream(f"10.0.0.9:{port}", port, "10.0.0.9") for port in ports or (1,)],
            **(choice or {}),
        )
        self.file = self.mktemp()
        relay = Relay(
            self.reactor,
            upstreams,
            limits or Limits(Networks()),
            accessLog=AccessLog(self.file),
            **settings,
        )
        self.server = net.createServer(relay, allowHalfOpen=True, reactor=self.reactor)
        return relay

    def client(self):
        stream = self.server.buildProtocol(None)
        stream.makeConnection(Transport())
        return stream

    def proxied(self, relay, header):
        """
        @return: a client that has begun with a PROXY header.
        """
        self.server.removeListener("connection", relay)
        client = self.client()
        relay(client, header)
        return client

    def answer(self, index=-1):
        """
        The upstream accepts.
        """
        stream = self.reactor.tcpClients[index][2].buildProtocol(None)
        transport = Transport()
        stream.makeConnection(transport)
        return transport

    def refuse(self):
        self.reactor.tcpClients[-1][2].clientConnectionFailed(None, REFUSED)
        self.turns()

    def turns(self):
        for _ in range(5):
            self.reactor.advance(0)

    def ports(self):
        return [port for _, port, *_ in self.reactor.tcpClients]

    def records(self):
        self.turns()
        with open(self.file) as file:
            return [json.loads(line) for line in file]


class PairTests(RelayCase):
    """
    A client and its upstream.
    """

    def test_theClientIsNotReadBeforeItsUpstreamIsThere(self):
        self.make()
        client = self.client()
        self.assertEqual(client.transport.producerState, "paused")
        self.answer()
        self.assertEqual(client.transport.producerState, "producing")

    def test_theFINGoesThroughAndTheAnswerComesBack(self):
        relay = self.make()
        client = self.client()
        upstream = self.answer()
        [pair] = relay.open
        client.dataReceived(b"request")
        client.readConnectionLost()
        self.assertEqual((upstream.value(), upstream.ended), (b"request", "end"))
        self.assertEqual(client.transport.ended, "")
        self.reactor.advance(1)
        pair.server.dataReceived(b"answer")
        pair.server.readConnectionLost()
        self.assertEqual((client.transport.value(), client.transport.ended), (b"answer", "end"))
        [record] = self.records()
        self.assertEqual(
            record,
            {
                "start": "1970-01-01T00:00:00.000+00:00",
                "duration": 1.0,
                "peer": "192.168.1.1:54321",
                "listener": "10.0.0.1:12345",
                "upstream": "10.0.0.9:1",
                "attempts": 1,
                "bytesRead": 7,
                "bytesWritten": 6,
                "firstByte": 1.0,
                "ended": "client-fin",
                "error": "",
            },
        )

    def test_whoeverFailsTheOtherIsReset(self):
        for side, other, ended in [
            ("client", "server", "client-reset"),
            ("server", "client", "upstream-reset"),
        ]:
            relay = self.make()
            self.client()
            self.answer()
            [pair] = relay.open
            getattr(pair, side).destroy(ConnectionResetError("gone"))
            self.turns()
            self.assertEqual(getattr(pair, other).transport.ended, "abort")
            [record] = self.records()
            self.assertEqual((record["ended"], record["error"]), (ended, "gone"))
            self.assertEqual(relay.open, set())
            self.assertEqual(relay.limits.count, 0)
            self.assertEqual(relay.upstreams.all[0].active, 0)

    def test_whoClosesWithoutAnEndHasReset(self):
        # A stream closes so, without an error, if it was reset before our FIN went.
        for side, other in ("client", "server"), ("server", "client"):
            relay = self.make()
            self.client()
            self.answer()
            [pair] = relay.open
            getattr(pair, side).destroy()
            self.turns()
            self.assertEqual(getattr(pair, other).transport.ended, "abort")
            [record] = self.records()
            self.assertIn("-reset", record["ended"])


class ConnectTests(RelayCase):
    """
    To find an upstream.
    """

    def test_theNextIsTriedWhenOneFails(self):
        relay = self.make(1, 2)
        self.client()
        self.refuse()
        self.answer()
        self.assertEqual(self.ports(), [1, 2])
        [pair] = relay.open
        self.assertEqual(
            (pair.record()["upstream"], pair.record()["attempts"]), ("10.0.0.9:2", 2)
        )
        self.assertEqual(pair.record()["error"], "10.0.0.9:1: ECONNREFUSED")

    def test_whenNoneAnswersTheClientIsResetAndTheRecordSaysWhy(self):
        self.make(1, 2, choice={"retries": 1})
        client = self.client()
        self.refuse()
        self.reactor.advance(5)  # the second does not answer
        self.turns()
        self.refuse()
        self.assertEqual(self.ports(), [1, 2, 1])
        self.assertEqual(client.transport.ended, "abort")
        [record] = self.records()
        self.assertEqual((record["ended"], record["attempts"]), ("connect-failed", 3))
        self.assertEqual(record["upstream"], None)
        self.assertEqual(
            record["error"],
            "10.0.0.9:1: ECONNREFUSED; 10.0.0.9:2: ETIMEDOUT; 10.0.0.9:1: ECONNREFUSED",
        )
        self.assertEqual(self.events[-1]["log_level"].name, "info")
        self.assertEqual(self.events[-1]["ended"], "connect-failed")

    def test_aPROXYHeaderComesFirst(self):
        self.make(sendProxy=1)
        client = self.client()
        upstream = self.answer()
        client.dataReceived(b"data")
        self.assertEqual(
            upstream.value(), b"PROXY TCP4 192.168.1.1 10.0.0.1 54321 12345\r\ndata"
        )

    def test_aHeaderThatTheClientBeganWithSaysWhoItIs(self):
        ends = IPv4Address("TCP", "192.0.2.1", 1), IPv4Address("TCP", "198.51.100.2", 80)
        relay = self.make(sendProxy=1)
        self.proxied(relay, Header(*ends))
        upstream = self.answer()
        self.assertEqual(upstream.value(), b"PROXY TCP4 192.0.2.1 198.51.100.2 1 80\r\n")
        relay.cut()
        [record] = self.records()
        self.assertEqual(
            (record["peer"], record["listener"]), ("192.0.2.1:1", "198.51.100.2:80")
        )

    def test_aHeaderThatNamesNobodyLeavesTheConnectionsOwnAddresses(self):
        relay = self.make(sendProxy=1)
        self.proxied(relay, Header())
        upstream = self.answer()
        self.assertEqual(upstream.value(), b"PROXY TCP4 192.168.1.1 10.0.0.1 54321 12345\r\n")
        relay.cut()
        [record] = self.records()
        self.assertEqual(
            (record["peer"], record["listener"]), ("192.168.1.1:54321", "10.0.0.1:12345")
        )


class IdleTests(RelayCase):
    """
    What ends connections that nothing moves on: sooner than the time never, later by a
    sixteenth at most.
    """

    def pair(self, **settings):
        relay = self.make(**settings)
        self.client()
        self.answer()
        [pair] = relay.open
        return relay, pair

    def run_(self, seconds):
        for _ in range(round(seconds * 10)):
            self.reactor.advance(0.1)

    def test_idleConnectionsAreCut(self):
        relay, pair = self.pair(timeout=16)
        self.run_(10)
        pair.server.dataReceived(b"x")
        self.run_(15.9)
        self.assertEqual(len(relay.open), 1)
        self.run_(2.2)
        self.assertEqual(pair.client.transport.ended, "abort")
        [record] = self.records()
        self.assertEqual(record["ended"], "idle-timeout")

    def test_afterAFINItIsTheHalfCloseTimeoutThatCounts(self):
        for side in "client", "server":
            relay, pair = self.pair(timeout=3600, halfCloseTimeout=16)
            self.run_(30)
            getattr(pair, side).readConnectionLost()
            self.run_(15.9)
            self.assertEqual(len(relay.open), 1)
            other = "server" if side == "client" else "client"
            getattr(pair, other).dataReceived(b"late")
            self.run_(15.9)
            self.assertEqual(len(relay.open), 1)
            self.run_(2.2)
            [record] = self.records()
            self.assertEqual(record["ended"], "half-close-timeout")

    def test_zeroIsNever(self):
        relay, pair = self.pair(timeout=0, halfCloseTimeout=0)
        pair.client.readConnectionLost()
        self.reactor.pump([3600] * 3)
        self.assertEqual(relay.open, {pair})


class LimitTests(RelayCase):
    """
    Who is refused.
    """

    def test_aboveTheLimitTheyAreClosedAndToldOfOnceASecond(self):
        self.make(limits=Limits(Networks(), 1))
        self.client()
        refused = [self.client() for _ in range(5)]
        self.assertEqual({each.transport.ended for each in refused}, {"abort"})
        self.assertEqual(len(self.reactor.tcpClients), 1)
        self.reactor.advance(1)
        self.reactor.advance(1)
        records = self.records()
        self.assertEqual(
            [(each["ended"], each["error"], each["count"]) for each in records],
            [("refused", "max-connections", 1), ("refused", "max-connections", 4)],
        )

    def test_whoHasGoneMakesRoom(self):
        relay = self.make(limits=Limits(Networks(), 1, 1))
        client = self.client()
        client.destroy()
        self.reactor.tcpClients[0][2].clientConnectionFailed(None, REFUSED)
        self.turns()
        self.client()
        self.assertEqual(len(relay.open), 1)

    def test_behindAProxyTheyAreKnownByTheirHeaders(self):
        relay = self.make(limits=Limits(Networks(), None, 1))

        def come(source):
            client = self.proxied(relay, Header(source, source))
            self.turns()
            return client

        one, other = (IPv4Address("TCP", f"192.0.2.{number}", 1) for number in (1, 2))
        unnamed = UNIXAddress(b"/run/client")
        first = come(one)
        for source, there in (one, 1), (other, 2), (unnamed, 3), (unnamed, 4), (None, 5):
            come(source)
            self.assertEqual(len(relay.open), there)
        come(None)
        self.assertEqual(len(relay.open), 5)
        first.destroy()
        self.reactor.tcpClients[0][2].clientConnectionFailed(None, REFUSED)
        self.turns()
        self.assertEqual(len(relay.open), 4)
        come(one)
        self.assertEqual(len(relay.open), 5)
        self.assertEqual(
            {(each["peer"], each["error"]) for each in self.records() if each["error"]},
            {
                ("192.0.2.1:1", "max-connections-per-host"),
                ("192.0.2.1:1", "10.0.0.9:1: ECONNREFUSED"),
            },
        )


class DrainTests(RelayCase):
    """
    The end of the service.
    """

    def test_cutResetsAllAndRecordsThem(self):
        relay = self.make()
        ended = []
        relay.onEnd = lambda: ended.append(len(relay.open))
        one, other = self.client(), self.client()
        self.answer(0)  # the second is still connecting
        relay.stop()
        self.assertEqual(len(relay.open), 2)
        relay.cut()
        self.turns()
        self.assertEqual((one.transport.ended, other.transport.ended), ("abort", "abort"))
        self.assertEqual(ended, [1, 0])
        self.assertEqual([each["ended"] for each in self.records()], ["drained"] * 2)
        relay.close()
        self.assertEqual(self.reactor.getDelayedCalls(), [])
