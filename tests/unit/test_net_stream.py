"""
L{nodenet.net.Stream} and L{nodenet.net.Server} on fakes: what they refuse, what
outlives a connection, and who sees which event.
"""

from __future__ import annotations

import contextlib

from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from nodenet import net, timers
from nodenet.crypto import createCredentials
from nodenet.errors import NodeError
from tests.helpers import record
from tests.unit.test__stream import StreamCase


def complete(reactor, index=-1):
    """
    The connection that was asked of a fake reactor last is there.
    """
    host, port, factory, *_ = reactor.tcpClients[index]
    transport = StringTransport()
    factory.buildProtocol(IPv4Address("TCP", host, port)).makeConnection(transport)
    return transport


class PausedTests(StreamCase):
    """
    What a paused stream holds back.
    """

    def test_pausedTheEndOfATransportWithoutHalfCloseIsHeld(self):
        stream, seen = self.make()
        stream.pause()
        stream.connectionLost(Failure(ConnectionDone()))
        self.tick()
        self.assertEqual(seen, [])
        stream.resume()
        self.tick()
        self.assertEqual(seen, [("end",), ("close", False)])

    def test_pausedTheEndIsHeldBehindDataThatIsHeld(self):
        stream, seen = self.make()
        stream.pause()
        stream.dataReceived(b"one")
        stream.connectionLost(Failure(ConnectionDone()))
        self.tick()
        self.assertEqual(seen, [])
        stream.resume()
        self.tick()
        self.assertEqual(seen, [("data", b"one"), ("end",), ("close", False)])

    def test_aHeldEndMayBeDestroyed(self):
        stream, seen = self.make()
        stream.pause()
        stream.connectionLost(Failure(ConnectionDone()))
        stream.destroy()
        self.tick()
        self.assertEqual(seen, [("close", False)])


class WriteArgumentTests(StreamCase):
    """
    What C{write} takes, and what it refuses before anything is sent.
    """

    def test_aSubclassOfBytesIsWritten(self):
        class Bytes(bytes):
            pass

        stream, _ = self.make()
        self.assertTrue(stream.write(Bytes(b"x")))
        self.assertEqual(stream.transport.value(), b"x")

    def refuses(self, kind, *args, **keywords):
        stream, seen = self.make()
        self.assertRaises(kind, stream.write, *args, **keywords)
        self.tick()
        self.assertEqual((stream.transport.value(), stream.bytesWritten), (b"", 0))
        self.assertEqual((stream.readyState, seen), ("open", []))

    def test_aCallbackThatCannotBeCalled(self):
        self.refuses(TypeError, "a", callback=5)
        self.refuses(TypeError, b"a", callback=5)
        self.refuses(TypeError, b"a", None, None, "x")

    def test_anUnknownEncodingEvenForBytes(self):
        self.refuses(ValueError, b"x", "nope")
        self.refuses(ValueError, "x", "nope")

    def test_nothingIsQueuedByARefusedWrite(self):
        stream = net.createConnection(1, "127.0.0.1", reactor=MemoryReactorClock())
        for kind, args in (
            (ValueError, (b"x", "nope")),
            (TypeError, (b"x", None, None, 5)),
            (TypeError, (5,)),
        ):
            self.assertRaises(kind, stream.write, *args)
        self.assertEqual(stream.bufferSize, 0)

    def test_nextTickOfWhatCannotBeCalled(self):
        for what in 5, None, "x":
            self.assertRaises(TypeError, timers.nextTick, what, reactor=self.clock)
        self.assertEqual(self.clock.getDelayedCalls(), [])


class PipeArgumentTests(StreamCase):
    """
    C{pipe} to what is no stream.
    """

    def test_itRaisesBeforeAnythingIsListenedTo(self):
        class Half(net.Stream):
            """
            A stream without one of its methods.
            """

        withoutWrite, withoutEnd, withoutOn = Half(), Half(), Half()
        withoutWrite.write = withoutEnd.end = withoutOn.on = None
        stream = net.Stream(reactor=self.clock)
        for what in 5, None, object(), print, withoutWrite, withoutEnd, withoutOn:
            self.assertRaises(TypeError, stream.pipe, what)
            for type in "data", "end", "close":
                self.assertEqual(stream.listeners(type), [])
        for each in withoutWrite, withoutEnd:
            self.assertEqual((each.listeners("drain"), each.listeners("close")), ([], []))

    def test_whatCannotSpliceRaisesToo(self):
        stream, dest = (net.Stream(reactor=self.clock) for _ in range(2))
        self.assertRaises(AttributeError, stream.pipe, dest, splice=5)
        self.assertEqual(stream.listenerCount("data") + dest.listenerCount("drain"), 0)


