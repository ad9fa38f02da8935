"""
L{nodenet.service.options}: the command line becomes settings.
"""

from __future__ import annotations

import io
import os
import re
import sys
from dataclasses import replace
from ipaddress import ip_network

from twisted.python.usage import UsageError
from twisted.trial.unittest import SynchronousTestCase

import nodenet
import twisted
from nodenet.service.options import EchoOptions, Options, RelayOptions
from nodenet.service.settings import (
    ConnectTo,
    EchoSettings,
    ListenOn,
    RelaySettings,
    Rule,
    TLSFiles,
    UpstreamTLS,
)

#: of C{--port=1}, which the tests below give
PORT = (ListenOn("tcp:1:backlog=4096", "--port 1"),)
TLS = ("--tls-key=k", "--tls-cert=c")


def here(name: str) -> str:
    return os.path.abspath(name)


class Case(SynchronousTestCase):
    def parse(self, *args):
        options = Options()
        options.parseOptions(args)
        return options.settings

    def refuses(self, message, *args):
        with self.subTest(args=args):
            error = self.assertRaises(UsageError, self.parse, *args)
            self.assertEqual(str(error), message)


class ListeningTests(Case):
    """
    Where to listen.
    """

    def listen(self, *args):
        return [(each.endpoint, each.given) for each in self.parse(*args).listen]

    def test_eachIsAnEndpointAndHowItWasGiven(self):
        for args, *listen in [
            (["--port", "8124"], ("tcp:8124:backlog=4096", "--port 8124")),
            (
                ["-p", "0", "--host", "127.0.0.1"],
                ("tcp:0:interface=127.0.0.1:backlog=4096", "--port 0 --host 127.0.0.1"),
            ),
            (
                ["--port", "7", "--host", "fe80::1%lo"],
                (
                    r"tcp6:7:interface=fe80\:\:1%lo:backlog=4096",
                    "--port 7 --host fe80::1%lo",
                ),
            ),
            (
                ["--path", "/run/a:b=c"],
                (r"unix:/run/a\:b\=c:backlog=4096", "--path /run/a:b=c"),
            ),
            (
                ["--path", "/run/echo", "--mode", "660"],
                ("unix:/run/echo:mode=660:backlog=4096", "--path /run/echo"),
            ),
            (["--fd", "3", "--backlog", "9"], (3, "--fd 3")),
            (
                ["--fd", "3", "--listen", "tcp:2", "--path", "/x", "--port", "1"],
                ("tcp:1:backlog=4096", "--port 1"),
                ("unix:/x:backlog=4096", "--path /x"),
                ("tcp:2:backlog=4096", "--listen tcp:2"),
                (3, "--fd 3"),
            ),
        ]:
            self.assertEqual(self.listen(*args), listen)

    def test_theSameAddressTwiceKeepsHowEachWasGiven(self):
        self.assertEqual(
            self.listen("--port", "1", "--listen", "tcp:1"),
            [("tcp:1:backlog=4096", "--port 1"), ("tcp:1:backlog=4096", "--listen tcp:1")],
        )

    def test_whatTheDaemonBindsHasTheBacklogUnlessItSaysItsOwn(self):
        for given, endpoint in [
            ("tcp:1", "tcp:1:backlog=9"),
            ("tcp:1:127.0.0.1", "tcp:1:127.0.0.1:backlog=9"),
            ("tcp6:1", "tcp6:1:backlog=9"),
            ("ssl:1", "ssl:1:backlog=9"),
            ("unix:/x:mode=600", "unix:/x:mode=600:backlog=9"),
            ("tcp:1:backlog=5", "tcp:1:backlog=5"),
            ("tcp:1:127.0.0.1:5", "tcp:1:127.0.0.1:5"),
            ("tcp6:1:5", "tcp6:1:5"),
            ("unix:/x:600:5", "unix:/x:600:5"),
            (r"unix:/backlog\=5", r"unix:/backlog\=5:backlog=9"),
            ("systemd:domain=INET:index=0", "systemd:domain=INET:index=0"),
            ("haproxy:tcp:1", "haproxy:tcp:1"),
        ]:
            self.assertEqual(
                self.listen("--backlog=9", "--listen", given), [(endpoint, f"--listen {given}")]
            )

    def test_pathsOfUNIXSocketsAreAbsolute(self):
        for args, endpoint in [
            (["--path", "x.sock"], f"unix:{here('x.sock')}:backlog=4096"),
            (["--listen", "unix:x.sock"], f"unix:{here('x.sock')}:backlog=4096"),
            (["--listen", "unix:address=x"], f"unix:address={here('x')}:backlog=4096"),
            (["--listen", r"unix:a\:b:600"], rf"unix:{here('a')}\:b:600:backlog=4096"),
        ]:
            [(found, given)] = self.listen(*args)
            self.assertEqual((found, given), (endpoint, "--" + " ".join(args)[2:]))


