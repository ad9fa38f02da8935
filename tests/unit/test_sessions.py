"""
Tests for L{nodenet.service.sessions}.
"""

from __future__ import annotations

import json
from ipaddress import ip_network
from types import SimpleNamespace

from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.logger import LogLevel, globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase

from nodenet import net
from nodenet.service import sessions as module
from nodenet.service.accesslog import AccessLog
from nodenet.service.admission import AddressRules, Admission
from nodenet.service.proxyprotocol import Header
from nodenet.service.record import Ending
from nodenet.service.sessions import Session, Sessions, more
from nodenet.service.settings import Rule

#: Seconds since 1970, by the wall clock.
NOW = 1764000000.0

HERE = IPv4Address("TCP", "192.0.2.9", 8124)


class Served(Session):
    """
    A session that writes down what is asked of it, in the service's C{calls}.
    """

    __slots__ = ("calls",)

    def __init__(self, calls, sessions, client, header, host):
        super().__init__(sessions, client, header, host)
        self.calls = calls
        client.resume()
        client.on("close", self._closed)

    def _closed(self, had_error):
        self.ending = self.ending or Ending.CLIENT_FIN
        self.finish()

    def tell(self, count):
        self.calls.append(("tell", self, count))

    def stop(self):
        self.calls.append(("stop", self))

    def cut(self, ending):
        self.ending = ending
        self.client.destroy()

    def check(self, now):
        self.calls.append(("check", self, now))


class Serving:
    """
    A C{Service}.
    """

    def __init__(self):
        self.calls = []

    def begin(self, sessions, client, header, host):
        return Served(self.calls, sessions, client, header, host)

    def sweep(self):
        self.calls.append(("sweep",))

    def close(self):
        self.calls.append(("close",))


class SessionsCase(SynchronousTestCase):
    def setUp(self):
        self.events = []
        globalLogPublisher.addObserver(self.events.append)
        self.addCleanup(globalLogPublisher.removeObserver, self.events.append)
        self.clock = Clock()
        self.wall = NOW
        self.patch(module, "time", SimpleNamespace(time=lambda: self.wall))
        self.service = Serving()
        self.file = self.mktemp()

    def make(self, *rules, most=None, mostPerHost=None, accessLog=True, **settings):
        """
        @param rules: C{+} or C{-}, and a network.
        """
        if rules or most is not None or mostPerHost is not None:
            settings["admission"] = Admission(
                AddressRules(Rule(rule[0] == "+", ip_network(rule[1:])) for rule in rules),
                most,
                mostPerHost,
            )
        log = AccessLog(self.clock, self.file) if accessLog else None
        self.sessions = Sessions(self.clock, self.service, accessLog=log, **settings)
        return self.sessions

    def connect(self, host="192.0.2.1", header=None, here=HERE):
        """
        @return: a client's stream.
        """
        kind = IPv6Address if ":" in host else IPv4Address
        stream = net.Stream(reactor=self.clock)
        stream.makeConnection(
            StringTransport(hostAddress=here, peerAddress=kind("TCP", host, 1))
        )
        self.sessions.accept(stream, header)
        return stream

    def end(self, *streams):
        for stream in streams:
            stream.destroy()
        self.clock.advance(0)

    def told(self):
        """
        @return: what was told of sessions: how each has ended, and of how many it was.
        """
        return [(one[1].ending, one[2]) for one in self.service.calls if one[0] == "tell"]

    def warnings(self):
        return [
            event["log_format"].format(**event)
            for event in self.events
            if event["log_level"] is LogLevel.warn
        ]

    def records(self):
        """
        @return: the access log, a second later.
        """
        self.clock.advance(1)
        return self.read()

    def read(self):
        with open(self.file, encoding="ascii") as file:
            return [json.loads(line) for line in file]


