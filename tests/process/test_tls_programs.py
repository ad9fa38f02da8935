"""
openssl, node, curl and Python's ssl on either side of a relay that speaks TLS.
"""

from __future__ import annotations

import array
import contextlib
import fcntl
import json
import os
import re
import select
import socket
import ssl
import subprocess
import termios
import threading
import time

from tests.certificates import Authority
from tests.helpers import need
from tests.process.test_relay_end_to_end import freePort, reset, rest
from tests.processes import LIMIT
from tests.programs import ProgramCase, listens, until

VERSIONS = "-tls1_2", "-tls1_3"
#: Seconds that a client has for its handshake.
HANDSHAKE = 10


class Typed:
    """
    A program that is typed into, line by line.
    """

    def __init__(self, process):
        self.process = process
        self.text = b""

    def say(self, line):
        """
        Type it, and wait until it is read: what begins a read may be a command.
        """
        self.process.stdin.write(line)
        self.process.stdin.flush()
        unread = array.array("i", [1])
        end = time.monotonic() + LIMIT
        while unread[0] and time.monotonic() < end and self.process.poll() is None:
            fcntl.ioctl(self.process.stdin, termios.FIONREAD, unread)
            time.sleep(0.002)

    def until(self, pattern):
        """
        Read on, until it has printed that or has ended.

        @return: whether it has printed it.
        """
        end = time.monotonic() + LIMIT
        while not re.search(pattern, self.text):
            if not select.select([self.process.stdout], [], [], max(0, end - time.monotonic()))[
                0
            ]:
                raise AssertionError(f"not printed: {pattern}: {self.text}")
            piece = os.read(self.process.stdout.fileno(), 65536)
            if not piece:
                return False
            self.text += piece
        # What comes later is matched by itself.
        self.text = self.text[re.search(pattern, self.text).end() :]
        return True


