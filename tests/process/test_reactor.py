"""
L{nodenet.reactor}: Twisted's own tests of reactors, and what differs from Twisted's.
"""

from __future__ import annotations

import io
import os
import socket
import subprocess
import sys
from itertools import product
from pathlib import Path
from select import EPOLLERR, EPOLLHUP, EPOLLIN, EPOLLOUT
from threading import Event
from unittest.mock import patch

from twisted.application import reactors
from twisted.application.app import ReactorSelectionMixin
from twisted.internet.abstract import FileDescriptor
from twisted.internet.epollreactor import EPollReactor
from twisted.internet.error import ConnectionDone, ReactorAlreadyInstalledError
from twisted.internet.interfaces import IHalfCloseableDescriptor
from twisted.internet.main import CONNECTION_DONE, CONNECTION_LOST
from twisted.internet.test import (
    test_core,
    test_fdset,
    test_tcp,
    test_threads,
    test_time,
    test_udp,
    test_unix,
)
from twisted.internet.test.reactormixins import ReactorBuilder
from twisted.python import context, log
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import directlyProvides

from nodenet import reactor as module
from nodenet.reactor import Reactor

ROOT = Path(__file__).resolve().parents[2]

#: Twisted's tests that are not for this reactor: why.
NOT_FOR_THIS = {
    test_fdset.ReactorFDSetTestsBuilder: {
        "test_lostFileDescriptor": "no epoll reactor can tell, as the test says of Twisted's"
    },
}

for builder in (
    test_core.SystemEventTestsBuilder,
    test_fdset.ReactorFDSetTestsBuilder,
    test_tcp.AbortConnectionTests,
    test_tcp.AdoptStreamConnectionTestsBuilder,
    test_tcp.TCP4ClientTestsBuilder,
    test_tcp.TCP4ConnectorTestsBuilder,
    test_tcp.TCP6ClientTestsBuilder,
    test_tcp.TCP6ConnectorTestsBuilder,
    test_tcp.TCPConnectionTestsBuilder,
    test_tcp.TCPFDPortTestsBuilder,
    test_tcp.TCPPortTestsBuilder,
    test_tcp.TCPTransportTestsBuilder,
    test_threads.ThreadTestsBuilder,
    test_time.TimeTestsBuilder,
    test_udp.UDPServerTestsBuilder,
    test_unix.UNIXAdoptStreamConnectionTestsBuilder,
    test_unix.UNIXDatagramTestsBuilder,
    test_unix.UNIXFDPortTestsBuilder,
    test_unix.UNIXPortTestsBuilder,
    test_unix.UNIXTestsBuilder,
    test_unix.UnixClientTestsBuilder,
):

    def skipped(why):
        def test(self): ...

        test.skip = why
        return test

    ours = {"_reactors": ["nodenet.reactor.Reactor"], "timeout": 10, "__module__": __name__}
    for name, why in NOT_FOR_THIS.get(builder, {}).items():
        ours[name] = skipped(why)
    globals().update(type(builder.__name__, (builder,), ours).makeTestCaseClasses())
del builder, ours, name, why


class Socket(FileDescriptor):
    """
    One end of a pair of sockets in a reactor; the test has the other, C{peer}.
    """

    def __init__(self, reactor, read=lambda: None):
        super().__init__(reactor)
        self.socket, self.peer = socket.socketpair()
        self.socket.setblocking(False)
        self.fileno = self.socket.fileno
        self.read = read
        self.reads = 0
        self.lost = []
        self.startReading()

    def logPrefix(self):
        return "a socket"

    def doRead(self):
        self.reads += 1
        self.socket.recv(1)
        return self.read()

    def connectionLost(self, reason):
        self.lost.append(reason.value)
        self.close()

    def close(self):
        self.stopReading()
        self.stopWriting()
        self.socket.close()
        self.peer.close()


