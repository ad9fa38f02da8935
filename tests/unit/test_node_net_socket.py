"""
Sockets and servers of L{nodenet.node.net} on others' transports and reactors; no network.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.interfaces import IHalfCloseableProtocol, IProtocol, IProtocolFactory
from twisted.internet.task import Clock
from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from nodenet.node import net
from nodenet.node._net import connection as connections
from nodenet.node._net import handle as handles
from nodenet.node.process import busy


class Events:
    """
    What a socket has emitted.
    """

    def __init__(self, emitter: Any) -> None:
        self.seen: list[Any] = []
        for name in "connect", "ready", "end", "finish", "error", "close", "timeout", "pause":
            emitter.on(name, self._listener(name))

    def _listener(self, name: str) -> Any:
        return lambda *args: self.seen.append(name)


def settle(clock: Any) -> None:
    for _ in range(20):
        clock.advance(0)


class ForeignTransportTests(SynchronousTestCase):
    """
    A socket on a transport that only buffers.
    """

    def setUp(self) -> None:
        self.clock = Clock()
        self.socket = net.Socket(reactor=self.clock)
        self.events = Events(self.socket)
        self.transport = StringTransport(peerAddress=IPv4Address("TCP", "1.2.3.4", 5))

    def connect(self) -> None:
        self.socket.makeConnection(self.transport)
        settle(self.clock)

    def test_itIsWhatTwistedAsksFor(self) -> None:
        self.connect()
        verifyObject(IProtocol, self.socket)
        verifyObject(IHalfCloseableProtocol, self.socket)
        verifyObject(IProtocolFactory, net.Server(reactor=self.clock))

    def test_whatHasComeWaitsForAListener(self) -> None:
        self.connect()
        self.socket.dataReceived(b"abc")
        settle(self.clock)
        self.assertEqual((self.socket.bytesRead, self.socket.readableLength), (3, 3))
        got: list[bytes] = []
        self.socket.on("data", got.append)
        settle(self.clock)
        self.assertEqual(got, [b"abc"])
        self.socket.dataReceived(b"def")  # at once now
        self.assertEqual(got, [b"abc", b"def"])

    def test_aWriteGoesStraightToTheTransport(self) -> None:
        self.connect()
        self.assertTrue(self.socket.write(b"abc"))
        self.assertEqual(self.transport.value(), b"abc")
        self.assertEqual((self.socket.bytesWritten, self.socket.remoteAddress), (3, "1.2.3.4"))

    def test_nothingIsWrittenOnceDestroyedWhateverTheHookDoes(self) -> None:
        self.connect()
        socket: Any = self.socket
        socket._destroy = lambda error, callback: callback(error)
        socket.destroy()
        failed: list[Any] = []
        self.assertFalse(socket.write(b"abc", None, failed.append))
        self.assertFalse(socket.write(b"abc"))
        settle(self.clock)
        self.assertEqual(self.transport.value(), b"")
        self.assertEqual([each.code for each in failed], ["ERR_STREAM_DESTROYED"])

    def test_whatWasWrittenBefore(self) -> None:
        self.socket.connecting = True
        self.socket.write("early")
        self.assertEqual(self.socket.bytesWritten, 5)
        self.socket.connecting = False

    def test_theEndOfATransportWithoutHalfClose(self) -> None:
        self.connect()
        self.socket.resume()
        settle(self.clock)
        self.socket.connectionLost(Failure(ConnectionDone()))
        settle(self.clock)
        self.assertEqual(self.events.seen, ["connect", "ready", "end", "finish", "close"])

    def test_aLossIsAnError(self) -> None:
        self.connect()
        self.socket.connectionLost(Failure(ConnectionLost()))
        settle(self.clock)
        self.assertEqual(self.events.seen, ["connect", "ready", "error", "close"])
        self.assertEqual(str(self.socket.errored), "read ECONNRESET")

    def test_aLossTogetherWithTheLastDataIsAnEnd(self) -> None:
        now = 5.0
        self.patch(handles, "monotonic", lambda: now)
        self.patch(connections, "monotonic", lambda: now)
        self.connect()
        self.socket.resume()
        settle(self.clock)
        self.socket.dataReceived(b"x")
        self.socket.connectionLost(Failure(ConnectionLost()))
        settle(self.clock)
        self.assertEqual(self.events.seen, ["connect", "ready", "end", "finish", "close"])

    def test_aLossSomeTimeAfterItIsAnError(self) -> None:
        self.patch(handles, "monotonic", lambda: 6.0)
        self.patch(connections, "monotonic", lambda: 5.0)
        self.connect()
        self.socket.resume()
        settle(self.clock)
        self.socket.dataReceived(b"x")
        self.socket.connectionLost(Failure(ConnectionLost()))
        settle(self.clock)
        self.assertEqual(self.events.seen, ["connect", "ready", "error", "close"])

    def test_whatAListenerRaisesIsLoggedAndTheSocketLives(self) -> None:
        self.connect()

        def fails(data: bytes) -> None:
            raise ZeroDivisionError

        self.socket.on("data", fails)
        settle(self.clock)
        self.socket.dataReceived(b"x")
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        self.assertFalse(self.socket.destroyed)

    def test_aSecondConnectionIsClosed(self) -> None:
        self.connect()
        second = StringTransport()
        self.socket.makeConnection(second)
        self.assertTrue(second.disconnecting)

    def test_idleTime(self) -> None:
        self.socket.setTimeout(100)
        self.clock.advance(0.05)
        self.connect()
        self.clock.advance(0.07)
        self.assertNotIn("timeout", self.events.seen)
        self.clock.advance(0.05)
        self.assertEqual(self.events.seen.count("timeout"), 1)

    def test_unrefBeforeThereIsAConnectionCountsFromThenOn(self) -> None:
        self.socket.unref()
        self.connect()
        self.socket.resume()
        settle(self.clock)
        self.assertFalse(busy(self.clock))
        self.socket.ref()
        self.assertTrue(busy(self.clock))
        self.socket.destroy()
        settle(self.clock)

    def test_unrefLetsTheProgramEnd(self) -> None:
        self.connect()
        self.socket.resume()
        settle(self.clock)
        self.assertTrue(busy(self.clock))
        self.socket.unref()
        self.assertFalse(busy(self.clock))
        self.socket.destroy()
        settle(self.clock)


class MemoryReactorTests(SynchronousTestCase):
    """
    On a reactor that makes no sockets.
    """

    def test_aServerAcceptsAndCloses(self) -> None:
        reactor = MemoryReactorClock()
        sockets: list[Any] = []
        server = net.createServer(sockets.append, reactor=reactor)
        server.listen(80)
        settle(reactor)
        [(_, factory, _, _)] = reactor.tcpServers
        socket: Any = factory.buildProtocol(IPv4Address("TCP", "1.2.3.4", 5))
        socket.makeConnection(StringTransport())
        self.assertEqual(sockets, [socket])
        closed: list[Any] = []
        server.close(lambda *args: closed.append(args))
        settle(reactor)
        self.assertEqual(closed, [])  # it waits for its connections
        socket.destroy()
        settle(reactor)
        self.assertEqual(closed, [()])

    def test_thoseAboveTheLimitAreDropped(self) -> None:
        reactor = MemoryReactorClock()
        server = net.createServer(reactor=reactor).listen(80)
        rules = net.BlockList()
        rules.addAddress("1.2.3.4")
        server.blockList = rules
        dropped: list[Any] = []
        server.on("drop", dropped.append)
        [(_, factory, _, _)] = reactor.tcpServers
        protocol: Any = factory.buildProtocol(IPv4Address("TCP", "1.2.3.4", 5))
        protocol.makeConnection(StringTransport(peerAddress=IPv4Address("TCP", "1.2.3.4", 5)))
        self.assertEqual(dropped[0]["remoteAddress"], "1.2.3.4")
        self.assertEqual(server._connections, 0)

    def test_aClosedServerClosesWhatSomebodyElsesPortAccepts(self) -> None:
        server = net.createServer(reactor=MemoryReactorClock())
        dropped: list[Any] = []
        server.on("drop", dropped.append)
        # As Twisted's TLS does, which does not ask for None.
        transport = StringTransport()
        server.buildProtocol(IPv4Address("TCP", "1.2.3.4", 5)).makeConnection(transport)
        self.assertTrue(transport.disconnecting or transport.disconnected)
        self.assertEqual((dropped, server._connections), ([], 0))

    def test_aSocketConnectsByAnEndpoint(self) -> None:
        reactor = MemoryReactorClock()
        socket = net.connect(80, "1.2.3.4", reactor=reactor)
        settle(reactor)
        [(host, port, factory, _, _)] = reactor.tcpClients
        self.assertEqual((host, port), ("1.2.3.4", 80))
        socket.write(b"early")
        protocol: Any = factory.buildProtocol(None)
        transport = StringTransport()
        transport.protocol = protocol  # type: ignore[attr-defined]
        protocol.makeConnection(transport)
        settle(reactor)
        self.assertFalse(socket.connecting)
        self.assertEqual(transport.value(), b"early")
        socket.destroy()
        settle(reactor)
