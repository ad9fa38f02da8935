"""
Tests for L{nodenet.service.echosession} and L{nodenet.service.echo}.
"""

from __future__ import annotations

import json
from errno import ECONNRESET
from types import SimpleNamespace

from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.logger import LogLevel, globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase

from nodenet import net
from nodenet.errors import TLSError, errnoException
from nodenet.service import sessions as module
from nodenet.service.accesslog import AccessLog
from nodenet.service.echo import echo
from nodenet.service.echosession import Echo
from nodenet.service.record import Ending
from nodenet.service.sessions import Sessions


class EchoCase(SynchronousTestCase):
    def setUp(self):
        self.events = []
        globalLogPublisher.addObserver(self.events.append)
        self.addCleanup(globalLogPublisher.removeObserver, self.events.append)
        self.reactor = MemoryReactorClock()
        self.wall = 1764000000.0
        self.patch(module, "time", SimpleNamespace(time=lambda: self.wall))
        self.file = self.mktemp()

    def make(self, timeout=0, serve=None, **settings):
        self.sessions = Sessions(
            self.reactor,
            Echo(serve or echo()),
            accessLog=AccessLog(self.reactor, self.file),
            timeout=timeout,
            sweep=timeout,
            **settings,
        )
        self.server = net.createServer(self.sessions.accept, reactor=self.reactor)
        return self.sessions

    def connect(self):
        stream = self.server.buildProtocol(None)
        stream.makeConnection(StringTransport())
        return stream

    def lines(self):
        """
        @return: what the log says of clients.
        """
        return [event for event in self.events if "peer" in event]

    def texts(self):
        return [event["log_format"].format(**event) for event in self.lines()]

    def records(self):
        """
        @return: the access log, a second later.
        """
        self.reactor.advance(1)
        with open(self.file, encoding="ascii") as file:
            return [json.loads(line) for line in file]


class RecordTests(EchoCase):
    """
    What is told of a connection.
    """

    def test_itHasOneLineAtItsEnd(self):
        self.make()
        stream = self.connect()
        stream.dataReceived(b"hello")
        self.reactor.advance(2)
        self.assertEqual(self.lines(), [])
        stream.readConnectionLost()
        self.reactor.advance(0)
        [event] = self.lines()
        self.assertIs(event["log_level"], LogLevel.info)
        told = ("peer", "bytesRead", "bytesWritten", "duration", "why", "how", "count")
        self.assertEqual(
            {name: event[name] for name in told},
            {
                "peer": "192.168.1.1:54321",
                "bytesRead": 5,
                "bytesWritten": 5,
                "duration": 2,
                "why": "",
                "how": "",
                "count": 1,
            },
        )
        self.assertEqual(
            self.texts(), ["192.168.1.1:54321 closed: 5 bytes in, 5 bytes out, 2.000 s"]
        )

    def test_itHasOneRecordAtItsEnd(self):
        self.make()
        stream = self.connect()
        stream.dataReceived(b"hello")
        self.reactor.advance(2)
        stream.readConnectionLost()
        self.reactor.advance(0)
        self.assertEqual(
            self.records(),
            [
                {
                    "start": "2025-11-24T16:00:00.000+00:00",
                    "duration": 2,
                    "peer": "192.168.1.1:54321",
                    "listener": "10.0.0.1:12345",
                    "upstream": None,
                    "attempts": 0,
                    "bytesRead": 5,
                    "bytesWritten": 5,
                    "firstByte": None,
                    "ended": "client-fin",
                    "error": "",
                    "count": 1,
                }
            ],
        )

    def test_theStartIsTheWallClocksAndTheDurationIsNot(self):
        self.make()
        stream = self.connect()
        self.wall -= 3600
        self.reactor.advance(2)
        stream.destroy()
        self.reactor.advance(0)
        [record] = self.records()
        self.assertEqual(
            (record["start"], record["duration"]), ("2025-11-24T16:00:00.000+00:00", 2)
        )
        self.assertEqual(self.lines()[0]["duration"], 2)

    def test_anErrorIsSaidThereAndNowhereElse(self):
        self.make()
        self.connect().destroy(errnoException(ECONNRESET, "read"))
        self.reactor.advance(0)
        self.assertEqual(
            self.texts(),
            ["192.168.1.1:54321 closed (ECONNRESET): 0 bytes in, 0 bytes out, 0.000 s"],
        )
        self.assertEqual(self.lines()[0]["why"], "ECONNRESET")
        [record] = self.records()
        self.assertEqual((record["ended"], record["error"]), ("client-reset", "ECONNRESET"))
        self.assertEqual(len(self.events), 1)

    def test_aTLSEndWithoutCloseNotifyIsToldApart(self):
        self.make()
        for reason, ended in [
            ("truncated", "client-truncated"),
            ("no shared cipher", "client-reset"),
        ]:
            self.connect().destroy(TLSError(reason))
            self.reactor.advance(0)
            record = self.records()[-1]
            self.assertEqual(
                (record["ended"], record["error"]), (ended, f"EPROTO, TLS: {reason}")
            )

    def test_thoseThatEndedAlikeAreOneLineASecond(self):
        self.make()
        for _ in range(4):
            self.connect().destroy()
        self.connect().destroy(errnoException(ECONNRESET, "read"))
        self.reactor.advance(0)
        self.assertEqual([event["count"] for event in self.lines()], [1, 1])
        self.reactor.advance(1)
        self.assertEqual([event["count"] for event in self.lines()], [1, 1, 3])
        self.assertTrue(self.texts()[2].endswith(" 0.000 s, and 2 before it"))
        self.assertEqual(len(self.records()), 5)

    def test_aListenersFaultDoesNotKeepItOpen(self):
        def serve(stream):
            raise ZeroDivisionError("of the listener")

        sessions = self.make(serve=serve)
        stream = self.connect()
        self.reactor.advance(0)
        self.assertEqual(stream.readyState, "closed")
        self.assertEqual(sessions.open, set())
        self.assertEqual(self.records()[0]["error"], "of the listener")
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)


