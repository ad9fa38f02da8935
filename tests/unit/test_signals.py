"""
L{nodenet.service.signals}, on a C{signal} that sends none.
"""

from __future__ import annotations

import signal

from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase

from nodenet.service import signals
from nodenet.service.signals import handleSignals


class Signals:
    """
    The module C{signal}, of a process that nobody else has set handlers in.
    """

    def __init__(self):
        self.handlers = {}

    def __getattr__(self, name):
        return getattr(signal, name)

    def signal(self, number, handler):
        self.handlers[number] = handler

    def getsignal(self, number):
        return self.handlers.get(number, signal.SIG_DFL)

    def send(self, number):
        self.handlers[number](number, None)


class Reactor(MemoryReactorClock):
    """
    One whose thread is where signals come.
    """

    def __init__(self, told):
        super().__init__()
        self.told = told

    def callFromThread(self, call):
        self.callLater(0, call)

    def stop(self):
        self.told.append("stop")

    def start(self):
        """
        Set handlers, as the reactor does, and then call those who wait for the start.
        """
        for number in signal.SIGTERM, signal.SIGINT:
            signals.signal.signal(number, lambda *_: self.told.append("reactor"))
        for call, args, kwargs in self.whenRunningHooks:
            call(*args, **kwargs)

    def end(self):
        for *_, call, args, kwargs in self.triggers["after"]["shutdown"]:
            call(*args, **kwargs)


class HandleSignalsTests(SynchronousTestCase):
    """
    C{handleSignals}.
    """

    def setUp(self):
        self.told = []
        self.reactor = Reactor(self.told)
        self.signals = Signals()
        self.patch(signals, "signal", self.signals)
        self.terminal(False)

    def terminal(self, itIs):
        self.patch(signals.os, "isatty", lambda fd: itIs)

    def handle(self, *others, start=True):
        handleSignals(
            self.reactor,
            lambda: self.told.append("cut"),
            {number: lambda number=number: self.told.append(number) for number in others},
        )
        if start:
            self.reactor.start()

    def send(self, *numbers):
        for number in numbers:
            self.signals.send(number)
            self.reactor.advance(0)

    def test_oneToStopStopsTheReactorAndTheNextDoesNotWait(self):
        for first, second in [
            (signal.SIGTERM, signal.SIGTERM),
            (signal.SIGINT, signal.SIGINT),
            (signal.SIGTERM, signal.SIGINT),
            (signal.SIGINT, signal.SIGTERM),
        ]:
            self.setUp()
            self.handle()
            self.send(first)
            self.assertEqual(self.told, ["stop"])
            self.send(second, second)
            self.assertEqual(self.told, ["stop", "cut", "cut"])

    def test_theyDoSoBeforeTheReactorHasStarted(self):
        self.handle(signal.SIGHUP, start=False)
        self.send(signal.SIGHUP, signal.SIGTERM)
        self.assertEqual(self.told, [signal.SIGHUP, "stop"])

    def test_othersCallWhatTheyAreFor(self):
        self.handle(signal.SIGHUP, signal.SIGUSR1)
        self.send(signal.SIGUSR1, signal.SIGHUP, signal.SIGUSR1)
        self.assertEqual(self.told, [signal.SIGUSR1, signal.SIGHUP, signal.SIGUSR1])

    def test_nothingIsDoneWithinTheHandler(self):
        # It may come between any two steps of Python.
        self.handle(signal.SIGHUP)
        for number in signal.SIGHUP, signal.SIGTERM, signal.SIGTERM:
            self.signals.send(number)
        self.assertEqual(self.told, [])
        self.reactor.advance(0)
        self.assertEqual(self.told, [signal.SIGHUP, "stop", "cut"])

    def test_SIGHUPIsIgnoredWhereThereIsNothingToRead(self):
        self.handle()
        self.assertIs(self.signals.handlers[signal.SIGHUP], signal.SIG_IGN)

    def test_unlessATerminalHangsUp(self):
        self.terminal(True)
        self.handle()
        self.assertNotIn(signal.SIGHUP, self.signals.handlers)

    def test_atATerminalSIGHUPReadsWhatThereIs(self):
        self.terminal(True)
        self.handle(signal.SIGHUP)
        self.send(signal.SIGHUP)
        self.assertEqual(self.told, [signal.SIGHUP])

    def test_SIGUSR1IsIgnoredWhereThereIsNothingToReopen(self):
        self.handle()
        self.assertIs(self.signals.handlers[signal.SIGUSR1], signal.SIG_IGN)

    def test_unlessSomebodyElseHasAHandler(self):
        # twistd, which rotates its log.
        self.handle(start=False)
        self.assertNotIn(signal.SIGUSR1, self.signals.handlers)
        self.signals.handlers[signal.SIGUSR1] = rotate = lambda *_: None
        self.reactor.start()
        self.assertIs(self.signals.handlers[signal.SIGUSR1], rotate)

    def test_ourSIGUSR1IsNotTakenByOthers(self):
        self.handle(signal.SIGUSR1, start=False)
        self.signals.handlers[signal.SIGUSR1] = lambda *_: self.told.append("rotated")
        self.reactor.start()
        self.send(signal.SIGUSR1)
        self.assertEqual(self.told, [signal.SIGUSR1])

    def test_afterTheEndNoneToStopKillsTheProcess(self):
        self.handle()
        self.send(signal.SIGTERM)
        self.reactor.end()
        for number in signal.SIGTERM, signal.SIGINT:
            self.assertIs(self.signals.handlers[number], signal.SIG_IGN)
