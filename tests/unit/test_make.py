"""
Tests for L{nodenet.service.make}.
"""

from __future__ import annotations

import os
import signal
from dataclasses import fields, replace
from ipaddress import ip_network
from types import SimpleNamespace

from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.logger import LogLevel, globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase

from nodenet.endpoints import DescriptorEndpoint
from nodenet.net import Server
from nodenet.service import make as module
from nodenet.service.daemon import CannotStart
from nodenet.service.echosession import Echo
from nodenet.service.make import makeDaemon, makeService
from nodenet.service.proxyprotocol import ProxiedFactory
from nodenet.service.relay import Relay
from nodenet.service.settings import (
    ConnectTo,
    EchoSettings,
    ListenOn,
    RelaySettings,
    Rule,
    TLSFiles,
    UpstreamTLS,
)
from tests.certificates import Authority

AUTHORITY = Authority()
#: Keys and certificates.
PAIRS = [AUTHORITY.issue(name)[:2] for name in ("one.example", "two.example")]

LISTEN = (ListenOn("tcp:8124", "--port 8124"),)
TO = ConnectTo("192.0.2.8:9000", "192.0.2.8", 9000)

ECHO = EchoSettings(LISTEN)
RELAY = RelaySettings(LISTEN, upstreams=(TO,))


class MakeCase(SynchronousTestCase):
    def setUp(self):
        self.reactor = MemoryReactorClock()
        self.events = []
        globalLogPublisher.addObserver(self.events.append)
        self.addCleanup(globalLogPublisher.removeObserver, self.events.append)
        self.folder = os.path.abspath(self.mktemp())
        os.makedirs(self.folder)

    def file(self, name, text=None):
        """
        @return: the path of a file, which is there if there is a text.
        """
        path = os.path.join(self.folder, name)
        if text is not None:
            with open(path, "w", encoding="ascii") as file:
                file.write(text)
        return path

    def tlsFiles(self, index=0, **paths):
        key, cert = PAIRS[index]
        return replace(TLSFiles(self.file("key", key), self.file("cert", cert)), **paths)

    def make(self, settings, **changed):
        daemon, self.handlers = makeDaemon(replace(settings, **changed), self.reactor)
        self.addCleanup(daemon.sessions.close)
        return daemon

    def both(self, **changed):
        """
        @return: an echo and a relay, so changed.
        """
        return [self.make(each, **changed) for each in (ECHO, RELAY)]

    def relay(self, **changed):
        return self.make(RELAY, **changed).sessions.service

    def connect(self, daemon):
        stream = daemon.factory.buildProtocol(None)
        stream.makeConnection(StringTransport())
        return stream


