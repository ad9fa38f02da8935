"""
Running C{twistd nodenet} as a process.
"""

from __future__ import annotations

import os
import re
import resource
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time

from twisted.trial.unittest import SynchronousTestCase

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
#: Seconds that any process or socket is waited for.
LIMIT = 20


class Twistd:
    """
    A running C{twistd -n nodenet ...}.
    """

    def __init__(self, *args, before=(), wrap=(), script=None, environ=None, **settings):
        self.dir = tempfile.mkdtemp(prefix="nodenet-")
        self.log = os.path.join(self.dir, "log")
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [
                    *wrap,
                    sys.executable,
                    *(("-c", script) if script else (twistd(),)),
                    "-n",
                    "--pidfile=",
                    *before,
                    "nodenet",
                    *args,
                ],
                cwd=self.dir,
                stdout=log,
                stderr=log,
                env={**os.environ, "PYTHONPATH": ROOT, **(environ or {})},
                **settings,
            )

    def text(self):
        with open(self.log) as log:
            return log.read()

    def listening(self, count=1):
        """
        Wait until it is.

        @return: the ports.
        """
        end = time.monotonic() + LIMIT
        while time.monotonic() < end:
            found = re.findall(r"Listening on (\S+)", self.text())
            if len(found) >= count:
                return [int(each.rpartition(":")[2]) for each in found if "unix" not in each]
            if self.process.poll() is not None:
                break
            time.sleep(0.02)
        raise AssertionError(f"twistd does not listen: {self.text()}")

    def until(self, text):
        """
        Wait until the log says so.
        """
        end = time.monotonic() + LIMIT
        while text not in self.text():
            if time.monotonic() > end:
                raise AssertionError(f"not in the log: {text}: {self.text()}")
            time.sleep(0.02)

    def told(self, text):
        """
        @return: of how many connections the log has told with this text.
        """
        lines = [line for line in self.text().splitlines() if text in line]
        before = [re.search(r", and (\d+) before it$", line) for line in lines]
        return len(lines) + sum(int(found[1]) for found in before if found)

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(LIMIT)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(LIMIT)


def twistd():
    return os.path.join(sysconfig.get_path("scripts"), "twistd")


def talk(port, data, host="127.0.0.1"):
    """
    @return: all that the server sends to one that sends C{data} and its end.
    """
    with socket.create_connection((host, port), LIMIT) as skt:
        sender = threading.Thread(
            target=lambda: (skt.sendall(data), skt.shutdown(socket.SHUT_WR))
        )
        sender.start()
        pieces = []
        while piece := skt.recv(1 << 20):
            pieces.append(piece)
        sender.join(LIMIT)
    return b"".join(pieces)


class ProcessCase(SynchronousTestCase):
    """
    Each test has its processes, which end with it.
    """

    def twistd(self, *args, **settings):
        process = Twistd(*args, **settings)
        self.addCleanup(process.kill)
        return process

    def descriptors(self, count):
        """
        Have room for so many, here and in the processes to come.
        """
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft < count:
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(2 * count, hard), hard))
            self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))

    def echo(self, *args, **settings):
        process = self.twistd("--port", "0", "--host", "127.0.0.1", *args, **settings)
        return process, process.listening()[0]
