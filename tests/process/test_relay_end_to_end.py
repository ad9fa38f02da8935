"""
C{twistd nodenet relay}, as a process, between real sockets.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import random
import re
import select
import signal
import socket
import ssl
import struct
import subprocess
import tempfile
import threading
import time
from errno import EPIPE

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.certificates import Authority
from tests.helpers import need
from tests.processes import LIMIT, ProcessCase

MB = 1 << 20
#: Bytes of bulk data, each way.
SIZE = 200 * MB


def reset(skt):
    """
    Close with an RST.
    """
    skt.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    skt.close()


def rest(skt):
    """
    @return: all that comes until the end.
    """
    pieces = []
    while piece := skt.recv(MB):
        pieces.append(piece)
    return b"".join(pieces)


def where(skt):
    """
    @return: what --upstream is told of a listening socket.
    """
    name = skt.getsockname()
    return name if isinstance(name, str) else f"{name[0]}:{name[1]}"


def freePort():
    with socket.create_server(("127.0.0.1", 0)) as skt:
        return skt.getsockname()[1]


class RelayCase(ProcessCase):
    """
    Each test has an upstream to accept on, and a relay to it.
    """

    def upstream(self, backlog=128, path=None):
        if path is None:
            skt = socket.create_server(("127.0.0.1", 0), backlog=backlog)
        else:
            skt = socket.socket(socket.AF_UNIX)
            skt.bind(path)
            skt.listen(backlog)
        skt.settimeout(LIMIT)
        self.addCleanup(skt.close)
        return skt

    def hanging(self):
        """
        @return: an upstream that no connection can be made to, nor is refused.
        """
        full = self.upstream(backlog=0)
        for _ in range(4):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(full.getsockname())
            self.addCleanup(filler.close)
        time.sleep(0.2)
        return full

    def accept(self, upstream):
        skt, _ = upstream.accept()
        skt.settimeout(LIMIT)
        self.addCleanup(skt.close)
        return skt

    def relay(self, *upstreams, options=(), before=(), listen=None, **more):
        names = [each if isinstance(each, str) else where(each) for each in upstreams]
        args = [arg for name in names for arg in ("--upstream", name)]
        if "--access-log" not in options:
            args += ["--access-log", "access"]
        process = self.twistd(
            *(listen or ("--port", "0", "--host", "127.0.0.1")), *before,
            "relay", *args, *options, **more,
        )  # fmt: skip
        process.ports = process.listening()
        return process

    def connect(self, process):
        skt = socket.create_connection(("127.0.0.1", process.ports[0]), LIMIT)
        self.addCleanup(skt.close)
        return skt

    def pair(self, *options, **more):
        """
        @return: the relay, and both ends of a connection through it.
        """
        upstream = self.upstream()
        process = self.relay(upstream, options=options, **more)
        client = self.connect(process)
        return process, client, self.accept(upstream)

    def records(self, process, count=1):
        """
        @return: so many, when there are.
        """
        end = time.monotonic() + LIMIT
        path = os.path.join(process.dir, "access")
        while time.monotonic() < end:
            with open(path) as file:
                lines = file.read().splitlines()
            if len(lines) >= count:
                return [json.loads(line) for line in lines]
            time.sleep(0.02)
        raise AssertionError(f"{lines}: {process.text()}")

    def ends(self, process, ended, **fields):
        [record] = self.records(process)
        self.assertEqual(record["ended"], ended, record)
        for name, value in fields.items():
            self.assertEqual(record[name], value, record)
        self.assertNotIn("Traceback", process.text())
        return record


class HalfCloseTests(RelayCase):
    """
    After one side's FIN the other direction goes on.
    """

    def late(self, one, other):
        one.sendall(b"request")
        one.shutdown(socket.SHUT_WR)
        self.assertEqual(rest(other), b"request")
        time.sleep(1)
        other.sendall(b"late answer")
        other.close()
        self.assertEqual(rest(one), b"late answer")
        one.close()

    def test_theClientGetsTheLateAnswer(self):
        process, client, server = self.pair()
        self.late(client, server)
        record = self.ends(process, "client-fin", bytesRead=7, bytesWritten=11, attempts=1)
        self.assertTrue(1 <= record["firstByte"] <= record["duration"], record)

    def test_theUpstreamGetsTheLateAnswer(self):
        process, client, server = self.pair()
        self.late(server, client)
        self.ends(process, "upstream-fin", bytesRead=11, bytesWritten=7)

    def test_overUNIXSocketsToo(self):
        folder = tempfile.mkdtemp()
        upstream = self.upstream(path=os.path.join(folder, "up"))
        process = self.relay(upstream, listen=("--path", os.path.join(folder, "down")))
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(LIMIT)
        client.connect(os.path.join(folder, "down"))
        self.late(client, self.accept(upstream))
        self.ends(process, "client-fin", peer="unix", upstream=where(upstream))

    def test_itIsBounded(self):
        process, client, server = self.pair("--half-close-timeout", "0.3")
        client.shutdown(socket.SHUT_WR)
        self.assertEqual(rest(server), b"")
        self.assertRaises(ConnectionResetError, client.recv, 1)
        self.ends(process, "half-close-timeout")


class ResetTests(RelayCase):
    """
    What was cut short does not look complete.
    """

    def test_theClientsRSTReachesTheUpstream(self):
        process, client, server = self.pair()
        client.sendall(b"half")
        self.assertEqual(server.recv(10), b"half")
        reset(client)
        self.assertRaises(ConnectionResetError, server.recv, 1)
        self.ends(process, "client-reset", bytesRead=4, error="ECONNRESET")

    def test_theUpstreamsRSTReachesTheClient(self):
        process, client, server = self.pair()
        server.sendall(b"half")
        self.assertEqual(client.recv(10), b"half")
        reset(server)
        self.assertRaises(ConnectionResetError, client.recv, 1)
        self.ends(process, "upstream-reset", bytesWritten=4, error="ECONNRESET")

    def test_anUpstreamThatDiesInMidTransfer(self):
        for option in ("--no-splice",), ():
            upstream = self.upstream()
            process = self.relay(upstream, options=option)
            client = self.connect(process)
            server = self.accept(upstream)

            def send(skt=server):
                with contextlib.suppress(OSError):  # closed by the test
                    skt.sendall(bytes(64 * MB))

            sender = threading.Thread(target=send)
            sender.start()
            got = 0
            while got < 4 * MB:
                got += len(client.recv(MB))
            reset(server)
            sender.join(LIMIT)
            self.assertRaises(ConnectionResetError, rest, client)
            self.ends(process, "upstream-reset")

    def test_itIsNoticedThoughNobodyReads(self):
        """
        The upstream takes nothing, so that the client is not read from.
        """
        for options in (), ("--no-splice",):
            process, client, server = self.pair("--half-close-timeout", "2", *options)
            client.setblocking(False)
            block = bytes(MB)
            stop = time.monotonic() + 0.5
            while time.monotonic() < stop:
                with contextlib.suppress(BlockingIOError):
                    client.send(block)
            reset(client)
            self.ends(process, "client-reset", error="ECONNRESET")
            self.assertRaises(ConnectionResetError, rest, server)

    def test_itIsNoticedAfterAFIN(self):
        process, client, server = self.pair("--half-close-timeout", "8")
        client.shutdown(socket.SHUT_WR)
        self.assertEqual(server.recv(1), b"")
        reset(client)
        # What an RST is to who has had the end already.
        self.ends(process, "client-reset", error="EPIPE")
        self.assertEqual(server.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR), EPIPE)

    def test_theClientsIsNoticedWhileItsUpstreamIsSought(self):
        full = self.hanging()
        process = self.relay(
            full, options=("--connect-timeout", "1000", "--half-close-timeout", "1")
        )
        client = self.connect(process)
        time.sleep(0.2)
        reset(client)
        self.ends(process, "client-reset", upstream=None, attempts=1)

    def test_anUpstreamThatAcceptsAndNeverAnswers(self):
        process, client, server = self.pair("--timeout", "0.3")
        client.sendall(b"anybody?")
        self.assertRaises(ConnectionResetError, client.recv, 1)
        self.assertEqual(server.recv(10), b"anybody?")
        self.assertRaises(ConnectionResetError, server.recv, 1)
        self.ends(process, "idle-timeout", firstByte=None, bytesWritten=0)


class ChoiceTests(RelayCase):
    """
    Several upstreams.
    """

    def served(self, process, *upstreams):
        """
        @return: which of them a new client is connected to.
        """
        client = self.connect(process)
        for each in upstreams:
            each.settimeout(0.01)
        end = time.monotonic() + LIMIT
        while time.monotonic() < end:
            for index, each in enumerate(upstreams):
                try:
                    server, _ = each.accept()
                except TimeoutError:
                    continue
                server.close()
                rest(client)
                client.close()
                return index
        raise AssertionError(process.text())

    def test_roundRobin(self):
        ups = [self.upstream() for _ in range(3)]
        process = self.relay(*ups)
        self.assertEqual([self.served(process, *ups) for _ in range(4)], [0, 1, 2, 0])

    def test_whoRefusesIsPassedOverRestsAndComesBack(self):
        port = freePort()
        good = self.upstream()
        process = self.relay(
            f"127.0.0.1:{port}", good,
            options=("--balance", "first", "--max-fails", "2", "--fail-timeout", "2"),
        )  # fmt: skip
        for _ in range(3):
            self.assertEqual(self.served(process, good), 0)
        attempts = [each["attempts"] for each in self.records(process, 3)]
        self.assertEqual(attempts, [2, 2, 1])
        process.until(f"Upstream 127.0.0.1:{port} is quarantined for 2 s: 2 failures in a row")
        back = socket.create_server(("127.0.0.1", port))
        self.addCleanup(back.close)
        time.sleep(2.1)
        self.assertEqual(self.served(process, back, good), 0)
        process.until(f"Upstream 127.0.0.1:{port} answers again")

    def test_probesFindWhoAnswersAgain(self):
        port = freePort()
        process = self.relay(
            f"127.0.0.1:{port}",
            options=("--health-interval", "0.1", "--max-fails", "1", "--fail-timeout", "1000"),
        )
        process.until("is quarantined for 1000 s")
        with socket.create_server(("127.0.0.1", port)) as back:
            back.settimeout(LIMIT)
            process.until("answers again")

    def test_whoHangsInConnectIsGivenUp(self):
        full = self.hanging()
        good = self.upstream()
        process = self.relay(
            full, good, options=("--balance", "first", "--connect-timeout", "0.3")
        )
        self.assertEqual(self.served(process, good), 0)
        [record] = self.records(process)
        self.assertEqual(record["attempts"], 2)
        self.assertEqual(record["error"], f"{where(full)}: ETIMEDOUT")

    def test_whenNoneAnswersTheClientIsReset(self):
        ports = [freePort(), freePort()]
        process = self.relay(*(f"127.0.0.1:{port}" for port in ports))
        with self.assertRaises(ConnectionResetError):  # even before it knows of a connection
            rest(self.connect(process))
        self.ends(
            process,
            "connect-failed",
            upstream=None,
            attempts=2,
            error="; ".join(f"127.0.0.1:{port}: ECONNREFUSED" for port in ports),
        )
        lines = [line for line in process.text().splitlines() if "ECONNREFUSED" in line]
        self.assertEqual(len(lines), 1)

    def test_namesAndEndpointDescriptions(self):
        upstream = self.upstream()
        port = upstream.getsockname()[1]
        process = self.relay(f"localhost:{port}", f"tcp:127.0.0.1:{port}")
        for _ in range(2):
            self.assertEqual(self.served(process, upstream), 0)
        names = [each["upstream"] for each in self.records(process, 2)]
        self.assertEqual(names, [f"localhost:{port}", f"tcp:127.0.0.1:{port}"])


class RefusalTests(RelayCase):
    """
    Limits and addresses.
    """

    def refused(self, process, reason, count=1):
        client = self.connect(process)
        with contextlib.suppress(ConnectionResetError):
            self.assertEqual(client.recv(1), b"")
        record = self.records(process, count)[-1]
        self.assertEqual((record["ended"], record["error"]), ("refused", reason))

    def test_maxConnections(self):
        for option in "max-connections", "max-connections-per-host":
            process, _client, _server = self.pair(f"--{option}", "1")
            self.refused(process, option)

    def test_onesWhosePROXYHeaderIsNotThereYetCount(self):
        process = self.relay(
            self.upstream(), options=("--proxy-protocol", "--max-connections", "2")
        )
        waiting = [self.connect(process) for _ in range(2)]
        self.refused(process, "max-connections")
        waiting[0].close()
        time.sleep(0.1)
        waiting.append(self.connect(process))
        waiting[-1].settimeout(0.3)
        self.assertRaises(TimeoutError, waiting[-1].recv, 1)

    def test_silentClientsAreMergedThoseThatSpokeAreNot(self):
        process = self.relay(
            self.hanging(), options=("--no-log-empty", "--connect-timeout=0.5")
        )
        clients = [self.connect(process) for _ in range(20)]
        for client in clients[10:]:
            client.sendall(b"spoken")
        for client in clients:
            self.assertRaises(ConnectionResetError, client.recv, 1)
        process.stop()
        counts = [each["count"] for each in self.records(process)]
        self.assertEqual(sum(counts), 20)
        self.assertEqual(counts.count(1), 11)

    def test_deny(self):
        upstream = self.upstream()
        process = self.relay(
            upstream, options=("--allow", "10.0.0.0/8", "--deny", "127.0.0.0/8")
        )
        self.refused(process, "deny")
        process = self.relay(
            upstream, options=("--allow", "127.0.0.1", "--deny", "127.0.0.0/8")
        )
        self.connect(process)
        self.accept(upstream)

    def test_manyAreToldOfOnceASecond(self):
        process = self.relay("127.0.0.1:1", options=("--deny", "127.0.0.0/8"))
        began = time.monotonic()
        for _ in range(50):
            client = self.connect(process)
            self.assertEqual(client.recv(1), b"")
        counts = []
        while sum(counts) < 50:
            counts = [each["count"] for each in self.records(process, len(counts) + 1)]
        self.assertEqual(sum(counts), 50)
        self.assertLessEqual(len(counts), time.monotonic() - began + 1)


class HAProxyCase(RelayCase):
    """
    With HAProxy before or behind the relay.
    """

    def haproxy(self, config):
        """
        @return: the port of its frontend, C{@PORT@} in the configuration.
        """
        program = need("haproxy")
        port = freePort()
        path = os.path.join(tempfile.mkdtemp(), "haproxy.cfg")
        with open(path, "w") as file:
            file.write(
                "global\n  nbthread 1\ndefaults\n  mode tcp\n  timeout connect 5s\n"
                "  timeout client 20s\n  timeout server 20s\n"
            )
            file.write(config.replace("@PORT@", str(port)))
        process = subprocess.Popen([program, "-f", path], stderr=subprocess.DEVNULL)
        self.addCleanup(process.wait, LIMIT)
        self.addCleanup(process.kill)
        end = time.monotonic() + LIMIT
        while time.monotonic() < end:
            try:
                # Its own header would be expected: to connect is enough.
                socket.create_connection(("127.0.0.1", port), LIMIT).close()
                return port
            except ConnectionRefusedError:
                time.sleep(0.05)
        raise AssertionError("haproxy does not listen")


class ProxyProtocolTests(HAProxyCase):
    """
    PROXY headers, in and out.
    """

    def test_inAnyFragmentation(self):
        upstream = self.upstream()
        process = self.relay(
            upstream, options=("--proxy-protocol", "--proxy-protocol-from", "127.0.0.0/8")
        )
        for index, header in enumerate(
            [
                b"PROXY TCP4 192.0.2.1 198.51.100.1 1000 80\r\n",
                b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c"
                + bytes([192, 0, 2, 1, 198, 51, 100, 1, 1000 >> 8, 1000 & 255, 0, 80]),
            ]
        ):
            client = self.connect(process)
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for byte in header[:-1]:
                client.sendall(bytes([byte]))
                time.sleep(0.002)
            client.sendall(header[-1:] + b"data")
            server = self.accept(upstream)
            self.assertEqual(server.recv(10), b"data")
            server.close()
            client.close()
            record = self.records(process, index + 1)[-1]
            self.assertEqual(
                (record["peer"], record["listener"]), ("192.0.2.1:1000", "198.51.100.1:80")
            )

    def test_malformedOrNotTrustedIsClosedAndLogged(self):
        for options, message in [
            ((), r"refused \(proxy-protocol: not a PROXY header\)"),
            (("--proxy-protocol-from", "10.0.0.0/8"), r"refused \(proxy-protocol-from\)"),
        ]:
            process = self.relay("127.0.0.1:1", options=("--proxy-protocol", *options))
            client = self.connect(process)
            try:
                client.sendall(b"GET / HTTP/1.0\r\n\r\n")
                self.assertEqual(client.recv(1), b"")
            except ConnectionError:
                pass
            [record] = self.records(process)
            self.assertEqual(record["ended"], "refused")
            self.assertRegex(process.text(), message)

    def test_haproxyBeforeUs(self):
        for send in "send-proxy", "send-proxy-v2":
            upstream = self.upstream()
            process = self.relay(upstream, options=("--proxy-protocol",))
            port = self.haproxy(
                f"listen l\n  bind 127.0.0.1:@PORT@\n"
                f"  server s 127.0.0.1:{process.ports[0]} {send}\n"
            )
            client = socket.create_connection(("127.0.0.1", port), LIMIT)
            self.addCleanup(client.close)
            client.sendall(b"through both")
            server = self.accept(upstream)
            while not (got := server.recv(20)):  # the one that tried whether it listens
                server = self.accept(upstream)
            self.assertEqual(got, b"through both")
            host, number = client.getsockname()
            server.close()
            client.close()
            end = time.monotonic() + LIMIT
            while time.monotonic() < end:
                peers = [each["peer"] for each in self.records(process)]
                if f"{host}:{number}" in peers:
                    break
                time.sleep(0.02)
            else:
                raise AssertionError(peers)

    def test_haproxyBehindUs(self):
        for version in "v1", "v2":
            upstream = self.upstream()
            port = self.haproxy(
                f"listen l\n  bind 127.0.0.1:@PORT@ accept-proxy\n"
                f"  server s {where(upstream)} send-proxy\n"
            )
            process = self.relay(f"127.0.0.1:{port}", options=("--send-proxy", version))
            client = self.connect(process)
            client.sendall(b"data")
            client.shutdown(socket.SHUT_WR)
            got = rest(self.accept(upstream))
            (host, one), (_, other) = client.getsockname(), client.getpeername()
            self.assertEqual(got, f"PROXY TCP4 {host} 127.0.0.1 {one} {other}\r\ndata".encode())


class TLSCase(RelayCase):
    """
    Certificates for both sides, of one authority.
    """

    def setUp(self):
        self.authority = Authority()
        self.folder = tempfile.mkdtemp()
        self.files = {}
        for side in "listener", "upstream":
            key, cert, _ = self.authority.issue("localhost", "127.0.0.1")
            for name, text in ("key", key), ("cert", cert):
                self.files[f"{side}-{name}"] = self.write(f"{side}-{name}", text)
        self.files["ca"] = self.write("ca", self.authority.pem)

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "wb" if isinstance(text, bytes) else "w") as file:
            file.write(text)
        return path

    def context(self, server):
        if server:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.files["upstream-cert"], self.files["upstream-key"])
            return context
        return ssl.create_default_context(cafile=self.files["ca"])

    def listenerFiles(self):
        """
        @return: the options that have a relay's clients speak TLS.
        """
        files = self.files
        return ["--tls-key", files["listener-key"], "--tls-cert", files["listener-cert"]]

    def tlsPair(self, inside, out):
        """
        @param inside: the client speaks TLS.
        @param out: the upstream does.
        """
        upstream = self.upstream()
        process = self.relay(
            upstream,
            before=self.listenerFiles() if inside else [],
            options=["--upstream-tls", "--upstream-ca", self.files["ca"]] if out else [],
        )
        client = self.connect(process)
        servers = []

        def answer():
            server = self.accept(upstream)
            if out:
                server = self.context(True).wrap_socket(server, server_side=True)
            servers.append(server)

        thread = threading.Thread(target=answer)
        thread.start()
        if inside:
            client = self.context(False).wrap_socket(client, server_hostname="127.0.0.1")
        thread.join(LIMIT)
        return process, client, *servers


class TLSTests(TLSCase):
    """
    TLS on either side, or both.
    """

    def test_inOutAndBoth(self):
        for inside, out in (True, False), (False, True), (True, True):
            process, client, server = self.tlsPair(inside, out)
            client.sendall(b"ping")
            self.assertEqual(server.recv(10), b"ping")
            server.sendall(b"pong")
            self.assertEqual(client.recv(10), b"pong")
            server.close()
            client.close()
            self.records(process)

    def test_anUpstreamThatIsNotWhomWeWantIsNotServed(self):
        upstream = self.upstream()
        process = self.relay(
            upstream,
            options=[
                "--upstream-tls", "--upstream-ca", self.files["ca"],
                "--upstream-servername", "elsewhere.example",
            ],
        )  # fmt: skip
        client = self.connect(process)
        server = self.accept(upstream)

        def shake():
            with contextlib.suppress(OSError):
                self.context(True).wrap_socket(server, server_side=True).recv(1)

        thread = threading.Thread(target=shake)
        thread.start()
        self.assertRaises(ConnectionResetError, client.recv, 1)
        thread.join(LIMIT)
        record = self.ends(process, "connect-failed")
        self.assertIn("certificate is not for elsewhere.example", record["error"])

    def test_anUpstreamThatEndsInOrderHasNotReset(self):
        """
        Though it does not wait for what TLS has still to say.
        """
        for path in None, os.path.join(tempfile.mkdtemp(), "up"):
            upstream = self.upstream(path=path)
            process = self.relay(
                upstream,
                options=[
                    "--upstream-tls", "--upstream-ca", self.files["ca"],
                    "--upstream-servername", "localhost",
                ],
            )  # fmt: skip
            client = self.connect(process)
            client.sendall(b"request")
            client.shutdown(socket.SHUT_WR)
            server = self.context(True).wrap_socket(self.accept(upstream), server_side=True)
            self.assertEqual(rest(server), b"request")
            server.sendall(b"answer")
            server.unwrap().close()
            self.assertEqual(rest(client), b"answer")
            client.close()
            self.ends(process, "client-fin", error="")

    def test_weShowOurOwnCertificate(self):
        upstream = self.upstream()
        process = self.relay(
            upstream,
            options=[
                "--upstream-tls", "--upstream-ca", self.files["ca"],
                "--upstream-key", self.files["listener-key"],
                "--upstream-cert", self.files["listener-cert"],
            ],
        )  # fmt: skip
        client = self.connect(process)
        client.sendall(b"ping")
        context = self.context(True)
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(self.files["ca"])
        server = context.wrap_socket(self.accept(upstream), server_side=True)
        self.assertEqual(server.recv(10), b"ping")
        self.assertIn(("DNS", "localhost"), server.getpeercert()["subjectAltName"])
        server.close()

    def test_insecureWarns(self):
        upstream = self.upstream()
        process = self.relay(upstream, options=["--upstream-tls", "--upstream-insecure"])
        process.until("--upstream-insecure: ")


class DrainTests(RelayCase):
    """
    SIGTERM.
    """

    def test_connectionsFinishWithinDrainSeconds(self):
        process, client, server = self.pair("--drain", "20")
        process.process.send_signal(signal.SIGTERM)
        process.until("Stopping: 1 connections have 20 s to end")
        with self.assertRaises(ConnectionRefusedError):
            self.connect(process)
        client.sendall(b"still")
        self.assertEqual(server.recv(10), b"still")
        server.close()
        self.assertEqual(rest(client), b"")
        client.close()
        self.assertEqual(process.process.wait(LIMIT), 0)
        self.ends(process, "upstream-fin")

    def test_thenTheyAreCut(self):
        process, client, server = self.pair("--drain", "0.2")
        process.process.send_signal(signal.SIGTERM)
        for each in client, server:
            self.assertRaises(ConnectionResetError, each.recv, 1)
        self.assertEqual(process.process.wait(LIMIT), 0)
        self.ends(process, "drained")

    def test_aSecondSigtermCutsAtOnce(self):
        process, client, server = self.pair("--drain", "1000")
        process.process.send_signal(signal.SIGTERM)
        process.until("Stopping")
        process.process.send_signal(signal.SIGTERM)
        for each in client, server:
            self.assertRaises(ConnectionResetError, each.recv, 1)
        self.assertEqual(process.process.wait(LIMIT), 0)
        self.ends(process, "drained")

    def test_sigusr1WithoutAnAccessLogIsIgnored(self):
        process = self.twistd("--port", "0", "relay", "--upstream", "/nowhere")
        process.ports = process.listening()
        # When the reactor runs. (Nobody is at /nowhere.)
        with self.assertRaises(ConnectionResetError):
            rest(self.connect(process))
        process.process.send_signal(signal.SIGUSR1)
        self.assertEqual(process.stop(), 0)

    def test_sigtermsWhileItExitsDoNotMakeItsStatus(self):
        process, client, server = self.pair()
        client.close()
        server.close()
        while process.process.poll() is None:
            process.process.send_signal(signal.SIGTERM)
            time.sleep(0.0005)
        self.assertEqual(process.process.returncode, 0)

    def test_sigusr1ReopensTheAccessLog(self):
        process, client, server = self.pair()
        path = os.path.join(process.dir, "access")
        os.rename(path, path + ".1")
        process.process.send_signal(signal.SIGUSR1)
        process.until("Access log reopened")
        client.close()
        server.close()
        self.ends(process, "client-fin")
        self.assertEqual(os.path.getsize(path + ".1"), 0)


class BulkCase(RelayCase):
    """
    Much data, both ways at once.
    """

    def exchange(self, skt, seed, into):
        """
        Send and receive at once, in one thread: a TLS socket is no two threads' to use.

        @param into: gets the hashes of what was sent and of what came.
        """
        block = random.Random(seed).randbytes(MB)
        sent, received = hashlib.blake2b(), hashlib.blake2b()
        number = count = 0
        view = memoryview(b"")
        skt.setblocking(False)
        wouldBlock = BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError
        while count < SIZE or number < SIZE // MB or view:
            if not view and number < SIZE // MB:
                piece = number.to_bytes(8, "big") + block[8:]
                sent.update(piece)
                view = memoryview(piece)
                number += 1
            ready = select.select([skt], [skt] if view else [], [], LIMIT)
            if not any(ready):
                break
            with contextlib.suppress(*wouldBlock):
                while piece := skt.recv(MB):
                    count += len(piece)
                    received.update(piece)
            with contextlib.suppress(*wouldBlock):
                while view:
                    view = view[skt.send(view) :]
        into += [sent.digest(), received.digest()]

    def bothWays(self, process, client, server):
        one, other = [], []
        threads = [
            threading.Thread(target=self.exchange, args=(client, 1, one)),
            threading.Thread(target=self.exchange, args=(server, 2, other)),
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(6 * LIMIT)
        self.assertEqual(one, other[::-1])
        client.close()
        server.close()
        [record] = self.records(process)
        self.assertEqual((record["bytesRead"], record["bytesWritten"]), (SIZE, SIZE))


class BulkTests(BulkCase):
    """
    With splice and without.
    """

    def test_bothWaysOverTCP(self):
        for options in (), ("--no-splice",):
            self.bothWays(*self.pair(*options))

    def test_bothWaysOverUNIXSockets(self):
        for options in (), ("--no-splice",):
            folder = tempfile.mkdtemp()
            upstream = self.upstream(path=os.path.join(folder, "up"))
            listen = ("--path", os.path.join(folder, "down"))
            process = self.relay(upstream, options=options, listen=listen)
            client = socket.socket(socket.AF_UNIX)
            client.settimeout(LIMIT)
            client.connect(os.path.join(folder, "down"))
            self.bothWays(process, client, self.accept(upstream))


class BulkTLSTests(TLSCase, BulkCase):
    """
    The same under TLS on both sides.
    """

    def test_bothWaysOverTLS(self):
        self.bothWays(*self.tlsPair(True, True))


class BoundTests(RelayCase):
    """
    What a relay holds is bounded, and given back.
    """

    def status(self, process, name):
        with open(f"/proc/{process.process.pid}/status") as file:
            return int(re.search(rf"{name}:\s+(\d+)", file.read())[1])

    def fds(self, process):
        return len(os.listdir(f"/proc/{process.process.pid}/fd"))

    def test_aSlowReaderDoesNotMakeItGrow(self):
        for options in (), ("--no-splice",):
            process, client, server = self.pair(*options)
            before = self.status(process, "VmRSS")
            stop = time.monotonic() + 3
            client.setblocking(False)
            block = bytes(MB)
            while time.monotonic() < stop:
                try:
                    client.send(block)
                except BlockingIOError:
                    server.recv(50_000)
                    time.sleep(0.05)  # a megabyte a second
            self.assertLess(self.status(process, "VmHWM") - before, 10 * 1024)

    def test_manySlowReadersNeither(self):
        count = 200
        self.descriptors(3000)
        for options in (), ("--no-splice",):
            upstream = self.upstream()
            process = self.relay(upstream, options=options)
            before = self.status(process, "VmRSS")
            block = bytes(MB)
            for _ in range(count):
                client = self.connect(process)
                self.accept(upstream)
                client.setblocking(False)
                try:
                    while client.send(block):
                        pass
                except BlockingIOError:
                    pass
            time.sleep(1)
            used = self.status(process, "VmHWM") - before
            self.assertLess(used, count * 2 * 64 + 10 * 1024)

    def test_afterManyShortConnectionsDescriptorsAreBack(self):
        upstream = self.upstream()
        process = self.relay(upstream)

        def some(size):
            pairs = [(self.connect(process), self.accept(upstream)) for _ in range(5)]
            for client, _ in pairs:
                client.sendall(bytes(size))
                client.shutdown(socket.SHUT_WR)
            for client, server in pairs:
                server.sendall(rest(server))
                server.close()
                self.assertEqual(len(rest(client)), size)
                client.close()

        some(10)
        self.records(process, 5)
        before = self.fds(process)
        for number in range(400):
            some(10 if number % 100 else 400_000)
        self.records(process, 2005)
        # Spare pipes, if any were made.
        self.assertLessEqual(self.fds(process), before + 2 * 10)

    def test_afterManyShortConnectionsObjectsAreBack(self):
        """
        The relay's own, in a process that says how many it has.
        """
        upstream = self.upstream()
        script = (
            "import gc, sys\n"
            "from twisted.scripts.twistd import run\n"
            "from nodenet.service.relay import Relay\n"
            "def count(*_):\n"
            "    gc.collect()\n"
            "    names = ('Stream', 'Pair', '_Pipe', 'Splice', 'Connection', 'TCPClient')\n"
            "    kinds = [type(each).__name__ for each in gc.get_objects()]\n"
            "    print('objects', sum(kinds.count(name) for name in names), flush=True)\n"
            "import signal\n"
            "signal.signal(signal.SIGUSR2, count)\n"
            "run()\n"
        )
        process = self.relay(upstream, script=script)

        def objects(times):
            process.process.send_signal(signal.SIGUSR2)
            end = time.monotonic() + LIMIT
            while time.monotonic() < end:
                found = re.findall(r"objects (\d+)", process.text())
                if len(found) == times:
                    return int(found[-1])
                time.sleep(0.02)
            raise AssertionError(process.text())

        for number in range(2):
            before = objects(number + 1)
            for _ in range(200):
                client = self.connect(process)
                server = self.accept(upstream)
                client.sendall(b"x")
                self.assertEqual(server.recv(1), b"x")
                server.close()
                rest(client)
                client.close()
            self.records(process, 200 * (number + 1))
        self.assertEqual((before, objects(3)), (0, 0))


class PropertyTests(RelayCase):
    """
    Whatever both sides do.
    """

    def setUp(self):
        self.up = self.upstream()
        self.process = None

    OPERATIONS = st.tuples(
        st.sampled_from("AB"),
        st.sampled_from(["write", "write", "write", "read", "wait", "end", "reset"]),
        st.integers(1, 300_000),
    )

    def test_whatWasDeliveredIsWhatWasSentOrTheEndIsAnError(self):
        self.process = self.relay(self.up)

        @settings(max_examples=60, deadline=None, database=None)
        @given(st.lists(self.OPERATIONS, max_size=25), st.randoms(use_true_random=False))
        def check(operations, rng):
            self.drive(operations, rng)

        check()
        self.assertNotIn("Traceback", self.process.text())

    def drive(self, operations, rng):
        client = socket.create_connection(("127.0.0.1", self.process.ports[0]), LIMIT)
        server, _ = self.up.accept()
        ends = {"A": End(client), "B": End(server)}
        try:
            for side, operation, size in operations:
                getattr(ends[side], operation)(size, rng)
            for each in ends.values():
                each.end(0, rng)
            # To the end, both at once, or one would wait for the other.
            stop = time.monotonic() + LIMIT
            while not all(each.how for each in ends.values()):
                assert time.monotonic() < stop, self.process.text()
                for each in ends.values():
                    each.flush()
                    each.read(1 << 20, rng)
        finally:
            client.close()
            server.close()
        for one, other in (ends["A"], ends["B"]), (ends["B"], ends["A"]):
            sent = bytes(other.sent)
            assert sent.startswith(bytes(one.got))
            if one.how == "end":
                assert other.finished
                assert len(one.got) == len(sent)


class End:
    """
    One side, and what it knows.
    """

    def __init__(self, skt):
        skt.setblocking(False)
        self.skt = skt
        self.todo = bytearray()  # to be written
        self.sent = bytearray()  # what the kernel took
        self.got = bytearray()
        self.ending = self.finished = False
        self.how = ""  # it has ended

    def write(self, size, rng):
        if not self.ending:
            self.todo += rng.randbytes(size)
        self.flush()

    def flush(self):
        try:
            while self.todo and self.how != "reset":
                count = self.skt.send(self.todo)
                self.sent += self.todo[:count]
                del self.todo[:count]
            if self.ending and not self.finished and self.how != "reset":
                self.skt.shutdown(socket.SHUT_WR)
                self.finished = True
        except BlockingIOError:
            pass
        except OSError:
            # The kernel says so once.
            self.how = self.how or "error"

    def end(self, size, rng):
        self.ending = True
        self.flush()

    def read(self, size, rng):
        if self.how:
            return
        try:
            piece = self.skt.recv(size)
        except BlockingIOError:
            return
        except OSError:
            self.how = "error"
            return
        self.got += piece
        if not piece:
            self.how = "end"

    def wait(self, size, rng):
        time.sleep(size / 30_000_000)

    def reset(self, size, rng):
        if self.how != "reset":
            reset(self.skt)
            self.how = "reset"
            self.ending = True