class EventTests(ReactorBuilder, SynchronousTestCase):
    """
    The events of one wait.
    """

    reactorFactory = Reactor

    def setUp(self):
        super().setUp()
        self.reactor = self.buildReactor()
        self.sockets = []

    def tearDown(self):
        for each in self.sockets:
            each.close()
        super().tearDown()

    def socket(self, read=lambda: None):
        self.sockets.append(Socket(self.reactor, read))
        return self.sockets[-1]

    def ready(self, *sockets):
        for each in sockets:
            each.peer.send(b"x")

    def test_anExceptionIsLoggedOnceAndTheConnectionLost(self):
        logged = []
        log.addObserver(logged.append)
        self.addCleanup(log.removeObserver, logged.append)

        def fail():
            raise RuntimeError("a bug")

        before, failing, after = self.socket(), self.socket(fail), self.socket()
        self.ready(before, failing, after)
        self.reactor.doPoll(0)
        (failure,) = self.flushLoggedErrors(RuntimeError)
        self.assertEqual([e["system"] for e in logged if e["isError"]], ["a socket"])
        self.assertEqual(failing.lost, [failure.value])
        self.assertNotIn(failing, self.reactor.getReaders())
        self.assertEqual((before.reads, after.reads), (1, 1))
        self.ready(before, after)
        self.reactor.doPoll(0)
        self.assertEqual((before.reads, failing.reads, after.reads), (2, 1, 2))

    def test_whatAnEarlierEventHasClosedIsNotServed(self):
        def closeTheOther():
            (one if other.reads else other).close()

        one, other = self.socket(closeTheOther), self.socket(closeTheOther)
        self.ready(one, other)
        self.reactor.doPoll(0)
        self.assertEqual(one.reads + other.reads, 1)
        self.assertEqual(one.lost + other.lost, [])

    def replaces(self, prepare):
        """
        Of two sockets that have an event, the first to be served closes the other,
        and opens a new one with the number of that.

        @return: the new one.
        """

        def replaceTheOther():
            new = self.socket()
            new.stopReading()
            closed = one if other.reads else other
            number = closed.fileno()
            closed.close()
            os.dup2(new.socket.fileno(), number)
            new.socket.close()
            new.socket = socket.socket(fileno=number)
            new.fileno = new.socket.fileno
            new.startReading()
            replaced.append(new)

        replaced = []
        one, other = self.socket(replaceTheOther), self.socket(replaceTheOther)
        prepare(one)
        prepare(other)
        self.reactor.doPoll(0)
        one.close()
        other.close()
        (new,) = replaced
        return new

    def test_whatReplacesAClosedOneDoesNotGetItsEvent(self):
        new = self.replaces(self.ready)
        self.assertEqual((new.reads, new.lost), (0, []))
        self.ready(new)
        self.reactor.doPoll(0)
        self.assertEqual((new.reads, new.lost), (1, []))

    def test_whatReplacesAClosedOneIsNotLostByItsHangUp(self):
        def prepare(each):
            self.ready(each)
            each.peer.close()

        new = self.replaces(prepare)
        self.reactor.doPoll(0)
        self.assertEqual((new.reads, new.lost), (0, []))

    def test_whatIsPausedAndResumedMeanwhileIsServedNextTime(self):
        def pauseTheOther():
            each = one if other.reads else other
            each.stopReading()
            each.startReading()

        one, other = self.socket(pauseTheOther), self.socket(pauseTheOther)
        self.ready(one, other)
        self.reactor.doPoll(0)
        self.assertEqual(one.reads + other.reads, 1)
        self.reactor.doPoll(0)
        self.assertEqual(one.reads + other.reads, 2)

    def test_aWriterThatReadsTooIsServedAtOnce(self):
        def startTheOther():
            (one if other.reads else other).startWriting()

        one, other = self.socket(startTheOther), self.socket(startTheOther)
        one.doWrite = other.doWrite = lambda: None
        self.ready(one, other)
        self.reactor.doPoll(0)
        self.assertEqual((one.reads, other.reads), (1, 1))

    def test_moreEventsThanOneWaitTakesAreServedInTurn(self):
        self.patch(module, "_EVENTS", 2)
        sockets = [self.socket() for _ in range(6)]
        self.ready(*sockets)
        for served in 2, 4, 6:
            self.reactor.doPoll(0)
            self.assertEqual(sum(each.reads for each in sockets), served)
        self.assertEqual([each.reads for each in sockets], [1] * 6)

    def test_whoIsServedIsTheLogsPrefix(self):
        def said(where):
            systems.append((where, context.get(log.ILogContext)["system"]))

        def read():
            said("as usual")
            served.logPrefix = lambda: 1 / 0
            said("with a bug")
            del served.logPrefix
            self.reactor.callInThread(inThread)
            self.assertTrue(there.wait(10))
            self.reactor.callLater(0, later)

        def inThread():
            said("another thread")
            there.set()

        def later():
            said("a timed call")
            self.reactor.stop()

        systems, there = [], Event()
        served = self.socket(read)
        self.ready(served)
        self.runReactor(self.reactor, 10)
        self.assertEqual(
            systems,
            [
                ("as usual", "a socket"),
                ("with a bug", "(buggy logPrefix method)"),
                ("another thread", "-"),
                ("a timed call", "-"),
            ],
        )


class Script:
    """
    A descriptor that does as it is told, and says what was asked of it.
    """

    def __init__(self, calls, number, read, write, lost):
        self.calls = calls
        self.number, self.read, self.write, self.lost = number, read, write, lost

    def _do(self, what):
        if isinstance(what, type):
            raise what("a bug")
        return what

    def fileno(self):
        return self._do(self.number)

    def logPrefix(self):
        return "a script"

    def doRead(self):
        self.calls.append("doRead")
        return self._do(self.read)

    def doWrite(self):
        self.calls.append("doWrite")
        return self._do(self.write)

    def connectionLost(self, reason):
        self.calls.append(("connectionLost", reason.type, reason.getErrorMessage()))
        self._do(self.lost)

    def readConnectionLost(self, reason):
        self.calls.append(("readConnectionLost", reason.type))
        self._do(self.lost)


