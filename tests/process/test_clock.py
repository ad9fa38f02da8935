"""
Programs whose wall clock is set while they run, by libfaketime.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable

from tests.helpers import need
from tests.processes import LIMIT, ROOT, ProcessCase

#: Sets the clock, and tells the milliseconds after which the call and the idle timeout came.
SCRIPT = """
import os, socket, sys, time
import nodenet.reactor
nodenet.reactor.install()
from twisted.internet import reactor
from nodenet import net

MSECS = 300

def step(text):
    before = time.time() - time.monotonic()
    with open(os.environ["FAKETIME_TIMESTAMP_FILE"], "w") as file:
        file.write(text)
    moved = time.time() - time.monotonic() - before
    print("step", round(moved / 3600))

def done(what):
    waiting.remove(what)
    print(what, round((time.monotonic() - started) * 1000))
    if not waiting:
        reactor.callLater(0, next)

def next():
    global started, waiting
    if not steps:
        reactor.stop()
        return
    started, waiting = time.monotonic(), {"idle", "call"}
    mine, peers = socket.socketpair()
    keep.append(peers)
    stream = net.Stream(fd=mine.detach())
    stream.on("timeout", lambda: (done("idle"), stream.destroy()))
    stream.setTimeout(MSECS)
    reactor.callLater(MSECS / 1000, done, "call")
    reactor.callLater(0.05, step, steps.pop(0))

keep = []
steps = ["+2h", "-2h", "+0"]
reactor.callWhenRunning(next)
reactor.run()
"""


class ClockCase(ProcessCase):
    """
    A wall clock that can be set.
    """

    def setUp(self) -> None:
        faketime = need("faketime")
        self.timestamp = os.path.join(tempfile.mkdtemp(), "timestamp")
        self.addCleanup(shutil.rmtree, os.path.dirname(self.timestamp))
        self.step("+0")
        library = subprocess.run(
            [faketime, "-f", "+0", "printenv", "LD_PRELOAD"],
            capture_output=True,
            text=True,
            timeout=LIMIT,
            check=True,
        ).stdout.strip()
        #: of the processes whose clock it is
        self.environ = {
            "LD_PRELOAD": library,
            "FAKETIME_TIMESTAMP_FILE": self.timestamp,
            "FAKETIME_NO_CACHE": "1",
            # Two names of one setting, of older and newer versions.
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
        }

    def step(self, text: str) -> None:
        """
        Set the clock.

        @param text: how far from the right time: C{'+2h'}.
        """
        with open(self.timestamp, "w") as file:
            file.write(text)


class StepTests(ClockCase):
    """
    The wall clock is set two hours forward, four back, and right again.
    """

    def test_timersKeepRealTime(self) -> None:
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT],
            cwd=ROOT,
            env={**os.environ, **self.environ},
            capture_output=True,
            text=True,
            timeout=LIMIT,
            check=False,
        )
        self.assertEqual(done.stderr, "")
        told = [line.split() for line in done.stdout.splitlines()]
        self.assertEqual([int(n) for what, n in told if what == "step"], [2, -4, 2])
        for kind in "call", "idle":
            times = [int(n) for what, n in told if what == kind]
            self.assertEqual(len(times), 3)
            for msecs in times:
                self.assertGreaterEqual(msecs, 299, told)
                self.assertLess(msecs, 5000, told)


class DaemonTests(ClockCase):
    """
    The daemon's times are real ones; its dates are those of the wall clock.
    """

    def test_aStepEndsNoConnectionAndMakesNoDurationNegative(self) -> None:
        upstream = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(upstream.close)
        host, port = upstream.getsockname()
        process = self.twistd(
            "--port=0", "--host=127.0.0.1", "relay", f"--upstream={host}:{port}",
            "--timeout=600", "--access-log=access", environ=self.environ,
        )  # fmt: skip
        address = ("127.0.0.1", process.listening()[0])
        access = os.path.join(process.dir, "access")
        years = []
        for step in "+8760h", "-8760h":
            with socket.create_connection(address, LIMIT) as client:
                server, _ = upstream.accept()
                self.step(step)
                # Long enough for the sweep that would have ended it.
                client.settimeout(0.5)
                self.assertRaises(TimeoutError, client.recv, 1)
                client.settimeout(LIMIT)
                server.sendall(b"still here")
                self.assertEqual(client.recv(20), b"still here")
                server.close()
            years.append(step)
            self.until(lambda: len(self.lines(access)) == len(years))
        records = [json.loads(line) for line in self.lines(access)]
        for record in records:
            self.assertEqual(record["ended"], "upstream-fin", record)
            self.assertTrue(0.4 < record["duration"] < LIMIT, record)
        # The second has begun when the clock was a year ahead.
        first, second = (int(record["start"][:4]) for record in records)
        self.assertEqual(second, first + 1)

    def test_drainAndTimeoutTakeTheirTimeWhereverTheClockIsSet(self) -> None:
        process = self.twistd(
            "--port=0", "--host=127.0.0.1", "--timeout=1", environ=self.environ
        )
        address = ("127.0.0.1", process.listening()[0])
        with socket.create_connection(address, LIMIT) as client:
            client.sendall(b"x")
            self.assertEqual(client.recv(1), b"x")
            self.step("-8760h")
            self.assertEqual(client.recv(1), b"")  # idle
        process = self.twistd("--port=0", "--host=127.0.0.1", environ=self.environ)
        address = ("127.0.0.1", process.listening()[0])
        with socket.create_connection(address, LIMIT) as client:
            client.sendall(b"x")
            self.assertEqual(client.recv(1), b"x")
            process.process.send_signal(signal.SIGTERM)
            process.until("Stopping")
            self.step("-17520h")
            self.assertEqual(process.process.wait(LIMIT), 0)

    def lines(self, path: str) -> list[str]:
        with open(path) as file:
            return file.read().splitlines()

    def until(self, true: Callable[[], bool]) -> None:
        end = time.monotonic() + LIMIT
        while not true():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.02)
