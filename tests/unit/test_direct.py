"""
Tests for L{nodenet._transports.direct}: a pair of sockets, the reactor's events by hand.
"""

from __future__ import annotations

import socket
from errno import ECONNRESET, ETIMEDOUT
from typing import Any

from twisted.internet import main
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.protocol import Protocol
from twisted.internet.testing import MemoryReactorClock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from nodenet import net
from nodenet._transports.direct import Transport, transportFor
from nodenet._transports.wire import READ_SIZE


class Plain(Protocol):
    """
    A protocol of Twisted's kind.
    """

    def __init__(self) -> None:
        self.seen: list[Any] = []

    def dataReceived(self, data: bytes) -> None:
        self.seen.append(data)

    def connectionLost(self, reason: Failure) -> None:  # type: ignore[override]
        self.seen.append(reason.value)


class Owner:
    """
    The stream of a wire.
    """

    def onWritable(self) -> bool:
        return False

    def onTransportWrite(self, data: bytes) -> bool:
        raise AssertionError


class DirectCase(SynchronousTestCase):
    """
    C{self.far} is a socket, C{self.near} its peer.
    """

    def setUp(self) -> None:
        self.reactor = MemoryReactorClock()
        self.far, self.near = socket.socketpair()
        self.far.setblocking(False)
        self.near.setblocking(False)
        self.near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 16)
        self.addCleanup(self.far.close)

    def plain(self) -> tuple[Transport, Plain]:
        """
        @return: the transport of a Twisted protocol.
        """
        protocol = Plain()
        transport = transportFor(self.near, self.near.family, None, protocol, self.reactor)
        protocol.makeConnection(transport)
        self.addCleanup(transport.lose, Failure(main.CONNECTION_DONE))
        return transport, protocol

    def stream(self, **options: Any) -> net.Stream:
        stream = net.Stream(fd=self.near.detach(), reactor=self.reactor, **options)
        self.addCleanup(self.reactor.advance, 0)
        self.addCleanup(stream.destroy)
        return stream

    def hungUp(self, stream: net.Stream) -> list[Any]:
        """
        The reactor takes what is there for an end.

        @return: what the stream emits.
        """
        events: list[Any] = []
        stream.on("data", events.append)
        stream.on("end", lambda: events.append("end"))
        stream.on("error", lambda e: events.append(e.errno))
        stream.transport.stopReading()
        stream.transport.readConnectionLost(Failure(main.CONNECTION_DONE))
        self.reactor.advance(0)
        return events

    def received(self) -> bytes:
        """
        @return: what has come at the other end.
        """
        got = bytearray()
        try:
            while data := self.far.recv(1 << 16):
                got += data
        except BlockingIOError:
            pass
        return bytes(got)

    def fill(self, stream: net.Stream) -> bytes:
        """
        Write until something is queued.
        """
        sent = b""
        while not stream.bufferSize:
            stream.write(bytes(10_000))
            sent += bytes(10_000)
        return sent


class HangUpTests(DirectCase):
    """
    What a reactor takes for an end may be none.
    """

    def test_anEndIsOne(self) -> None:
        stream = self.stream(allowHalfOpen=True)
        self.far.shutdown(socket.SHUT_WR)
        self.assertEqual(self.hungUp(stream), ["end"])
        self.assertNotIn(stream.transport, self.reactor.readers)

    def test_whatIsToBeReadIsReadOn(self) -> None:
        stream = self.stream(allowHalfOpen=True)
        self.far.send(b"data")
        self.assertEqual(self.hungUp(stream), [b"data"])
        self.assertIn(stream.transport, self.reactor.readers)

    def test_aResetIsNone(self) -> None:
        stream = self.stream(allowHalfOpen=True)
        stream.write(b"unread")
        self.far.close()
        self.assertEqual(self.hungUp(stream), [ECONNRESET])
        self.assertEqual(stream.readyState, "closed")


class ReadTests(DirectCase):
    """
    What comes.
    """

    def test_onlyAFullReadIsTold(self) -> None:
        transport, _ = self.plain()
        full: list[int] = []
        transport.onFullRead = lambda: full.append(1)
        self.far.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        for size, told in [(READ_SIZE - 1, 0), (READ_SIZE, 1), (1, 1)]:
            self.far.send(bytes(size))
            transport.doRead()
            self.assertEqual(len(full), told)

    def test_notWhenAListenerHasDestroyedIt(self) -> None:
        stream = self.stream()
        transport = stream.transport
        full: list[int] = []
        transport.onFullRead = lambda: full.append(1)
        stream.on("data", lambda data: stream.destroy())
        self.far.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        self.far.send(bytes(READ_SIZE))
        transport.doRead()
        self.assertEqual(full, [])

    def test_theEndIsDone(self) -> None:
        transport, _ = self.plain()
        self.assertIsNone(transport.doRead())  # nothing yet
        self.far.close()
        self.assertIs(transport.doRead(), main.CONNECTION_DONE)