class SettingTests(MakeCase):
    """
    What each setting, a test's name, reaches.
    """

    def test_allHaveATest(self):
        tested = {name[5:] for name in dir(self) if name.startswith("test_")}
        settings = {each.name for kind in (ECHO, RELAY) for each in fields(kind)}
        self.assertEqual(settings - tested, set())

    # Both

    def test_listen(self):
        listen = (
            ListenOn("tcp:8124:interface=127.0.0.1:backlog=7", "--port 8124"),
            ListenOn("unix:/run/x", "--path /run/x"),
            ListenOn(77, "--fd 77"),
        )
        for daemon in self.both(listen=listen):
            self.assertEqual(
                [given for given, _ in daemon.endpoints],
                ["--port 8124", "--path /run/x", "--fd 77"],
            )
            tcp, unix, fd = (endpoint for _, endpoint in daemon.endpoints)
            self.assertIsInstance(fd, DescriptorEndpoint)
            self.assertEqual(fd._fd, 77)
            self.reactor.tcpServers.clear()
            self.reactor.unixServers.clear()
            for each in tcp, unix:
                self.successResultOf(each.listen(daemon.factory))
            self.assertEqual(self.reactor.tcpServers, [(8124, daemon.factory, 7, "127.0.0.1")])
            self.assertEqual([each[0] for each in self.reactor.unixServers], ["/run/x"])

    def test_tls(self):
        for daemon in self.both(tls=self.tlsFiles()):
            credentials = daemon.sessions.secure._credentials
            self.assertIs(credentials.trusting, False)
            self.assertIs(credentials.rejectUnauthorized, False)
        for daemon in self.both(tls=self.tlsFiles(ca=self.file("ca", AUTHORITY.pem))):
            credentials = daemon.sessions.secure._credentials
            self.assertIs(credentials.trusting, True)
            self.assertIs(credentials.rejectUnauthorized, True)
        for daemon in self.both():
            self.assertIsNone(daemon.sessions.secure)

    def test_tlsMinVersion(self):
        for version in "1.2", "1.3":
            for daemon in self.both(tls=self.tlsFiles(), tlsMinVersion=version):
                details = daemon.sessions.secure._details
                self.assertEqual(details["secureProtocol"], f"TLSv{version}")

    def test_timeout(self):
        for daemon in self.both(timeout=32):
            self.assertEqual(daemon.sessions.timeout, 32)

    def test_drain(self):
        for daemon in self.both(drain=7):
            self.assertEqual(daemon.drain, 7)

    def test_maxConnections(self):
        for daemon in self.both(maxConnections=7):
            admission = daemon.sessions.admission
            self.assertEqual((admission.most, admission.mostPerHost), (7, None))
        for daemon in self.both():
            self.assertIsNone(daemon.sessions.admission)

    def test_keepAlive(self):
        for daemon in self.both(keepAlive=60):
            self.assertEqual(daemon.sessions.keepAlive, 60)
        self.assertEqual(daemon.sessions.service.keepAlive, 60)

    def test_accessLog(self):
        path = self.file("log")
        for daemon in self.both(accessLog=path):
            self.assertEqual(daemon.sessions.accessLog.name, path)
            self.assertTrue(os.path.exists(path))
        for daemon in self.both():
            self.assertIsNone(daemon.sessions.accessLog)

    def test_logEmpty(self):
        for log in True, False:
            for daemon in self.both(logEmpty=log):
                self.assertIs(daemon.sessions.logEmpty, log)

    # Echo

    def test_greeting(self):
        daemon = self.make(ECHO, greeting=b"hello")
        self.assertIsInstance(daemon.sessions.service, Echo)
        stream = self.connect(daemon)
        stream.dataReceived(b"ping")
        self.assertEqual(stream.transport.value(), b"helloping")

    def test_allowHalfOpen(self):
        for allow in True, False:
            self.assertIs(self.make(ECHO, allowHalfOpen=allow).factory.allowHalfOpen, allow)
        self.assertIs(self.make(RELAY).factory.allowHalfOpen, True)

    # Relay

    def test_upstreams(self):
        self.assertIsInstance(self.relay(), Relay)
        upstreams = (
            TO,
            ConnectTo("/run/x", path="/run/x"),
            ConnectTo("tcp:h:1", endpoint="tcp:192.0.2.7:1"),
        )
        one, other, third = self.relay(upstreams=upstreams).upstreams.all
        self.assertEqual((one.name, one.where), ("192.0.2.8:9000", (9000, "192.0.2.8")))
        self.assertEqual((other.name, other.where), ("/run/x", ("/run/x",)))
        self.assertEqual(third.name, "tcp:h:1")
        third.where[0].connect(None)
        self.assertEqual(self.reactor.tcpClients[0][:2], ("192.0.2.7", 1))

    def test_balance(self):
        self.assertEqual(self.relay(balance="first").upstreams.balance, "first")

    def test_connectTimeout(self):
        self.assertEqual(self.relay(connectTimeout=7).upstreams.deadlines._seconds, 7)

    def test_retries(self):
        self.assertEqual(self.relay(retries=7).upstreams.retries, 7)

    def test_maxFails(self):
        self.assertEqual(self.relay(maxFails=7).upstreams.maxFails, 7)

    def test_failTimeout(self):
        self.assertEqual(self.relay(failTimeout=7).upstreams.failTimeout, 7)

    def test_healthInterval(self):
        for seconds, probes in (0, 0), (7, 1):
            self.reactor = MemoryReactorClock()
            self.relay(healthInterval=seconds)
            self.reactor.pump([6.5, 0.5])
            self.assertEqual(len(self.reactor.tcpClients), probes)

    def test_halfCloseTimeout(self):
        self.assertEqual(self.relay(halfCloseTimeout=7).halfCloseTimeout, 7)

    def test_maxConnectionsPerHost(self):
        admission = self.make(RELAY, maxConnectionsPerHost=7).sessions.admission
        self.assertEqual((admission.most, admission.mostPerHost), (None, 7))

    def test_rules(self):
        rules = (Rule(False, ip_network("192.0.2.1")), Rule(True, ip_network("192.0.2.0/24")))
        admission = self.make(RELAY, rules=rules).sessions.admission
        self.assertEqual(
            [admission.enter(f"192.0.2.{number}") for number in (1, 2)], ["deny", None]
        )

    def test_proxyProtocol(self):
        daemon = self.make(RELAY, proxyProtocol=True)
        self.assertIsInstance(daemon.factory, ProxiedFactory)
        self.assertEqual(daemon.factory.accepted, daemon.sessions.accept)
        self.assertEqual(daemon.factory.refused, daemon.sessions.refuse)
        for daemon in self.both():
            self.assertIsInstance(daemon.factory, Server)

    def test_proxyProtocolFrom(self):
        hosts = "192.0.2.1", "198.51.100.1", None
        for networks, trusted in [
            ((), [True, True, True]),
            ((ip_network("192.0.2.0/24"),), [True, False, True]),
        ]:
            daemon = self.make(RELAY, proxyProtocol=True, proxyProtocolFrom=networks)
            self.assertEqual([daemon.factory.trusts(host) for host in hosts], trusted)

    def test_sendProxy(self):
        for version in None, 1, 2:
            self.assertEqual(self.relay(sendProxy=version).sendProxy, version)

    def test_upstreamTLS(self):
        self.assertIsNone(self.relay().secure)
        self.assertIs(self.relay(upstreamTLS=UpstreamTLS()).secure._credentials.trusting, False)
        files = self.tlsFiles(ca=self.file("ca", AUTHORITY.pem))
        made = self.relay(upstreamTLS=UpstreamTLS(files, "some.example")).secure._credentials
        self.assertEqual(
            (made.trusting, made.servername, made.rejectUnauthorized),
            (True, "some.example", True),
        )
        self.assertEqual(self.events, [])
        made = self.relay(upstreamTLS=UpstreamTLS(insecure=True)).secure._credentials
        self.assertIs(made.rejectUnauthorized, False)
        self.assertEqual(
            [(event["log_level"], event["log_format"]) for event in self.events],
            [
                (
                    LogLevel.warn,
                    "--upstream-insecure: whoever answers is taken for the upstream",
                )
            ],
        )

    def test_tlsTruncation(self):
        for how, closes in ("reset", False), ("close", True):
            self.assertIs(self.relay(tlsTruncation=how).closesTruncated, closes)

    def test_splice(self):
        self.assertIsNotNone(self.relay().splicer)
        self.assertIsNone(self.relay(splice=False).splicer)


