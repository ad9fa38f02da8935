"""
curl, wrk and ab, nginx and HAProxy, before and behind C{twistd nodenet relay}.
"""

from __future__ import annotations

import hashlib
import os
import random
import re
import socket
import struct
import subprocess
import threading

from tests.process.test_relay_end_to_end import reset, rest
from tests.processes import LIMIT
from tests.programs import ProgramCase, until

MB = 1 << 20
BIG = 50 * MB


def unread(port):
    """
    @return: whether somebody who is connected to that port has not read all yet.
    """
    with open("/proc/net/tcp") as file:
        fields = [line.split() for line in file]
    return any(
        each[2].endswith(f":{port:04X}") and int(each[4].split(":")[1], 16)
        for each in fields[1:]
    )


class WebCase(ProgramCase):
    """
    An nginx that serves files, takes them, and tells what it was asked.
    """

    #: In its server {}.
    SERVER = """
        client_max_body_size 100m;
        location /ok { return 200 "ok\\n"; }
        location /up { dav_methods PUT; }
        location /who { return 200 "$proxy_protocol_addr:$proxy_protocol_port\\n"; }
        location /told { return 200 "$server_protocol $connection $connection_requests\\n"; }
    """

    def web(self, listen="listen 127.0.0.1:@main@;", more="", http="", **settings):
        return self.nginx(f"{http} server {{ {listen} {self.SERVER} {more} }}", **settings)

    def https(self, listen="ssl http2"):
        certificate = "".join(
            f"ssl_certificate{option} {self.files[f'upstream-{name}']};"
            for option, name in (("", "cert"), ("_key", "key"))
        )
        return self.web(f"listen 127.0.0.1:@main@ {listen}; {certificate}")

    def big(self, server, size=BIG):
        """
        @return: the digest of what is at /big then.
        """
        block = random.Random(3).randbytes(MB)
        expected = hashlib.sha256()
        with open(os.path.join(server.folder, "html", "big"), "wb") as file:
            for number in range(size // MB):
                piece = number.to_bytes(8, "big") + block[8:]
                file.write(piece)
                expected.update(piece)
        return expected.hexdigest()

    def digest(self, path):
        with open(path, "rb") as file:
            return hashlib.sha256(file.read()).hexdigest()

    def curl(self, *args, **settings):
        return self.call("curl", "-sS", "--cacert", self.files["ca"], *args, **settings)

    def isTold(self, *args):
        """
        nginx has been told of curl's own address.
        """
        said = self.curl("-w", "%{local_ip}:%{local_port}\n", *args).decode()
        told, own = said.splitlines()
        self.assertEqual(told, own)

    def url(self, relay, path="/ok", scheme="http"):
        return f"{scheme}://127.0.0.1:{relay.ports[0]}{path}"


class CurlTests(WebCase):
    """
    curl to nginx.
    """

    def upAndDown(self, server, relay, scheme, *args):
        """
        50 MB each way.
        """
        expected = self.big(server)
        down = os.path.join(self.folder, "down")
        self.curl(*args, "-o", down, self.url(relay, "/big", scheme))
        self.assertEqual(self.digest(down), expected)
        said = self.curl(
            *args, "-T", down, "-w", "%{http_code}", self.url(relay, "/up", scheme)
        )
        self.assertEqual(said, b"201")
        self.assertEqual(self.digest(os.path.join(server.folder, "html", "up")), expected)
        one, other = sorted(self.records(relay, 2), key=lambda each: each["bytesRead"])
        for count in one["bytesWritten"], other["bytesRead"]:
            self.assertGreater(count, BIG)

    def test_filesGoUpAndDown(self):
        for options in (), ("--no-splice",):
            server = self.web()
            self.upAndDown(server, self.relay(server.where("main"), options=options), "http")

    def test_filesGoUpAndDownWithTLSToTheRelay(self):
        server = self.web()
        relay = self.relay(server.where("main"), before=self.listener)
        self.upAndDown(server, relay, "https")

    def test_filesGoUpAndDownWithTLSToTheServer(self):
        server = self.https("ssl")
        options = ["--upstream-tls", "--upstream-ca", self.files["ca"]]
        relay = self.relay(server.where("main"), options=options)
        self.upAndDown(server, relay, "http", "-H", "Host: localhost")

    def test_filesGoUpAndDownOverHTTP2(self):
        server = self.https()
        self.upAndDown(server, self.relay(server.where("main")), "https", "--http2")

    def test_offeredHTTP2ATLSTerminatorFallsBackToHTTP1(self):
        """
        The relay has no ALPN, so that none is agreed on.
        """
        server = self.web()
        relay = self.relay(server.where("main"), before=self.listener)
        for version in "--http2", "--http1.1":
            said = self.curl(
                version, "-v", "-w", "%{http_version} %{ssl_verify_result}\n",
                self.url(relay, "/told", "https"), stderr=subprocess.STDOUT,
            ).decode()  # fmt: skip
            self.assertRegex(said, r"(?m)^HTTP/1\.1 \d+ 1$")
            self.assertRegex(said, r"(?m)^1\.1 0$")
            self.assertIn("ALPN: offers", said)

    def test_HTTP2IsAgreedOnThroughUs(self):
        server = self.https()
        relay = self.relay(server.where("main"))
        said = self.curl(
            "--http2", "-w", "%{http_version}\n", self.url(relay, "/told", "https")
        ).decode()
        self.assertRegex(said, r"^HTTP/2\.0 \d+ 1\n2\n$")

    def test_manyStreamsShareAConnectionOfHTTP2(self):
        server = self.https()
        expected = self.big(server, 2 * MB)
        relay = self.relay(server.where("main"))
        outs = [os.path.join(self.folder, f"out{n}") for n in range(20)]
        words = [word for out in outs for word in ("-o", out, self.url(relay, "/big", "https"))]
        self.curl("--http2", "--parallel", "--parallel-max", "20", *words)
        self.assertEqual({self.digest(out) for out in outs}, {expected})
        [record] = self.records(relay)
        self.assertGreater(record["bytesWritten"], 20 * 2 * MB)

    def test_aSlowReaderGetsAll(self):
        """
        More slowly than it is sent, and more than sockets hold.
        """
        server = self.web()
        expected = self.big(server, 16 * MB)
        for before, scheme in ([], "http"), (self.listener, "https"):
            relay = self.relay(server.where("main"), before=before)
            down = os.path.join(self.folder, "down")
            self.curl("--limit-rate", "16M", "-o", down, self.url(relay, "/big", scheme))
            self.assertEqual(self.digest(down), expected)
            [record] = self.records(relay)
            self.assertGreater(record["bytesWritten"], 16 * MB)

    def streaming(self, relay, scheme):
        """
        @return: a curl that hands on what it gets.
        """
        return self.background(
            "curl", "-sSN", "--cacert", self.files["ca"], self.url(relay, "/", scheme),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def test_theServerSeesThatACurlWasKilled(self):
        """
        Not an end: a reset, as without us.
        """
        for before, scheme in ([], "http"), (self.listener, "https"):
            upstream = self.upstream()
            relay = self.relay(upstream, before=before)
            curl = self.streaming(relay, scheme)
            server = self.accept(upstream)
            self.assertTrue(server.recv(MB).startswith(b"GET / "))
            server.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
            server.sendall(bytes(MB))
            curl.stdout.read(100_000)
            # There is more than it has read: its kernel resets.
            until(lambda port=relay.ports[0]: unread(port))
            curl.kill()
            self.assertRaises(ConnectionResetError, server.recv, 1)
            [record] = self.records(relay)
            self.assertGreater(record["bytesWritten"], 100_000)
            self.assertNotIn("Traceback", relay.text())

    def test_theServerSeesThatAnUploadWasCutShort(self):
        """
        TLS knows, though all that was sent has come. Without TLS it is an end, as without us.
        """
        for before, scheme in ([], "http"), (self.listener, "https"):
            upstream = self.upstream()
            relay = self.relay(upstream, before=before)
            curl = self.background(
                "curl", "-sSN", "--cacert", self.files["ca"], "-T", "-", "-H", "Expect:",
                self.url(relay, "/", scheme), stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
            server = self.accept(upstream)
            curl.stdin.write(b"half of it")
            curl.stdin.flush()
            got = b""
            while not got.endswith(b"half of it\r\n"):
                got += server.recv(MB)
            curl.kill()
            if before:
                self.assertRaises(ConnectionResetError, server.recv, 1)
            else:
                self.assertEqual(server.recv(1), b"")
            server.close()
            [record] = self.records(relay)
            self.assertEqual(record["bytesRead"], len(got), record)

    def test_curlSeesThatTheServerDied(self):
        """
        An answer that is cut short does not look whole: not even one that tells no length.
        """
        for before, scheme in ([], "http"), (self.listener, "https"):
            upstream = self.upstream()
            relay = self.relay(upstream, before=before)
            curl = self.streaming(relay, scheme)
            server = self.accept(upstream)
            self.assertTrue(server.recv(MB).startswith(b"GET / "))
            server.sendall(b"HTTP/1.0 200 OK\r\n\r\nhalf")
            self.assertEqual(curl.stdout.read(4), b"half")
            reset(server)
            _, said = curl.communicate(timeout=LIMIT)
            self.assertEqual(curl.returncode, 56, said)
            self.records(relay)

    def test_anAnswerThatEndsWithTheConnectionIsWhole(self):
        """
        As HTTP/1.0 has it: to curl that is success, under TLS too.
        """
        body = random.Random(4).randbytes(5 * MB)
        for before, scheme in ([], "http"), (self.listener, "https"):
            upstream = self.upstream()
            relay = self.relay(upstream, before=before)
            curl = self.streaming(relay, scheme)
            server = self.accept(upstream)
            server.recv(MB)
            sender = threading.Thread(
                target=lambda skt=server: (
                    skt.sendall(b"HTTP/1.0 200 OK\r\n\r\n" + body),
                    skt.close(),
                )
            )
            sender.start()
            got, said = curl.communicate(timeout=LIMIT)
            sender.join(LIMIT)
            self.assertEqual(curl.returncode, 0, said)
            self.assertTrue(got == body)
            self.records(relay)

    def test_severalRequestsGoOverOneConnection(self):
        server = self.web()
        for before, scheme in ([], "http"), (self.listener, "https"):
            relay = self.relay(server.where("main"), before=before)
            said = self.curl(*[self.url(relay, "/told", scheme)] * 10).decode()
            connections, requests = zip(*re.findall(r"HTTP/1.1 (\d+) (\d+)", said), strict=True)
            self.assertEqual(requests, tuple(map(str, range(1, 11))))
            self.assertEqual(len(set(connections)), 1)
            self.assertEqual(len(self.records(relay)), 1)


class NginxTests(WebCase):
    """
    nginx with PROXY headers.
    """

    def test_beforeUsItSaysWhoTheClientIs(self):
        web = self.web()
        relay = self.relay(web.where("main"), options=["--proxy-protocol"])
        before = self.nginx(
            stream="server { listen 127.0.0.1:@front@; proxy_protocol on;"
            f" proxy_pass 127.0.0.1:{relay.ports[0]}; }}"
        )
        port = before.ports["front"]
        said = self.curl(
            "-w", "%{local_ip}:%{local_port}\n", f"http://127.0.0.1:{port}/ok"
        ).decode()
        [record] = self.records(relay)
        self.assertEqual(said, f"ok\n{record['peer']}\n")
        self.assertEqual(record["listener"], f"127.0.0.1:{port}")

    def test_behindUsItIsToldWhoTheClientIs(self):
        log = (
            "log_format who '$proxy_protocol_addr:$proxy_protocol_port"
            " $proxy_protocol_server_addr:$proxy_protocol_server_port';"
        )
        for version in "v1", "v2":
            web = self.web(
                "listen 127.0.0.1:@main@ proxy_protocol;",
                more="access_log @DIR@/who who;",
                http=log,
            )
            relay = self.relay(web.where("main"), options=["--send-proxy", version])
            expected = []
            for _ in range(3):
                said = self.curl("-w", "%{local_ip}:%{local_port}", self.url(relay)).decode()
                self.assertTrue(said.startswith("ok\n"), said)
                expected.append(f"{said[3:]} 127.0.0.1:{relay.ports[0]}\n")
            web.until(expected[-1], "who")
            self.assertEqual(web.text("who"), "".join(expected))

    def test_behindUsItServesWhoHasNoAddressOfItsKind(self):
        """
        A client on a UNIX socket: UNKNOWN in version 1, a path in version 2.
        """
        web = self.web("listen 127.0.0.1:@main@ proxy_protocol;")
        for version in "v1", "v2":
            path = os.path.join(self.folder, version)
            self.relay(
                web.where("main"), options=["--send-proxy", version], listen=("--path", path)
            )
            said = self.curl("--unix-socket", path, "http://localhost/ok")
            self.assertEqual(said, b"ok\n")

    def test_behindUsItIsToldOfIPv6(self):
        """
        Though we speak IPv4 to it.
        """
        web = self.web("listen 127.0.0.1:@main@ proxy_protocol;")
        for version in "v1", "v2":
            relay = self.relay(
                web.where("main"),
                options=["--send-proxy", version],
                listen=("--port", "0", "--host", "::1"),
            )
            self.isTold(f"http://[::1]:{relay.ports[0]}/who")

    def test_behindUsItIsToldThoughItSpeaksTLS(self):
        """
        The header is before TLS: that of the client, and that of the relay.
        """
        web = self.web(
            "listen 127.0.0.1:@main@ ssl proxy_protocol;"
            f"ssl_certificate {self.files['upstream-cert']};"
            f"ssl_certificate_key {self.files['upstream-key']};"
        )
        options = ["--upstream-tls", "--upstream-ca", self.files["ca"]]
        for more, scheme in ([], "https"), (options, "http"):
            for version in "v1", "v2":
                relay = self.relay(web.where("main"), options=["--send-proxy", version, *more])
                self.isTold(self.url(relay, "/who", scheme))


class HAProxyTests(WebCase):
    """
    HAProxy with PROXY headers, and one that restarts.
    """

    def test_beforeUsItMaySayMoreThanWeAskFor(self):
        """
        TLS, the name in the certificate, a checksum, an id of the request.
        """
        web = self.web()
        relay = self.relay(web.where("main"), options=["--proxy-protocol"])
        key, cert, _ = self.authority.issue("localhost")
        both = self.write("both", cert + key)
        before = self.haproxy(
            "listen l\n"
            f"  bind 127.0.0.1:@front@ ssl crt {both} ca-file {self.files['ca']}"
            " verify required alpn http/1.1\n"
            "  unique-id-format %[uuid()]\n"
            f"  server s 127.0.0.1:{relay.ports[0]} send-proxy-v2"
            " proxy-v2-options ssl,cert-cn,ssl-cipher,cert-sig,cert-key,crc32c,unique-id"
            ",authority\n"
        )
        port = before.ports["front"]
        url = f"https://localhost:{port}/ok", "--resolve", f"localhost:{port}:127.0.0.1"
        own = "--cert", self.files["upstream-cert"], "--key", self.files["upstream-key"]
        said = self.curl(*own, "-w", "%{local_ip}:%{local_port}\n", *url).decode()
        [record] = self.records(relay)
        self.assertEqual(said, f"ok\n{record['peer']}\n")
        self.assertEqual(record["listener"], before.where("front"))

    def test_behindUsItIsToldWhoTheClientIs(self):
        """
        In what it logs, and in what it says to the next.
        """
        for version in "v1", "v2":
            upstream = self.upstream()
            behind = self.haproxy(
                "listen l\n  bind 127.0.0.1:@front@ accept-proxy\n"
                f"  server s 127.0.0.1:{upstream.getsockname()[1]} send-proxy-v2\n"
            )
            relay = self.relay(behind.where("front"), options=["--send-proxy", version])
            client = self.connect(relay)
            client.sendall(b"data")
            client.shutdown(socket.SHUT_WR)
            got = rest(self.accept(upstream))
            (host, one), (_, other) = client.getsockname(), client.getpeername()
            address = socket.inet_aton(host)
            self.assertEqual(
                got,
                b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c"
                + address * 2 + struct.pack(">HH", one, other) + b"data",
            )  # fmt: skip
            client.close()

    def test_headersGoThroughAChain(self):
        """
        HAProxy, us, HAProxy, nginx: the last is told of the first one's client.
        """
        web = self.web("listen 127.0.0.1:@main@ proxy_protocol;")
        behind = self.haproxy(
            "listen l\n  bind 127.0.0.1:@front@ accept-proxy\n"
            f"  server s {web.where('main')} send-proxy-v2\n"
        )
        relay = self.relay(
            behind.where("front"), options=["--proxy-protocol", "--send-proxy", "v2"]
        )
        before = self.haproxy(
            "listen l\n  bind 127.0.0.1:@front@\n"
            f"  server s 127.0.0.1:{relay.ports[0]} send-proxy-v2\n"
        )
        self.isTold(f"http://{before.where('front')}/who")

    def test_ourRulesAreForWhomItNames(self):
        """
        And not for itself.
        """
        web = self.web()
        relay = self.relay(
            web.where("main"), options=["--proxy-protocol", "--deny", "192.0.2.0/24"]
        )
        before = self.haproxy(
            "listen l\n  bind 127.0.0.1:@front@\n  bind 127.0.0.1:@other@ id 7\n"
            "  tcp-request connection set-src ipv4(192.0.2.7) if { so_id 7 }\n"
            f"  server s 127.0.0.1:{relay.ports[0]} send-proxy-v2\n"
        )
        self.assertEqual(self.curl(f"http://{before.where('front')}/ok"), b"ok\n")
        # An empty answer: HAProxy makes an end of it.
        self.curl(f"http://{before.where('other')}/ok", status=52)
        served, refused = sorted(self.records(relay, 2), key=lambda each: each["peer"])
        self.assertTrue(served["peer"].startswith("127.0.0.1:"), served)
        self.assertTrue(refused["peer"].startswith("192.0.2.7:"), refused)

    def test_itsHealthChecksDoNoHarm(self):
        """
        It asks nginx through us, or says PROXY LOCAL and goes; to it we are up.
        """
        web = self.web()
        for check, send, options in (
            ("option httpchk GET /ok", "", []),
            ("", "send-proxy-v2", ["--proxy-protocol"]),
        ):
            relay = self.relay(web.where("main"), options=options)
            before = self.haproxy(
                "frontend f\n  bind 127.0.0.1:@front@\n  default_backend b\n"
                f"backend b\n  timeout check 10s\n  {check}\n"
                f"  server s 127.0.0.1:{relay.ports[0]} {send} check inter 200\n"
                "frontend stats\n  mode http\n  bind 127.0.0.1:@stats@\n"
                "  stats enable\n  stats uri /stats\n"
            )
            stats = f"http://{before.where('stats')}/stats;csv"

            def checked(stats=stats):
                names, *rows = self.curl(stats).decode().splitlines()
                rows = [
                    dict(zip(names.split(","), row.split(","), strict=False)) for row in rows
                ]
                [row] = [row for row in rows if row["svname"] == "s"]
                return row

            self.records(relay, 4)
            row = checked()
            # With "* " before it, it is the last one's, and a new one is under way.
            last = row["check_status"].removeprefix("* ")
            self.assertEqual((row["status"], last, row["chkfail"]),
                             ("UP", "L7OK" if check else "L4OK", "0"))  # fmt: skip
            self.assertEqual(self.curl(f"http://{before.where('front')}/ok"), b"ok\n")
            self.assertNotIn("Traceback", relay.text())

    def test_whileOneUpstreamRestartsTheOtherServes(self):
        """
        No request fails, and the first is used again when it is back.
        """
        webs = [self.web(more=f"location /which {{ return 200 {n}; }}") for n in range(2)]
        config = "listen l\n  bind 127.0.0.1:@front@\n  server s {}\n"
        behind = [self.haproxy(config.format(web.where("main"))) for web in webs]
        relay = self.relay(
            *(each.where("front") for each in behind),
            options=[
                "--balance", "first", "--max-fails", "1", "--fail-timeout", "60",
                "--health-interval", "0.1",
            ],
        )  # fmt: skip

        def which():
            return self.curl(self.url(relay, "/which"))

        self.assertEqual([which() for _ in range(5)], [b"0"] * 5)
        behind[0].stop()
        self.assertEqual([which() for _ in range(5)], [b"1"] * 5)
        self.haproxy(config.format(webs[0].where("main")), ports=behind[0].ports)
        until(lambda: which() == b"0", relay.text)
        self.assertEqual([which() for _ in range(5)], [b"0"] * 5)

    def test_aGracefulRestartFailsNoRequest(self):
        """
        HAProxy's new process takes the port over, its old one finishes what it has.
        """
        web = self.web()
        expected = self.big(web, 8 * MB)
        behind = self.haproxy(
            "listen l\n  bind 127.0.0.1:@front@\n  server s " + web.where("main") + "\n"
        )
        relay = self.relay(behind.where("front"))
        down = os.path.join(self.folder, "down")
        slow = self.background(
            "curl", "-sS", "--limit-rate", "8M", "-o", down, self.url(relay, "/big"),
            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )  # fmt: skip
        until(lambda: os.path.exists(down) and os.path.getsize(down))
        new = self.haproxy(
            "listen l\n  bind 127.0.0.1:@front@\n  server s " + web.where("main") + "\n",
            "-sf",
            str(behind.process.pid),
            ports=behind.ports,
        )
        behind.until("stopped")
        for _ in range(5):
            self.assertEqual(self.curl(self.url(relay)), b"ok\n")
        _, said = slow.communicate(timeout=LIMIT)
        self.assertEqual((slow.returncode, self.digest(down)), (0, expected), said)
        self.assertEqual(behind.process.wait(LIMIT), 0)
        self.assertIsNone(new.process.poll())


class LoadTests(WebCase):
    """
    wrk and ab: no request fails, and each connection has its record.
    """

    def relayed(self, scheme):
        """
        @return: an nginx that notes of each request its connection, and a relay to it.
        """
        self.descriptors(2000)
        web = self.web(
            more="access_log @DIR@/which which; keepalive_requests 1000000000;",
            http="log_format which '$connection $status';",
        )
        return web, self.relay(
            web.where("main"), before=self.listener if scheme == "https" else []
        )

    def recorded(self, web, relay):
        """
        @return: the records of all connections, when all have ended.
        """
        self.assertEqual(relay.stop(), 0)
        self.assertNotIn("Traceback", relay.text())
        records = self.records(relay, 0)
        web.stop()
        requests = [line.split() for line in web.text("which").splitlines()]
        # 499: the client was gone.
        self.assertLessEqual({status for _, status in requests}, {"200", "499"})
        connections = len({connection for connection, _ in requests})
        self.assertLessEqual(connections, sum(bool(each["upstream"]) for each in records))
        self.assertLessEqual(sum(each["bytesWritten"] > 0 for each in records), connections)
        return records

    def wrk(self, scheme, *args):
        web, relay = self.relayed(scheme)
        said = self.call(
            "wrk", "-t", "1", "-c", "50", "-d", "1", *args, self.url(relay, "/ok", scheme)
        ).decode()
        self.assertNotIn("Socket errors", said)
        self.assertNotIn("Non-2xx", said)
        answers = int(re.search(r"(\d+) requests in", said)[1])
        self.assertGreaterEqual(answers, 50)
        records = self.recorded(web, relay)
        # In the end wrk cuts 50, and before it starts it tries whether anybody is there.
        cut = [each for each in records if each["error"]]
        self.assertLessEqual(len(cut), 51)
        for each in cut:
            self.assertTrue(each["ended"].startswith("client"), each)
        return answers, records

    def test_wrkOverConnectionsThatStay(self):
        for scheme in "http", "https":
            _, records = self.wrk(scheme)
            self.assertEqual(len(records), 51)

    def test_wrkOverAConnectionForEachRequest(self):
        for scheme in "http", "https":
            answers, records = self.wrk(scheme, "-H", "Connection: close")
            self.assertGreaterEqual(len(records), answers)
            self.assertLessEqual(len(records), answers + 51)

    def ab(self, count, scheme, *args):
        web, relay = self.relayed(scheme)
        said = self.call(
            "ab", "-q", "-n", str(count), "-c", "50", *args, self.url(relay, "/ok", scheme)
        ).decode()
        found = dict(re.findall(r"(?m)^([A-Z][\w -]+):\s+(\d+)", said))
        self.assertEqual(found["Complete requests"], str(count), said)
        self.assertEqual(found["Failed requests"], "0", said)
        self.assertNotIn("Non-2xx responses", found)
        self.assertNotIn("Write errors", found)
        return found, self.recorded(web, relay)

    def checked(self, records, count, scheme):
        # It may have begun with the next ones when it has all answers.
        self.assertGreaterEqual(len(records), count)
        self.assertLessEqual(len(records), count + 50)
        for each in records:
            # Under TLS it just goes; it has all it wanted.
            if each["error"] and scheme == "https":
                self.assertTrue(each["ended"].startswith("client"), each)
            else:
                self.assertEqual(each["error"], "", each)

    def test_abOverAConnectionForEachRequest(self):
        for scheme, count in ("http", 3000), ("https", 1000):
            _, records = self.ab(count, scheme)
            self.checked(records, count, scheme)

    def test_abOverConnectionsThatStay(self):
        for scheme in "http", "https":
            found, records = self.ab(3000, scheme, "-k")
            self.assertEqual(found["Keep-Alive requests"], "3000")
            self.checked(records, 50, scheme)
