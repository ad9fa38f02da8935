"""
Tests for L{nodenet.service.daemon}.
"""

from __future__ import annotations

from types import SimpleNamespace

from twisted.application.service import IService
from twisted.internet.defer import Deferred, fail
from twisted.internet.endpoints import TCP4ServerEndpoint, UNIXServerEndpoint
from twisted.internet.error import CannotListenError
from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.logger import LogLevel, globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from nodenet import net
from nodenet.service import daemon as module
from nodenet.service.daemon import CannotStart, Daemon
from nodenet.service.echo import echo
from nodenet.service.echosession import Echo
from nodenet.service.sessions import Sessions


class Refusing:
    """
    An endpoint that cannot.
    """

    def __init__(self, error):
        self.error = error

    def listen(self, factory):
        return fail(self.error)


class Port:
    """
    A port that takes its time to stop.
    """

    def __init__(self):
        self.stopped = Deferred()

    def stopListening(self):
        return self.stopped


class DaemonCase(SynchronousTestCase):
    def setUp(self):
        self.reactor = MemoryReactorClock()
        self.events = []
        globalLogPublisher.addObserver(self.events.append)
        self.addCleanup(globalLogPublisher.removeObserver, self.events.append)

    def make(self, *endpoints, **settings):
        sessions = Sessions(self.reactor, Echo(echo()), sweep=16)
        server = net.createServer(sessions.accept, reactor=self.reactor)
        endpoints = endpoints or (("--port 8124", TCP4ServerEndpoint(self.reactor, 8124)),)
        return Daemon(self.reactor, server, list(endpoints), sessions, **settings)

    def start(self, *endpoints, **settings):
        service = self.make(*endpoints, **settings)
        service.privilegedStartService()
        service.startService()
        return service

    def connect(self, service):
        stream = service.factory.buildProtocol(None)
        stream.makeConnection(StringTransport())
        return stream

    def logged(self, level):
        return [
            event["log_format"].format(**event)
            for event in self.events
            if event["log_level"] is level
        ]


class ListeningTests(DaemonCase):
    """
    The start.
    """

    def test_itIsAService(self):
        verifyObject(IService, self.make())

    def test_itBindsWhileItIsPrivilegedAndSaysWhere(self):
        service = self.make()
        self.assertEqual(self.reactor.tcpServers, [])
        service.privilegedStartService()
        self.assertEqual([each[0] for each in self.reactor.tcpServers], [8124])
        self.assertEqual(self.logged(LogLevel.info), ["Listening on 0.0.0.0:8124"])
        service.startService()
        self.assertEqual(len(self.reactor.tcpServers), 1)
        self.assertTrue(service.running)

    def test_aRunnerThatKnowsNoPrivilegesHasItBindWhenItStarts(self):
        service = self.make()
        service.startService()
        self.assertEqual([each[0] for each in self.reactor.tcpServers], [8124])

    def test_anEndpointThatFailsLaterStopsTheDaemon(self):
        later = Deferred()
        endpoint = SimpleNamespace(listen=lambda factory: later)
        self.patch(module.sys, "stderr", module.sys.stderr)
        self.patch(self.reactor, "stop", lambda: self.events.append({"stopped": True}))
        self.patch(self.reactor, "callWhenRunning", lambda call: call())
        self.start(("--listen slow:1", endpoint))
        later.errback(OSError(13, "Permission denied"))
        self.assertIn({"stopped": True}, self.events)
        self.events.remove({"stopped": True})
        self.assertEqual(
            self.logged(LogLevel.critical),
            ["--listen slow:1: cannot listen: Permission denied"],
        )

    def test_aPortThatComesAfterTheEndIsStopped(self):
        later, port = Deferred(), Port()
        endpoint = SimpleNamespace(listen=lambda factory: later)
        service = self.start(("--listen slow:1", endpoint))
        service.stopService()
        stopped = []
        port.stopListening = lambda: stopped.append(port)
        later.callback(port)
        self.assertEqual(stopped, [port])

    def test_allAreServedByTheSameFactory(self):
        service = self.start(
            ("--port 1", TCP4ServerEndpoint(self.reactor, 1)),
            ("--path /run/x", UNIXServerEndpoint(self.reactor, "/run/x")),
        )
        [(port, tcp, *_)], [(path, unix, *_)] = (
            self.reactor.tcpServers,
            self.reactor.unixServers,
        )
        self.assertEqual((port, path), (1, "/run/x"))
        self.assertIs(tcp, service.factory)
        self.assertIs(unix, service.factory)
        self.assertEqual(
            self.logged(LogLevel.info), ["Listening on 0.0.0.0:1", "Listening on unix:/run/x"]
        )


