"""
L{nodenet.splice}: real sockets and pipes, events by hand.
"""

from __future__ import annotations

import os
import socket
from errno import EMFILE
from typing import Any

from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.python.failure import Failure
from twisted.trial.unittest import SkipTest, SynchronousTestCase

from nodenet import net
from nodenet.crypto import createCredentials
from nodenet.errors import NodeError
from nodenet.splice import BUSY, LITTLE, QUIET, Splicer
from nodenet.stream import Stream
from tests.certificates import Authority
from tests.helpers import record

#: What one read takes at most: a read of so much is a full one.
READ = 64 * 1024


class Seen(net.Stream):
    """
    Shows what it emits, without a listener.
    """

    def __init__(self, **options: Any) -> None:
        self.pieces: list[Any] = []
        super().__init__(**options)

    def emit(self, type: str, *args: Any) -> bool:
        if type == "data":
            self.pieces.extend(args)
        return super().emit(type, *args)


class Counting(Splicer):
    """
    Knows how many pipes of the system's are in use.
    """

    used = 0

    def take(self) -> tuple[int, int]:
        pipe = super().take()
        self.used += 1
        return pipe

    def give(self, pipe: tuple[int, int], empty: bool) -> None:
        self.used -= 1
        super().give(pipe, empty)


class SpliceCase(SynchronousTestCase):
    """
    C{self.far -> source | splice | dest -> self.end}.
    """

    def setUp(self) -> None:
        if not hasattr(os, "splice"):
            raise SkipTest("this system has no splice(2)")
        self.reactor = MemoryReactorClock()
        self.far, self.source = self.connected()
        self.end, self.dest = self.connected()
        self.splicer = Counting()
        self.addCleanup(self.splicer.close)
        self.addCleanup(self.close)
        self.source.pipe(self.dest, splice=self.splicer)
        self.seen: list[Any] = []

    def connected(self) -> tuple[socket.socket, Seen]:
        """
        @return: a socket, and the stream of its peer.
        """
        far, near = socket.socketpair()
        for skt in far, near:
            skt.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        far.setblocking(False)
        self.addCleanup(far.close)
        return far, Seen(fd=near.detach(), allowHalfOpen=True, reactor=self.reactor)

    def close(self) -> None:
        for stream in self.source, self.dest:
            stream.destroy()
        self.reactor.advance(0)

    def read(self) -> None:
        """
        The reactor: source is readable.
        """
        why = self.source.transport.doRead()
        if why is not None:
            self.source.transport.readConnectionLost(Failure(why))

    def write(self) -> None:
        """
        The reactor: dest is writable.
        """
        if self.dest.transport in self.reactor.getWriters():
            self.dest.transport.doWrite()

    def through(self, data: bytes) -> bytes:
        """
        Send, read and write until it is there.
        """
        got = b""
        sent = 0
        while len(got) < len(data):
            if sent < len(data):
                sent += self.far.send(data[sent : sent + READ])
            self.read()
            self.write()
            try:
                got += self.end.recv(1 << 20)
            except BlockingIOError:
                continue
        return got

    def begin(self) -> None:
        data = os.urandom(BUSY * READ)
        self.assertEqual(self.through(data), data)
        self.assertEqual(self.splicer.used, 1)
        self.source.pieces.clear()

    def fill(self) -> bytes:
        """
        @return: what was sent until C{dest} was stuck, with bytes held.
        """
        self.begin()
        sent = bytearray()
        while not self.dest.bufferSize:
            data = os.urandom(READ)
            sent += data[: self.far.send(data)]
            self.read()
        self.assertEqual(self.source.pieces, [])
        return bytes(sent)

    def drained(self) -> bytes:
        """
        @return: what comes out until no more does.
        """
        got = bytearray()
        nothing = 0
        while nothing < 3:
            try:
                data = self.end.recv(1 << 16)
            except BlockingIOError:
                data = b""
            nothing = 0 if data else nothing + 1
            got += data
            self.write()
        self.assertEqual(self.dest.bufferSize, 0)
        return bytes(got)


