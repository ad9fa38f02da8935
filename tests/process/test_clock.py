"""
Programs whose wall clock is set while they run, by libfaketime.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile

from twisted.trial.unittest import SynchronousTestCase

from tests.helpers import need
from tests.processes import LIMIT, ROOT

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


class StepTests(SynchronousTestCase):
    """
    The wall clock is set two hours forward, four back, and right again.
    """

    def test_timersKeepRealTime(self) -> None:
        faketime = need("faketime")
        directory = tempfile.mkdtemp()
        timestamp = os.path.join(directory, "timestamp")
        self.addCleanup(os.rmdir, directory)
        self.addCleanup(os.unlink, timestamp)
        with open(timestamp, "w") as file:
            file.write("+0")
        library = subprocess.run(
            [faketime, "-f", "+0", "printenv", "LD_PRELOAD"],
            capture_output=True,
            text=True,
            timeout=LIMIT,
            check=True,
        ).stdout.strip()
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT],
            cwd=ROOT,
            env={
                **os.environ,
                "LD_PRELOAD": library,
                "FAKETIME_TIMESTAMP_FILE": timestamp,
                "FAKETIME_NO_CACHE": "1",
                # Two names of one setting, of older and newer versions.
                "FAKETIME_DONT_FAKE_MONOTONIC": "1",
                "DONT_FAKE_MONOTONIC": "1",
            },
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