class OpenTests(SessionsCase):
    """
    What is open.
    """

    def test_aClientIsASessionUntilItHasEnded(self):
        sessions = self.make()
        one, other = self.connect(), self.connect()
        self.assertEqual({session.client for session in sessions.open}, {one, other})
        self.end(one)
        self.assertEqual([session.client for session in sessions.open], [other])

    def test_whenTheLastHasEndedThatIsSaid(self):
        sessions = self.make()
        ends = []
        sessions.onEnd = lambda: ends.append(len(sessions.open))
        one, other = self.connect(), self.connect()
        self.end(one)
        self.assertEqual(ends, [])
        self.end(other)
        self.assertEqual(ends, [0])

    def test_ofASessionThatHasEndedTheClientIsForgottenAndItsBytesAreNot(self):
        sessions = self.make()
        stream = self.connect()
        [session] = sessions.open
        stream.dataReceived(b"hello")
        stream.write(b"you")
        self.end(stream)
        self.assertIsNone(session.client)
        self.assertEqual((session.bytesRead, session.bytesWritten), (5, 3))

    def test_clientsAreKeptAliveIfThatIsAskedFor(self):
        asked = []
        self.patch(net.Stream, "setKeepAlive", lambda _, *args: asked.append(args))
        self.make()
        self.connect()
        self.assertEqual(asked, [])
        self.make(keepAlive=60)
        self.connect()
        self.assertEqual(asked, [(True, 60000)])


class AdmissionTests(SessionsCase):
    """
    Who may come.
    """

    def test_whoMayNotIsClosedAndNoSession(self):
        sessions = self.make("-192.0.2.0/24")
        stream = self.connect("192.0.2.1")
        self.assertEqual(stream.readyState, "closed")
        self.assertTrue(stream.transport.disconnecting or stream.transport.disconnected)
        self.assertEqual(sessions.open, set())
        self.assertEqual(self.connect("198.51.100.1").readyState, "open")
        self.assertEqual(len(sessions.open), 1)

    def test_whoHasEndedMakesRoom(self):
        sessions = self.make(most=1)
        one = self.connect()
        self.assertEqual(self.connect().readyState, "closed")
        self.clock.advance(0)
        self.end(one)
        self.assertEqual(sessions.admission.count, 0)
        self.assertEqual(self.connect().readyState, "open")

    def test_hostsAreCountedAtBothEnds(self):
        self.make(mostPerHost=1)
        one = self.connect("192.0.2.1")
        self.assertEqual(self.connect("192.0.2.1").readyState, "closed")
        self.assertEqual(self.connect("192.0.2.2").readyState, "open")
        self.end(one)
        self.assertEqual(self.connect("192.0.2.1").readyState, "open")
        self.assertEqual(self.connect("192.0.2.2").readyState, "closed")

    def test_aFaultOfTheServiceGivesTheHostsPlaceBack(self):
        def begin(sessions, client, header, host):
            Served([], sessions, client, header, host)
            raise ZeroDivisionError

        self.make(mostPerHost=1)
        self.patch(self.service, "begin", begin)
        stream = net.Stream(reactor=self.clock)
        stream.makeConnection(
            StringTransport(hostAddress=HERE, peerAddress=IPv4Address("TCP", "192.0.2.1", 1))
        )
        self.assertRaises(ZeroDivisionError, self.sessions.accept, stream)
        self.end(stream)
        self.assertIsNone(self.sessions.admission.enter("192.0.2.1"))

    def test_anIPv4ClientOfASocketForBothFamiliesIsCountedByItsIPv4Address(self):
        self.make(mostPerHost=1)
        one = self.connect("::ffff:192.0.2.1")
        self.assertEqual(self.connect("192.0.2.1").readyState, "closed")
        self.end(one)
        self.assertEqual(self.connect("192.0.2.1").readyState, "open")

    def test_behindAProxyItIsTheClientsAddressThatCounts(self):
        self.make("-203.0.113.0/24", mostPerHost=1)
        some = Header(IPv4Address("TCP", "203.0.113.1", 1), HERE)
        others = Header(IPv4Address("TCP", "198.51.100.1", 1), HERE)
        self.assertEqual(self.connect(header=some).readyState, "closed")
        self.assertEqual(self.connect(header=others).readyState, "open")
        self.assertEqual(self.connect(header=others).readyState, "closed")
        # A proxy that speaks for itself.
        self.assertEqual(self.connect(header=Header()).readyState, "open")
        self.assertEqual(self.connect(header=Header()).readyState, "closed")

    def test_whereAddressesDoNotMatterNobodyAsksForThem(self):
        self.make(most=1, accessLog=False)
        self.patch(StringTransport, "getPeer", self.fail)
        self.assertEqual(self.connect().readyState, "open")


