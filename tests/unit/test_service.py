"""
L{nodenet.service}: the options, the daemon and the echo, on fakes.
"""

from __future__ import annotations

from twisted.application.service import IService
from twisted.internet.defer import fail
from twisted.internet.endpoints import TCP4ServerEndpoint
from twisted.internet.error import CannotListenError
from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.logger import LogLevel, globalLogPublisher
from twisted.python.usage import UsageError
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from nodenet import net
from nodenet.service import Options, daemon
from nodenet.service.connections import Connections
from nodenet.service.echo import echo


class OptionTests(SynchronousTestCase):
    """
    The command line becomes plain settings.
    """

    def parse(self, *args):
        options = Options()
        options.parseOptions(args)
        return options

    def refuses(self, message, *args):
        error = self.assertRaises(UsageError, self.parse, *args)
        self.assertEqual(str(error), message)

    def test_portAndPathAreShortForEndpoints(self):
        for args, listen in [
            (["--port", "8124"], ["tcp:8124"]),
            (["-p", "0", "--host", "127.0.0.1"], ["tcp:0:interface=127.0.0.1"]),
            (["--port", "7", "--host", "::1"], [r"tcp6:7:interface=\:\:1"]),
            (["--path", "/run/a:b"], [r"unix:/run/a\:b"]),
            (["--path", "/run/echo", "--mode", "660"], ["unix:/run/echo:mode=660"]),
            (
                ["--listen", "systemd:domain=INET:index=0", "--port", "1", "--listen", "tcp:2"],
                ["tcp:1", "systemd:domain=INET:index=0", "tcp:2"],
            ),
        ]:
            self.assertEqual(self.parse(*args)["listen"], listen)

    def test_theDefaults(self):
        options = self.parse("--port", "1")
        self.assertEqual(
            [options[n] for n in ("greeting", "max-connections", "timeout", "drain")],
            [b"", None, 0, 5],
        )
        self.assertIs(options["allow-half-open"], False)

    def test_allOptions(self):
        options = self.parse(
            "--port=1", "--greeting", r"hello\r\n€\x41\\", "--max-connections=3",
            "--timeout=1.5", "--drain=0", "--allow-half-open",
        )  # fmt: skip
        self.assertEqual(options["greeting"], "hello\r\n€A\\".encode())
        self.assertEqual(
            [options[n] for n in ("max-connections", "timeout", "drain", "allow-half-open")],
            [3, 1.5, 0, True],
        )

    def test_echoIsTheSameAsNoSubCommand(self):
        none, named = self.parse("--port", "1"), self.parse("--port", "1", "echo")
        self.assertEqual(none, named)
        self.assertEqual((none.subCommand, named.subCommand), ("echo", "echo"))

    def test_whatIsWrongIsNamedWithItsValue(self):
        for message, *args in [
            ("nothing to listen on: give --port, --path, --listen or --fd",),
            ("--port 65536: must be a whole number of 0 to 65535", "--port", "65536"),
            ("--port -1: must be a whole number of 0 to 65535", "--port", "-1"),
            ("--port http: must be a whole number of 0 to 65535", "--port", "http"),
            ("--host 127.0.0.1: goes with --port", "--host", "127.0.0.1", "--path", "/x"),
            ("--mode 660: goes with --path", "--mode", "660", "--port", "1"),
            ("--mode rw: must be octal, as 660", "--mode", "rw", "--path", "/x"),
            ("--mode 77777: must be octal, as 660", "--mode", "77777", "--path", "/x"),
            ("--timeout soon: must be a number, 0 or more", "--port=1", "--timeout", "soon"),
            ("--timeout nan: must be a number, 0 or more", "--port=1", "--timeout", "nan"),
            ("--drain inf: must be a number, 0 or more", "--port=1", "--drain", "inf"),
            (
                "--max-connections 0: must be a whole number, 1 or more",
                "--port=1", "--max-connections", "0",
            ),
            ("--tls-key k: needs --tls-cert", "--port=1", "--tls-key", "k"),
            ("--tls-cert c: needs --tls-key", "--port=1", "--tls-cert", "c"),
            ("--tls-ca a: needs --tls-key and --tls-cert", "--port=1", "--tls-ca", "a"),
            (
                "--tls-min-version 1.1: must be 1.2 or 1.3",
                "--port=1", "--tls-min-version", "1.1",
            ),
            (
                "--listen ssl:1: is TLS without --tls-key",
                "--listen=ssl:1", "--tls-key=k", "--tls-cert=c",
            ),
            ("--fd three: must be a whole number, 0 or more", "--fd", "three"),
            ("option --frobnicate not recognized", "--frobnicate"),
            ("Unknown command: serve", "--port=1", "serve"),
        ]:  # fmt: skip
            self.refuses(message, *args)
        error = self.assertRaises(UsageError, self.parse, "--port=1", "--greeting", r"\x")
        self.assertIn(r"--greeting \x: ", str(error))

    def test_underTwistdItIsOneLineAndStatusOne(self):
        options = Options()
        options.parent = Options()
        error = self.assertRaises(SystemExit, options.parseOptions, ["--port", "x"])
        self.assertEqual(
            error.code, "twistd nodenet: --port x: must be a whole number of 0 to 65535"
        )