class BeginTests(SpliceCase):
    """
    When data is moved within the kernel.
    """

    def test_afterFullReadsInARow(self) -> None:
        for _ in range(BUSY - 1):
            self.through(bytes(READ))
        self.assertEqual(self.splicer.used, 0)
        self.through(bytes(10))
        for _ in range(BUSY):
            self.assertEqual(self.splicer.used, 0)
            self.through(bytes(READ))
        self.assertEqual(self.splicer.used, 1)
        self.source.pieces.clear()
        data = os.urandom(3 * READ)
        self.assertEqual(self.through(data), data)
        self.assertEqual(self.source.pieces, [])

    def test_theCountersGoOn(self) -> None:
        self.begin()
        read, written = self.source.bytesRead, self.dest.bytesWritten
        self.through(bytes(100_000))
        self.assertEqual(self.source.bytesRead - read, 100_000)
        self.assertEqual(self.dest.bytesWritten - written, 100_000)
        self.assertEqual(self.dest.bufferSize, 0)

    def test_bothAreActiveForTheirTimeouts(self) -> None:
        self.begin()
        for stream in self.source, self.dest:
            stream.setTimeout(1000)
            stream.on("timeout", lambda: self.seen.append("timeout"))
        for _ in range(3):
            self.reactor.advance(0.8)
            self.through(bytes(READ))
        self.assertEqual(self.seen, [])
        self.reactor.advance(1)
        self.assertEqual(self.seen, ["timeout", "timeout"])

    def test_withoutDescriptorsItGoesOnWithout(self) -> None:
        def pipe2(flags: int) -> Any:
            raise OSError(EMFILE, "none left")

        self.patch(os, "pipe2", pipe2)
        data = os.urandom(2 * BUSY * READ)
        self.assertEqual(self.through(data), data)
        self.assertEqual(self.splicer.used, 0)

    def test_withoutSpliceItIsAPlainPipe(self) -> None:
        self.patch(os, "splice", None)
        del os.splice
        _, source = self.connected()
        source.pipe(self.dest, splice=self.splicer)
        self.assertIsNone(source.transport.onFullRead)

    def test_oneSplicerServesSeveralPipes(self) -> None:
        self.begin()
        self.dest.pipe(self.source, splice=self.splicer)
        self.far, self.end = self.end, self.far
        self.source, self.dest = self.dest, self.source
        data = os.urandom(BUSY * READ)
        self.assertEqual(self.through(data), data)
        self.assertEqual(self.splicer.used, 2)

    def test_whatIsQueuedGoesOutFirst(self) -> None:
        self.dest.write(bytes(1 << 22))
        queued = self.dest.bufferSize
        self.assertGreater(queued, 0)
        self.source.resume()
        for _ in range(BUSY + 1):
            self.far.send(bytes(READ))
            self.read()
            self.source.resume()
        self.assertEqual(self.splicer.used, 0)
        self.assertEqual(self.dest.bufferSize, queued + (BUSY + 1) * READ)


class PlainTests(SpliceCase):
    """
    Where the pipe is as any other.
    """

    def refused(self, source: net.Stream, dest: net.Stream) -> None:
        """
        Pipe, which is not looked at further.
        """
        source.pipe(dest, splice=self.splicer)
        for stream in source, dest:
            transport = stream.transport
            self.assertIsNone(getattr(transport, "onFullRead", None))

    def test_ofATransportOfOthers(self) -> None:
        _, ours = self.connected()
        other = net.Stream(reactor=self.reactor)
        other.makeConnection(StringTransport())
        self.refused(ours, other)
        self.refused(other, ours)

    def test_ofAStreamThatIsNotConnected(self) -> None:
        _, ours = self.connected()
        self.refused(ours, net.Stream(reactor=self.reactor))

    def test_ofAStreamToItself(self) -> None:
        far, echo = self.connected()
        self.refused(echo, echo)
        for _ in range(BUSY + 1):
            data = os.urandom(READ)
            far.send(data)
            echo.transport.doRead()
            self.assertEqual(far.recv(1 << 20), data)
        self.assertEqual(self.splicer.used, 0)

    def test_toWhatIsNoStreamOfNet(self) -> None:
        class Other(Stream):
            writable = True

            def write(self, data: bytes) -> bool:
                return True

            def end(self) -> None:
                """
                Nothing is left.
                """

        _, ours = self.connected()
        ours.pipe(Other(), splice=self.splicer)
        self.assertIsNone(ours.transport.onFullRead)


