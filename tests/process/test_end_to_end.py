"""
twistd itself, as a process, and what people talk to it with.
"""

from __future__ import annotations

import json
import os
import re
import resource
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time

from twisted.trial.unittest import SkipTest, SynchronousTestCase, TestCase

from nodenet import net
from tests.certificates import Authority
from tests.helpers import event, need
from tests.processes import LIMIT, ROOT, ProcessCase, talk, twistd


def privileged():
    """
    @return: a port that only root can have, and nobody has.
    """
    for port in range(7, 1024):
        try:
            with socket.create_server(("127.0.0.1", port)):
                return port
        except OSError:
            pass
    raise SkipTest("no privileged port is free")


class EchoTests(ProcessCase):
    """
    C{twistd nodenet} echoes.
    """

    def test_theDocumentsExample(self):
        process, port = self.echo("--greeting", r"hello\r\n")
        self.assertEqual(talk(port, b"ping"), b"hello\r\nping")
        self.assertEqual(process.stop(), 0)
        self.assertRegex(
            process.text(),
            r"127\.0\.0\.1:\d+ closed: 4 bytes in, 11 bytes out, 0\.\d+ s",
        )
        self.assertNotIn("Traceback", process.text())

    def test_tenMegabytesComeBackIntact(self):
        _, port = self.echo()
        data = os.urandom(10 << 20)
        self.assertTrue(talk(port, data) == data)

    def test_aThousandConnectionsAtOnce(self):
        self.descriptors(2200)
        process, port = self.echo("echo")
        open_ = []
        try:
            for number in range(1000):
                skt = socket.create_connection(("127.0.0.1", port), LIMIT)
                skt.sendall(b"%d" % number)
                open_.append(skt)
            for number, skt in enumerate(open_):
                self.assertEqual(skt.recv(100), b"%d" % number)
        finally:
            for skt in open_:
                skt.close()
        self.assertEqual(process.stop(), 0)

    def test_aUnixSocketAndSeveralEndpoints(self):
        process = self.twistd(
            "--path", "echo.sock", "--mode", "600", "--listen", "tcp:0:interface=127.0.0.1",
            "--listen", r"tcp6:0:interface=\:\:1",
        )  # fmt: skip
        four, six = process.listening(3)
        self.assertEqual(talk(four, b"4"), b"4")
        self.assertEqual(talk(six, b"6", "::1"), b"6")
        path = os.path.join(process.dir, "echo.sock")
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
        with socket.socket(socket.AF_UNIX) as skt:
            skt.settimeout(LIMIT)
            skt.connect(path)
            skt.sendall(b"unix")
            self.assertEqual(skt.recv(10), b"unix")
        self.assertEqual(process.stop(), 0)
        self.assertFalse(os.path.exists(path))

    def test_halfOpenOurSideStaysOpen(self):
        for options, ended in ((), True), (("--allow-half-open",), False):
            process, port = self.echo(*options, "--drain", "0.1")
            with socket.create_connection(("127.0.0.1", port), LIMIT) as skt:
                skt.sendall(b"x")
                self.assertEqual(skt.recv(1), b"x")
                skt.shutdown(socket.SHUT_WR)
                skt.settimeout(LIMIT if ended else 0.3)
                if ended:
                    self.assertEqual(skt.recv(1), b"")
                else:
                    self.assertRaises(TimeoutError, skt.recv, 1)
            process.stop()

    def test_node(self):
        _, port = self.echo("--greeting", "hello")
        program = f"""
            var c = require('net').connect({port}, '127.0.0.1'), got = '';
            c.end('from node');
            c.on('data', function (d) {{ got += d; }});
            c.on('close', function (e) {{ console.log(JSON.stringify([got, e])); }});
        """
        result = subprocess.run(
            [need("node"), "-e", program], capture_output=True, timeout=LIMIT, check=True
        )
        self.assertEqual(json.loads(result.stdout), ["hellofrom node", False])

    def test_socat(self):
        _, port = self.echo()
        result = subprocess.run(
            [need("socat"), "-t", str(LIMIT), "-", f"TCP:127.0.0.1:{port}"],
            input=b"from socat",
            capture_output=True,
            timeout=LIMIT,
            check=True,
        )
        self.assertEqual(result.stdout, b"from socat")