class ConnectArgumentTests(SynchronousTestCase):
    """
    What C{connect} takes.
    """

    def setUp(self):
        self.reactor = MemoryReactorClock()

    def test_whatItCannotTakeRaisesAtOnceAndChangesNothing(self):
        def called():
            raise AssertionError

        for args in (
            (80, 5),
            (80, 5, called),
            (80, "127.0.0.1", 5),
            (80, "127.0.0.1", called, 5),
            (80, "127.0.0.1", 5, called),
            ("/tmp/x", "127.0.0.1"),
            ("/tmp/x", called, 5),
        ):
            stream = net.Stream(reactor=self.reactor)
            self.assertRaises(TypeError, stream.connect, *args)
            self.assertEqual((stream.readyState, stream.writable), ("closed", False))
            self.assertEqual(stream.listeners("connect"), [])
            seen = record(stream)
            stream.connect(80, "127.0.0.1")
            complete(self.reactor)
            self.assertEqual(seen, [("connect",)], args)
        self.assertEqual(len(self.reactor.unixClients), 0)

    def test_keywords(self):
        calls = []

        def called():
            calls.append(1)

        for keywords in (
            {"port": 80, "host": "10.0.0.1", "callback": called},
            {"port": "80", "host": "10.0.0.1", "callback": called},
        ):
            stream = net.Stream(reactor=self.reactor)
            stream.connect(**keywords)
            self.assertEqual(self.reactor.tcpClients[-1][:2], ("10.0.0.1", 80))
            complete(self.reactor)
            net.createConnection(reactor=self.reactor, **keywords)
            self.assertEqual(self.reactor.tcpClients[-1][:2], ("10.0.0.1", 80))
            complete(self.reactor)
        self.assertEqual(calls, [1] * 4)
        net.Stream(reactor=self.reactor).connect(80, host="10.0.0.2")
        self.assertEqual(self.reactor.tcpClients[-1][:2], ("10.0.0.2", 80))

    def test_thePathIsAKeywordToo(self):
        net.Stream(reactor=self.reactor).connect(path="/tmp/one", callback=lambda: None)
        net.createConnection(path="/tmp/two", reactor=self.reactor, allowHalfOpen=True)
        self.assertEqual(
            [each[0] for each in self.reactor.unixClients], [b"/tmp/one", b"/tmp/two"]
        )

    def test_aKeywordTooManyRaises(self):
        for keywords in {}, {"host": "10.0.0.1"}, {"port": 80, "path": "/tmp/x"}, {"prt": 80}:
            stream = net.Stream(reactor=self.reactor)
            self.assertRaises(TypeError, stream.connect, **keywords)
            self.assertEqual(stream.readyState, "closed")
        self.assertRaises(TypeError, net.Stream().connect, 80, port=80)


class ServerArgumentTests(SynchronousTestCase):
    """
    What servers and streams are made of.
    """

    def test_whatTheyCannotTakeRaisesAtOnce(self):
        for call in (
            lambda: net.createServer(print, print),
            lambda: net.createServer(5),
            lambda: net.Stream(5),
            lambda: net.createServer().listenFD(True),
        ):
            self.assertRaises(TypeError, call)


class ListenArgumentTests(SynchronousTestCase):
    """
    What C{listen} takes.
    """

    def setUp(self):
        self.reactor = MemoryReactorClock()

    def test_whatItCannotTakeRaisesAtOnceAndChangesNothing(self):
        def called():
            raise AssertionError

        for args in (
            (0, 5),
            (0, 5, called),
            (0, "127.0.0.1", 5, 6),
            (0, "127.0.0.1", called, 5),
            (0, "127.0.0.1", "x", called),
            ("/tmp/x", "127.0.0.1"),
        ):
            server = net.createServer(reactor=self.reactor)
            self.assertRaises(TypeError, server.listen, *args)
            self.assertEqual(server.listeners("listening"), [])
            self.assertRaises(NodeError, server.close)
            seen = []
            server.on("listening", lambda seen=seen: seen.append(1))
            server.listen(8124, "127.0.0.1")
            self.reactor.advance(0)
            self.assertEqual(seen, [1])

    def test_keywords(self):
        calls = []
        net.createServer(reactor=self.reactor).listen(
            port=8124, host="127.0.0.1", backlog=7, callback=lambda: calls.append(1)
        )
        net.createServer(reactor=self.reactor).listen(8125, backlog=8)
        self.assertEqual(
            [(port, backlog, where) for port, _, backlog, where in self.reactor.tcpServers],
            [(8124, 7, "127.0.0.1"), (8125, 8, "")],
        )
        net.createServer(reactor=self.reactor).listen(
            path="/tmp/x", backlog=9, callback=lambda: calls.append(2)
        )
        self.assertEqual(self.reactor.unixServers[0][0], b"/tmp/x")
        self.assertEqual(self.reactor.unixServers[0][2], 9)
        self.reactor.advance(0)
        self.assertEqual(calls, [1, 2])

    def test_anEmptyHostIsNone(self):
        net.createServer(reactor=self.reactor).listen(8124, "")
        self.assertEqual(self.reactor.tcpServers[0][3], "")