class EchoTests(Case):
    """
    C{EchoSettings}.
    """

    def test_theDefaults(self):
        self.assertEqual(self.parse("--port=1"), EchoSettings(listen=PORT))

    def test_allOptions(self):
        self.assertEqual(
            self.parse(
                "--port=1", "--greeting", r"hello\r\n€\x41\\", "--max-connections=3",
                "--timeout=1.5", "--drain=0", "--keepalive=32767", "--allow-half-open",
                "--access-log=a", "--no-log-empty", "--tls-key=k", "--tls-cert=/c",
                "--tls-ca=../a", "--tls-min-version=1.3",
            ),
            EchoSettings(
                listen=PORT,
                tls=TLSFiles(here("k"), "/c", here("../a")),
                tlsMinVersion="1.3",
                timeout=1.5,
                drain=0,
                maxConnections=3,
                keepAlive=32767,
                accessLog=here("a"),
                logEmpty=False,
                greeting="hello\r\n€A\\".encode(),
                allowHalfOpen=True,
            ),
        )  # fmt: skip

    def test_aGreetingMayBeEmpty(self):
        self.assertEqual(self.parse("--port=1", "--greeting="), EchoSettings(listen=PORT))

    def test_echoIsTheSameAsNoSubCommand(self):
        self.assertEqual(self.parse("--port=1", "echo"), self.parse("--port=1"))

    def test_theStandardOutputIsNoPath(self):
        self.assertEqual(self.parse("--port=1", "--access-log=-").accessLog, "-")

    def test_anOptionMayBeShortenedWhileItIsClear(self):
        self.assertEqual(self.parse("--po=1", "--ti", "2").timeout, 2)