class OverTLSTests(SpliceCase):
    """
    Under TLS, what comes from the kernel is not what is meant.
    """

    def secured(self, stream: net.Stream, peer: socket.socket) -> net.Stream:
        """
        Make one end secure.

        @return: the secure stream of its peer.
        """
        server = net.Server(reactor=self.reactor)
        other = Seen(fd=os.dup(peer.fileno()), reactor=self.reactor, acceptor=server)
        other.setSecure(createCredentials(**Authority().credentials("x")))
        stream.setSecure()
        self.addCleanup(other.destroy)
        for _ in range(6):
            for each in stream, other:
                if each.transport in self.reactor.getWriters():
                    each.transport.doWrite()
                each.transport.doRead()
        self.assertTrue(stream.getCipher()["name"])
        return other

    def test_aSecureStreamIsNotSpliced(self) -> None:
        end, dest = self.connected()
        other = self.secured(dest, end)
        far, source = self.connected()
        source.pipe(dest, splice=self.splicer)
        self.assertIsNone(source.transport.onFullRead)
        self.check(far, source, other)

    def check(self, far: socket.socket, source: net.Stream, other: Any) -> None:
        """
        What goes in comes out, under TLS.
        """
        sent = bytearray()
        for size in [*[READ] * 3 * BUSY, 0]:
            data = os.urandom(size)
            sent += data
            far.send(data)
            source.transport.doRead()
            for _ in range(8):
                other.transport.doRead()
        self.assertEqual(b"".join(other.pieces), sent)
        self.assertEqual(self.splicer.used, 0)

    def test_oneThatIsSecuredBeforeItIsBusyIsNot(self) -> None:
        other = self.secured(self.dest, self.end)
        self.check(self.far, self.source, other)

    def test_oneThatIsSecuredWhileItIsSplicedIsNoLonger(self) -> None:
        self.begin()
        other = self.secured(self.dest, self.end)
        self.check(self.far, self.source, other)

    def test_aSourceThatIsSecuredGivesThePipeBack(self) -> None:
        self.begin()
        other = self.secured(self.source, self.far)
        other.write(b"inside")
        self.read()
        self.assertEqual(self.end.recv(100), b"inside")
        self.splicer.releaseIdle()
        self.assertEqual(self.splicer.used, 0)

    def test_whatIsHeldForbidsTLS(self) -> None:
        self.fill()
        self.assertRaises(NodeError, self.dest.setSecure)


