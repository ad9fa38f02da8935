"""
L{nodenet.timers.nextTick} on Twisted's reactors, each in a process of its own.
"""

from __future__ import annotations

import subprocess
import sys
from typing import ClassVar

from twisted.trial.unittest import SynchronousTestCase

from tests.processes import LIMIT, ROOT

SCRIPT = """
import socket, sys
from importlib import import_module
import_module(sys.argv[1]).install()
from twisted.internet import reactor
from nodenet.timers import nextTick, setTimeout

class Reader:
    def __init__(self, name, doRead=lambda: None):
        self.skt, self.peer = socket.socketpair()
        self.name, self.read = name, doRead
        reactor.addReader(self)
    def fileno(self): return self.skt.fileno()
    def logPrefix(self): return self.name
    def doRead(self):
        self.skt.recv(1)
        print(self.name)
        self.read()
    def connectionLost(self, reason): ...

def tick():
    print("tick")
    nextTick(print, "tick's tick")

def ask(ready):
    ready.peer.send(b"x")
    nextTick(tick)

def timer():
    print("timer")
    ask(one)

def end():
    # More I/O than one wait of any reactor's may need is over.
    reactor.callLater(0.05, reactor.stop)

two = Reader("two", end)
one = Reader("one", lambda: ask(two))
{start}
reactor.run()
"""


class NextTickTests(SynchronousTestCase):
    """
    A tick comes after the timer or event that asked for it, and before more I/O.
    """

    ORDER: ClassVar[list[str]] = [
        "timer",
        "tick",
        "tick's tick",
        "one",
        "tick",
        "tick's tick",
        "two",
    ]

    def order(self, reactor: str, start: str) -> list[str]:
        """
        @param reactor: the module that installs it.
        @param start: how the timer is made.
        @return: what happened.
        """
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT.replace("{start}", start), reactor],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=LIMIT,
            check=False,
        )
        self.assertEqual(done.stderr, "")
        return done.stdout.splitlines()

    def assertOrder(self, reactor: str) -> None:
        """
        It is so on this reactor, whoever made the timer.
        """
        for start in "setTimeout(timer, 1)", "reactor.callLater(0.001, timer)":
            self.assertEqual(self.order(reactor, start), self.ORDER)

    def test_soItIsWithEpoll(self) -> None:
        self.assertOrder("twisted.internet.epollreactor")

    def test_soItIsWithPoll(self) -> None:
        self.assertOrder("twisted.internet.pollreactor")

    def test_soItIsWithSelect(self) -> None:
        self.assertOrder("twisted.internet.selectreactor")

    def test_soItIsWithAsyncio(self) -> None:
        self.assertOrder("twisted.internet.asyncioreactor")

    def test_soItIsWithNodenets(self) -> None:
        self.assertOrder("nodenet.reactor")