class EndTests(ProcessCase):
    """
    How connections and the process end.
    """

    def test_idleConnectionsAreClosed(self):
        process, port = self.echo("--timeout", "0.2")
        with socket.create_connection(("127.0.0.1", port), LIMIT) as skt:
            self.assertEqual(skt.recv(1), b"")
        self.assertEqual(process.stop(), 0)
        self.assertIn("closed (idle)", process.text())

    def test_aboveMaxConnectionsTheyAreClosed(self):
        _, port = self.echo("--max-connections", "1")
        with socket.create_connection(("127.0.0.1", port), LIMIT) as first:
            first.sendall(b"x")
            self.assertEqual(first.recv(1), b"x")
            with socket.create_connection(("127.0.0.1", port), LIMIT) as second:
                self.assertEqual(second.recv(1), b"")

    def test_sigtermEndsOpenConnectionsAfterWhatIsQueued(self):
        process, port = self.echo()
        size = 4 << 20
        with socket.create_connection(("127.0.0.1", port), LIMIT) as skt:
            # More than the kernel holds, so that some is queued in the process.
            skt.setblocking(False)
            sent = 0
            end = time.monotonic() + 1
            while time.monotonic() < end and sent < size:
                try:
                    sent += skt.send(bytes(65536))
                except BlockingIOError:
                    time.sleep(0.01)
            skt.settimeout(LIMIT)
            got = len(skt.recv(1))
            process.process.send_signal(signal.SIGTERM)
            time.sleep(0.3)
            self.assertIsNone(process.process.poll())
            while piece := skt.recv(1 << 20):
                got += len(piece)
            self.assertTrue(0 < got <= sent)
        self.assertEqual(process.process.wait(LIMIT), 0)
        # All that it had read has come back.
        [read, wrote] = re.search(
            r"closed: (\d+) bytes in, (\d+) bytes out", process.text()
        ).groups()
        self.assertEqual(int(wrote), got)
        self.assertGreaterEqual(int(read), got)

    def test_sighupWithoutFilesIsIgnored(self):
        process, port = self.echo(stdin=subprocess.DEVNULL)
        process.process.send_signal(signal.SIGHUP)
        self.assertEqual(talk(port, b"x"), b"x")
        self.assertEqual(process.stop(), 0)

    def test_signalsAreMindedBeforeItListens(self):
        """
        Whoever reads "Listening on" may send one: the reactor need not run yet.
        """
        script = (
            "import os, signal, sys\n"
            "from nodenet.service import Options, makeService\n"
            "options = Options()\n"
            "options.parseOptions(['--port', '0'])\n"
            "service = makeService(options)\n"
            "os.kill(os.getpid(), signal.SIGHUP)\n"
            "os.kill(os.getpid(), signal.SIGTERM)\n"
            "from twisted.internet import reactor\n"
            "reactor.addSystemEventTrigger('during', 'shutdown', print, 'stopped')\n"
            "reactor.run()\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", script],
            cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=LIMIT,
        )  # fmt: skip
        self.assertEqual((done.returncode, done.stdout), (0, "stopped\n"), done.stderr)

    def test_sigtermWaitsNoLongerThanDrain(self):
        process, port = self.echo("--drain", "0.3")
        with socket.create_connection(("127.0.0.1", port), LIMIT) as skt:
            skt.sendall(b"x")
            skt.recv(1)
            self.assertEqual(process.stop(), 0)
        self.assertIn("closed (cut)", process.text())

    def test_theSecondSigtermDoesNotWait(self):
        process, port = self.echo("--drain", "1000")
        with socket.create_connection(("127.0.0.1", port), LIMIT) as skt:
            skt.sendall(b"x")
            skt.recv(1)
            process.process.send_signal(signal.SIGTERM)
            process.until("Stopping")
            self.assertEqual(process.stop(), 0)

    def test_outOfDescriptorsItShedsSaysSoOnceAndRecovers(self):
        process, port = self.echo(
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))
        )
        open_ = [socket.create_connection(("127.0.0.1", port), LIMIT) for _ in range(60)]
        served = shed = 0
        for skt in open_:
            try:
                skt.sendall(b"x")
                if skt.recv(1):
                    served += 1
                else:
                    shed += 1
            except OSError:
                shed += 1
        self.assertTrue(served > 0 and shed > 0, (served, shed))
        for skt in open_:
            skt.close()
        deadline = time.monotonic() + LIMIT
        while time.monotonic() < deadline:
            try:
                if talk(port, b"again") == b"again":
                    break
            except OSError:
                pass
        else:
            self.fail("does not serve again")
        self.assertEqual(process.stop(), 0)
        self.assertEqual(process.text().count("Out of file descriptors"), 1)
        counts = re.findall(r"(\d+) connections were closed unserved", process.text())
        self.assertEqual(sum(map(int, counts)), shed)
        self.assertNotIn("Traceback", process.text())