class OthersTests(SpliceCase):
    """
    What others do to the streams meanwhile.
    """

    def test_anotherListenerSeesTheDataAndTheSpliceIsOver(self) -> None:
        self.begin()
        self.source.on("data", self.seen.append)
        data = os.urandom(BUSY * 2 * READ)
        self.assertEqual(self.through(data), data)
        self.assertEqual(b"".join(self.seen), data)
        self.assertEqual(self.splicer.used, 0)

    def test_soDoesOneInPlaceOfThePipes(self) -> None:
        self.begin()
        self.source.removeAllListeners("data")
        self.source.on("data", self.seen.append)
        self.far.send(b"for whom")
        self.read()  # the splice is over
        self.read()
        self.assertEqual(self.seen, [b"for whom"])

    def test_whatIsHeldGoesOutBeforeWhatIsEmitted(self) -> None:
        sent = self.fill()
        self.source.on("data", self.seen.append)
        got = self.drained()
        self.assertEqual(got, sent)
        self.assertEqual(self.through(b"emitted"), b"emitted")
        self.assertEqual(self.seen, [b"emitted"])

    def test_whenTheListenerIsGoneItBeginsAgain(self) -> None:
        self.begin()
        self.source.on("data", self.seen.append)
        self.through(b"x")
        self.source.removeListener("data", self.seen.append)
        self.begin()

    def test_withoutThePipesListenerNothingIsMoved(self) -> None:
        self.begin()
        self.source.removeAllListeners("data")
        self.far.send(b"nobody's")
        self.read()
        self.read()
        self.assertRaises(BlockingIOError, self.end.recv, 1)
        self.assertEqual(self.source.pieces, [b"nobody's"])

    def test_aPauseStopsItAndNothingIsLost(self) -> None:
        self.begin()
        self.source.pause()
        self.assertNotIn(self.source.transport, self.reactor.getReaders())
        self.far.send(b"later")
        self.reactor.advance(1)
        self.assertRaises(BlockingIOError, self.end.recv, 1)
        self.source.resume()
        self.assertIn(self.source.transport, self.reactor.getReaders())
        self.assertEqual(self.through(b""), b"")
        self.read()
        self.assertEqual(self.end.recv(10), b"later")

    def test_aPauseWhileBytesAreHeldOutlastsThem(self) -> None:
        sent = self.fill()
        self.source.pause()
        self.assertEqual(self.drained(), sent)
        self.assertNotIn(self.source.transport, self.reactor.getReaders())
        self.source.resume()
        self.assertEqual(self.through(b"more"), b"more")

    def test_aResumeWhileBytesAreHeldDoesNotSpin(self) -> None:
        sent = self.fill()
        self.source.pause()
        self.source.resume()
        if self.source.transport in self.reactor.getReaders():
            self.read()  # once, to see that it cannot be
        self.assertNotIn(self.source.transport, self.reactor.getReaders())
        self.assertEqual(self.drained(), sent)
        self.assertIn(self.source.transport, self.reactor.getReaders())

    def test_anEncodingMakesItEventsOfText(self) -> None:
        self.begin()
        self.source.setEncoding("utf8")
        self.far.send("ä€".encode())
        self.read()
        self.read()
        self.assertEqual(self.source.pieces, ["ä€"])
        self.assertEqual(self.end.recv(10), "ä€".encode())
        self.assertEqual(self.splicer.used, 0)

    def test_whoWaitsForDescriptorsGetsThem(self) -> None:
        self.begin()
        self.source.on("fd", self.seen.append)
        null = os.open(os.devnull, os.O_RDONLY)
        self.addCleanup(os.close, null)
        socket.send_fds(self.far, [b"with it"], [null])
        self.read()
        self.read()
        self.assertEqual(self.end.recv(10), b"with it")
        [fd] = self.seen
        self.assertTrue(os.path.samestat(os.fstat(fd), os.fstat(null)))
        os.close(fd)
        self.assertEqual(self.splicer.used, 0)

    def test_theFinOfDestComesAfterWhatIsHeld(self) -> None:
        sent = self.fill()
        self.dest.end()
        self.assertEqual(self.dest.readyState, "open")
        self.assertEqual(self.drained(), sent)
        self.assertEqual(self.end.recv(1), b"")
        self.assertEqual(self.dest.readyState, "readOnly")

    def test_dataForADestThatHasEndedIsDroppedAsByAnyPipe(self) -> None:
        self.begin()
        seen = record(self.dest)
        self.dest.end()
        self.assertEqual(self.end.recv(1), b"")
        for _ in range(2 * BUSY):
            self.far.send(bytes(READ))
            self.read()
        self.reactor.advance(0)
        self.assertEqual((seen, self.dest.readyState), ([], "readOnly"))
        self.end.send(b"it can still be read")
        self.dest.transport.doRead()
        self.assertEqual(seen, [("data", b"it can still be read")])
        self.assertEqual(self.splicer.used, 0)

    def test_whatOthersWriteComesBehindWhatIsHeld(self) -> None:
        sent = self.fill()
        got = self.end.recv(1 << 22)  # there is room again, of which nobody has been told
        self.assertFalse(self.dest.write(b"another's"))
        self.assertEqual(got + self.drained(), sent + b"another's")
        self.assertEqual(self.through(b"more"), b"more")

    def test_whatOthersHaveQueuedGoesOutBeforeMore(self) -> None:
        self.begin()
        before = bytes(1 << 22)
        self.dest.write(before)
        self.far.send(b"behind")
        self.read()
        self.read()
        self.assertEqual(self.drained(), before + b"behind")


