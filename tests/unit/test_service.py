"""
L{nodenet.service}: the daemon and the echo, on fakes.
"""

from __future__ import annotations

from nodenet.service.connections import Connections
from twisted.application.service import IService
from twisted.internet.defer import fail
from twisted.internet.endpoints import TCP4ServerEndpoint
from twisted.internet.error import CannotListenError
from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.logger import LogLevel, globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from nodenet import net
from nodenet.service import daemon
from nodenet.service.echo import echo


class Refusing:
    """
    An endpoint that cannot.
    """

    def listen(self, factory):
        return fail(CannotListenError("", 7, OSError(13, "Permission denied")))


class DaemonTests(SynchronousTestCase):
    """
    Listening, logging, ending.
    """

    def setUp(self):
        self.reactor = MemoryReactorClock()
        self.events = []
        globalLogPublisher.addObserver(self.events.append)
        self.addCleanup(globalLogPublisher.removeObserver, self.events.append)

    def make(self, timeout=0, **settings):
        served = Connections(self.reactor, echo(), timeout=timeout)
        server = net.createServer(served, reactor=self.reactor)
        listen = [("tcp:8124", TCP4ServerEndpoint(self.reactor, 8124))]
        service = daemon.Daemon(self.reactor, server, listen, served, **settings)
        service.privilegedStartService()
        service.startService()
        return service

    def connect(self, service):
        stream = service.factory.buildProtocol(None)
        stream.makeConnection(StringTransport())
        return stream

    def logged(self, level, field):
        return [e for e in self.events if e["log_level"] == level and field in e]

    def test_itIsAService(self):
        verifyObject(IService, self.make())

    def test_itBindsWhileItIsPrivilegedAndSaysWhere(self):
        self.make()
        self.assertEqual(self.reactor.tcpServers[0][0], 8124)
        [event] = self.logged(LogLevel.info, "address")
        self.assertEqual(event["address"], "0.0.0.0:8124")

    def test_aPortItCannotHaveEndsTheProcessWithOneLine(self):
        self.patch(daemon.sys, "stderr", daemon.sys.stderr)
        server = net.createServer(reactor=self.reactor)
        served = Connections(self.reactor, echo())
        service = daemon.Daemon(self.reactor, server, [("--port 7", Refusing())], served)
        error = self.assertRaises(daemon.CannotStart, service.privilegedStartService)
        self.assertIsInstance(error, SystemExit)
        self.assertEqual(
            str(error), "twistd nodenet: --port 7: cannot listen: Permission denied"
        )
        self.assertEqual(len(self.logged(LogLevel.critical, "message")), 1)

    def test_aConnectionHasOneRecordAtItsEnd(self):
        service = self.make()
        stream = self.connect(service)
        stream.dataReceived(b"hello")
        self.reactor.advance(2)
        stream.readConnectionLost()
        self.reactor.advance(0)
        [event] = self.logged(LogLevel.info, "peer")
        self.assertEqual(
            {
                name: event[name]
                for name in ("peer", "bytesRead", "bytesWritten", "duration", "why")
            },
            {
                "peer": "192.168.1.1:54321",
                "bytesRead": 5,
                "bytesWritten": 5,
                "duration": 2,
                "why": "",
            },
        )

    def test_anErrorIsSaidInTheRecordAndNowhereElse(self):
        service = self.make()
        self.connect(service).destroy(ConnectionResetError("gone"))
        self.reactor.advance(0)
        [event] = self.logged(LogLevel.info, "peer")
        self.assertEqual(event["why"], "gone")
        self.assertEqual(self.logged(LogLevel.critical, "log_level"), [])

    def test_idleConnectionsAreClosed(self):
        service = self.make(timeout=10)
        stream = self.connect(service)
        self.reactor.advance(9)
        stream.dataReceived(b"x")
        self.reactor.advance(9)
        self.assertEqual(stream.readyState, "open")
        self.reactor.advance(1)
        self.assertEqual(stream.readyState, "closed")
        self.reactor.advance(0)
        [event] = self.logged(LogLevel.info, "peer")
        self.assertEqual(event["why"], "idle")

    def test_stoppingWithoutConnectionsIsDoneAtOnce(self):
        service = self.make()
        self.successResultOf(service.stopService())
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_stoppingEndsConnectionsAndWaitsForThem(self):
        service = self.make(drain=5)
        one, other = self.connect(service), self.connect(service)
        stopped = service.stopService()
        self.assertTrue(one.transport.disconnecting)
        one.readConnectionLost()
        self.reactor.advance(0)
        self.assertNoResult(stopped)
        other.readConnectionLost()
        self.reactor.advance(0)
        self.successResultOf(stopped)
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_afterDrainSecondsItCutsThem(self):
        service = self.make(drain=5)
        stream = self.connect(service)
        stopped = service.stopService()
        self.reactor.advance(4.9)
        self.assertEqual(stream.readyState, "readOnly")
        self.reactor.advance(0.1)
        self.reactor.advance(0)
        self.assertEqual(stream.readyState, "closed")
        self.successResultOf(stopped)
        self.assertEqual(self.logged(LogLevel.info, "peer")[0]["why"], "cut")


class EchoTests(SynchronousTestCase):
    """
    The echo service.
    """

    def test_itGreetsAndEchoes(self):
        stream = net.Stream()
        stream.makeConnection(StringTransport())
        echo(b"hello\r\n")(stream)
        stream.dataReceived(b"ping")
        self.assertEqual(stream.transport.value(), b"hello\r\nping")
