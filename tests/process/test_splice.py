"""
L{nodenet._splice}: real sockets and pipes, events by hand.
"""

from __future__ import annotations

import os
import socket
from errno import EMFILE

from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.python.failure import Failure
from twisted.trial.unittest import SkipTest, SynchronousTestCase

from nodenet import net
from nodenet._splice import BUSY, LITTLE, QUIET, Pipes, Splice, possible
from nodenet._transports.wire import READ_SIZE
from tests.helpers import record


class SpliceCase(SynchronousTestCase):
    """
    C{self.far -> source | splice | dest -> self.end}.
    """

    def setUp(self):
        if not hasattr(os, "splice"):
            raise SkipTest("this system has no splice(2)")
        self.reactor = MemoryReactorClock()
        self.far, near = socket.socketpair()
        far, self.end = socket.socketpair()
        for skt in self.far, self.end:
            skt.setblocking(False)
            skt.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
            self.addCleanup(skt.close)
        near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        far.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        self.source, self.dest = (
            net.Stream(fd=skt.detach(), allowHalfOpen=True, reactor=self.reactor)
            for skt in (near, far)
        )
        self.addCleanup(self.close)
        self.pipes = Pipes()
        self.source.pipe(self.dest)
        self.seen = []
        self.splice = Splice(self.source, self.dest, self.pipes)
        self.source._busy = self.splice.filled

    def close(self):
        for stream in self.source, self.dest:
            stream.destroy()
        self.reactor.advance(0)
        self.pipes.close()

    def read(self):
        """
        The reactor: source is readable.
        """
        why = self.source.transport.doRead()
        if why is not None:
            self.source.transport.readConnectionLost(Failure(why))

    def through(self, data):
        """
        Send, read and write until it is there.
        """
        got = b""
        sent = 0
        while len(got) < len(data):
            if sent < len(data):
                sent += self.far.send(data[sent : sent + READ_SIZE])
            self.read()
            got += self.end.recv(1 << 20)
        return got

    def begin(self):
        data = os.urandom(BUSY * READ_SIZE)
        self.assertEqual(self.through(data), data)
        self.assertIsNotNone(self.splice._pipe)


class BeginTests(SpliceCase):
    """
    When data is moved within the kernel.
    """

    def test_afterFullReadsInARow(self):
        self.source.on("data", self.seen.append)
        for _ in range(BUSY - 1):
            self.through(bytes(READ_SIZE))
        self.assertIsNone(self.splice._pipe)
        self.through(bytes(10))
        for _ in range(BUSY):
            self.assertIsNone(self.splice._pipe)
            self.through(bytes(READ_SIZE))
        self.assertIsNotNone(self.splice._pipe)
        count = len(self.seen)
        data = os.urandom(3 * READ_SIZE)
        self.assertEqual(self.through(data), data)
        self.assertEqual(len(self.seen), count)

    def test_theCountersGoOn(self):
        self.begin()
        read, written = self.source.bytesRead, self.dest.bytesWritten
        self.through(bytes(100_000))
        self.assertEqual(self.source.bytesRead - read, 100_000)
        self.assertEqual(self.dest.bytesWritten - written, 100_000)

    def test_withoutDescriptorsItGoesOnWithout(self):
        def pipe2(flags):
            raise OSError(EMFILE, "none left")

        self.patch(os, "pipe2", pipe2)
        data = os.urandom(2 * BUSY * READ_SIZE)
        self.assertEqual(self.through(data), data)
        self.assertIsNone(self.splice._pipe)

    def test_onlyPlainConnectionsOfOurOwn(self):
        self.assertTrue(possible(self.source, self.dest))
        other = net.Stream()
        other.makeConnection(StringTransport())
        self.assertFalse(possible(self.source, other))
        self.assertFalse(possible(other, self.source))