class SweepTests(MakeCase):
    """
    How often it looks for what is idle.
    """

    def swept(self, settings, **changed):
        """
        @return: the time of the first look; C{None}: there is none.
        """
        self.reactor = MemoryReactorClock()
        self.make(settings, **changed)
        return min((call.getTime() for call in self.reactor.getDelayedCalls()), default=None)

    def test_thatIsByTheTimeout(self):
        self.assertEqual(self.swept(ECHO, timeout=16), 1)

    def test_anEchoWithoutOneDoesNot(self):
        self.assertIsNone(self.swept(ECHO))

    def test_ofARelaysTheShorterHolds(self):
        for timeout, halfCloseTimeout in (16, 32), (32, 16), (16, 0), (0, 16):
            self.assertEqual(
                self.swept(RELAY, timeout=timeout, halfCloseTimeout=halfCloseTimeout), 1
            )

    def test_aRelayWithoutOneLooksForResetsAllTheSame(self):
        self.assertEqual(self.swept(RELAY, timeout=0, halfCloseTimeout=0), 5)


class HandlersTests(MakeCase):
    """
    What is done on signals.
    """

    def test_withoutFilesThereIsNothingToDo(self):
        self.both()
        self.assertEqual(self.handlers, {})

    def test_SIGHUPReadsTheTLSFilesOfBothSides(self):
        files = self.tlsFiles()
        daemon = self.make(RELAY, tls=files, upstreamTLS=UpstreamTLS(files))
        both = daemon.sessions.secure, daemon.sessions.service.secure
        before = [each._credentials for each in both]
        self.assertEqual(list(self.handlers), [signal.SIGHUP])
        self.handlers[signal.SIGHUP]()
        for each, old in zip(both, before, strict=True):
            self.assertIsNot(each._credentials, old)

    def test_SIGUSR1ReopensTheAccessLog(self):
        path = self.file("log")
        for _ in self.both(accessLog=path):
            os.unlink(path)
            self.assertEqual(list(self.handlers), [signal.SIGUSR1])
            self.handlers[signal.SIGUSR1]()
            self.assertTrue(os.path.exists(path))