class TwoSourcesTests(SpliceCase):
    """
    Two pipes into one C{dest}.
    """

    def setUp(self) -> None:
        super().setUp()
        self.otherFar, self.other = self.connected()
        self.addCleanup(self.reactor.advance, 0)
        self.addCleanup(self.other.destroy)
        self.other.pipe(self.dest, splice=self.splicer)

    def readOther(self, count: int) -> None:
        """
        So many full reads of the other source.
        """
        for _ in range(count):
            self.otherFar.send(bytes(READ))
            self.other.transport.doRead()

    def test_oneAtATimeIsSpliced(self) -> None:
        self.begin()
        for _ in range(2 * BUSY):
            self.readOther(1)
            self.end.recv(1 << 20)
        self.assertEqual(self.splicer.used, 1)

    def test_whatOneHoldsGoesOutThoughTheOtherIsBusy(self) -> None:
        sent = self.fill()
        self.readOther(BUSY + 1)
        self.other.resume()
        self.assertEqual(self.drained(), sent + bytes((BUSY + 1) * READ))

    def test_whenOneIsIdleTheOtherIsSpliced(self) -> None:
        self.begin()
        for _ in range(2):
            self.splicer.releaseIdle()
        self.assertEqual(self.splicer.used, 0)
        for _ in range(BUSY):
            self.readOther(1)
            self.end.recv(1 << 20)
        self.assertEqual(self.splicer.used, 1)


class EndTests(SpliceCase):
    """
    When it is over.
    """

    def test_afterLittleInARowItIsDataAgain(self) -> None:
        self.begin()
        for _ in range(QUIET - 1):
            self.through(b"x" * (LITTLE - 1))
        self.assertEqual(self.splicer.used, 1)
        self.through(b"x")
        self.assertEqual((self.splicer.used, len(self.splicer.spare)), (0, 1))
        self.assertEqual(self.through(b"again"), b"again")
        self.assertEqual(self.source.pieces, [b"again"])

    def test_muchBetweenStartsTheCountAnew(self) -> None:
        self.begin()
        for size in [*[1] * (QUIET - 1), LITTLE, *[1] * (QUIET - 1)]:
            self.through(b"x" * size)
        self.assertEqual(self.splicer.used, 1)

    def test_anIdleOneGivesItsPipeBack(self) -> None:
        self.begin()
        self.through(b"x")
        self.splicer.releaseIdle()
        self.assertEqual(self.splicer.spare, [])
        self.splicer.releaseIdle()
        self.assertEqual(len(self.splicer.spare), 1)
        self.begin()
        self.assertEqual(self.splicer.spare, [])

    def test_oneThatHoldsBytesIsNotIdle(self) -> None:
        sent = self.fill()
        for _ in range(3):
            self.splicer.releaseIdle()
        self.assertEqual(self.splicer.used, 1)
        self.assertEqual(self.drained(), sent)

    def test_theEndComesThrough(self) -> None:
        self.begin()
        self.source.on("end", lambda: self.seen.append("end"))
        self.far.send(b"last")
        self.far.close()
        self.read()
        self.assertEqual((self.seen, self.source.pieces), (["end"], []))
        self.assertEqual(self.end.recv(10), b"last")
        self.assertEqual(self.end.recv(10), b"")
        self.assertEqual(len(self.splicer.spare), 1)

    def test_aSourceThatHasGoneIsAnErrorAndDestStays(self) -> None:
        self.begin()
        error = ConnectionResetError(104, "reset")

        def splice(*args: Any, **named: Any) -> int:
            raise error

        self.patch(os, "splice", splice)
        self.assertIs(self.source.transport.doRead(), error)
        self.assertEqual(self.splicer.used, 0)
        self.assertEqual(self.dest.readyState, "open")

    def test_aDestThatHasGoneIsAnError(self) -> None:
        self.begin()
        seen = record(self.dest)
        self.end.close()
        self.far.send(b"nobody reads this")
        self.read()
        # What it has sent is read first: nothing.
        self.assertIsNone(self.dest.transport.doRead())
        self.reactor.advance(0)
        [(error, reason), closed] = seen
        self.assertEqual((error, reason.code), ("error", "EPIPE"))
        self.assertEqual(closed, ("close", True))
        # Data was left in the pipe: it is no spare one.
        self.assertEqual((self.splicer.spare, self.splicer.used), ([], 0))

    def test_nobodyIsListenedToAnyLonger(self) -> None:
        before = self.dest.listenerCount("close") - 1  # the pipe's
        self.begin()
        self.source.destroy()
        self.reactor.advance(0)
        self.assertEqual(self.dest.listenerCount("close"), before)
        self.assertEqual(self.source.listenerCount("close"), 0)


