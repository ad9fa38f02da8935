"""
C{twistd nodenet relay --proxy-protocol}, as a process, between real sockets: the header and
nothing more is taken from the connection.
"""

from __future__ import annotations

import os
import signal
import socket
import ssl
import tempfile
import time

from tests.process.test_relay_end_to_end import HAProxyCase, RelayCase, TLSCase, reset, rest
from tests.processes import LIMIT

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
BODY = bytes([192, 0, 2, 1, 198, 51, 100, 1, 1000 >> 8, 1000 & 255, 0, 80])
#: Types 0x02 (authority), 0x04 (nothing, for padding) and 0x05 (a unique id).
TLVS = b"\x02\0\x09localhost" + b"\x04\x01\0" + bytes(256) + b"\x05\0\x04abcd"
V1 = b"PROXY TCP4 192.0.2.1 198.51.100.1 1000 80\r\n"
V2 = SIGNATURE + b"\x21\x11\0\x0c" + BODY
V2_TLVS = SIGNATURE + b"\x21\x11" + (12 + len(TLVS)).to_bytes(2, "big") + BODY + TLVS
HEADERS = V1, V2, V2_TLVS
#: Who the headers name.
NAMED = "192.0.2.1:1000", "198.51.100.1:80"


class ProxyCase(RelayCase):
    """
    A relay that expects headers.
    """

    def proxied(self, *upstreams, options=(), **more):
        return self.relay(*upstreams, options=("--proxy-protocol", *options), **more)

    def cpu(self, process):
        """
        @return: seconds of CPU time that the process has used.
        """
        with open(f"/proc/{process.process.pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def named(self, process, count=1):
        """
        The last connection is of whom the headers name.

        @return: its record.
        """
        record = self.records(process, count)[-1]
        self.assertEqual((record["peer"], record["listener"]), NAMED)
        self.assertNotIn("Traceback", process.text())
        return record

    def served(self, upstream, client, data=b"hello"):
        """
        The upstream gets this, which the client has sent, and the client the answer.
        """
        server = self.accept(upstream)
        self.assertEqual(server.recv(100), data)
        server.sendall(b"answer")
        self.assertEqual(client.recv(100), b"answer")
        server.close()
        client.close()

    def refused(self, process, client, why):
        with self.assertRaises(ConnectionResetError):
            self.assertEqual(client.recv(1), b"no end, but a reset")
        [record] = self.records(process)
        self.assertEqual(
            (record["ended"], record["error"]), ("refused", f"proxy-protocol: {why}")
        )
        self.assertNotIn("Traceback", process.text())


class HeaderTests(ProxyCase):
    """
    However the header comes.
    """

    def test_dataMayComeInTheHeadersSegment(self):
        upstream = self.upstream()
        process = self.proxied(upstream)
        for index, header in enumerate(HEADERS):
            client = self.connect(process)
            client.sendall(header + b"hello")
            self.served(upstream, client)
            record = self.named(process, index + 1)
            self.assertEqual((record["bytesRead"], record["bytesWritten"]), (5, 6))

    def test_andTheFINToo(self):
        upstream = self.upstream()
        process = self.proxied(upstream)
        client = self.connect(process)
        process.process.send_signal(signal.SIGSTOP)
        client.sendall(V2 + b"hello")
        client.shutdown(socket.SHUT_WR)
        process.process.send_signal(signal.SIGCONT)
        server = self.accept(upstream)
        self.assertEqual(rest(server), b"hello")
        server.sendall(b"late answer")
        server.close()
        self.assertEqual(rest(client), b"late answer")
        self.named(process)

    def test_byteByByte(self):
        upstream = self.upstream()
        process = self.proxied(upstream)
        for index, header in enumerate((V1, V2)):
            client = self.connect(process)
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for byte in header[:-1]:
                client.sendall(bytes([byte]))
                time.sleep(0.002)
            client.sendall(header[-1:] + b"hello")
            self.served(upstream, client)
            self.named(process, index + 1)

    def test_waitingForTheRestCostsNothing(self):
        upstream = self.upstream()
        process = self.proxied(upstream)
        client = self.connect(process)
        client.sendall(V2[:3])
        time.sleep(0.3)
        before = self.cpu(process)
        time.sleep(2)
        self.assertLess(self.cpu(process) - before, 0.2)
        client.sendall(V2[3:] + b"hello")
        self.served(upstream, client)
        self.named(process)

    def test_overAUNIXSocket(self):
        upstream = self.upstream()
        path = os.path.join(tempfile.mkdtemp(), "relay")
        process = self.proxied(upstream, listen=("--path", path))
        for index, header in enumerate(HEADERS):
            for before in 0, 20:
                client = socket.socket(socket.AF_UNIX)
                self.addCleanup(client.close)
                client.settimeout(LIMIT)
                client.connect(path)
                client.sendall(header[:before])
                time.sleep(0.05)
                client.sendall(header[before:] + b"hello")
                self.served(upstream, client)
                self.named(process, 2 * index + (2 if before else 1))

    def test_onTwistedsOwnReactorsToo(self):
        for reactor in "epoll", "poll", "select", "asyncio":
            upstream = self.upstream()
            script = (
                "import sys\nfrom twisted.scripts.twistd import run\n"
                f"sys.argv.insert(1, '--reactor={reactor}')\nrun()\n"
            )
            process = self.proxied(upstream, script=script)
            client = self.connect(process)
            client.sendall(V1[:9])
            time.sleep(0.05)
            client.sendall(V1[9:] + b"hello")
            self.served(upstream, client)
            self.named(process)

    def test_manyAtOnceThatSendHalfOfIt(self):
        upstream = self.upstream(backlog=256)
        process = self.proxied(upstream)
        clients = [self.connect(process) for _ in range(200)]
        for client in clients:
            client.sendall(V2_TLVS[:20])
        time.sleep(0.3)
        for number, client in enumerate(clients):
            client.sendall(V2_TLVS[20:] + b"%03d" % number)
        for _ in clients:
            server = self.accept(upstream)
            server.sendall(server.recv(10))
            server.close()
        for number, client in enumerate(clients):
            self.assertEqual(rest(client), b"%03d" % number)
            client.close()
        for record in self.records(process, 200):
            self.assertEqual(
                (record["peer"], record["bytesRead"], record["bytesWritten"]), (NAMED[0], 3, 3)
            )
        self.assertNotIn("Traceback", process.text())


class NoHeaderTests(ProxyCase):
    """
    Those that send none.
    """

    def test_itHasToComeWithinFiveSeconds(self):
        process = self.proxied("127.0.0.1:1")
        client = self.connect(process)
        client.sendall(V1[:-1])
        began = time.monotonic()
        self.refused(process, client, "no header in time")
        self.assertTrue(4.5 < time.monotonic() - began < 10)

    def test_somethingElse(self):
        process = self.proxied("127.0.0.1:1")
        client = self.connect(process)
        client.sendall(b"\x16\x03\x01" + bytes(300))
        self.refused(process, client, "not a PROXY header")

    def test_whoLeavesBeforeItIsNotTalkedOf(self):
        upstream = self.upstream()
        process = self.proxied(upstream)
        descriptors = f"/proc/{process.process.pid}/fd"
        before = len(os.listdir(descriptors))
        for data in b"", V2[:5]:
            for end in reset, socket.socket.close:
                client = self.connect(process)
                client.sendall(data)
                time.sleep(0.05)
                end(client)
        client = self.connect(process)
        client.sendall(V1 + b"hello")
        self.served(upstream, client)
        self.named(process)
        self.assertEqual(len(self.records(process)), 1)
        self.assertNotIn("refused", process.text())
        self.assertEqual(len(os.listdir(descriptors)), before)

    def test_theyAreClosedWhenNobodyListensAnyMore(self):
        upstream = self.upstream()
        process = self.proxied(upstream, before=("--drain", "1000"))
        served, early = self.connect(process), self.connect(process)
        served.sendall(V1 + b"hello")
        server = self.accept(upstream)
        self.assertEqual(server.recv(10), b"hello")
        early.sendall(V1[:5])
        process.process.send_signal(signal.SIGTERM)
        self.assertRaises(ConnectionResetError, early.recv, 1)
        server.sendall(b"still there")
        self.assertEqual(served.recv(20), b"still there")
        server.close()
        served.close()
        self.assertEqual(process.process.wait(LIMIT), 0)
        self.named(process)


class SecureTests(TLSCase, HAProxyCase, ProxyCase):
    """
    The header comes before TLS.
    """

    def test_theClientHelloMayComeInTheHeadersSegment(self):
        upstream = self.upstream()
        process = self.proxied(upstream, before=self.listenerFiles())
        for index, header in enumerate(HEADERS):
            client = self.connect(process)
            incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
            tls = self.context(False).wrap_bio(incoming, outgoing, server_hostname="localhost")
            self.assertRaises(ssl.SSLWantReadError, tls.do_handshake)
            client.sendall(header + outgoing.read())

            def until(call, *args, tls=tls, client=client, in_=incoming, out=outgoing):
                while True:
                    try:
                        result = call(*args)
                    except ssl.SSLWantReadError:
                        client.sendall(out.read())
                        in_.write(client.recv(1 << 16) or self.fail(process.text()))
                    else:
                        client.sendall(out.read())
                        return result

            until(tls.do_handshake)
            until(tls.write, b"hello")
            server = self.accept(upstream)
            self.assertEqual(server.recv(10), b"hello")
            server.sendall(b"answer")
            self.assertEqual(until(tls.read, 10), b"answer")
            server.close()
            client.close()
            record = self.named(process, index + 1)
            self.assertEqual((record["bytesRead"], record["bytesWritten"]), (5, 6))

    def test_orWellBehindIt(self):
        upstream = self.upstream()
        process = self.proxied(upstream, before=self.listenerFiles())
        client = self.connect(process)
        client.sendall(V2[:9])
        time.sleep(0.1)
        client.sendall(V2[9:])
        time.sleep(0.1)
        client = self.context(False).wrap_socket(client, server_hostname="localhost")
        client.sendall(b"hello")
        self.served(upstream, client)
        self.named(process)

    def test_haproxyBeforeUsThatSaysMore(self):
        """
        Its TLVs: a unique id, what it knows of TLS, and a checksum. The client's TLS goes
        through it.
        """
        upstream = self.upstream()
        process = self.proxied(upstream, before=self.listenerFiles())
        port = self.haproxy(
            "listen l\n  bind 127.0.0.1:@PORT@\n  unique-id-format %{+X}o%ci:%cp\n"
            f"  server s 127.0.0.1:{process.ports[0]} send-proxy-v2"
            " proxy-v2-options unique-id,ssl,crc32c\n"
        )
        plain = socket.create_connection(("127.0.0.1", port), LIMIT)
        self.addCleanup(plain.close)
        name = plain.getsockname()
        client = self.context(False).wrap_socket(plain, server_hostname="localhost")
        client.sendall(b"hello")
        self.served(upstream, client)
        end = time.monotonic() + LIMIT
        peer = f"127.0.0.1:{name[1]}"
        while peer not in [each["peer"] for each in self.records(process)]:
            self.assertLess(time.monotonic(), end, process.text())
            time.sleep(0.02)
        self.assertNotIn("refused", process.text())
        self.assertNotIn("Traceback", process.text())