class WriteTests(DirectCase):
    """
    Twisted's C{write}.
    """

    def test_itGoesToTheKernelAtOnce(self) -> None:
        transport, _ = self.plain()
        transport.write(b"now")
        self.assertEqual(self.received(), b"now")
        self.assertEqual(self.reactor.getWriters(), [])

    def test_whatIsBufferedIsNotOvertaken(self) -> None:
        transport, _ = self.plain()
        data = bytes(range(256)) * 4096
        transport.write(data)
        got = self.received()
        transport.doWrite()  # the rest of it is in Twisted's buffer, now in one piece
        got += self.received()
        transport.write(b"behind")
        while transport in self.reactor.getWriters():
            transport.doWrite()
            got += self.received()
        self.assertEqual(got, data + b"behind")

    def test_aStreamsKeepsItsPlaceInTheQueue(self) -> None:
        stream = self.stream()
        sent = self.fill(stream)
        transport = stream.transport
        got = self.received()
        transport.write(b"behind")
        while transport in self.reactor.getWriters():
            transport.doWrite()
            got += self.received()
        self.assertEqual(got, sent + b"behind")

    def test_whatTwistedHasBufferedGoesOutThoughTheStreamLeaves(self) -> None:
        transport, _ = self.plain()
        transport.write(bytes(1 << 20))
        transport.owner = Owner()
        transport.release()
        self.assertIsNone(transport.owner)
        self.assertIn(transport, self.reactor.getWriters())

    def test_aStreamThatLeavesNothingIsNotAskedAgain(self) -> None:
        transport, _ = self.plain()
        transport.owner = Owner()
        transport.startWriting()
        transport.release()
        self.assertEqual(self.reactor.getWriters(), [])

    def test_withNothingToWriteItIsNotAskedAgain(self) -> None:
        stream = self.stream()
        stream.transport.startWriting()
        self.assertIsNone(stream.transport.doWrite())
        self.assertNotIn(stream.transport, self.reactor.getWriters())


class EndTests(DirectCase):
    """
    The end of a connection.
    """

    def test_nothingIsReferredToAnyLonger(self) -> None:
        stream = self.stream()
        transport = stream.transport
        transport.onFullRead = lambda: None
        transport.divertWrites(lambda: False)
        self.assertTrue(transport.diverted)
        stream.destroy()
        self.assertEqual(
            (transport.owner, transport.onFullRead, transport.diverted), (None, None, False)
        )

    def test_anEventOfTheSameTurnDoesNothing(self) -> None:
        transport, protocol = self.plain()
        transport.write(bytes(1 << 20))
        transport.loseConnection()
        transport.lose(Failure(main.CONNECTION_DONE))
        self.assertIsNone(transport.doWrite())
        transport.lose(Failure(main.CONNECTION_LOST))
        [reason] = protocol.seen
        self.assertIsInstance(reason, ConnectionDone)

    def test_whoDestroysInACallbackOfAWriteHasEndedIt(self) -> None:
        stream = self.stream()
        self.fill(stream)
        stream.write(b"x", stream.destroy)
        transport = stream.transport
        transport.loseConnection()
        results = set()
        while not transport.disconnected:
            self.received()
            results.add(transport.doWrite())
        self.assertEqual(results, {None})

    def test_theKernelKnowsWhyAConnectionWasLost(self) -> None:
        transport, protocol = self.plain()
        real = transport.socket

        class Lost:
            def getsockopt(self, level: int, option: int) -> int:
                assert (level, option) == (socket.SOL_SOCKET, socket.SO_ERROR)
                return ETIMEDOUT

            def __getattr__(self, name: str) -> Any:
                return getattr(real, name)

        transport.socket = Lost()
        transport.connectionLost(Failure(ConnectionLost()))
        [reason] = protocol.seen
        self.assertEqual((reason.code, reason.syscall), ("ETIMEDOUT", "read"))

    def test_ifItDoesNotTheReasonStays(self) -> None:
        transport, protocol = self.plain()
        transport.connectionLost(Failure(ConnectionLost()))
        self.assertIsInstance(protocol.seen[0], ConnectionLost)

    def test_afterTheFinLoseConnectionWaitsForNoRoomToWrite(self) -> None:
        transport, protocol = self.plain()
        transport.shutdown()
        self.assertEqual(self.far.recv(1), b"")
        transport.loseConnection()
        self.assertEqual(self.reactor.getWriters(), [])
        self.reactor.advance(0)
        self.assertIsInstance(protocol.seen[0], ConnectionDone)

    def test_aDescriptorThatOthersHaveStaysOpen(self) -> None:
        transport, _ = self.plain()
        other = self.near.dup()
        self.addCleanup(other.close)
        transport.lose(Failure(main.CONNECTION_DONE))
        other.send(b"still here")
        self.assertEqual(self.far.recv(20), b"still here")

    def test_whoGivesUpItsSocketIsHeardOfNoMore(self) -> None:
        transport, protocol = self.plain()
        transport.startReading()
        transport.startWriting()
        skt, _ = transport.giveUp()
        self.assertEqual((self.reactor.getReaders(), self.reactor.getWriters()), ([], []))
        transport.connectionLost(Failure(main.CONNECTION_LOST))
        self.assertEqual(protocol.seen, [])
        skt.send(b"of another")
        skt.close()
        self.assertEqual(self.far.recv(20), b"of another")