class RelayTests(Case):
    """
    C{RelaySettings}.
    """

    def relay(self, *args, before=()):
        return self.parse("--port=1", *before, "relay", *args)

    def test_theDefaults(self):
        self.assertEqual(
            self.relay("--upstream=h:1"),
            RelaySettings(listen=PORT, upstreams=(ConnectTo("h:1", "h", 1),)),
        )

    def test_upstreamsOfAllKinds(self):
        upstreams = (
            ConnectTo("db.example:5432", host="db.example", port=5432),
            ConnectTo("127.0.0.1:80", host="127.0.0.1", port=80),
            ConnectTo("[::1]:80", host="::1", port=80),
            ConnectTo("[fe80::1%lo]:80", host="fe80::1%lo", port=80),
            ConnectTo("/run/db.sock", path="/run/db.sock"),
            ConnectTo("tcp:127.0.0.1:80", endpoint="tcp:127.0.0.1:80"),
            ConnectTo("unix:db.sock", endpoint=f"unix:{here('db.sock')}"),
            ConnectTo("tls:h:1", endpoint="tls:h:1"),
        )
        args = [arg for each in upstreams for arg in ("--upstream", each.given)]
        self.assertEqual(self.relay(*args).upstreams, upstreams)

    def test_allOptions(self):
        self.assertEqual(
            self.relay(
                "--upstream=h:1", "--balance=first", "--connect-timeout=.5", "--retries=100",
                "--max-fails=0", "--fail-timeout=1", "--health-interval=2", "--timeout=3",
                "--half-close-timeout=4", "--drain=5", "--max-connections=6", "--keepalive=7",
                "--max-connections-per-host=8", "--allow=10.0.0.1", "--deny=10.0.0.0/8",
                "--allow=::/0", "--proxy-protocol", "--proxy-protocol-from=192.0.2.1",
                "--proxy-protocol-from=192.0.2.2", "--send-proxy=v2", "--tls-truncation=close",
                "--access-log=-", "--no-log-empty", "--no-splice",
            ),
            RelaySettings(
                listen=PORT,
                timeout=3,
                drain=5,
                maxConnections=6,
                keepAlive=7,
                accessLog="-",
                logEmpty=False,
                upstreams=(ConnectTo("h:1", "h", 1),),
                balance="first",
                connectTimeout=0.5,
                retries=100,
                maxFails=0,
                failTimeout=1,
                healthInterval=2,
                halfCloseTimeout=4,
                maxConnectionsPerHost=8,
                rules=(
                    Rule(True, ip_network("10.0.0.1/32")),
                    Rule(False, ip_network("10.0.0.0/8")),
                    Rule(True, ip_network("::/0")),
                ),
                proxyProtocol=True,
                proxyProtocolFrom=(ip_network("192.0.2.1/32"), ip_network("192.0.2.2/32")),
                sendProxy=2,
                tlsTruncation="close",
                splice=False,
            ),
        )  # fmt: skip

    def test_tlsToUpstreams(self):
        for args, tls in [
            ([], UpstreamTLS()),
            (["--upstream-ca=a"], UpstreamTLS(TLSFiles(ca=here("a")))),
            (
                ["--upstream-key=k", "--upstream-cert=c", "--upstream-servername=n"],
                UpstreamTLS(TLSFiles(here("k"), here("c")), "n"),
            ),
            (["--upstream-insecure"], UpstreamTLS(insecure=True)),
        ]:
            settings = self.relay("--upstream=h:1", "--upstream-tls", *args)
            self.assertEqual(settings.upstreamTLS, tls)
        for given in "--upstream-insecure", "--upstream-servername=n":
            self.assertEqual(
                self.relay("--upstream-tls", "--upstream=/x", given).upstreams,
                (ConnectTo("/x", path="/x"),),
            )

    def test_whatBothHaveMayBeOnEitherSide(self):
        plain = self.relay("--upstream=h:1")
        for option, changes in [
            ("--timeout=7", {"timeout": 7}),
            ("--drain=7", {"drain": 7}),
            ("--max-connections=7", {"maxConnections": 7}),
            ("--keepalive=7", {"keepAlive": 7}),
            ("--access-log=/a", {"accessLog": "/a"}),
            ("--no-log-empty", {"logEmpty": False}),
        ]:
            for before, after in ([option], []), ([], [option]):
                self.assertEqual(
                    self.relay("--upstream=h:1", *after, before=before),
                    replace(plain, **changes),
                )

    def test_aFlagMayBeGivenTwice(self):
        settings = self.relay("--upstream=h:1", "--no-log-empty", before=["--no-log-empty"])
        self.assertIs(settings.logEmpty, False)

    def test_anotherServerOnTheSamePortIsNoLoop(self):
        for before, upstream in [
            (["--port=0"], "localhost:1"),
            (["--port=1"], "localhost:2"),
            (["--port=1"], "[::1]:1"),
            (["--port=1"], "192.0.2.1:1"),
            (["--port=1"], "db.example:1"),
            (["--port=1", "--host=192.0.2.1"], "127.0.0.1:1"),
            (["--port=1", "--host=::1"], "127.0.0.1:1"),
            (["--port=1", "--host=::1"], "localhost:1"),
            (["--port=1", "--host=::"], "127.0.0.1:1"),
            (["--port=1", "--host=db.example"], "db.example:1"),
            (["--path=/x"], "/y"),
            (["--fd=3"], "localhost:3"),
            (["--listen=systemd:domain=INET:index=0"], "localhost:1"),
        ]:
            settings = self.parse(*before, "relay", "--upstream", upstream)
            self.assertEqual([each.given for each in settings.upstreams], [upstream])