class RelayOptionTests(SynchronousTestCase):
    """
    Those of the relay.
    """

    def parse(self, *args, before=()):
        options = Options()
        options.parseOptions(["--port=1", *before, "relay", *args])
        return options

    def test_upstreamsOfAllKinds(self):
        given = [
            ("db.example:5432", (5432, "db.example")),
            ("127.0.0.1:80", (80, "127.0.0.1")),
            ("[::1]:80", (80, "::1")),
            ("/run/db.sock", ("/run/db.sock",)),
            ("tcp:127.0.0.1:80", "tcp:127.0.0.1:80"),
            ("unix:/run/db.sock", "unix:/run/db.sock"),
        ]
        args = [arg for name, _ in given for arg in ("--upstream", name)]
        self.assertEqual(self.parse(*args).subOptions["upstreams"], given)

    def test_theDefaults(self):
        options = self.parse("--upstream=h:1")
        relay = options.subOptions
        self.assertEqual(
            [options[n] for n in ("timeout", "drain", "max-connections")], [3600, 30, None]
        )
        self.assertEqual(
            {
                name: relay[name]
                for name in relay
                if relay[name] not in (None, [], False) and name != "upstreams"
            },
            {
                "balance": "round-robin",
                "connect-timeout": 5,
                "max-fails": 3,
                "fail-timeout": 10,
                "half-close-timeout": 60,
                "upstream-settings": {},
            },
        )

    def test_whatBothHaveMayBeGivenToEither(self):
        for before, after in (["--timeout=7"], []), ([], ["--timeout=7"]):
            options = self.parse("--upstream=h:1", *after, before=before)
            self.assertEqual(options["timeout"], 7)

    def test_allowAndDenyKeepTheirOrder(self):
        relay = self.parse(
            "--upstream=h:1", "--allow=10.0.0.1", "--deny=10.0.0.0/8", "--allow=::/0"
        ).subOptions
        self.assertEqual(
            [(allowed, str(network)) for allowed, network in relay["networks"]],
            [(True, "10.0.0.1/32"), (False, "10.0.0.0/8"), (True, "::/0")],
        )

    def test_whatIsWrongIsNamedWithItsValue(self):
        where = "must be HOST:PORT, /path/to.sock or an endpoint description"
        for message, *args in [
            ("relay: nowhere to connect to: give --upstream",),
            (f"--upstream host: {where}", "--upstream=host"),
            (f"--upstream host:99999: {where}", "--upstream=host:99999"),
            (f"--upstream ::1:80: {where}", "--upstream=::1:80"),
            ("--retries 101: must be a whole number of 0 to 100", "--retries=101"),
            (
                "--upstream-servername ..: must be a host name",
                "--upstream-tls", "--upstream-servername=..",
            ),
            (
                "--upstream tls:h:1: is TLS without --upstream-tls",
                "--upstream-tls", "--upstream=tls:h:1",
            ),
            (
                "--balance x: must be round-robin, least-connections, random or first",
                "--balance=x",
            ),
            ("--send-proxy v3: must be v1 or v2", "--send-proxy=v3"),
            ("--connect-timeout 0: must be more", "--connect-timeout=0"),
            (
                "--deny 10.0.0.1/8: 10.0.0.1/8 has host bits set",
                "--deny=10.0.0.1/8",
            ),
            (
                "--proxy-protocol-from: goes with --proxy-protocol",
                "--proxy-protocol-from=10.0.0.0/8",
            ),
            ("--upstream-ca: goes with --upstream-tls", "--upstream-ca=f"),
            ("--upstream-insecure: goes with --upstream-tls", "--upstream-insecure"),
            ("--upstream-key k: needs --upstream-cert", "--upstream-tls", "--upstream-key=k"),
            (
                "--upstream /x: has no host to verify: give --upstream-servername",
                "--upstream-tls", "--upstream=/x",
            ),
            ("--max-connections 0: must be a whole number, 1 or more", "--max-connections=0"),
        ]:  # fmt: skip
            none = "nowhere" in message or message.startswith("--upstream ")
            upstream = [] if none else ["--upstream=h:1"]
            error = self.assertRaises(UsageError, self.parse, *upstream, *args)
            self.assertEqual(str(error), message)
        for option in "--greeting=x", "--allow-half-open":
            error = self.assertRaises(UsageError, self.parse, "--upstream=h:1", before=[option])
            self.assertIn("goes with echo", str(error))
        for before, message in [
            (["--listen=ssl:1"], "--listen ssl:1: loses late answers: use --tls-key"),
            (
                ["--listen=haproxy:tcp:1"],
                "--listen haproxy:tcp:1: loses late answers: use --proxy-protocol",
            ),
        ]:
            error = self.assertRaises(UsageError, self.parse, "--upstream=h:1", before=before)
            self.assertEqual(str(error), message)


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
