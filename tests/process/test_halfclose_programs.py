"""
Programs that end one direction of a connection and want the other, through a relay; and
ssh.
"""

from __future__ import annotations

import hashlib
import os
import select
import signal
import socket
import subprocess
import tempfile
import time

from twisted.trial.unittest import SkipTest

from tests.helpers import need
from tests.process.test_relay_end_to_end import rest
from tests.processes import LIMIT
from tests.programs import ProgramCase, find, until

LATE = b"late"


def checksum(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def clients(port, path):
    """
    @return: the commands that send what they read, then their FIN, and print what comes.
    """
    return {
        "nc": ["nc.openbsd", "-N", "127.0.0.1", str(port)],
        "ncat": ["ncat", "127.0.0.1", str(port)],
        "socat": ["socat", "-t", str(LIMIT), "-", f"TCP:127.0.0.1:{port}"],
        "nc -U": ["nc.openbsd", "-N", "-U", path],
        "ncat -U": ["ncat", "-U", path],
        "socat UNIX": ["socat", "-t", str(LIMIT), "-", f"UNIX-CONNECT:{path}"],
    }


#: Those that serve one client so.
TCP_SERVERS = {
    "nc": ["nc.openbsd", "-N", "-l", "127.0.0.1", "@PORT@"],
    "ncat": ["ncat", "-l", "127.0.0.1", "@PORT@"],
    "socat": [
        "socat", "-t", str(LIMIT), "-", "TCP-LISTEN:@PORT@,bind=127.0.0.1,reuseaddr",
    ],
}  # fmt: skip
UNIX_SERVERS = {
    "nc": ["nc.openbsd", "-N", "-l", "-U", "@PATH@"],
    "ncat": ["ncat", "-l", "-U", "@PATH@"],
    "socat": ["socat", "-t", str(LIMIT), "-", "UNIX-LISTEN:@PATH@"],
}


class HalfCloseCase(ProgramCase):
    """
    The programs that half-close.
    """

    def setUp(self):
        super().setUp()
        for name in "nc.openbsd", "ncat", "socat":
            need(name)

    def start(self, command, text=None, **more):
        """
        @return: a program that reads C{text}, in the background, and then its end.
        """
        name, *args = command
        process = self.background(
            name, *args, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, **more,
        )  # fmt: skip
        if text is not None:
            process.stdin.write(text)
            process.stdin.close()
            process.stdin = None
        return process

    def results(self, processes):
        """
        @return: of each its exit status, and what it has printed.
        """
        results = {}
        for name, process in processes.items():
            out, said = process.communicate(timeout=LIMIT)
            results[name] = (process.returncode, out + said)
        return results


class ClientTests(HalfCloseCase):
    """
    As clients.
    """

    def test_anAnswerASecondAfterTheFINArrives(self):
        def late(skt):
            got = rest(skt)
            time.sleep(1)
            skt.sendall(LATE + b" to " + got)

        folder = self.folder
        over = {
            "tcp": self.serve(late),
            "unix": self.serve(late, os.path.join(folder, "up")),
        }
        running, relays = {}, []
        for kind, upstream in over.items():
            down = os.path.join(folder, f"down-{kind}")
            relay = self.relay(
                upstream, listen=("--port", "0", "--host", "127.0.0.1", "--path", down)
            )
            relays.append(relay)
            for name, command in clients(relay.listening(2)[0], down).items():
                running[name, kind] = self.start(command, b"%s over " % name.encode())
        wanted = {key: (0, LATE + b" to %s over " % key[0].encode()) for key in running}
        self.assertEqual(self.results(running), wanted)
        for relay in relays:
            ends = [each["ended"] for each in self.records(relay, 6)]
            self.assertEqual(ends, ["client-fin"] * 6)
            self.assertNotIn("Traceback", relay.text())

    def test_theEchoOfWhatWasSentBeforeTheFINArrivesWhole(self):
        data = os.urandom(3_000_000)
        process = self.twistd(
            "--port", "0", "--host", "127.0.0.1", "--path", os.path.join(self.folder, "echo")
        )
        port, *_ = process.listening(2)
        for name, command in clients(port, os.path.join(self.folder, "echo")).items():
            got = os.path.join(self.folder, "got")
            with open(got, "wb") as out:
                self.call(*command, input=data, stdout=out)
            self.assertEqual(checksum(got), hashlib.sha256(data).hexdigest(), name)
        self.assertNotIn("Traceback", process.text())

    def test_ncatUnderTLSGetsItsAnswer(self):
        def answer(skt):
            skt.sendall(LATE + b" to " + skt.recv(100))

        relay = self.relay(self.serve(answer), before=self.listener)
        count = 0
        for version in ["TLSv1.2", "TLSv1.3"] * 5:
            process = self.start(
                ["ncat", "--ssl-verify", "--ssl-trustfile", self.files["ca"],
                 "--ssl-servername", "localhost", "127.0.0.1", str(relay.ports[0])],
                env={**os.environ, "OPENSSL_CONF": self.only(version)},
            )  # fmt: skip
            process.stdin.write(b"ncat")
            process.stdin.flush()
            # Its output ends when the upstream has, while its input goes on: it looks for a
            # close_notify that came with data at the FIN only.
            self.assertEqual(self.output(process), LATE + b" to ncat")
            process.stdin.close()
            process.stdin = None
            self.assertEqual(process.wait(LIMIT), 0)
            count += 1
        self.records(relay, count)
        self.assertNotIn("Traceback", relay.text())

    def test_socatUnderTLSGetsTheLateAnswer(self):
        def late(skt):
            got = rest(skt)
            time.sleep(1)
            skt.sendall(LATE + b" to " + got)

        relay = self.relay(self.serve(late), before=self.listener)
        where = f"OPENSSL:127.0.0.1:{relay.ports[0]},cafile={self.files['ca']}"
        got = self.call(
            "socat", "-t", str(LIMIT), "-", f"{where},commonname=localhost", input=b"socat"
        )
        self.assertEqual(got, LATE + b" to socat")
        self.ends(relay, "client-fin", bytesRead=5, error="")

    def output(self, process):
        """
        @return: all that it prints.
        """
        out, end = b"", time.monotonic() + 5
        while select.select([process.stdout], [], [], max(0, end - time.monotonic()))[0]:
            piece = os.read(process.stdout.fileno(), 65536)
            if not piece:
                return out
            out += piece
        raise AssertionError(f"its output has no end: {out}")

    def only(self, version):
        """
        @return: a configuration of OpenSSL for programs that have no option for it.
        """
        return self.write(
            version,
            "openssl_conf = a\n[a]\nssl_conf = b\n[b]\nsystem_default = c\n"
            f"[c]\nMinProtocol = {version}\nMaxProtocol = {version}\n",
        )

    def test_ncatUnderTLSEndsWithoutAWordAndWhatItSentArrivesBeforeTheReset(self):
        """
        Its FIN comes without a close_notify: what it has sent may have been cut short.
        """
        size = 1_000_000
        upstream = self.upstream()
        relay = self.relay(upstream, before=self.listener)
        self.start(["ncat", "--ssl", "127.0.0.1", str(relay.ports[0])], bytes(size))
        server = self.accept(upstream)
        got = 0
        with self.assertRaises(ConnectionResetError):
            while piece := server.recv(1 << 20):
                got += len(piece)
        self.assertEqual(got, size)
        self.ends(relay, "client-truncated", bytesRead=size)


class UpstreamTests(HalfCloseCase):
    """
    As upstreams.
    """

    def listening(self, command):
        """
        Start one, which reads "early" and then its end.

        @return: it, and what --upstream is told of it.
        """
        path = os.path.join(tempfile.mkdtemp(dir=self.folder), "up")
        if "@PATH@" in " ".join(command):
            process = self.start([each.replace("@PATH@", path) for each in command], b"early")
            until(lambda: os.path.exists(path))
            until(lambda: self.accepts(path))
            return process, path
        with socket.create_server(("127.0.0.1", 0)) as skt:
            port = skt.getsockname()[1]
        name, *args = (each.replace("@PORT@", str(port)) for each in command)
        process = self.start([name, *args], b"early")
        with open("/proc/net/tcp") as table:
            until(lambda: table.seek(0) or f":{port:04X} 00000000:0000 0A " in table.read())
        return process, f"127.0.0.1:{port}"

    def accepts(self, path):
        """
        Whether a UNIX socket listens; a connection to try it would be the only one.
        """
        with open("/proc/net/unix") as table:
            return any(
                line.split()[3] == "00010000" for line in table if line.rstrip().endswith(path)
            )

    def test_oneThatEndsFirstGetsWhatTheClientSendsASecondLater(self):
        running, open_ = {}, []
        for kind, servers in ("tcp", TCP_SERVERS), ("unix", UNIX_SERVERS):
            upstreams = [self.listening(command) for command in servers.values()]
            relay = self.relay(*(where for _, where in upstreams))
            for name, (process, _) in zip(servers, upstreams, strict=True):
                running[name, kind] = process
                open_.append((self.connect(relay), relay))
        for client, _ in open_:
            self.assertEqual(rest(client), b"early")
        time.sleep(1)
        for client, _ in open_:
            client.sendall(LATE)
            client.close()
        self.assertEqual(self.results(running), dict.fromkeys(running, (0, LATE)))
        for relay in {relay for _, relay in open_}:
            ends = [each["ended"] for each in self.records(relay, 3)]
            self.assertEqual(ends, ["upstream-fin"] * 3)
            self.assertNotIn("Traceback", relay.text())

    def secured(self, *command):
        """
        Start one with TLS, and a relay to it.

        @return: both.
        """
        process, where = self.listening(command)
        options = "--upstream-tls", "--upstream-ca", self.files["ca"]
        return process, self.relay(where, options=options)

    def test_socatUnderTLSThatEndsFirstGetsWhatComesLater(self):
        key, cert = self.files["upstream-key"], self.files["upstream-cert"]
        socat, relay = self.secured(
            "socat", "-t", str(LIMIT), "-",
            f"OPENSSL-LISTEN:@PORT@,bind=127.0.0.1,reuseaddr,verify=0,key={key},cert={cert}",
        )  # fmt: skip
        client = self.connect(relay)
        self.assertEqual(rest(client), b"early")
        time.sleep(1)
        client.sendall(LATE)
        client.close()
        self.assertEqual(self.results({"socat": socat}), {"socat": (0, LATE)})
        self.ends(relay, "upstream-fin", bytesRead=len(LATE), bytesWritten=5, error="")

    def test_whatNcatUnderTLSSendsArrivesBeforeTheReset(self):
        """
        It ends without a close_notify.
        """
        _, relay = self.secured(
            "ncat", "--ssl", "-l", "--ssl-key", self.files["upstream-key"],
            "--ssl-cert", self.files["upstream-cert"], "127.0.0.1", "@PORT@",
        )  # fmt: skip
        client = self.connect(relay)
        self.assertEqual(client.recv(100), b"early")
        self.assertRaises(ConnectionResetError, client.recv, 1)
        self.ends(relay, "upstream-truncated", bytesWritten=5)

    def test_aScriptThatAnswersASecondAfterTheClientsFIN(self):
        path = os.path.join(self.folder, "up")
        script = f"SYSTEM:cat >{self.folder}/got; sleep 1; printf '{LATE.decode()}'"
        for listen in f"UNIX-LISTEN:{path}", "TCP-LISTEN:@UP@,bind=127.0.0.1,reuseaddr":
            if "@" in listen:
                program = self.program("socat", "-t", str(LIMIT), listen, script)
                where = program.where("UP")
            else:
                program = self.program("socat", "-t", str(LIMIT), listen, script)
                until(lambda: self.accepts(path))
                where = path
            relay = self.relay(where)
            with self.connect(relay) as client:
                client.sendall(b"request")
                client.shutdown(socket.SHUT_WR)
                self.assertEqual(rest(client), LATE)
            self.ends(relay, "client-fin", bytesRead=7, bytesWritten=len(LATE))
            with open(f"{self.folder}/got", "rb") as file:
                self.assertEqual(file.read(), b"request")


class SSHTests(ProgramCase):
    """
    ssh and scp through a relay to an sshd of our own.
    """

    SIZE = 20_000_000

    def setUp(self):
        super().setUp()
        sshd = find("sshd")
        for name in "ssh", "scp", "ssh-keygen":
            need(name)
        if os.geteuid() == 0:
            os.makedirs("/run/sshd", mode=0o755, exist_ok=True)
        for name in "host", "user":
            self.call(
                "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{self.folder}/{name}"
            )
        os.rename(f"{self.folder}/user.pub", f"{self.folder}/authorized")
        config = (
            f"ListenAddress 127.0.0.1:@SSH@\nHostKey {self.folder}/host\nUsePAM no\n"
            f"PidFile none\nAuthorizedKeysFile {self.folder}/authorized\nStrictModes no\n"
            "PermitRootLogin prohibit-password\nPasswordAuthentication no\n"
            "Subsystem sftp internal-sftp\n"
        )
        try:
            self.sshd = self.program(
                sshd, "-D", "-e", "-f", "@DIR@/config", files={"config": config}
            )
        except AssertionError as e:
            raise SkipTest(f"sshd cannot run here: {e}") from None
        self.process = self.relay(self.sshd.where("SSH"))
        self.options = [
            "-F", "/dev/null", "-i", f"{self.folder}/user", "-o", "BatchMode=yes",
            "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
            "-o", "LogLevel=ERROR", "-o", f"Port={self.process.ports[0]}",
        ]  # fmt: skip
        try:
            self.ssh("true")
        except AssertionError as e:
            if "allowed" in self.sshd.text() or "locked" in self.sshd.text():
                raise SkipTest(f"sshd lets nobody in here: {self.sshd.text()}") from None
            raise e

    def ssh(self, *command, **more):
        return self.call("ssh", *self.options, "127.0.0.1", *command, **more)

    def openNow(self):
        return len(os.listdir(f"/proc/{self.process.process.pid}/fd"))

    def test_filesGoBothWaysByScpAndByCat(self):
        file, far, back = (f"{self.folder}/{name}" for name in ("file", "far", "back"))
        with open(file, "wb") as out:
            out.write(os.urandom(self.SIZE))
        wanted = checksum(file)
        before = self.openNow()
        self.call("scp", *self.options, file, f"127.0.0.1:{far}")
        self.assertEqual(checksum(far), wanted)
        self.call("scp", *self.options, f"127.0.0.1:{far}", back)
        self.assertEqual(checksum(back), wanted)
        os.unlink(far)
        with open(file, "rb") as source:
            self.ssh(f"cat > {far}", stdin=source)
        self.assertEqual(checksum(far), wanted)
        with open(back, "wb") as out:
            self.ssh(f"cat {far}", stdout=out)
        self.assertEqual(checksum(back), wanted)
        # The exit status comes through, and what is said after the end of the input.
        self.ssh("exit 7", status=7)
        self.assertEqual(self.ssh("cat; sleep 1; echo late", input=b"early "), b"early late\n")
        records = self.records(self.process, 7)
        self.assertEqual(
            {each["ended"] for each in records} - {"client-fin", "upstream-fin"}, set()
        )
        self.assertGreater(records[1]["bytesRead"], self.SIZE)
        self.assertGreater(records[2]["bytesWritten"], self.SIZE)
        until(lambda: self.openNow() <= before + 10, self.process.text)  # spare pipes
        self.assertNotIn("Traceback", self.process.text())

    def test_aKilledSshEndsItsSession(self):
        before = self.openNow()
        ssh = self.background(
            "ssh", *self.options, "127.0.0.1", "echo there; exec cat",
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        self.assertEqual(ssh.stdout.readline(), b"there\n")
        ssh.send_signal(signal.SIGKILL)
        ssh.wait(LIMIT)
        record = self.records(self.process, 2)[1]
        self.assertIn(record["ended"], ("client-fin", "client-reset"))
        self.assertEqual(self.ssh("echo next"), b"next\n")
        until(lambda: self.openNow() <= before + 10, self.process.text)
        self.assertNotIn("Traceback", self.process.text())