class RefusedTests(Case):
    """
    What is wrong is told with the option and its value.
    """

    def test_valuesThatAreNotWhatTheyMustBe(self):
        port = "must be a whole number of 0 to 65535"
        keepalive = "must be a whole number of 0 to 32767"
        backlog = "must be a whole number of 1 to 2147483647"
        escape = r"has a wrong escape: right are \r, \n, \\, \x00, \u20ac"
        for given, reason in [
            ("--port 65536", port),
            ("--port -1", port),
            ("--port http", port),
            ("--port 1_0", port),
            ("--port \u0661", port),
            ("--port 1.0", port),
            ("--port " + "1" * 101, port),
            ("--mode rw", "must be octal, as 660"),
            ("--mode 77777", "must be octal, as 660"),
            ("--mode 0o7", "must be octal, as 660"),
            ("--mode 8", "must be octal, as 660"),
            ("--fd three", "must be a whole number, 0 or more"),
            ("--backlog 0", backlog),
            ("--backlog 2147483648", backlog),
            ("--timeout abc", "must be a number, 0 or more"),
            ("--timeout -1", "must be a number, 0 or more"),
            ("--timeout nan", "must be a number, 0 or more"),
            ("--timeout 1e999", "must be a number, 0 or more"),
            ("--drain inf", "must be a number, 0 or more"),
            ("--max-connections 0", "must be a whole number, 1 or more"),
            ("--keepalive 32768", keepalive),
            ("--keepalive 0.5", keepalive),
            ("--tls-min-version 1.1", "must be 1.2 or 1.3"),
            ("--listen tcp:1\\", "must not end with a backslash"),
            (r"--greeting \x", escape),
            (r"--greeting \N{x}", escape),
            ("--greeting \\", escape),
            (r"--greeting \ud800", "has what is no character of UTF-8"),
        ]:
            self.refuses(f"{given}: {reason}", *given.split(" ", 1))

    def test_valuesOfTheRelay(self):
        where = "must be HOST:PORT, /path/to.sock or an endpoint description"
        network = "must be a network as 192.0.2.0/24, or one address"
        for given, reason in [
            ("--upstream host", where),
            ("--upstream ::1:80", where),
            ("--upstream [host]:80", where),
            ("--upstream tcp:h:1\\", "must not end with a backslash"),
            ("--upstream host:0", "port must be 1 to 65535"),
            ("--upstream host:65536", "port must be 1 to 65535"),
            ("--upstream [::1]:0", "port must be 1 to 65535"),
            ("--upstream host:" + "1" * 5000, "port must be 1 to 65535"),
            ("--balance x", "must be round-robin, least-connections, random or first"),
            ("--connect-timeout 0", "must be a number above 0"),
            ("--connect-timeout x", "must be a number above 0"),
            ("--retries 101", "must be a whole number of 0 to 100"),
            ("--max-fails x", "must be a whole number, 0 or more"),
            ("--fail-timeout x", "must be a number, 0 or more"),
            ("--health-interval x", "must be a number, 0 or more"),
            ("--half-close-timeout x", "must be a number, 0 or more"),
            ("--timeout abc", "must be a number, 0 or more"),
            ("--max-connections 0", "must be a whole number, 1 or more"),
            ("--max-connections-per-host 0", "must be a whole number, 1 or more"),
            ("--deny 10.0.0.1/8", "has host bits set: the network is 10.0.0.0/8"),
            ("--allow ::1/64", "has host bits set: the network is ::/64"),
            ("--allow abc", network),
            ("--allow 10.0.0.0/33", network),
            ("--allow fe80::%lo/64", network),
            ("--proxy-protocol-from abc", network),
            ("--send-proxy v3", "must be v1 or v2"),
            ("--tls-truncation x", "must be reset or close"),
            ("--upstream-servername ..", "must be a host name"),
        ]:
            self.refuses(f"{given}: {reason}", "--port=1", "relay", *given.split(" ", 1))

    def test_valuesThatMustNotBeEmpty(self):
        for name in "host", "path", "listen", "tls-key", "tls-cert", "tls-ca", "access-log":
            self.refuses(f"--{name} '': must not be empty", f"--{name}", "")
        for name in "upstream", "upstream-ca", "upstream-key", "upstream-cert", "access-log":
            self.refuses(f"--{name} '': must not be empty", "--port=1", "relay", f"--{name}=")
        self.refuses("--upstream-servername '': must be a host name",
                     "--port=1", "relay", "--upstream-servername=")  # fmt: skip
        self.refuses("--port '': must be a whole number of 0 to 65535", "--port=")
        self.refuses("--mode '': must be octal, as 660", "--mode=")

    def test_theMessageIsOneLine(self):
        self.refuses(r"--mode '1\n2': must be octal, as 660", "--mode=1\n2")
        self.refuses(r"'a\nb': unexpected argument", "--port=1", "echo", "a\nb")
        self.refuses(r"--'a\nb': unknown option", "--a\nb")
        self.refuses(r"--listen 'ssl:1\n': is TLS without --tls-key", "--listen=ssl:1\n", *TLS)

    def test_whatIsNoOptionOrNotGivenAsOne(self):
        for message, *args in [
            ("--port: needs a value", "--port"),
            ("-p: needs a value", "-p"),
            ("--allow-half-open: takes no value", "--allow-half-open=1"),
            ("--frobnicate: unknown option", "--frobnicate"),
            ("-x: unknown option", "-x"),
            ("--p: may be --path or --port", "--p", "1"),
            ("--upstream: needs a value", "--port=1", "relay", "--upstream"),
            ("--frobnicate: unknown option", "--port=1", "relay", "--frobnicate"),
            ("--ups: may be --upstream or --upstream-ca or --upstream-cert or"
             " --upstream-insecure or --upstream-key or --upstream-servername or"
             " --upstream-tls", "relay", "--ups=h:1"),
            ("Unknown command: serve", "--port=1", "serve"),
            ("foo: unexpected argument", "--port=1", "echo", "foo"),
            ("foo: unexpected argument", "--port=1", "relay", "--upstream=h:1", "foo"),
        ]:  # fmt: skip
            self.refuses(message, *args)

    def test_theSameSingleOptionTwiceIsRefused(self):
        for first, second in [
            (["--timeout=4", "--timeout=5"], []),
            (["--timeout=4"], ["--timeout=5"]),
            ([], ["--timeout=4", "--timeout=5"]),
            (["--timeout=5"], ["--timeout=5"]),
        ]:
            self.refuses(
                "--timeout 5: given twice",
                "--port=1", *first, "relay", "--upstream=h:1", *second,
            )  # fmt: skip
        self.refuses("--port 2: given twice", "-p1", "--port=2")

    def test_whereAnOptionGoesThatIsOnTheWrongSideOfRelay(self):
        self.refuses("--upstream: goes behind relay", "--port=1", "--upstream=h:1", "relay")
        self.refuses(
            "--port: goes before relay", "--port=1", "relay", "--upstream=h:1", "--port=2"
        )

    def test_optionsThatGoWithOthers(self):
        for message, *args in [
            ("nothing to listen on: give --port, --path, --listen or --fd",),
            ("--host 127.0.0.1: goes with --port", "--host=127.0.0.1", "--path=/x"),
            ("--mode 660: goes with --path", "--mode=660", "--port=1"),
            ("--tls-key k: needs --tls-cert", "--port=1", "--tls-key=k"),
            ("--tls-cert c: needs --tls-key", "--port=1", "--tls-cert=c"),
            ("--tls-ca a: needs --tls-key and --tls-cert", "--port=1", "--tls-ca=a"),
            (
                "--tls-min-version 1.3: goes with --tls-key",
                "--port=1", "--tls-min-version=1.3",
            ),
            ("--listen ssl:1: is TLS without --tls-key", "--listen=ssl:1", *TLS),
            ("--listen tls:/x: is TLS without --tls-key", "--listen=tls:/x", *TLS),
            ("--listen TLS:/x: is TLS without --tls-key", "--listen=TLS:/x", *TLS),
            (
                "--listen haproxy:ssl:1: is TLS without --tls-key",
                "--listen=haproxy:ssl:1", *TLS,
            ),
        ]:  # fmt: skip
            self.refuses(message, *args)

    def test_optionsOfTheRelayThatGoWithOthers(self):
        for message, *args in [
            (
                "--proxy-protocol-from 10.0.0.0/8: goes with --proxy-protocol",
                "--proxy-protocol-from=10.0.0.0/8",
            ),
            ("--upstream-ca f: goes with --upstream-tls", "--upstream-ca=f"),
            ("--upstream-servername n: goes with --upstream-tls", "--upstream-servername=n"),
            ("--upstream-key k: goes with --upstream-tls", "--upstream-key=k"),
            ("--upstream-cert c: goes with --upstream-tls", "--upstream-cert=c"),
            ("--upstream-insecure: goes with --upstream-tls", "--upstream-insecure"),
            ("--upstream-key k: needs --upstream-cert", "--upstream-tls", "--upstream-key=k"),
            ("--upstream-cert c: needs --upstream-key", "--upstream-tls", "--upstream-cert=c"),
            (
                "--upstream-ca f: contradicts --upstream-insecure",
                "--upstream-tls", "--upstream-insecure", "--upstream-ca=f",
            ),
            (
                "--upstream tls:h:1: is TLS without --upstream-tls",
                "--upstream-tls", "--upstream=tls:h:1",
            ),
            (
                "--upstream ssl:h:1: is TLS without --upstream-tls",
                "--upstream-tls", "--upstream-servername=n", "--upstream=ssl:h:1",
            ),
            (
                "--upstream /x: has no host to verify: give --upstream-servername",
                "--upstream-tls", "--upstream=/x",
            ),
        ]:  # fmt: skip
            self.refuses(message, "--port=1", "relay", "--upstream=h:1", *args)
        self.refuses("relay: nowhere to connect to: give --upstream", "--port=1", "relay")
        self.refuses(
            "nothing to listen on: give --port, --path, --listen or --fd",
            "relay", "--upstream=h:1",
        )  # fmt: skip

    def test_whatIsBeforeRelayAndNotForIt(self):
        for before, message in [
            (["--greeting=x"], "--greeting x: goes with echo"),
            (["--greeting="], "--greeting '': goes with echo"),
            (["--allow-half-open"], "--allow-half-open: goes with echo"),
            (["--listen=ssl:1"], "--listen ssl:1: loses late answers: use --tls-key"),
            (["--listen=tls:/x"], "--listen tls:/x: loses late answers: use --tls-key"),
            (["--listen=Tls:/x"], "--listen Tls:/x: loses late answers: use --tls-key"),
            (
                ["--listen=haproxy:tcp:1"],
                "--listen haproxy:tcp:1: loses late answers: use --proxy-protocol",
            ),
        ]:
            self.refuses(message, "--port=1", *before, "relay", "--upstream=h:1")

    def test_aRelayToItself(self):
        for before, upstream, given in [
            (["--port=8124"], "localhost:8124", "--port 8124"),
            (["--port=8124"], "127.0.0.1:8124", "--port 8124"),
            (["--port=8124"], "127.0.0.9:8124", "--port 8124"),
            (["--port=1", "--host=127.0.0.1"], "localhost:1", "--port 1 --host 127.0.0.1"),
            (["--port=1", "--host=localhost"], "localhost:1", "--port 1 --host localhost"),
            (["--port=1", "--host=::1"], "[::1]:1", "--port 1 --host ::1"),
            (["--port=1", "--host=::"], "[0:0::1]:1", "--port 1 --host ::"),
            (["--port=1", "--host=192.0.2.1"], "192.0.2.1:1", "--port 1 --host 192.0.2.1"),
            (["--listen=tcp6:1"], "[::1]:1", "--listen tcp6:1"),
            (["--fd=3", "--listen=tcp:1"], "localhost:1", "--listen tcp:1"),
            (["--path=/x"], "/x", "--path /x"),
            (["--path=x"], here("x"), "--path x"),
        ]:
            self.refuses(
                f"--upstream {upstream}: is where the relay itself listens ({given})",
                *before, "relay", "--upstream=h:1", "--upstream", upstream,
            )  # fmt: skip