class RefusedTests(SessionsCase):
    """
    What is told of who is not served.
    """

    def test_itIsAWarningAndARecord(self):
        self.make("-192.0.2.0/24")
        self.connect("192.0.2.1")
        self.assertEqual(self.warnings(), ["192.0.2.1:1 refused (deny)"])
        [event] = [event for event in self.events if event["log_level"] is LogLevel.warn]
        fields = {field: event[field] for field in ("peer", "error", "ended", "count")}
        self.assertEqual(
            fields, {"peer": "192.0.2.1:1", "error": "deny", "ended": "refused", "count": 1}
        )
        self.assertEqual(
            self.records(),
            [
                {
                    "start": "2025-11-24T16:00:00.000+00:00",
                    "duration": 0,
                    "peer": "192.0.2.1:1",
                    "listener": None,
                    "upstream": None,
                    "attempts": 0,
                    "bytesRead": 0,
                    "bytesWritten": 0,
                    "firstByte": None,
                    "ended": "refused",
                    "error": "deny",
                    "count": 1,
                }
            ],
        )

    def test_thoseOfASecondAreOneByTheLast(self):
        self.make("-192.0.2.0/24")
        for number in range(1, 5):
            self.connect(f"192.0.2.{number}")
        self.assertEqual(len(self.warnings()), 1)
        self.wall += 1
        self.clock.advance(1)
        self.assertEqual(self.warnings()[1:], ["192.0.2.4:1 refused (deny), and 2 before it"])
        record = self.records()[1]
        self.assertEqual(
            (record["start"], record["peer"], record["count"]),
            ("2025-11-24T16:00:01.000+00:00", "192.0.2.4:1", 3),
        )

    def test_eachReasonHasItsOwnLine(self):
        self.make("-192.0.2.0/24", most=1)
        for host in "192.0.2.1", "198.51.100.1", "198.51.100.2":
            self.connect(host)
        self.assertEqual(
            self.warnings(),
            ["192.0.2.1:1 refused (deny)", "198.51.100.2:1 refused (max-connections)"],
        )

    def test_moreThanTheReasonMayBeSaid(self):
        sessions = self.make()
        peer = IPv6Address("TCP", "::ffff:192.0.2.1", 7)
        sessions.refuse("proxy-protocol", peer, "no header in time")
        error = "proxy-protocol: no header in time"
        self.assertEqual(self.warnings(), [f"192.0.2.1:7 refused ({error})"])
        [record] = self.records()
        self.assertEqual((record["peer"], record["error"]), ("192.0.2.1:7", error))

    def test_itIsTheClientBehindAProxyThatIsNamed(self):
        self.make("-203.0.113.0/24")
        self.connect(header=Header(IPv4Address("TCP", "203.0.113.1", 5), HERE))
        self.assertEqual(self.warnings(), ["203.0.113.1:5 refused (deny)"])

    def test_withoutAnAccessLogItIsAWarning(self):
        self.make("-192.0.2.0/24", accessLog=False)
        self.connect()
        self.clock.advance(1)
        self.assertEqual(self.warnings(), ["192.0.2.1:1 refused (deny)"])