class CannotListenTests(DaemonCase):
    """
    An endpoint cannot listen.
    """

    def refusal(self, error, *before):
        """
        @return: what the start raises.
        """
        self.patch(module.sys, "stderr", module.sys.stderr)
        service = self.make(*before, ("--port 7", Refusing(error)))
        return self.assertRaises(CannotStart, service.privilegedStartService)

    def test_itEndsTheProcessWithOneLine(self):
        error = self.refusal(OSError(13, "Permission denied"))
        line = "--port 7: cannot listen: Permission denied"
        self.assertIsInstance(error, SystemExit)
        # What Python writes at the exit; the status is 1 then.
        self.assertEqual(error.code, f"twistd nodenet: {line}")
        self.assertEqual(str(error), error.code)
        self.assertEqual(self.logged(LogLevel.critical), [line])
        self.assertEqual(len(self.events), 1)

    def test_thatIsForWhoStartedItAndNotForTheLog(self):
        self.patch(module.sys, "stderr", None)  # as twistd has it
        service = self.make(("--port 7", Refusing(OSError(13, "Permission denied"))))
        self.assertRaises(CannotStart, service.privilegedStartService)
        self.assertIs(module.sys.stderr, module.sys.__stderr__)

    def test_itIsTheOptionThatIsNamed(self):
        one = ("--port 1", TCP4ServerEndpoint(self.reactor, 1))
        error = self.refusal(OSError(98, "Address already in use"), one)
        self.assertEqual(
            str(error), "twistd nodenet: --port 7: cannot listen: Address already in use"
        )

    def test_ofTwistedsErrorsThereIsTheSystems(self):
        error = self.refusal(CannotListenError("", 7, OSError(13, "Permission denied")))
        self.assertEqual(
            str(error), "twistd nodenet: --port 7: cannot listen: Permission denied"
        )

    def test_anythingElseSaysWhatItIs(self):
        for raised, why in [
            (ValueError("so not"), "so not"),
            (ZeroDivisionError(), "ZeroDivisionError"),
            (CannotListenError("", 7, "no such thing"), "no such thing"),
        ]:
            self.assertEqual(
                str(self.refusal(raised)), f"twistd nodenet: --port 7: cannot listen: {why}"
            )


class StoppingTests(DaemonCase):
    """
    The end.
    """

    def test_withoutConnectionsItIsDoneAtOnce(self):
        service = self.start()
        self.successResultOf(service.stopService())
        self.assertEqual(self.reactor.getDelayedCalls(), [])
        self.assertFalse(service.running)
        self.assertEqual(len(self.logged(LogLevel.info)), 1)

    def test_itListensNoMoreBeforeItIsDone(self):
        service = self.start()
        port = Port()
        service.ports = [port]
        stopped = service.stopService()
        self.assertNoResult(stopped)
        port.stopped.callback(None)
        self.successResultOf(stopped)

    def test_connectionsAreEndedAndWaitedFor(self):
        service = self.start(drain=5)
        one, other = self.connect(service), self.connect(service)
        stopped = service.stopService()
        self.assertEqual(
            self.logged(LogLevel.info)[1:], ["Stopping: 2 connections have 5 s to end"]
        )
        self.assertTrue(one.transport.disconnecting)
        one.readConnectionLost()
        self.reactor.advance(0)
        self.assertNoResult(stopped)
        other.readConnectionLost()
        self.reactor.advance(0)
        self.successResultOf(stopped)
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_afterDrainSecondsTheyAreCut(self):
        service = self.start(drain=2.5)
        stream = self.connect(service)
        stopped = service.stopService()
        self.assertIn("Stopping: 1 connections have 2.5 s to end", self.logged(LogLevel.info))
        self.reactor.advance(2.25)
        self.assertEqual(stream.readyState, "readOnly")
        self.reactor.advance(0.25)
        self.reactor.advance(0)
        self.assertEqual(stream.readyState, "closed")
        self.successResultOf(stopped)
        self.assertEqual([event["why"] for event in self.events if "peer" in event], ["cut"])
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_theyMayBeCutBefore(self):
        service = self.start(drain=3600)
        self.connect(service)
        stopped = service.stopService()
        service.sessions.cut()
        self.reactor.advance(0)
        self.successResultOf(stopped)
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_aConnectionThatEndsBeforeDoesNotStopIt(self):
        service = self.start()
        stream = self.connect(service)
        self.assertEqual(len(service.sessions.open), 1)
        stream.destroy()
        self.reactor.advance(0)
        self.assertEqual(service.sessions.open, set())
        self.assertTrue(self.reactor.getDelayedCalls())
        self.assertEqual(len(service.ports), 1)

    def test_whatWasNotToldYetIsToldBeforeItIsDone(self):
        service = self.start()
        for _ in range(3):
            self.connect(service).destroy()
        self.reactor.advance(0)
        self.successResultOf(service.stopService())
        self.assertEqual([event["count"] for event in self.events if "peer" in event], [1, 2])