class UnderTwistdTests(SynchronousTestCase):
    """
    What is printed, and with which status it exits.
    """

    def exits(self, *args):
        options = Options()
        options.parent = Options()
        options.parent.subCommand = "nodenet"
        output = io.StringIO()
        self.patch(sys, "stdout", output)
        error = self.assertRaises(SystemExit, options.parseOptions, args)
        return error.code, output.getvalue()

    def test_whatIsWrongIsOneLineAndStatusOne(self):
        """
        Python writes a text that it exits with to standard error, and exits with 1.
        """
        for args, message in [
            (["--port", "x"], "--port x: must be a whole number of 0 to 65535"),
            (["--frobnicate"], "--frobnicate: unknown option"),
            (["--port=1", "relay", "--up"], "--up: may be "),
            (["--port=1", "relay", "foo"], "foo: unexpected argument"),
        ]:
            code, output = self.exits(*args)
            self.assertTrue(code.startswith(f"twistd nodenet: {message}"), code)
            self.assertEqual(output, "")

    def test_theVersionIsThatOfNodenetThenTwisteds(self):
        version = f"nodenet {nodenet.__version__}\nTwisted {twisted.__version__}\n"
        for args in (["--version"], ["relay", "--version"], ["echo", "--version"]):
            self.assertEqual(self.exits(*args), (0, version))

    def test_theHelpDoesNotNeedTheRestToBeRight(self):
        for before in [], ["--port=x"], ["--port=1", "--port=2"]:
            for after, text in ([], "Sub-commands:"), (["relay"], "--upstream WHERE"):
                code, output = self.exits(*before, *after, "--help")
                self.assertEqual(code, 0)
                self.assertIn(text, output)
                self.assertTrue(output.startswith("Usage: "))