class EndedTests(SessionsCase):
    """
    What is told of a session that has ended.
    """

    def test_itIsARecord(self):
        self.make()
        stream = self.connect()
        stream.dataReceived(b"hello")
        stream.write(b"you")
        self.clock.advance(2)
        self.end(stream)
        self.assertEqual(
            self.records(),
            [
                {
                    "start": "2025-11-24T16:00:00.000+00:00",
                    "duration": 2,
                    "peer": "192.0.2.1:1",
                    "listener": "192.0.2.9:8124",
                    "upstream": None,
                    "attempts": 0,
                    "bytesRead": 5,
                    "bytesWritten": 3,
                    "firstByte": None,
                    "ended": "client-fin",
                    "error": "",
                    "count": 1,
                }
            ],
        )

    def test_theStartIsTheWallClocksAndTheDurationIsNot(self):
        self.make()
        for step in -3600, 3600:
            self.wall = NOW
            stream = self.connect()
            self.clock.advance(2)
            self.wall += step
            self.end(stream)
        for record in self.records():
            self.assertEqual(
                (record["start"], record["duration"]), ("2025-11-24T16:00:00.000+00:00", 2)
            )

    def test_addressesAreThoseOfAHeader(self):
        self.make()
        source = IPv6Address("TCP", "::ffff:203.0.113.1", 5)
        destination = IPv6Address("TCP", "::ffff:203.0.113.2", 6)
        unix = Header(UNIXAddress(b"/from"), UNIXAddress(b"/to"))
        for header in Header(source, destination), unix, Header():
            self.end(self.connect(header=header))
        self.assertEqual(
            [(record["peer"], record["listener"]) for record in self.records()],
            [
                ("203.0.113.1:5", "203.0.113.2:6"),
                ("unix:/from", "unix:/to"),
                ("192.0.2.1:1", "192.0.2.9:8124"),
            ],
        )

    def test_mappedAddressesAreIPv4Addresses(self):
        sessions = self.make()
        client, here = (IPv6Address("TCP", f"::ffff:192.0.2.{n}", n) for n in (1, 9))
        for header in None, Header(client, here):
            stream = self.connect(client.host, header, here)
            [session] = sessions.open
            # That an upstream's PROXY header has, too.
            self.assertEqual(session.peerAddress(), IPv4Address("TCP", "192.0.2.1", 1))
            self.assertEqual(session.listenerAddress(), IPv4Address("TCP", "192.0.2.9", 9))
            self.end(stream)
        for record in self.records():
            self.assertEqual(
                (record["peer"], record["listener"]), ("192.0.2.1:1", "192.0.2.9:9")
            )

    def test_itIsToldOnceASecondOfThoseThatEndedAlike(self):
        sessions = self.make()
        for _ in range(3):
            self.end(self.connect())
        for _ in range(2):
            self.connect()
        sessions.cut()
        self.clock.advance(0)
        self.assertEqual(self.told(), [(Ending.CLIENT_FIN, 1), (Ending.DRAINED, 1)])
        self.clock.advance(1)
        self.assertEqual(self.told()[2:], [(Ending.CLIENT_FIN, 2), (Ending.DRAINED, 1)])
        self.assertEqual([record["count"] for record in self.records()], [1] * 5)

    def test_withoutAnAccessLogItIsTold(self):
        self.make(accessLog=False)
        self.end(self.connect())
        self.assertEqual(self.told(), [(Ending.CLIENT_FIN, 1)])


class EmptyTests(SessionsCase):
    """
    Clients that have sent nothing, where they are not logged.
    """

    def test_oneLineASecondIsOfAllThatEndedAlike(self):
        self.make(logEmpty=False)
        for number in range(1, 5):
            self.end(self.connect(f"192.0.2.{number}"))
        self.assertEqual(
            [(record["peer"], record["count"]) for record in self.read()], [("192.0.2.1:1", 1)]
        )
        self.assertEqual(
            [(record["peer"], record["count"]) for record in self.records()[1:]],
            [("192.0.2.4:1", 3)],
        )

    def test_eachEndingHasItsOwn(self):
        sessions = self.make(logEmpty=False)
        for _ in range(3):
            self.end(self.connect())
        for _ in range(3):
            self.connect()
        sessions.cut()
        self.clock.advance(0)
        self.clock.advance(1)
        self.assertEqual(
            sorted((record["ended"], record["count"]) for record in self.records()),
            [("client-fin", 1), ("client-fin", 2), ("drained", 1), ("drained", 2)],
        )

    def test_whoHasSentSomethingHasALineAlways(self):
        self.make(logEmpty=False)
        for _ in range(3):
            self.end(self.connect())
            stream = self.connect()
            stream.dataReceived(b"x")
            self.end(stream)
        self.clock.advance(1)
        self.assertEqual(
            sorted((record["bytesRead"], record["count"]) for record in self.records()),
            [(0, 1), (0, 2), (1, 1), (1, 1), (1, 1)],
        )

    def test_whatWasSentToThemDoesNotMatter(self):
        self.make(logEmpty=False)
        for _ in range(3):
            stream = self.connect()
            stream.write(b"hello")
            self.end(stream)
        self.assertEqual([record["count"] for record in self.records()], [1, 2])

    def test_elseEachHasItsOwn(self):
        self.make()
        for _ in range(3):
            self.end(self.connect())
        self.assertEqual([record["count"] for record in self.records()], [1] * 3)