class DestroyArgumentTests(StreamCase):
    """
    What C{destroy} takes.
    """

    def test_whatIsFalseIsNoError(self):
        for what in None, False, 0, "":
            stream, seen = self.make()
            stream.destroy(what)
            self.tick()
            self.assertEqual(seen, [("close", False)])

    def test_whatIsNoExceptionRaisesAndChangesNothing(self):
        for what in "boom", 5, object(), ValueError:
            stream, seen = self.make()
            self.assertRaises(TypeError, stream.destroy, what)
            self.tick()
            self.assertEqual((stream.readyState, seen), ("open", []))
            stream.write(b"x")
            self.assertEqual(stream.transport.value(), b"x")

    def test_itMayListenForTheCloseOfAnother(self):
        for error in None, ValueError():
            (one, _), (other, seen) = self.make(), self.make()
            one.on("close", other.destroy)
            one.destroy(error)
            self.tick()
            self.assertEqual(other.readyState, "closed")
            self.tick()
            self.assertEqual(seen[-1][0], "close")
            self.assertEqual(self.flushLoggedErrors(TypeError), [])


class SecondConnectionTests(StreamCase):
    """
    A stream has one connection at a time.
    """

    def refused(self, stream):
        """
        @return: whether a second transport was refused.
        """
        second = StringTransport()
        with contextlib.suppress(NodeError):
            stream.makeConnection(second)
        return second.disconnecting or second.disconnected

    def test_theFirstIsKept(self):
        stream, seen = self.make()
        first = stream.transport
        self.assertTrue(self.refused(stream))
        self.assertIs(stream.transport, first)
        self.assertFalse(first.disconnecting)
        stream.write(b"x")
        stream.dataReceived(b"y")
        self.tick()
        self.assertEqual((first.value(), seen), (b"x", [("data", b"y")]))

    def test_whileConnectingAnothersIsRefused(self):
        reactor = MemoryReactorClock()
        stream = net.createConnection(1, "127.0.0.1", reactor=reactor)
        seen = record(stream)
        self.assertTrue(self.refused(stream))
        self.assertEqual((stream.readyState, seen), ("opening", []))
        transport = complete(reactor)
        self.assertEqual(seen, [("connect",)])
        self.assertIs(stream.transport, transport)

    def test_anAcceptedOneCountsOnce(self):
        server = net.createServer(reactor=self.clock)
        stream = server.buildProtocol(None)
        stream.makeConnection(StringTransport())
        self.assertTrue(self.refused(stream))
        self.assertEqual(server.connections, 1)
        stream.destroy()
        self.assertEqual(server.connections, 0)


class NextConnectionTests(StreamCase):
    """
    What does not reach into the next connection.
    """

    def test_aCoroutineOfAnEarlierConnectionThatFails(self):
        stream, seen = self.make()
        waiting = Deferred()

        @stream.once("data")
        async def listener(data):
            await waiting

        stream.dataReceived(b"x")
        stream.destroy()
        self.tick()
        stream.makeConnection(StringTransport())
        del seen[:]
        waiting.errback(ValueError())
        self.tick()
        self.assertEqual((stream.readyState, seen), ("open", []))
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)

    def test_aDeferredOfAnEarlierConnectionThatFails(self):
        stream, seen = self.make()
        waiting = Deferred()
        stream.once("data", lambda data: waiting)
        stream.dataReceived(b"x")
        stream.destroy()
        self.tick()
        stream.makeConnection(StringTransport())
        del seen[:]
        waiting.errback(ValueError())
        self.tick()
        self.assertEqual((stream.readyState, seen), ("open", []))
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)

    def test_afterAnEndTheNextMayBeSecure(self):
        stream, seen = self.make()
        stream.end()
        stream.readConnectionLost()
        self.tick()
        self.assertEqual(seen[-1], ("close", False))
        stream.setSecure(createCredentials())

    def test_optionsThatCannotBeAreNoErrorOfTheNext(self):
        for set in (
            lambda stream: stream.setNoDelay(None),
            lambda stream: stream.setNoDelay("x"),
            lambda stream: stream.setKeepAlive(True, "x"),
            lambda stream: stream.setKeepAlive(True, None),
            lambda stream: stream.setKeepAlive("x", -1),
            lambda stream: stream.setKeepAlive(True, float("nan")),
            lambda stream: stream.setKeepAlive(True, float("inf")),
            lambda stream: stream.setKeepAlive(True, 1e300),
        ):
            stream = net.Stream(reactor=self.clock)
            with contextlib.suppress(TypeError, ValueError):
                set(stream)
            seen = record(stream)
            stream.makeConnection(StringTransport())
            with contextlib.suppress(TypeError, ValueError):
                set(stream)
            self.tick()
            self.assertEqual(seen, [("connect",)])