class EndTests(SpliceCase):
    """
    When it is over.
    """

    def test_afterLittleInARowItIsDataAgain(self):
        self.begin()
        for _ in range(QUIET - 1):
            self.through(b"x" * (LITTLE - 1))
        self.assertIsNotNone(self.splice._pipe)
        self.through(b"x")
        self.assertIsNone(self.splice._pipe)
        self.assertEqual(len(self.pipes.spare), 1)
        self.source.on("data", self.seen.append)
        self.assertEqual(self.through(b"again"), b"again")
        self.assertEqual(self.seen, [b"again"])

    def test_anIdleOneGivesItsPipeBack(self):
        self.begin()
        self.through(b"x")
        self.splice.rest()
        self.assertEqual(self.pipes.spare, [])
        self.splice.rest()
        self.assertEqual(len(self.pipes.spare), 1)
        self.begin()
        self.assertEqual(self.pipes.spare, [])

    def test_theEndComesThrough(self):
        self.begin()
        seen = record(self.source)
        self.far.send(b"last")
        self.far.close()
        self.read()
        self.assertEqual(seen, [("end",)])
        self.assertEqual(self.end.recv(10), b"last")
        self.assertEqual(self.end.recv(10), b"")
        self.assertEqual(len(self.pipes.spare), 1)

    def test_aDestThatHasGoneIsAnError(self):
        self.begin()
        seen = record(self.dest)
        self.end.close()
        self.far.send(b"nobody reads this")
        self.read()
        self.reactor.advance(0)
        [(error, reason), closed] = seen
        self.assertEqual((error, reason.code), ("error", "EPIPE"))
        self.assertEqual(closed, ("close", True))
        # Data was left in the pipe: it is no spare one.
        self.assertEqual(self.pipes.spare, [])


class SlowTests(SpliceCase):
    """
    A C{dest} that takes no more.
    """

    def fill(self):
        """
        @return: what was sent until it was stuck.
        """
        self.begin()
        sent = bytearray()
        while not self.splice.held:
            data = os.urandom(READ_SIZE)
            sent += data[: self.far.send(data)]
            self.read()
        return sent

    def test_itIsReadNoFurtherAndNothingIsLost(self):
        sent = self.fill()
        source, dest = self.source.transport, self.dest.transport
        self.assertEqual(self.dest.bufferSize, self.splice.held)
        self.assertNotIn(source, self.reactor.getReaders())
        self.assertIn(dest, self.reactor.getWriters())
        got = bytearray()
        while len(got) < len(sent):
            got += self.end.recv(1 << 16)
            dest.doWrite()
        self.assertEqual(got, sent)
        self.assertEqual((self.dest.bufferSize, self.splice.held), (0, 0))
        self.assertIn(source, self.reactor.getReaders())
        self.assertNotIn(dest, self.reactor.getWriters())

    def test_itIsNotReadOnWhenItWasLostInTheSameTurn(self):
        self.fill()
        self.source.on("error", self.seen.append)
        self.source.transport.connectionLost(Failure(ConnectionResetError("gone")))
        while self.splice.held:
            self.end.recv(1 << 20)
            self.dest.transport.doWrite()
        self.assertNotIn(self.source.transport, self.reactor.getReaders())
        self.assertEqual(self.dest.readyState, "open")

    def test_whatIsHeldIsDroppedWhenItCloses(self):
        self.fill()
        count = len(os.listdir("/proc/self/fd"))
        self.dest.destroy()
        self.reactor.advance(0)
        self.assertEqual(self.pipes.spare, [])
        self.assertEqual(len(os.listdir("/proc/self/fd")), count - 3)


class PipesTests(SynchronousTestCase):
    """
    The pool.
    """

    def test_itKeepsAFew(self):
        pipes = Pipes(most=1)
        one, other = pipes.take(), pipes.take()
        pipes.give(one, empty=True)
        pipes.give(other, empty=True)
        self.assertEqual(pipes.spare, [one])
        self.assertRaises(OSError, os.fstat, other[0])
        self.assertEqual(pipes.take(), one)
        pipes.give(one, empty=False)
        self.assertEqual(pipes.spare, [])
        self.assertRaises(OSError, os.fstat, one[0])