class Poller:
    """
    An epoll object with one event.
    """

    def __init__(self, calls):
        self.calls = calls
        self.events = []

    def poll(self, timeout, maxevents):
        events, self.events = self.events, []
        return events

    def register(self, fd, mask):
        self.calls.append(("register", fd, mask))

    def modify(self, fd, mask):
        self.calls.append(("modify", fd, mask))

    def unregister(self, fd):
        self.calls.append(("unregister", fd))


class SameAsTwistedTests(ReactorBuilder, SynchronousTestCase):
    """
    For any event, and whatever the descriptor does then, the same is called and
    logged as by Twisted's reactor.
    """

    def serve(self, factory, cases):
        """
        @return: for each case the calls, and the errors logged.
        """
        self.reactorFactory = factory
        reactor = self.buildReactor()
        seen, logged = [], []
        log.addObserver(logged.append)
        self.addCleanup(log.removeObserver, logged.append)
        calls = []
        poller, reactor._poller = reactor._poller, Poller(calls)
        for registered, event, halfCloseable, number, *script in cases:
            descriptor = Script(calls, 1000, *script)
            if halfCloseable:
                directlyProvides(descriptor, IHalfCloseableDescriptor)
            for add in registered:
                getattr(reactor, add)(descriptor)
            descriptor.number = number
            reactor._poller.events = [(1000, event)]
            try:
                reactor.doPoll(0)
            except KeyboardInterrupt:
                calls.append("interrupted")
            errors = [(e["system"], e["failure"].type) for e in logged if e["isError"]]
            seen.append((calls[:], errors, 1000 in reactor._selectables))
            for each in (reactor._reads, reactor._writes, reactor._selectables):
                each.pop(1000, None) if isinstance(each, dict) else each.discard(1000)
            self.flushLoggedErrors()
            del calls[:], logged[:]
        reactor._poller = poller
        return seen

    def assertSame(self, *choices):
        cases = list(product(*choices))
        ours, theirs = self.serve(Reactor, cases), self.serve(EPollReactor, cases)
        for case, our, their in zip(cases, ours, theirs, strict=True):
            self.assertEqual(our, their, case)

    def test_anyEventAndResult(self):
        results = [None, CONNECTION_DONE, CONNECTION_LOST, OSError(5, "EIO")]
        results += [ValueError, ConnectionDone, KeyboardInterrupt]  # raised
        self.assertSame(
            [("addReader",), ("addWriter",), ("addReader", "addWriter")],
            [
                *(EPOLLIN, EPOLLOUT, EPOLLIN | EPOLLOUT, EPOLLHUP, EPOLLERR),
                *(EPOLLIN | EPOLLHUP, EPOLLOUT | EPOLLERR, EPOLLIN | EPOLLOUT | EPOLLHUP),
            ],
            [False, True],  # is it half-closeable?
            [1000],
            results,  # of doRead
            results,  # of doWrite
            [None],
        )

    def test_aDescriptorThatIsAmiss(self):
        self.assertSame(
            [("addReader",), ("addReader", "addWriter")],
            [EPOLLIN, EPOLLOUT, EPOLLIN | EPOLLOUT, EPOLLHUP],
            [False, True],
            [1000, -1, OSError],  # fileno
            [None, CONNECTION_DONE, ValueError],
            [None, CONNECTION_DONE, ValueError],
            [None, TypeError, KeyboardInterrupt],  # connectionLost
        )


class PluginTests(SynchronousTestCase):
    """
    C{twistd --reactor=nodenet}.
    """

    def help(self):
        options = ReactorSelectionMixin()
        options.messageOutput = io.StringIO()
        self.assertRaises(SystemExit, options.opt_help_reactors)
        return options.messageOutput.getvalue()

    def test_twistdListsIt(self):
        working = self.help().partition("not available")[0]
        self.assertRegex(working, r"(?m)^ +nodenet\s+epoll")

    def test_whereThereIsNoEpollItIsListedAsUnavailable(self):
        with patch.dict(sys.modules, {"twisted.internet.epollreactor": None}):
            del sys.modules["nodenet.reactor"]
            missing = self.help().partition("not available")[2]
        self.assertRegex(missing, r"(?m)^ +!nodenet\s+epoll")

    def test_twistdInstallsIt(self):
        program = (
            f"import sys\nsys.path.insert(0, {str(ROOT)!r})\n"
            "from twisted.application.reactors import installReactor\n"
            "reactor = installReactor('nodenet')\n"
            "from twisted.internet import reactor as installed\n"
            "assert reactor is installed\n"
            "print(type(reactor).__module__, *sorted(m for m in sys.modules if 'nodenet' in m))"
        )
        said = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, check=True, timeout=60
        )
        self.assertEqual(
            said.stdout.decode().split(),
            ["nodenet.reactor", "nodenet", "nodenet.reactor", "twisted.plugins.nodenet_plugin"],
        )

    def test_notASecondOne(self):
        (installer,) = (r for r in reactors.getReactorTypes() if r.shortName == "nodenet")
        self.assertRaises(ReactorAlreadyInstalledError, installer.install)