class StartTests(ProcessCase):
    """
    A start that fails says why in one line.
    """

    def fails(self, line, *args):
        process = subprocess.run(
            [sys.executable, twistd(), "-n", "--pidfile=", "nodenet", *args],
            cwd=tempfile.mkdtemp(prefix="nodenet-"),
            capture_output=True,
            timeout=LIMIT,
            text=True,
            env={**os.environ, "PYTHONPATH": ROOT},
        )
        self.assertEqual(process.stderr, f"twistd nodenet: {line}\n")
        self.assertEqual(process.returncode, 1)
        self.assertNotIn("Traceback", process.stdout)

    def test_wrongOptions(self):
        self.fails("--port x: must be a whole number of 0 to 65535", "--port", "x")
        self.fails("--listen foo:1: Unknown endpoint type: 'foo'", "--listen", "foo:1")

    def authority(self, name):
        """
        @return: a file with the key or the certificate of another pair.
        """
        path = os.path.join(tempfile.mkdtemp(prefix="nodenet-"), name)
        with open(path, "w") as file:
            file.write(Authority().credentials("localhost")[name])
        return path

    def test_unusableFiles(self):
        self.fails(
            "--tls-key /no/key: No such file or directory",
            "--port", "0", "--tls-key", "/no/key", "--tls-cert", "/no/cert",
        )  # fmt: skip
        self.fails(
            "--tls-cert /dev/null: no CERTIFICATE in PEM",
            "--port", "0", "--tls-key", "/dev/null", "--tls-cert", "/dev/null",
        )  # fmt: skip
        files = ["--tls-key", self.authority("key"), "--tls-cert", self.authority("cert")]
        self.fails(
            f"{' '.join(files[:2])} and {' '.join(files[2:])}: do not match",
            "--port",
            "0",
            *files,
        )
        self.fails("--fd 77: cannot listen: Bad file descriptor", "--fd", "77")

    def test_whatCannotBeListenedOn(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = str(taken.getsockname()[1])
            self.fails(
                f"--port {port} --host 127.0.0.1: cannot listen: Address already in use",
                "--port", port, "--host", "127.0.0.1",
            )  # fmt: skip
        self.fails(
            "--path /no/such/dir: cannot listen: No such file or directory",
            "--path", "/no/such/dir",
        )  # fmt: skip
        self.fails(
            "--path /etc/passwd: cannot listen: a file that is no socket is there",
            "--path", "/etc/passwd",
        )  # fmt: skip
        self.fails(
            "--port 0 --host nodenet.invalid: cannot listen: name not found: nodenet.invalid",
            "--port", "0", "--host", "nodenet.invalid",
        )  # fmt: skip
        self.fails("--listen tcp: wrong or missing arguments", "--listen", "tcp")

    def test_nodenetsOwnReactorServesUnlessAnotherWasAskedFor(self):
        for before, name in ((), "nodenet.reactor.Reactor"), (("-r", "poll"), "PollReactor"):
            process = self.twistd("--port", "0", "--host", "127.0.0.1", before=before)
            [port] = process.listening()
            self.assertEqual(talk(port, b"x"), b"x")
            self.assertEqual(process.stop(), 0)
            self.assertRegex(process.text(), f"reactor class: .*{name}")

    def test_thePluginIsListedWithoutAReactor(self):
        listed = subprocess.run(
            [sys.executable, twistd(), "--help"],
            cwd=tempfile.mkdtemp(prefix="nodenet-"),
            capture_output=True,
            timeout=LIMIT,
            text=True,
            env={**os.environ, "PYTHONPATH": ROOT},
            check=True,
        )
        self.assertRegex(listed.stdout, r"(?m)^ +nodenet +\S")

    def test_privilegesAreShedAfterBinding(self):
        if os.getuid() != 0:
            raise SkipTest("only root can give up root's rights")
        port = privileged()
        process = self.twistd(
            "--port", str(port), "--host", "127.0.0.1",
            before=["--uid", "65534", "--gid", "65534"],
        )  # fmt: skip
        os.chmod(process.dir, 0o777)
        process.listening()
        self.assertEqual(talk(port, b"x"), b"x")
        with open(f"/proc/{process.process.pid}/status") as status:
            self.assertIn("\nUid:\t65534\t65534", status.read())


class ReactorTests(SynchronousTestCase):
    """
    The conformance kit and the traces on every reactor.
    """

    def kit(self, reactor):
        result = subprocess.run(
            [
                sys.executable, "-m", "twisted.trial", f"--reactor={reactor}",
                f"--temp-directory={tempfile.mkdtemp(prefix='nodenet-')}/trial",
                "tests.process.test_conformance", "tests.process.test_oracle",
            ],
            cwd=ROOT, capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def test_nodenet(self):
        self.kit("nodenet")

    def test_epoll(self):
        self.kit("epoll")

    def test_poll(self):
        self.kit("poll")

    def test_select(self):
        self.kit("select")

    def test_asyncio(self):
        self.kit("asyncio")


class NodeServerTests(TestCase):
    """
    A nodenet client of a Node server.
    """

    timeout = LIMIT

    def test_node(self):
        program = """
            var s = require('net').createServer({ allowHalfOpen: true }, function (c) {
              var got = ''; c.on('data', function (d) { got += d; });
              c.on('end', function () { c.end('node got ' + got); s.close(); });
            });
            s.listen(0, '127.0.0.1', function () { console.log(s.address().port); });
        """
        node = subprocess.Popen([need("node"), "-e", program], stdout=subprocess.PIPE)
        self.addCleanup(node.wait, LIMIT)
        self.addCleanup(node.kill)
        self.addCleanup(node.stdout.close)
        port = int(node.stdout.readline())
        stream = net.createConnection(port, "127.0.0.1")
        stream.setEncoding("utf8")
        got = []
        stream.on("data", got.append)
        stream.end("from nodenet")

        def closed(args):
            self.assertEqual((got, args), (["node got from nodenet"], (False,)))

        return event(stream, "close").addCallback(closed)


class TLSTests(ProcessCase):
    """
    C{twistd nodenet} behind TLS.
    """

    def setUp(self):
        self.authority = Authority()
        self.dir = tempfile.mkdtemp(prefix="nodenet-")
        self.addCleanup(shutil.rmtree, self.dir)
        self.write("ca", self.authority.pem)
        self.issue()

    def write(self, name, text):
        with open(os.path.join(self.dir, name), "w") as file:
            file.write(text)

    def issue(self):
        for name, pem in self.authority.credentials("localhost").items():
            self.write(name, pem)

    def file(self, name):
        return os.path.join(self.dir, name)

    def serve(self, *args):
        return self.echo("--tls-key", self.file("key"), "--tls-cert", self.file("cert"), *args)

    def talk(self, port, **more):
        """
        @return: what comes back, and the server's certificate.
        """
        context = ssl.create_default_context(cafile=self.file("ca"))
        for name, value in more.items():
            setattr(context, name, value)
        if self.certified:
            context.load_cert_chain(self.file("cert"), self.file("key"))
        skt = socket.create_connection(("127.0.0.1", port), LIMIT)
        with context.wrap_socket(skt, server_hostname="localhost") as secure:
            secure.sendall(b"ping")
            return secure.recv(10), secure.getpeercert(True)

    certified = False

    def test_itEchoesAndSighupReadsTheFilesAgain(self):
        process, port = self.serve()
        text, first = self.talk(port)
        self.assertEqual(text, b"ping")
        self.issue()
        process.process.send_signal(signal.SIGHUP)
        process.until("TLS files read again")
        _, second = self.talk(port)
        self.assertNotEqual(first, second)
        self.write("cert", "junk")
        process.process.send_signal(signal.SIGHUP)
        process.until("TLS files unusable, the old ones stay in use: --tls-cert")
        self.assertEqual(self.talk(port)[1], second)
        self.assertEqual(process.stop(), 0)
        self.assertNotIn("Traceback", process.text())

    def test_theLowestVersion(self):
        _, port = self.serve("--tls-min-version", "1.3")
        self.assertEqual(self.talk(port)[0], b"ping")
        with self.assertRaises(OSError):
            self.talk(port, maximum_version=ssl.TLSVersion.TLSv1_2)

    def test_withACAItServesCertifiedClientsAlone(self):
        process, port = self.serve("--tls-ca", self.file("ca"))
        with self.assertRaises(OSError):
            self.talk(port)
        self.certified = True
        self.assertEqual(self.talk(port)[0], b"ping")
        self.assertEqual(process.stop(), 0)
        self.assertIn("closed (EPROTO, TLS: ", process.text())
        self.assertNotIn("Traceback", process.text())


class DescriptorTests(ProcessCase):
    """
    Sockets that another process has opened.
    """

    def test_fd(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            process = self.twistd("--fd", str(listener.fileno()), pass_fds=[listener.fileno()])
            [port] = process.listening()
            self.assertEqual(port, listener.getsockname()[1])
        self.assertEqual(talk(port, b"ping"), b"ping")
        self.assertEqual(process.stop(), 0)

    def test_systemd(self):
        self.handedOver(LISTEN_FDNAMES="x")

    def test_systemdWithoutNames(self):
        self.handedOver()

    def handedOver(self, **environ):
        """
        @param environ: what the process is to find besides.
        """
        # Only a program that execs has the PID that LISTEN_PID tells.
        script = (
            "import os, sys; os.dup2(int(sys.argv[1]), 3); os.environ['LISTEN_PID'] ="
            " str(os.getpid()); os.execv(sys.argv[2], sys.argv[2:])"
        )
        with socket.create_server(("127.0.0.1", 0)) as listener:
            fd = listener.fileno()
            process = self.twistd(
                "--listen", "systemd:domain=INET:index=0",
                wrap=[sys.executable, "-c", script, str(fd)], pass_fds=[fd],
                environ={"LISTEN_FDS": "1", **environ},
            )  # fmt: skip
            [port] = process.listening()
        self.assertEqual(talk(port, b"ping"), b"ping")
        self.assertEqual(process.stop(), 0)
