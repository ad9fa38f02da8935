"""
Many clients at once, and too many; a full disk; a rotation under load.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import resource
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

from twisted.trial.unittest import SkipTest

from tests.processes import LIMIT, talk
from tests.programs import ProgramCase, until

#: Seconds in which each of a crowd is answered.
SOON = 2
CROWD = 3000

#: An echo in one process that accepts as fast as it can: what the relay is measured
#: against.
ECHO = """
import select, socket
listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
listener.setblocking(False)
print(listener.getsockname()[1], flush=True)
poll, open_ = select.epoll(), {}
poll.register(listener, select.EPOLLIN)
while True:
    for fd, _ in poll.poll():
        if fd == listener.fileno():
            try:
                while True:
                    skt, _ = listener.accept()
                    open_[skt.fileno()] = skt
                    poll.register(skt, select.EPOLLIN)
            except BlockingIOError:
                continue
        try:
            data = open_[fd].recv(65536)
            if data:
                open_[fd].sendall(data)
                continue
        except OSError:
            pass
        poll.unregister(fd)
        open_.pop(fd).close()
"""


class Crowd:
    """
    Clients that connect at the same moment, send a line each when they are connected, and
    wait for it to come back.

    @ivar late: of each that was answered, after how many seconds.
    @ivar failed: the errors of the others.
    """

    def __init__(self, port, count, seconds):
        self.late, self.failed = [], []
        self.open = []
        poll = select.epoll()
        began = time.monotonic()
        waiting = {}
        for number in range(count):
            skt = socket.socket()
            skt.setblocking(False)
            skt.connect_ex(("127.0.0.1", port))
            self.open.append(skt)
            waiting[skt.fileno()] = skt, b"client %d\n" % number
            poll.register(skt, select.EPOLLOUT)
        while waiting and time.monotonic() < began + seconds:
            for fd, event in poll.poll(0.1):
                skt, line = waiting[fd]
                try:
                    if event & (select.EPOLLERR | select.EPOLLHUP):
                        skt.recv(1)
                    if event & select.EPOLLIN:
                        got = skt.recv(100)
                        if not got:
                            raise ConnectionAbortedError("closed")
                        assert got == line, (got, line)
                        self.late.append(time.monotonic() - began)
                    else:
                        skt.sendall(line)
                        poll.modify(fd, select.EPOLLIN)
                        continue
                except OSError as e:
                    self.failed.append(e)
                del waiting[fd]
                poll.unregister(fd)
        self.unanswered = len(waiting)
        poll.close()

    def close(self):
        for skt in self.open:
            skt.close()


class CrowdCase(ProgramCase):
    """
    A quick echo for an upstream.
    """

    def echoing(self):
        """
        @return: what --upstream is told of it.
        """
        process = subprocess.Popen([sys.executable, "-c", ECHO], stdout=subprocess.PIPE)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait, LIMIT)
        self.addCleanup(process.kill)
        return f"127.0.0.1:{int(process.stdout.readline())}"

    def openNow(self, process):
        """
        @return: how many descriptors it has.
        """
        return len(os.listdir(f"/proc/{process.process.pid}/fd"))

    def calm(self, process, before):
        """
        Wait until a process has no more descriptors than before, but for spare pipes.
        """
        until(
            lambda: self.openNow(process) <= before + 2 * 10,
            lambda: f"{self.openNow(process)} instead of {before}: {process.text()[-2000:]}",
        )
        self.assertNotIn("Traceback", process.text())


class CrowdTests(CrowdCase):
    """
    All at once.
    """

    def setUp(self):
        super().setUp()
        self.descriptors(3 * CROWD)
        if resource.getrlimit(resource.RLIMIT_NOFILE)[0] < 2 * CROWD + 100:
            raise SkipTest("so many descriptors cannot be had")

    def answersSoon(self, process, port):
        before = self.openNow(process)
        crowd = Crowd(port, CROWD, 3 * SOON)
        self.addCleanup(crowd.close)
        counts = len(crowd.late), len(crowd.failed), crowd.unanswered
        self.assertEqual(counts, (CROWD, 0, 0), (crowd.failed[:1], process.text()[-1000:]))
        slow = [each for each in crowd.late if each > SOON]
        self.assertEqual(len(slow), 0, f"the last after {max(crowd.late)} s")
        crowd.close()
        self.calm(process, before)

    def test_theRelayAnswersAllOfThemSoon(self):
        process = self.relay(self.echoing())
        self.answersSoon(process, process.ports[0])

    def test_theEchoAnswersAllOfThemSoon(self):
        self.answersSoon(*self.echo())


class ScarcityTests(CrowdCase):
    """
    Fewer descriptors than clients.
    """

    def few(self):
        resource.setrlimit(resource.RLIMIT_NOFILE, (50, 50))

    def test_theRelayShedsSaysSoAndServesAgain(self):
        process = self.relay(self.echoing(), preexec_fn=self.few)
        port = process.ports[0]
        self.assertEqual(talk(port, b"before"), b"before")
        self.records(process)
        before = self.openNow(process)
        crowd = Crowd(port, 200, 5)
        self.addCleanup(crowd.close)
        # Some are served, the others closed: nobody is left to wait.
        self.assertTrue(0 < len(crowd.late) < 200, process.text()[-1000:])
        self.assertEqual(crowd.unanswered, 0)
        crowd.close()

        def again():
            try:
                return talk(port, b"again") == b"again"
            except OSError:
                return False

        until(again, process.text)
        for _ in range(50):
            self.assertEqual(talk(port, b"all of them"), b"all of them")
        said = re.compile("descriptors|shed|EMFILE|Too many open files")
        until(lambda: said.search(process.text()), process.text)
        self.calm(process, before)
        self.assertEqual(process.stop(), 0)


class LorisTests(CrowdCase):
    """
    Clients that send a byte and stay.
    """

    def stay(self, process, byte):
        for _ in range(500):
            client = self.connect(process)
            client.sendall(byte)

    def test_othersAreServedMeanwhile(self):
        self.descriptors(3000)
        upstream = self.echoing()
        process = self.relay(upstream)
        self.stay(process, b"G")
        for number in range(100):
            self.assertEqual(talk(process.ports[0], b"%d" % number), b"%d" % number)
        # One of those that stay goes on.
        client = self.connect(process)
        client.sendall(b"G")
        self.assertEqual(client.recv(1), b"G")
        client.sendall(b"ET")
        self.assertEqual(client.recv(2), b"ET")
        self.assertNotIn("Traceback", process.text())

    def test_othersAreServedBehindTLSMeanwhile(self):
        self.descriptors(3000)
        process = self.relay(self.echoing(), before=self.listener)
        self.stay(process, b"\x16")
        for _ in range(20):
            client = self.context(False).wrap_socket(
                self.connect(process), server_hostname="127.0.0.1"
            )
            client.sendall(b"ping")
            self.assertEqual(client.recv(4), b"ping")
            client.close()
        self.assertNotIn("Traceback", process.text())


class DiskTests(CrowdCase):
    """
    The access log's disk is full.
    """

    COMPLAINT = "Access log cannot be written"

    def serves(self, process, count, text):
        for _ in range(count):
            self.assertEqual(talk(process.ports[0], text), text)

    def lengths(self, path):
        """
        @return: C{bytesRead} of each record of a file; C{None} for a line that is cut.
        """
        lengths = []
        with open(path) as file:
            for line in file:
                try:
                    lengths.append(json.loads(line)["bytesRead"])
                except ValueError:
                    lengths.append(None)
        return lengths

    def test_theRelayServesOnSaysSoOnceAndWritesOnInANewFile(self):
        path = os.path.join(self.folder, "full")
        os.symlink("/dev/full", path)
        process = self.relay(self.echoing(), options=("--access-log", path))
        self.serves(process, 50, b"full")
        process.until(self.COMPLAINT)
        os.unlink(path)
        process.process.send_signal(signal.SIGUSR1)
        process.until("Access log reopened")
        self.serves(process, 50, b"reopened")
        until(lambda: len(self.lengths(path)) >= 50)
        self.assertEqual(process.stop(), 0)
        # The first ones may be of connections that ended after they were answered.
        self.assertEqual(self.lengths(path)[-50:], [8] * 50)
        self.assertEqual(process.text().count(self.COMPLAINT), 1, process.text())
        self.assertNotIn("Traceback", process.text())

    def disk(self):
        """
        @return: where a file system of 64 KiB is.
        """
        if os.geteuid() != 0:
            raise SkipTest("only root can mount")
        folder = tempfile.mkdtemp(dir=self.folder)
        options = ["-t", "tmpfs", "-o", "size=64k", "none", folder]
        if subprocess.run(["mount", *options], capture_output=True).returncode:
            raise SkipTest("mounts are not allowed here")
        self.addCleanup(subprocess.run, ["umount", "-l", folder], check=True)
        return folder

    def test_theRelayWritesOnWhenThereIsRoomAgain(self):
        folder = self.disk()
        path, filler = (os.path.join(folder, name) for name in ("access", "filler"))
        process = self.relay(self.echoing(), options=("--access-log", path))
        with open(filler, "wb") as file, contextlib.suppress(OSError):
            file.write(bytes(60 * 1024))  # a page for the log
        self.serves(process, 50, b"full")
        process.until(self.COMPLAINT)
        os.unlink(filler)
        # Those that ended after they were answered may be written yet.
        time.sleep(0.2)
        self.serves(process, 50, b"room")
        self.serves(process, 1, b"the last")
        until(lambda: 8 in self.lengths(path), process.text)
        self.assertEqual(process.stop(), 0)
        lengths = self.lengths(path)
        self.assertEqual(lengths[-51:], [4] * 50 + [8])
        # The one that was written when the disk became full.
        self.assertLessEqual(lengths.count(None), 1)
        self.assertEqual(process.text().count(self.COMPLAINT), 1, process.text())
        self.assertNotIn("Traceback", process.text())


class RotationTests(CrowdCase):
    """
    C{logrotate}, by hand.
    """

    def test_noRecordIsLostWhileTheFileIsMoved(self):
        process = self.relay(self.echoing())
        path = os.path.join(process.dir, "access")
        errors = []

        def clients(number):
            try:
                for _ in range(100):
                    text = b"%d" % number
                    assert talk(process.ports[0], text) == text
            except BaseException as e:
                errors.append(e)

        threads = [threading.Thread(target=clients, args=(n,)) for n in range(5)]
        for thread in threads:
            thread.start()
        moved = 0
        while any(thread.is_alive() for thread in threads) and moved < 1000:
            moved += 1
            os.rename(path, f"{path}.{moved}")
            process.process.send_signal(signal.SIGUSR1)
            until(lambda: os.path.exists(path), process.text)
            time.sleep(0.1)
        for thread in threads:
            thread.join(LIMIT)
        self.assertEqual(errors, [])
        self.assertGreater(moved, 1)

        def lines():
            found = []
            for name in os.listdir(process.dir):
                if name.startswith("access"):
                    with open(os.path.join(process.dir, name)) as file:
                        found += file.readlines()
            return found

        until(lambda: len(lines()) >= 500, lambda: len(lines()))
        self.assertEqual(process.stop(), 0)
        peers = {(record := json.loads(line))["peer"] + record["start"] for line in lines()}
        self.assertEqual((len(lines()), len(peers)), (500, 500))
        self.assertNotIn("Traceback", process.text())


class StopTests(CrowdCase):
    """
    SIGTERM with many at it.
    """

    COUNT, SIZE = 200, 400_000

    def send(self, upstream):
        """
        Send each client the half, and the rest when all are told to go on.
        """
        servers = [self.accept(upstream) for _ in range(self.COUNT)]
        for server in servers:
            server.sendall(bytes(100_000))
        self.go.wait(LIMIT)
        for server in servers:
            server.sendall(bytes(self.SIZE - 100_000))
            server.close()

    def test_connectionsInTransferFinishWithinTheDrain(self):
        self.descriptors(3000)
        upstream = self.upstream(backlog=1000)
        process = self.relay(upstream, options=("--drain", "20"))
        self.go = threading.Event()
        sender = threading.Thread(target=self.send, args=(upstream,))
        sender.start()
        clients = [self.connect(process) for _ in range(self.COUNT)]
        got = [len(client.recv(1000)) for client in clients]
        process.process.send_signal(signal.SIGTERM)
        process.until("Stopping")
        self.go.set()
        for index, client in enumerate(clients):
            while piece := client.recv(1 << 20):
                got[index] += len(piece)
            client.close()
        sender.join(LIMIT)
        self.assertEqual(got, [self.SIZE] * self.COUNT)
        self.assertEqual(process.process.wait(LIMIT), 0)
        ends = [
            (each["ended"], each["bytesWritten"]) for each in self.records(process, self.COUNT)
        ]
        self.assertEqual(ends, [("upstream-fin", self.SIZE)] * self.COUNT)
        self.assertNotIn("Traceback", process.text())