class SweepTests(SessionsCase):
    """
    Looking for those that are idle.
    """

    def swept(self):
        return [call for call in self.service.calls if call[0] == "sweep"]

    def test_allAreLookedAtWithTheReactorsTime(self):
        sessions = self.make(sweep=16)
        self.connect(), self.connect()
        self.clock.advance(1)
        self.assertEqual(
            {call[1:] for call in self.service.calls if call[0] == "check"},
            {(session, 1) for session in sessions.open},
        )
        self.assertEqual(self.service.calls[-1], ("sweep",))

    def test_thatIsSixteenTimesInTheShortestTimeout(self):
        self.make(sweep=16)
        self.clock.pump([0.5] * 7)
        self.assertEqual(len(self.swept()), 3)

    def test_everyFiveSecondsAtLeast(self):
        for sweep in 3600, float("inf"):
            self.service.calls.clear()
            self.make(sweep=sweep)
            self.clock.pump([4.875, 0.125, 4.875])
            self.assertEqual(len(self.swept()), 1)
            self.sessions.close()

    def test_whereNoneHasATimeoutThereIsNoTimer(self):
        self.make()
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_aFaultWithOneDoesNotKeepTheOthersWaiting(self):
        def check(session, now):
            checked.append(session)
            raise ZeroDivisionError

        checked = []
        self.patch(Served, "check", check)
        self.make(sweep=16)
        for _ in range(3):
            self.connect()
        self.clock.advance(1)
        self.assertEqual(len(checked), 3)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 3)

    def test_oneMayEndAnother(self):
        sessions = self.make(sweep=16)
        self.connect(), self.connect()

        def check(session, now):
            for each in list(sessions.open):
                each.ending = Ending.IDLE_TIMEOUT
                sessions.ended(each)

        self.patch(Served, "check", check)
        self.clock.advance(1)
        self.assertEqual(sessions.open, set())
        self.assertEqual(self.swept(), [("sweep",)])


class EndTests(SessionsCase):
    """
    The daemon stops.
    """

    def test_allAreAskedToEnd(self):
        sessions = self.make()
        self.connect(), self.connect()
        sessions.stop()
        self.assertEqual(
            {call for call in self.service.calls if call[0] == "stop"},
            {("stop", session) for session in sessions.open},
        )

    def test_thoseThatAreLeftAreCut(self):
        sessions = self.make()
        self.connect(), self.connect()
        sessions.cut()
        self.clock.advance(0)
        self.assertEqual(sessions.open, set())
        self.assertEqual({record["ended"] for record in self.records()}, {"drained"})

    def test_whatWasNotToldYetIsToldInTheEnd(self):
        sessions = self.make("-198.51.100.0/24", sweep=16, logEmpty=False)
        for _ in range(3):
            self.end(self.connect())
            self.connect("198.51.100.1")
        self.clock.advance(0)
        sessions.close()
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.assertEqual(self.told(), [(Ending.CLIENT_FIN, 1), (Ending.CLIENT_FIN, 2)])
        self.assertEqual(len(self.warnings()), 2)
        self.assertEqual(
            sorted((record["ended"], record["count"]) for record in self.records()),
            [("client-fin", 1), ("client-fin", 2), ("refused", 1), ("refused", 2)],
        )
        self.assertEqual(self.service.calls[-1], ("close",))

    def test_theAccessLogIsClosed(self):
        sessions = self.make()
        sessions.close()
        sessions.accessLog.write("more\n")
        self.assertEqual(self.records(), [])

    def test_withoutAnAccessLogTheServiceIsClosedTheSame(self):
        self.make(accessLog=False).close()
        self.assertEqual(self.service.calls, [("close",)])


class MoreTests(SynchronousTestCase):
    """
    C{more}.
    """

    def test_ofOneThereIsNothingToSay(self):
        self.assertEqual(more(1), "")

    def test_ofOthersItIsHowManyThereWereBefore(self):
        self.assertEqual((more(2), more(1001)), (", and 1 before it", ", and 1000 before it"))