class EmitTests(StreamCase):
    """
    An C{emit} of the user's sees all events, whosever it is.
    """

    def listenIn(self, emitter):
        types, emit = [], emitter.emit

        def loud(type, *args):
            types.append(type)
            return emit(type, *args)

        emitter.emit = loud
        return types

    def test_thatOfOneStreamSeesData(self):
        stream = net.Stream(reactor=self.clock)
        types = self.listenIn(stream)
        stream.on("data", lambda data: None)
        stream.makeConnection(StringTransport())
        stream.dataReceived(b"x")
        stream.readConnectionLost()
        self.tick()
        self.assertEqual(types, ["connect", "data", "end", "close"])

    def test_oneSetWhileConnectedSeesTheNextData(self):
        stream, seen = self.make()
        stream.dataReceived(b"x")
        types = self.listenIn(stream)
        stream.dataReceived(b"y")
        self.assertEqual((types, seen), (["data"], [("data", b"x"), ("data", b"y")]))

    def accept(self, server):
        stream = server.buildProtocol(None)
        stream.makeConnection(StringTransport())
        return stream

    def test_thatOfAServersClassSeesConnection(self):
        class Loud(net.Server):
            def emit(self, type, *args):
                seen.append((type, *args))
                return super().emit(type, *args)

        seen, streams = [], []
        server = Loud(streams.append, reactor=self.clock)
        stream = self.accept(server)
        self.assertEqual((seen, streams), ([("connection", stream)], [stream]))

    def test_thatOfOneServerSeesConnection(self):
        server = net.createServer(lambda stream: None, reactor=self.clock)
        types = self.listenIn(server)
        self.accept(server)
        self.assertEqual(types, ["connection"])

    def test_anEmitThatKeepsAConnectionToItselfCallsNobody(self):
        class Silent(net.Server):
            def emit(self, type, *args):
                return False

        stream = self.accept(Silent(lambda stream: self.fail("told"), reactor=self.clock))
        self.assertEqual(stream.readyState, "open")

    def test_aConnectionThatAListenerHasDestroyedIsNotToldToTheNext(self):
        server = net.createServer(lambda stream: stream.destroy(), reactor=self.clock)
        told = []
        server.on("connection", told.append)
        self.accept(server)
        self.assertEqual((told, server.connections), ([], 0))

    def test_noneThatAListenersExceptionHasDestroyedEither(self):
        server = net.createServer(lambda stream: 1 / 0, reactor=self.clock)
        told = []
        server.on("connection", told.append)
        self.accept(server)
        self.assertEqual(told, [])
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)


class RemoteAddressTests(StreamCase):
    """
    C{remoteAddress} is what the transport says.
    """

    def test_itIsAsTheTransportLearnsIt(self):
        transport = StringTransport(peerAddress=IPv4Address("TCP", "127.0.0.1", 1))
        server = net.createServer(reactor=self.clock)
        stream = server.buildProtocol(None)
        stream.makeConnection(transport)
        self.assertEqual((stream.remoteAddress, stream.remotePort), ("127.0.0.1", 1))
        transport.peerAddr = IPv4Address("TCP", "192.0.2.7", 4711)
        seen = []
        stream.on("data", lambda data: seen.append((stream.remoteAddress, stream.remotePort)))
        stream.dataReceived(b"x")
        self.assertEqual(seen, [("192.0.2.7", 4711)])

    def test_itIsStillKnownWhenTheStreamHasClosed(self):
        server = net.createServer(reactor=self.clock)
        stream = server.buildProtocol(None)
        stream.makeConnection(StringTransport())
        seen = []
        stream.on("close", lambda had_error: seen.append(stream.remoteAddress))
        stream.destroy()
        self.tick()
        self.assertEqual(seen, ["192.168.1.1"])