class IdleTests(EchoCase):
    """
    Connections on which nothing comes or goes.
    """

    def test_theyAreClosedWhenTheirTimeIsOver(self):
        self.make(timeout=16)
        stream = self.connect()
        self.reactor.pump([1] * 9)
        stream.dataReceived(b"x")
        self.reactor.pump([1] * 16)
        self.assertEqual(stream.readyState, "open")
        self.reactor.pump([1] * 2)
        self.assertEqual(stream.readyState, "closed")
        self.assertEqual(self.lines()[0]["why"], "idle")
        [record] = self.records()
        self.assertEqual((record["ended"], record["error"]), ("idle-timeout", ""))

    def test_whoSendsOnIsNot(self):
        self.make(timeout=16, serve=lambda stream: None)
        stream = self.connect()
        for _ in range(10):
            stream.dataReceived(b"x")
            self.reactor.pump([1] * 15)
        self.assertEqual(stream.readyState, "open")

    def test_whoIsSentSomethingIsNot(self):
        self.make(timeout=16, serve=lambda stream: None)
        stream = self.connect()
        for _ in range(10):
            stream.write(b"x")
            self.reactor.pump([1] * 15)
        self.assertEqual(stream.readyState, "open")

    def test_withoutATimeoutTheyStay(self):
        self.make()
        stream = self.connect()
        self.reactor.pump([3600] * 48)
        self.sessions._sweep()
        self.assertEqual(stream.readyState, "open")


class SecureTests(EchoCase):
    """
    Behind TLS.
    """

    def test_aClientIsSecuredBeforeItIsServed(self):
        calls = []
        self.make(
            secure=lambda stream: calls.append("secure"),
            serve=lambda stream: calls.append("serve"),
        )
        self.connect()
        self.assertEqual(calls, ["secure", "serve"])

    def test_whatFailsThereIsTold(self):
        self.make(secure=lambda stream: stream.destroy(TLSError("no")))
        self.connect()
        self.reactor.advance(0)
        self.assertEqual(self.lines()[0]["why"], "EPROTO, TLS: no")


class StopTests(EchoCase):
    """
    The daemon stops.
    """

    def test_connectionsAreEndedAndStillRead(self):
        sessions = self.make()
        stream = self.connect()
        sessions.stop()
        self.assertEqual(stream.readyState, "readOnly")
        self.assertEqual(len(sessions.open), 1)
        stream.readConnectionLost()
        self.assertEqual(self.records()[0]["ended"], "client-fin")
        self.assertEqual(sessions.open, set())

    def test_thoseThatAreCutAreClosed(self):
        sessions = self.make()
        stream = self.connect()
        sessions.cut()
        self.assertEqual(stream.readyState, "closed")
        self.assertEqual(self.records()[0]["ended"], "drained")
        self.assertEqual(self.lines()[0]["why"], "cut")

    def test_cuttingDoesNotChangeWhatHadEndedIt(self):
        sessions = self.make(timeout=16)
        self.connect()
        [session] = sessions.open
        session.cut(Ending.IDLE_TIMEOUT)
        sessions.cut()
        self.assertEqual(self.records()[0]["ended"], "idle-timeout")


class ListenerTests(SynchronousTestCase):
    """
    C{echo}.
    """

    def test_itGreetsAndEchoes(self):
        stream = net.Stream()
        stream.makeConnection(StringTransport())
        echo(b"hello\r\n")(stream)
        stream.dataReceived(b"ping")
        self.assertEqual(stream.transport.value(), b"hello\r\nping")

    def test_withoutAGreetingNothingIsSentFirst(self):
        stream = net.Stream()
        stream.makeConnection(StringTransport())
        echo()(stream)
        self.assertEqual(stream.transport.value(), b"")