class SlowTests(SpliceCase):
    """
    A C{dest} that takes no more.
    """

    def test_itIsReadNoFurtherAndNothingIsLost(self) -> None:
        sent = self.fill()
        source, dest = self.source.transport, self.dest.transport
        self.assertNotIn(source, self.reactor.getReaders())
        self.assertIn(dest, self.reactor.getWriters())
        self.read()  # an event that was under way
        self.assertEqual(self.drained(), sent)
        self.assertEqual(self.dest.bufferSize, 0)
        self.assertIn(source, self.reactor.getReaders())
        self.assertNotIn(dest, self.reactor.getWriters())

    def test_itIsNotReadOnWhenItWasLostInTheSameTurn(self) -> None:
        sent = self.fill()
        self.source.on("error", self.seen.append)
        self.source.transport.connectionLost(Failure(ConnectionResetError("gone")))
        self.assertEqual(self.drained(), sent)
        self.assertNotIn(self.source.transport, self.reactor.getReaders())
        self.assertEqual(self.dest.readyState, "open")

    def test_whatIsHeldGoesOutThoughTheSourceHasClosed(self) -> None:
        sent = self.fill()
        self.source.destroy()
        self.reactor.advance(0)
        self.assertEqual(self.drained(), sent)
        self.assertEqual((self.splicer.used, len(self.splicer.spare)), (0, 1))
        self.dest.end()
        self.assertEqual(self.end.recv(1), b"")

    def test_soItDoesThoughDestHasEnded(self) -> None:
        sent = self.fill()
        self.source.on("close", lambda had_error: self.dest.end())
        self.source.destroy()
        self.reactor.advance(0)
        self.assertEqual(self.drained(), sent)
        self.assertEqual(self.end.recv(1), b"")
        self.assertEqual(self.splicer.used, 0)

    def test_whatIsHeldIsDroppedWhenItCloses(self) -> None:
        self.fill()
        count = len(os.listdir("/proc/self/fd"))
        self.dest.destroy()
        self.reactor.advance(0)
        self.assertEqual(self.splicer.spare, [])
        self.assertEqual(len(os.listdir("/proc/self/fd")), count - 3)

    def test_theSourceIsReadOnWhenItHasClosed(self) -> None:
        self.fill()
        self.source.on("end", lambda: self.seen.append("end"))
        self.dest.destroy()
        self.reactor.advance(0)
        self.assertIn(self.source.transport, self.reactor.getReaders())
        self.far.close()
        while not self.seen:
            self.read()

    def test_aPausedSourceIsNotReadOnWhenItHasClosed(self) -> None:
        self.fill()
        self.source.pause()
        self.dest.destroy()
        self.reactor.advance(0)
        self.assertNotIn(self.source.transport, self.reactor.getReaders())

    def test_soItIsWhenItClosesAfterTheSource(self) -> None:
        self.fill()
        self.source.destroy()
        self.reactor.advance(0)
        self.dest.destroy()
        self.reactor.advance(0)
        self.assertEqual((self.splicer.spare, self.splicer.used), ([], 0))


class SplicerTests(SynchronousTestCase):
    """
    The pipes that nobody needs now.
    """

    def setUp(self) -> None:
        if not hasattr(os, "splice"):
            raise SkipTest("this system has no splice(2)")

    def test_itKeepsAFew(self) -> None:
        splicer = Splicer(most=1)
        one, other = splicer.take(), splicer.take()
        splicer.give(one, empty=True)
        splicer.give(other, empty=True)
        self.assertEqual(splicer.spare, [one])
        for fd in other:
            self.assertRaises(OSError, os.fstat, fd)
        self.assertEqual(splicer.take(), one)
        splicer.give(one, empty=False)
        self.assertEqual(splicer.spare, [])
        self.assertRaises(OSError, os.fstat, one[0])

    def test_closeClosesThem(self) -> None:
        splicer = Splicer()
        pipes = [splicer.take(), splicer.take()]
        for pipe in pipes:
            splicer.give(pipe, empty=True)
        splicer.close()
        self.assertEqual(splicer.spare, [])
        for pipe in pipes:
            for fd in pipe:
                self.assertRaises(OSError, os.fstat, fd)

    def test_programsThatAreStartedDoNotGetThem(self) -> None:
        splicer = Splicer()
        pipe = splicer.take()
        self.assertEqual([os.get_inheritable(fd) for fd in pipe], [False, False])
        splicer.give(pipe, empty=False)