class CannotStartTests(MakeCase):
    """
    What cannot be had.
    """

    def fails(self, text, settings=ECHO, **changed):
        error = self.assertRaises(CannotStart, self.make, settings, **changed)
        self.assertEqual(str(error), f"twistd nodenet: {text}")

    def test_aTLSFileThatCannotBeRead(self):
        path = self.file("none")
        for name in "key", "cert", "ca":
            for settings in ECHO, RELAY:
                self.fails(
                    f"--tls-{name} {path}: No such file or directory",
                    settings,
                    tls=self.tlsFiles(**{name: path}),
                )
            self.fails(
                f"--upstream-{name} {path}: No such file or directory",
                RELAY,
                upstreamTLS=UpstreamTLS(self.tlsFiles(**{name: path})),
            )

    def test_aTLSFileWithoutPEM(self):
        path = self.file("empty", "")
        self.fails(f"--tls-cert {path}: no CERTIFICATE in PEM", tls=self.tlsFiles(cert=path))

    def test_aKeyThatDoesNotMatch(self):
        key = self.file("other", PAIRS[1][0])
        cert = self.file("cert")
        self.fails(
            f"--tls-key {key} and --tls-cert {cert}: do not match", tls=self.tlsFiles(key=key)
        )
        self.fails(
            f"--upstream-key {key} and --upstream-cert {cert}: do not match",
            RELAY,
            upstreamTLS=UpstreamTLS(self.tlsFiles(key=key)),
        )

    def test_anAccessLogInNoFolder(self):
        path = self.file("none/log")
        self.fails(f"--access-log {path}: No such file or directory", accessLog=path)

    def test_anAccessLogThatIsAFolder(self):
        self.fails(f"--access-log {self.folder}: Is a directory", accessLog=self.folder)

    def listen(self, endpoint):
        return (*LISTEN, ListenOn(endpoint, f"--listen {endpoint}"))

    def test_anEndpointOfNoKnownType(self):
        self.fails("--listen foo:1: Unknown endpoint type: 'foo'", listen=self.listen("foo:1"))
        self.fails(
            "--upstream foo:1: Unknown endpoint type: 'foo'",
            RELAY,
            upstreams=(TO, ConnectTo("foo:1", endpoint="foo:1")),
        )

    def test_anEndpointWithWrongArguments(self):
        for endpoint in "tcp", "tcp:x", "tcp:1:colour=red", "unix", "tcp:1:backlog=x":
            self.fails(
                f"--listen {endpoint}: wrong or missing arguments",
                listen=self.listen(endpoint),
            )
        self.fails(
            "--upstream tcp:h:x: wrong or missing arguments",
            RELAY,
            upstreams=(ConnectTo("tcp:h:x", endpoint="tcp:h:x"),),
        )

    def test_aSocketOfSystemdsThatWasNotHandedOver(self):
        for which in "index=0", "name=echo.socket":
            endpoint = f"systemd:domain=INET:{which}"
            self.fails(
                f"--listen {endpoint}: nobody has handed that over",
                listen=self.listen(endpoint),
            )


class MakeServiceTests(MakeCase):
    """
    C{makeService}.
    """

    def setUp(self):
        super().setUp()
        self.handled = []
        self.patch(module, "handleSignals", lambda *args: self.handled.append(args))

    def makeService(self, settings):
        daemon = makeService(SimpleNamespace(settings=settings))
        self.addCleanup(daemon.sessions.close)
        return daemon

    def test_itIsTheServiceAndHasItsSignals(self):
        from twisted.internet import reactor

        daemon = self.makeService(replace(ECHO, drain=7, accessLog=self.file("log")))
        self.assertEqual((daemon.drain, daemon.reactor), (7, reactor))
        [(where, cut, others)] = self.handled
        self.assertIs(where, reactor)
        self.assertEqual(cut, daemon.sessions.cut)
        self.assertEqual(others, {signal.SIGUSR1: daemon.sessions.accessLog.reopen})

    def installing(self, *modules):
        """
        @return: a list of the reactors that are installed from now on, where such modules
            were imported.
        """
        installed = []
        self.patch(module, "sys", SimpleNamespace(modules=modules))
        self.patch(module, "installReactor", installed.append)
        return installed

    def test_whereNobodyHasAskedForAReactorItIsOurs(self):
        installed = self.installing()
        self.makeService(ECHO)
        self.assertEqual(installed, ["nodenet"])

    def test_whereSomebodyHasItIsTheirs(self):
        installed = self.installing("twisted.internet.reactor")
        self.makeService(ECHO)
        self.assertEqual(installed, [])

    def test_whereThereIsNoEpollItIsTwisteds(self):
        def install(name):
            raise ImportError("no epoll")

        self.installing()
        self.patch(module, "installReactor", install)
        self.makeService(ECHO)


class ServingTests(MakeCase):
    """
    The whole, in memory.
    """

    def test_anEchosClientIsCountedAndLogged(self):
        path = self.file("log")
        daemon = self.make(ECHO, accessLog=path, maxConnections=1)
        one, other = self.connect(daemon), self.connect(daemon)
        self.assertEqual((one.readyState, other.readyState), ("open", "closed"))
        one.destroy()
        self.reactor.advance(0)
        self.reactor.advance(1)
        with open(path, encoding="ascii") as file:
            self.assertEqual(len(file.readlines()), 2)

    def test_aRelaysClientIsConnectedOn(self):
        self.connect(self.make(RELAY))
        self.reactor.advance(0)
        self.assertEqual(self.reactor.tcpClients[0][:2], ("192.0.2.8", 9000))