class TLSProgramCase(ProgramCase):
    """
    A relay with TLS on one side, and upstreams in threads.
    """

    def echoing(self):
        def echo(skt):
            while data := skt.recv(65536):
                skt.sendall(data)

        return self.serve(echo)

    def inward(self, upstream=None, *options, **more):
        """
        @return: a relay that clients speak TLS to; to an echo by default.
        """
        return self.relay(upstream or self.echoing(), before=[*self.listener, *options], **more)

    def outward(self, *upstreams, options=()):
        """
        @return: one that speaks TLS to upstreams.
        """
        return self.relay(
            *upstreams,
            options=[
                "--upstream-tls", "--upstream-ca", self.files["ca"],
                "--upstream-servername", "localhost", *options,
            ],
        )  # fmt: skip

    def client(self, process, *options):
        """
        @return: openssl's client, to be typed into.
        """
        return self.typed("-connect", f"127.0.0.1:{process.ports[0]}", *options)

    def typed(self, *options):
        process = self.background(
            "openssl", "s_client", "-CAfile", self.files["ca"], "-verify_return_error",
            *options,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        return Typed(process)

    def secured(self, process, **more):
        """
        @return: a client of Python's.
        """
        context = self.context(False)
        for name, value in more.items():
            setattr(context, name, value)
        skt = context.wrap_socket(self.connect(process), server_hostname="localhost")
        self.addCleanup(skt.close)
        return skt

    def pings(self, process, count=1):
        """
        It serves.
        """
        for _ in range(count):
            skt = self.secured(process)
            skt.sendall(b"ping")
            self.assertEqual(skt.recv(10), b"ping")
            skt.close()

    def ending(self, skt):
        """
        @return: how many bytes come, and how they end.
        """
        count = 0
        try:
            while piece := skt.recv(65536):
                count += len(piece)
        except ConnectionResetError:
            return count, "reset"
        return count, "end"

    def openNow(self, process):
        return len(os.listdir(f"/proc/{process.process.pid}/fd"))

    def calm(self, process, before):
        """
        Its descriptors are back, but for spare pipes.
        """
        until(lambda: self.openNow(process) <= before + 10, process.text)
        self.assertNotIn("Traceback", process.text())


class ClientTests(TLSProgramCase):
    """
    C{openssl s_client}, and what is no TLS at all.
    """

    def both(self):
        """
        @return: a relay, and an echo.
        """
        echo, port = self.echo(*self.listener)
        echo.ports = [port]
        return self.inward(), echo

    def test_eachVersionServes(self):
        for process in self.both():
            for version in VERSIONS:
                client = self.client(process, version, "-brief")
                self.assertTrue(client.until(rb"Verification: OK"))
                client.say(b"ping\n")
                self.assertTrue(client.until(b"ping\n"))
                client.say(b"Q\n")
                self.assertFalse(client.until(b"never"))
                self.assertEqual(client.process.wait(LIMIT), 0)
            self.assertNotIn("Traceback", process.text())

    def test_dataGoesOnAfterKeysAreUpdated(self):
        for process in self.both():
            client = self.client(process, "-tls1_3")
            self.assertTrue(client.until(b"Verify return code: 0"))
            for number in range(3):
                # "K" wants the other side's keys to be updated too, "k" does not.
                for letter in b"K\n", b"k\n":
                    client.say(letter)
                    self.assertTrue(client.until(b"KEYUPDATE\n"))
                    client.say(b"%d after %s" % (number, letter))
                    self.assertTrue(client.until(b"%d after %s" % (number, letter)))
            client.say(b"Q\n")
            self.assertEqual(client.process.wait(LIMIT), 0)
            self.assertNotIn("Traceback", process.text())

    def test_renegotiationIsRefusedAndOthersAreServed(self):
        for process in self.both():
            self.pings(process)
            before = self.openNow(process)
            for _ in range(5):
                client = self.client(process, "-tls1_2")
                self.assertTrue(client.until(b"Verify return code: 0"))
                client.say(b"before\n")
                self.assertTrue(client.until(b"before\n"))
                client.say(b"R\n")
                self.assertTrue(client.until(b"RENEGOTIATING\n"))
                self.assertTrue(client.until(b"no renegotiation"))
                self.assertEqual(client.process.wait(LIMIT), 1)
            self.pings(process)
            self.calm(process, before)

    def session(self, version):
        """
        @return: a file with a session of another server that has the same certificate.
        """
        server = self.program(
            "openssl", "s_server", "-accept", "127.0.0.1:@TLS@", version, "-rev",
            "-key", self.files["listener-key"], "-cert", self.files["listener-cert"],
        )  # fmt: skip
        file = os.path.join(self.folder, f"session{version}")
        client = self.typed("-connect", server.where("TLS"), version, "-sess_out", file)
        # In 1.3 it comes after the handshake.
        until(lambda: os.path.exists(file) and os.path.getsize(file))
        self.assertTrue(client.until(b"Verify return code: 0"))
        client.say(b"Q\n")
        self.assertEqual(client.process.wait(LIMIT), 0)
        return file

    def test_aSessionIsResumedOrANewOneServesAsWell(self):
        """
        Their own, if they give any; and another server's, which is none of theirs.
        """
        shown = "-cert", self.files["upstream-cert"], "-key", self.files["upstream-key"]
        upstream = self.echoing()
        others = {version: self.session(version) for version in VERSIONS}
        for given in (), ("--tls-ca", self.files["ca"]):
            process = self.inward(upstream, *given)
            for version in VERSIONS:
                own = os.path.join(self.folder, "own")
                for option, file in (
                    ("-sess_out", own), ("-sess_in", own), ("-sess_in", others[version])
                ):  # fmt: skip
                    if option == "-sess_in" and not os.path.exists(file):
                        continue  # it gives none
                    client = self.client(process, version, *shown, option, file)
                    self.assertTrue(client.until(rb"(New|Reused), TLSv1"), client.text)
                    client.say(b"ping\n")
                    self.assertTrue(client.until(b"ping\n"), client.text)
                    client.say(b"Q\n")
                    self.assertEqual(client.process.wait(LIMIT), 0, client.text)
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(own)
            self.records(process, 4)
            self.assertNotIn("Traceback", process.text())

    def test_plainHTTPIsClosedAndOthersAreServed(self):
        curl = need("curl")
        for process in self.both():
            self.pings(process)
            before = self.openNow(process)
            for _ in range(5):
                done = subprocess.run(
                    [curl, "-s", "-m", "5", f"http://127.0.0.1:{process.ports[0]}/"],
                    capture_output=True,
                    timeout=LIMIT,
                )
                # Nothing came, a reset, or an alert, which is not HTTP.
                self.assertIn(done.returncode, (52, 56, 1), done)
            until(lambda p=process: p.told("http request") == 5, process.text)
            self.pings(process)
            self.calm(process, before)

    def test_whoStallsInTheHandshakeIsClosedAfterTenSeconds(self):
        """
        Others are served in the meantime, and while an upstream waits for nobody.
        """
        relay, echo = self.both()
        began = time.monotonic()
        hello = ssl.MemoryBIO()
        with contextlib.suppress(ssl.SSLWantReadError):
            self.context(False).wrap_bio(
                ssl.MemoryBIO(), hello, server_hostname="localhost"
            ).do_handshake()
        whole = hello.read()
        stalled = []
        for process in relay, echo:
            for part in b"", whole[:3], whole[:-1], whole:
                skt = self.connect(process)
                skt.sendall(part)
                stalled.append(skt)
        for process in relay, echo:
            self.pings(process, 20)
        for skt in stalled:
            with contextlib.suppress(ConnectionResetError):
                rest(skt)
        waited = time.monotonic() - began
        self.assertGreaterEqual(waited, HANDSHAKE - 0.5)
        for process in relay, echo:
            until(lambda p=process: p.told("ETIMEDOUT") == 4, process.text)
            self.pings(process)
            self.assertNotIn("Traceback", process.text())

    def test_theFINFollowsTheCloseNotify(self):
        """
        As node's and others' does: there are clients that wait for it.
        """
        process = self.inward(self.serve(lambda skt: skt.sendall(skt.recv(10))))
        for version in ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3:
            context = self.context(False)
            context.maximum_version = version
            raw = self.connect(process)
            raw.settimeout(5)
            to, from_ = ssl.MemoryBIO(), ssl.MemoryBIO()
            tls = context.wrap_bio(to, from_, server_hostname="localhost")

            def drive(call, *args, raw=raw, to=to, from_=from_):
                while True:
                    try:
                        return call(*args)
                    except ssl.SSLZeroReturnError:
                        return b""
                    except ssl.SSLWantReadError:
                        raw.sendall(from_.read())
                        to.write(raw.recv(65536))
                    finally:
                        raw.sendall(from_.read())

            drive(tls.do_handshake)
            drive(tls.write, b"ping")
            self.assertEqual(drive(tls.read, 10), b"ping")
            self.assertEqual(drive(tls.read, 10), b"")
            # Its own side is open still.
            self.assertEqual(raw.recv(10), b"")
            raw.close()


class UpstreamTests(TLSProgramCase):
    """
    C{openssl s_server}.
    """

    def server(self, *options, key=None, cert=None, name="openssl"):
        """
        @return: what --upstream is told of one that sends each line back, reversed.
        """
        return self.program(
            name, "s_server", "-accept", "127.0.0.1:@TLS@",
            "-key", key or self.files["upstream-key"],
            "-cert", cert or self.files["upstream-cert"],
            "-CAfile", self.files["ca"], "-rev", *options,
        )  # fmt: skip

    def ours(self, key="listener-key", cert="listener-cert"):
        return "--upstream-key", self.files[key], "--upstream-cert", self.files[cert]

    def test_eachVersionServesAndSeesOurCertificate(self):
        for version in VERSIONS:
            server = self.server(version, "-Verify", "2", "-verify_return_error")
            process = self.outward(server.where("TLS"), options=self.ours())
            client = self.connect(process)
            for _ in range(3):
                client.sendall(b"tressed\n")
                self.assertEqual(client.recv(100), b"dessert\n")
            client.close()
            self.records(process)
            self.assertIn("CN = localhost", server.text())
            self.assertNotIn("Traceback", process.text())

    def test_withoutACertificateOfOursThereIsNoService(self):
        for version in VERSIONS:
            server = self.server(version, "-Verify", "2", "-verify_return_error")
            process = self.outward(server.where("TLS"))
            client = self.connect(process)
            with self.assertRaises(ConnectionResetError):
                client.sendall(b"tressed\n")
                rest(client)
            [record] = self.records(process)
            # In 1.3 the handshake is over for us before the server knows.
            self.assertIn(record["ended"], ("connect-failed", "upstream-reset"))
            self.assertIn("TLS: ", record["error"])
            self.assertNotIn("Traceback", process.text())

    def test_aCertificateThatIsNotGoodIsNotServedAndTheReasonIsPlain(self):
        other = Authority("another CA")
        cases = {
            "unable to (get local issuer|verify the first) certificate": other.issue(
                "localhost"
            ),
            "certificate has expired": self.authority.issue("localhost", begins=-3, ends=-2),
            "certificate is not yet valid": self.authority.issue("localhost", begins=1, ends=2),
            "certificate is not for localhost": self.authority.issue("other.example"),
        }
        for number, (reason, (key, cert, _)) in enumerate(cases.items()):
            server = self.server(
                VERSIONS[number % 2],
                key=self.write("bad-key", key),
                cert=self.write("bad-cert", cert),
            )
            process = self.outward(server.where("TLS"))
            with self.assertRaises(ConnectionResetError):
                rest(self.connect(process))
            record = self.ends(process, "connect-failed", upstream=None, attempts=1)
            self.assertRegex(record["error"], reason)
            self.assertTrue(record["error"].startswith(server.where("TLS")), record)

    def typing(self, version):
        """
        @return: one to be typed into, and what --upstream is told of it.
        """
        port = freePort()
        process = self.background(
            "openssl", "s_server", "-accept", f"127.0.0.1:{port}", version,
            "-key", self.files["upstream-key"], "-cert", self.files["upstream-cert"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        until(lambda: listens(port))
        return Typed(process), f"127.0.0.1:{port}"

    def test_dataGoesOnAfterTheUpstreamsKeysAreUpdated(self):
        server, where = self.typing("-tls1_3")
        process = self.outward(where)
        client = self.connect(process)
        client.sendall(b"before\n")
        self.assertTrue(server.until(b"before\n"))
        for letter in b"K\n", b"k\n", b"K\n":
            server.say(letter)
            server.say(b"down\n")
            self.assertEqual(client.recv(100), b"down\n")
            client.sendall(b"up\n")
            self.assertTrue(server.until(b"up\n"))
        client.close()
        self.assertEqual(self.records(process)[0]["error"], "")
        self.assertNotIn("Traceback", process.text())

    def test_anUpstreamThatRenegotiatesIsServedOnOrResetButNotHungOn(self):
        for letter in b"r\n", b"R\n":
            server, where = self.typing("-tls1_2")
            process = self.outward(where)
            client = self.connect(process)
            client.sendall(b"before\n")
            self.assertTrue(server.until(b"before\n"))
            server.say(letter)
            client.settimeout(5)
            with contextlib.suppress(ConnectionError):
                # It does not read on, if its renegotiation is refused.
                server.process.stdin.write(b"after\n")
                server.process.stdin.flush()
                self.assertIn(client.recv(100), (b"after\n", b""))
            client.close()
            self.records(process)
            self.assertNotIn("Traceback", process.text())

    def test_oneThatSpeaksNoTLS(self):
        def answer(skt):
            skt.recv(1000)
            skt.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        process = self.outward(self.serve(answer))
        with self.assertRaises(ConnectionResetError):
            rest(self.connect(process))
        record = self.ends(process, "connect-failed", upstream=None)
        self.assertIn("TLS: ", record["error"])


class NodeTests(TLSProgramCase):
    """
    node's C{tls}, on both sides.
    """

    SIZE = 20_000_000

    #: What sends so much from a stream, and prints the sums of what it sent and got.
    COMMON = """
        const tls = require('tls'), fs = require('fs'), crypto = require('crypto');
        function transfer(socket, size, mark, late) {
          const sent = crypto.createHash('sha256'), got = crypto.createHash('sha256');
          let count = 0, left = size, finish = () => socket.end();
          socket.on('data', d => { got.update(d); count += d.length; });
          socket.on('error', e => console.log(JSON.stringify({ error: e.code })));
          const block = crypto.randomBytes(1 << 16);
          function write() {
            while (left > 0) {
              const piece = block.subarray(0, Math.min(left, block.length));
              block.writeUInt32BE(left, 0);
              const copy = Buffer.from(piece);
              sent.update(copy);
              left -= copy.length;
              if (!socket.write(copy)) return socket.once('drain', write);
            }
            if (!late) socket.end();
          }
          write();
          socket.on('end', () => {
            if (late) setTimeout(() => {
              sent.update('late'); socket.end('late');
            }, late);
          });
          socket.on('close', had => {
            console.log(JSON.stringify(
              { sent: sent.digest('hex'), got: got.digest('hex'), count, had }));
            if (mark) mark();
          });
        }
    """

    def node(self, program, *args):
        return self.background(
            "node", "-e", self.COMMON + program, *args,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip

    def test_twentyMegabytesBothWaysAndALateAnswerAfterEnd(self):
        """
        A client that ends at once has the end of its answer half a second later.
        """
        for version in "TLSv1.2", "TLSv1.3":
            # Both sides of the relay speak TLS; both ends are node.
            server = self.node(
                """
                const [, key, cert, version, size] = process.argv;
                const server = tls.createServer(
                  { key: fs.readFileSync(key), cert: fs.readFileSync(cert),
                    minVersion: version, maxVersion: version, allowHalfOpen: true },
                  socket => transfer(socket, +size, () => server.close(), 500));
                server.listen(0, '127.0.0.1', () => console.log(server.address().port));
                """,
                self.files["upstream-key"], self.files["upstream-cert"],
                version, str(self.SIZE),
            )  # fmt: skip
            upstream = f"127.0.0.1:{int(server.stdout.readline())}"
            process = self.relay(
                upstream,
                before=self.listener,
                options=["--upstream-tls", "--upstream-ca", self.files["ca"]],
            )
            client = self.node(
                """
                const [, ca, port, version, size] = process.argv;
                const socket = tls.connect(
                  { ca: fs.readFileSync(ca), port: +port, host: '127.0.0.1',
                    servername: 'localhost', allowHalfOpen: true,
                    minVersion: version, maxVersion: version },
                  () => transfer(socket, +size, null, 0));
                """,
                self.files["ca"], str(process.ports[0]), version, str(self.SIZE),
            )  # fmt: skip
            # Strictly one line each: an error would be another.
            one = json.loads(client.communicate(timeout=LIMIT)[0])
            other = json.loads(server.communicate(timeout=LIMIT)[0])
            self.assertEqual(
                (one["count"], other["count"]), (self.SIZE + 4, self.SIZE), (one, other)
            )
            self.assertEqual((one["sent"], one["got"]), (other["got"], other["sent"]))
            self.assertEqual((one["had"], other["had"]), (False, False))
            self.ends(
                process, "client-fin", bytesRead=self.SIZE, bytesWritten=self.SIZE + 4, error=""
            )


def notRead(skt):
    """
    @return: how much of what was sent the program at the other end has not read: the kernel
        has it still, of this end or of that.
    """
    number = array.array("i", [0])
    fcntl.ioctl(skt, termios.TIOCOUTQ, number)
    here, there = (f"0100007F:{name[1]:04X}" for name in (skt.getsockname(), skt.getpeername()))
    with open("/proc/net/tcp") as table:
        [queues] = [
            fields[4] for fields in map(str.split, table) if fields[1:3] == [there, here]
        ]
    return number[0] + int(queues.partition(":")[2], 16)


def shake(context, skt, **more):
    skt.settimeout(LIMIT)
    return context.wrap_socket(skt, **more)


class TruncationTests(TLSProgramCase):
    """
    A peer under TLS that closes without a close_notify may have been cut short by
    somebody between: what it has sent is delivered, and then it is told of.
    """

    ANSWER, REQUEST = 300_000, 1_500_000

    def answering(self):
        """
        @return: a TLS upstream that answers, and closes so.
        """
        context = self.context(True)

        def answer(skt):
            server = shake(context, skt, server_side=True)
            server.recv(100)
            server.sendall(bytes(self.ANSWER))
            server.close()  # no unwrap()

        return self.serve(answer)

    def slowly(self, client):
        """
        @return: how many bytes come to one who reads 50 ms late, and how they end.
        """
        client.sendall(b"request")
        time.sleep(0.05)
        return self.ending(client)

    def upstreamTruncates(self, how, *options):
        process = self.outward(self.answering(), options=options)
        results = []
        for _ in range(20):
            client = self.connect(process)
            results.append(self.slowly(client))
            client.close()
        self.assertEqual(results, [(self.ANSWER, how)] * 20)
        records = self.records(process, 20)
        self.assertEqual(
            [(each["ended"], each["bytesWritten"]) for each in records],
            [("upstream-truncated", self.ANSWER)] * 20,
        )
        self.assertNotIn("Traceback", process.text())

    def test_allOfAnUpstreamsAnswerArrivesAndThenAReset(self):
        self.upstreamTruncates("reset")

    def test_allOfAnUpstreamsAnswerArrivesAndThenTheEndIfSoChosen(self):
        self.upstreamTruncates("end", "--tls-truncation", "close")

    def clientTruncates(self, how, *options):
        upstream = self.upstream()
        process = self.inward(upstream, options=options)
        for number in range(5):
            client = self.secured(process)
            server = self.accept(upstream)
            # A session that is not read would have close() send an RST.
            client.settimeout(0.05)
            self.assertRaises(TimeoutError, client.recv, 1)
            client.settimeout(LIMIT)

            def send(client=client):
                with contextlib.suppress(OSError):  # of the test's end
                    client.sendall(bytes(self.REQUEST))
                    client.close()  # no unwrap()

            sender = threading.Thread(target=send)
            sender.start()
            time.sleep(0.3)
            result = self.ending(server)
            server.close()
            sender.join(LIMIT)
            self.assertEqual(result, (self.REQUEST, how))
            record = self.records(process, number + 1)[-1]
            self.assertEqual(
                (record["ended"], record["bytesRead"]), ("client-truncated", self.REQUEST)
            )
        self.assertNotIn("Traceback", process.text())

    def test_allOfAClientsRequestArrivesAndThenAReset(self):
        self.clientTruncates("reset")

    def test_allOfAClientsRequestArrivesAndThenTheEndIfSoChosen(self):
        self.clientTruncates("end", "--tls-truncation", "close")


class ResetTests(TLSProgramCase):
    """
    The same without TLS: a peer that has sent data and resets.
    """

    SIZE = 300_000

    def narrow(self, options):
        """
        @return: a relay, and both ends of a connection, which take little at once.
        """
        upstream = self.upstream()
        upstream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        process = self.relay(upstream, options=options)
        client = socket.socket()
        self.addCleanup(client.close)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        client.settimeout(LIMIT)
        client.connect(("127.0.0.1", process.ports[0]))
        return process, client, self.accept(upstream)

    def test_whatTheRelayHasReadIsDeliveredBeforeTheReset(self):
        for options in (), ("--no-splice",):
            for ended in "upstream-reset", "client-reset":
                process, client, server = self.narrow(options)
                one, other = (server, client) if ended == "upstream-reset" else (client, server)
                one.setblocking(False)
                sent = one.send(bytes(self.SIZE))
                time.sleep(0.2)
                read = sent - notRead(one)
                self.assertGreater(read, 0)
                reset(one)
                time.sleep(0.2)
                got, how = self.ending(other)
                self.assertEqual(how, "reset")
                self.assertGreaterEqual(got, read)
                self.assertLessEqual(got, sent)
                self.ends(process, ended)