class HelpTests(SynchronousTestCase):
    """
    The help.
    """

    def usage(self, options, columns="80"):
        self.patch(os, "environ", {**os.environ, "COLUMNS": columns})
        return options().getUsage()

    def test_itHasEachOptionOnce(self):
        for options in Options, RelayOptions, EchoOptions:
            names = re.findall(
                r"(?m)^  (?:-p, )?--([\w-]+)(?: [A-Z]+)?(?:  |$)", self.usage(options)
            )
            self.assertEqual(sorted(names), sorted(n.rstrip("=") for n in options().longOpt))

    def test_itHasGroupsAndEndsWithTheSubCommands(self):
        titles = re.findall(r"(?m)^(\S.*):$", self.usage(Options))
        self.assertEqual(
            titles,
            ["Listening", "TLS", "Limits and times", "Logging", "Echo only", "Help",
             "Sub-commands"],
        )  # fmt: skip
        titles = re.findall(r"(?m)^(\S.*):$", self.usage(RelayOptions))
        self.assertEqual(
            titles,
            ["Upstreams", "TLS to upstreams", "Clients", "PROXY protocol", "Connections",
             "Logging", "Help"],
        )  # fmt: skip

    def test_itSaysDefaultsOfTheSettings(self):
        daemon, relay = (" ".join(self.usage(each).split()) for each in (Options, RelayOptions))
        for text in "0: never. Default: 0; relay: 3600.", "stops. Default: 5; relay: 30.":
            self.assertIn(text, daemon)
        for text in (
            "0: never. Default: 3600.",
            "stops. Default: 30.",
            "random or first. Default: round-robin.",
            "close_notify). Default: reset.",
        ):
            self.assertIn(text, relay)

    def test_itIsAsWideAsTheTerminal(self):
        for options in Options, RelayOptions, EchoOptions:
            for columns, width in ("80", 80), ("60", 60), ("120", 120), ("", 80), ("x", 80):
                longest = max(map(len, self.usage(options, columns).splitlines()))
                self.assertLessEqual(longest, width)
                if options is not EchoOptions:
                    self.assertGreater(longest, width - 6)
