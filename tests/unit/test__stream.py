"""
L{nodenet.net.Stream} on fakes: no network, no clock.
"""

from __future__ import annotations

import contextlib
import gc
import socket
import weakref
from errno import ENOTCONN, EPIPE

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.error import ConnectionDone, ConnectionLost, DNSLookupError
from twisted.internet.interfaces import (
    IHalfCloseableProtocol,
    IProtocol,
    IProtocolFactory,
)
from twisted.internet.task import Clock
from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase, TestCase
from zope.interface.verify import verifyObject

from nodenet import constants, net
from nodenet._net.lifecycle import TRANSITIONS
from nodenet._transports import sockopts
from nodenet.errors import EndedError, NodeError, errnoException
from tests.helpers import MemoryTransport, event, inMemory, record

STATES = {"closed", "opening", "open", "readOnly", "writeOnly"}


class Full(StringTransport):
    """
    A transport that asks its producer to pause when told to.
    """

    room = 1 << 30

    def write(self, data):
        super().write(data)
        self.room -= len(data)
        if self.room < 0 and self.producer is not None:
            self.producer.pauseProducing()

    def drain(self):
        self.room = 1 << 30
        self.producer.resumeProducing()


class StreamCase(SynchronousTestCase):
    """
    A stream that is connected to a fake.
    """

    def setUp(self):
        self.clock = Clock()

    def make(self, transport=None, **options):
        stream = net.Stream(reactor=self.clock, **options)
        seen = record(stream)
        stream.makeConnection(transport or StringTransport())
        self.assertEqual(seen, [("connect",)])
        del seen[:]
        return stream, seen

    def tick(self):
        self.clock.advance(0)


class InterfaceTests(SynchronousTestCase):
    """
    A stream is a Twisted protocol, a server a Twisted factory.
    """

    def test_streamIsAHalfCloseableProtocol(self):
        stream = net.Stream()
        verifyObject(IProtocol, stream)
        verifyObject(IHalfCloseableProtocol, stream)

    def test_serverIsAProtocolFactory(self):
        verifyObject(IProtocolFactory, net.createServer())

    def test_socketIsAnotherNameOfStream(self):
        self.assertIs(net.Socket, net.Stream)

    def test_optionsAreADictOrKeywords(self):
        for stream in net.Stream({"allowHalfOpen": True}), net.Stream(allowHalfOpen=True):
            self.assertTrue(stream.allowHalfOpen)
        self.assertFalse(net.Stream().allowHalfOpen)
        self.assertRaises(TypeError, net.Stream, {"alowHalfOpen": True})

    def test_aStreamTakesAttributesOfTheUsers(self):
        stream = net.Stream()
        stream.mine = 1
        self.assertEqual(stream.mine, 1)


class StateTests(SynchronousTestCase):
    """
    The table of states.
    """

    def test_theTableIsClosedUnderItsInputs(self):
        self.assertEqual({state for state, _ in TRANSITIONS}, STATES)
        self.assertTrue(set(TRANSITIONS.values()) <= STATES)
        for state in STATES:
            self.assertEqual(TRANSITIONS[state, "destroy"], "closed")

    def test_readableAndWritableFollowTheState(self):
        for inputs, state, readable, writable in [
            ([], "closed", False, False),
            (["connect"], "opening", False, True),
            (["connected"], "open", True, True),
            (["connected", "fin"], "readOnly", True, False),
            (["connected", "eof"], "writeOnly", False, True),
            (["connected", "eof", "fin"], "closed", False, False),
        ]:
            stream = net.Stream()
            for what in inputs:
                stream._enter(what)
            self.assertEqual(
                (stream.readyState, stream.readable, stream.writable),
                (state, readable, writable),
            )


class MisuseTests(StreamCase):
    """
    Misuse raises with Node's messages.
    """

    def test_writeOnAClosedStream(self):
        e = self.assertRaises(NodeError, net.Stream().write, b"x")
        self.assertEqual(str(e), "Stream is not writable")

    def test_writeAfterEndWhileSomethingIsQueued(self):
        transport = Full()
        transport.room = 0
        stream, _ = self.make(transport)
        self.assertFalse(stream.write(b"queued"))
        stream.end()
        self.assertEqual(stream.readyState, "open")
        e = self.assertRaises(NodeError, stream.write, b"x")
        self.assertEqual(str(e), "Stream.end() called already; cannot write.")

    def test_resumeOfAClosedStream(self):
        e = self.assertRaises(NodeError, net.Stream().resume)
        self.assertEqual(str(e), "Cannot resume() closed Stream.")

    def test_connectOfAnOpenStream(self):
        stream, _ = self.make()
        e = self.assertRaises(NodeError, stream.connect, 1)
        self.assertEqual(str(e), "Stream already opened")

    def test_addressOfAClosedStream(self):
        self.assertRaises(NodeError, net.Stream().address)

    def test_writeOfWhatIsNoData(self):
        stream, _ = self.make()
        for data in None, 1, ["x"]:
            self.assertRaises(TypeError, stream.write, data)

    def test_unknownEncodingsRaiseAtOnce(self):
        stream, _ = self.make()
        self.assertRaises(ValueError, stream.write, "x", "klingon")
        self.assertRaises(ValueError, stream.setEncoding, "klingon")

    def test_portsOutOfRange(self):
        for port in -1, 65536, "70000":
            self.assertRaises(ValueError, net.Stream().connect, port)
        for what in None, 1.5:
            self.assertRaises(TypeError, net.Stream().connect, what)
        self.assertRaises(TypeError, net.Stream().connect)
        for path in "", "a\0b":
            self.assertRaises(ValueError, net.Stream().connect, path)

    def test_pauseAndDestroyAndEndOfAClosedStreamDoNothing(self):
        stream = net.Stream(reactor=self.clock)
        seen = record(stream)
        stream.pause()
        stream.end(b"x")
        stream.destroy(ValueError())
        self.tick()
        self.assertEqual(seen, [])


class ReadTests(StreamCase):
    """
    What the transport delivers becomes events.
    """

    def test_dataAndCount(self):
        stream, seen = self.make()
        stream.dataReceived(b"one")
        stream.dataReceived(b"two")
        self.assertEqual(seen, [("data", b"one"), ("data", b"two")])
        self.assertEqual(stream.bytesRead, 6)

    def test_anEmitOfASubclassSeesData(self):
        class Loud(net.Stream):
            def emit(self, type, *args):
                types.append(type)
                return super().emit(type, *args)

        types = []
        stream = Loud()
        stream.on("data", lambda data: None)
        stream.makeConnection(StringTransport())
        stream.dataReceived(b"one")
        self.assertEqual(types, ["connect", "data"])

    def test_setEncodingHoldsASplitCharacterAndNoneGoesBackToBytes(self):
        stream, seen = self.make()
        stream.setEncoding("utf8")
        for byte in "é€".encode():
            stream.dataReceived(bytes([byte]))
        stream.setEncoding(None)
        stream.dataReceived(b"\xff")
        self.assertEqual(seen, [("data", "é"), ("data", "€"), ("data", b"\xff")])

    def test_whatADecoderHeldComesBeforeEnd(self):
        stream, seen = self.make()
        stream.setEncoding("base64")
        stream.dataReceived(b"hi")
        self.assertEqual(seen, [])
        stream.readConnectionLost()
        self.assertEqual(seen, [("data", "aGk="), ("end",)])

    def test_destroyInTheLastDataPreventsEnd(self):
        stream, seen = self.make()
        stream.setEncoding("utf8")
        stream.dataReceived(b"\xe2")
        stream.on("data", lambda text: stream.destroy())
        stream.readConnectionLost()
        self.tick()
        self.assertEqual(seen, [("data", "\ufffd"), ("close", False)])

    def test_endEndsOurSideFirst(self):
        stream, seen = self.make()
        states = []
        stream.on("end", lambda: states.append(stream.readyState))
        stream.readConnectionLost()
        self.assertEqual(states, ["closed"])
        self.tick()
        self.assertEqual(seen, [("end",), ("close", False)])

    def test_dataWhilePausedIsHeldWithTheEndBehindIt(self):
        stream, seen = self.make()
        stream.pause()
        self.assertEqual(stream.transport.producerState, "paused")
        stream.dataReceived(b"one")
        stream.dataReceived(b"two")
        stream.readConnectionLost()
        stream.connectionLost(Failure(ConnectionDone()))
        self.tick()
        self.assertEqual(seen, [])
        stream.resume()
        self.tick()
        self.assertEqual(seen, [("data", b"one"), ("data", b"two"), ("end",), ("close", False)])

    def test_pauseInAListenerHoldsTheRestOfWhatWasHeld(self):
        stream, seen = self.make()
        stream.pause()
        stream.dataReceived(b"one")
        stream.dataReceived(b"two")
        stream.once("data", lambda data: stream.pause())
        stream.resume()
        self.assertEqual(seen, [("data", b"one")])
        self.assertEqual(stream.transport.producerState, "paused")
        stream.resume()
        self.assertEqual(seen, [("data", b"one"), ("data", b"two")])
        self.assertEqual(stream.transport.producerState, "producing")

    def test_pauseWhileConnectingHolds(self):
        reactor = MemoryReactorClock()
        stream = net.createConnection(1, reactor=reactor)
        stream.pause()
        reactor.tcpClients[0][2].buildProtocol(None).makeConnection(StringTransport())
        self.assertEqual(stream.transport.producerState, "paused")

    def test_pauseOfAClosedStreamHoldsNothing(self):
        stream, seen = self.make()
        stream.destroy()
        stream.pause()
        self.tick()
        stream.makeConnection(StringTransport())
        stream.dataReceived(b"x")
        self.assertEqual(seen, [("close", False), ("connect",), ("data", b"x")])

    def test_aPauseInTheDecodersLastDataHoldsTheEnd(self):
        stream, seen = self.make()
        stream.setEncoding("base64")
        stream.dataReceived(b"hi")
        stream.on("data", lambda text: stream.pause())
        stream.readConnectionLost()
        self.assertEqual(seen, [("data", "aGk=")])
        stream.resume()
        self.assertEqual(seen, [("data", "aGk="), ("end",)])

    def test_dataAfterDestroyIsNotEmitted(self):
        stream, seen = self.make()
        stream.destroy()
        stream.dataReceived(b"late")
        stream.readConnectionLost()
        stream.connectionLost(Failure(ConnectionDone()))
        self.tick()
        self.assertEqual(seen, [("close", False)])

    def test_norIsItWhenADestroyingListenerGotWhatWasHeld(self):
        stream, seen = self.make()
        stream.pause()
        stream.dataReceived(b"held")
        stream.on("data", lambda data: stream.destroy())
        stream.resume()
        stream.dataReceived(b"late")
        self.assertEqual(seen, [("data", b"held")])

    def test_aFailureWaitsForTheDataThatIsHeldBeforeIt(self):
        stream, seen = self.make()
        stream.pause()
        stream.dataReceived(b"held")
        stream.connectionLost(Failure(ConnectionLost()))
        self.tick()
        self.assertEqual(seen, [])
        stream.resume()
        self.tick()
        (_, data), (_, error), closed = seen
        self.assertEqual((data, error.code), (b"held", "ECONNRESET"))
        self.assertEqual(closed, ("close", True))

    def test_withNothingHeldItIsToldThoughPaused(self):
        stream, seen = self.make()
        stream.pause()
        stream.connectionLost(Failure(ConnectionLost()))
        self.tick()
        self.assertEqual([each[0] for each in seen], ["error", "close"])

    def test_aTransportWithoutHalfCloseEndsAndCloses(self):
        stream, seen = self.make(allowHalfOpen=True)
        stream.connectionLost(Failure(ConnectionDone()))
        self.tick()
        self.assertEqual(seen, [("end",), ("close", False)])

    def test_aLostConnectionIsAReset(self):
        stream, seen = self.make()
        stream.connectionLost(Failure(ConnectionLost()))
        self.tick()
        [(_, error), closed] = seen
        self.assertIsInstance(error, ConnectionResetError)
        self.assertEqual((error.code, error.errno), ("ECONNRESET", constants.ECONNRESET))
        self.assertEqual(closed, ("close", True))

    def test_theErrnoOfATransportThatKnowsItIsKept(self):
        stream, seen = self.make()
        stream.connectionLost(Failure(errnoException(constants.ETIMEDOUT, "read")))
        self.tick()
        self.assertIsInstance(seen[0][1], TimeoutError)
        self.assertEqual((seen[0][1].code, seen[0][1].syscall), ("ETIMEDOUT", "read"))

    def test_aConnectionThatEndsWithDataQueuedIsAnError(self):
        transport = Full()
        transport.room = 0
        stream, seen = self.make(transport)
        stream.write(b"queued")
        stream.connectionLost(Failure(ConnectionDone()))
        self.tick()
        self.assertEqual([each[0] for each in seen], ["end", "error", "close"])
        self.assertEqual(seen[1][1].code, "EPIPE")


class WriteTests(StreamCase):
    """
    What is written reaches the transport.
    """

    def test_theArgumentsMaySkipEncodingAndDescriptor(self):
        stream, _ = self.make()
        calls = []
        self.assertTrue(stream.write("é"))
        self.assertTrue(stream.write("é", "binary"))
        self.assertTrue(stream.write(b"a", lambda: calls.append(1)))
        self.assertTrue(stream.write("b", "ascii", lambda: calls.append(2)))
        self.assertTrue(stream.write("63", "hex", None, lambda: calls.append(3)))
        self.assertTrue(stream.write(b"d", callback=lambda: calls.append(4)))
        self.assertEqual(stream.transport.value(), b"\xc3\xa9\xe9abcd")
        self.assertEqual(calls, [1, 2, 3, 4])

    def test_falseMeansThatTheTransportAskedToPause(self):
        transport = Full()
        stream, seen = self.make(transport)
        transport.room = 5
        calls = []
        self.assertTrue(stream.write(b"12345", lambda: calls.append(1)))
        self.assertFalse(stream.write(b"6", lambda: calls.append(2)))
        self.assertFalse(stream.write(b"78", lambda: calls.append(3)))
        self.assertEqual((calls, stream.bufferSize), ([1], 3))
        transport.drain()
        self.assertEqual((calls, stream.bufferSize), ([1, 2, 3], 0))
        self.assertEqual(seen, [("drain",)])
        self.assertEqual(transport.value(), b"12345678")
        self.assertEqual(stream.bytesWritten, 8)

    def test_aBytearrayMayBeChangedAfterwards(self):
        transport = Full()
        transport.room = 0
        stream, _ = self.make(transport)
        data = bytearray(b"first")
        stream.write(b"-")
        stream.write(data)
        data.clear()
        transport.drain()
        self.assertEqual(transport.value(), b"-first")

    def test_whatACallbackWritesComesBehindTheQueue(self):
        transport = Full()
        transport.room = 0
        stream, seen = self.make(transport)
        stream.write(b"a", lambda: stream.write(b"d"))
        stream.write(b"b")
        stream.write(b"c")
        transport.drain()
        self.assertEqual(transport.value(), b"abcd")
        self.assertEqual(seen, [("drain",)])

    def test_theLastCallbackMayEnd(self):
        transport = Full()
        transport.room = 0
        stream, seen = self.make(transport)
        stream.write(b"a", stream.end)
        transport.drain()
        self.assertEqual((stream.readyState, seen), ("readOnly", [("drain",)]))

    def test_aCallbackMayDestroy(self):
        transport = Full()
        transport.room = 0
        stream, seen = self.make(transport)
        stream.write(b"a", stream.destroy)
        stream.write(b"b", lambda: self.fail("never went out"))
        transport.drain()
        self.tick()
        self.assertEqual(seen, [("close", False)])

    def test_endFollowsTheQueue(self):
        transport = Full()
        transport.room = 0
        stream, seen = self.make(transport)
        stream.end(b"last")
        self.assertFalse(transport.disconnecting)
        transport.drain()
        self.assertTrue(transport.disconnecting)
        self.assertEqual(stream.readyState, "readOnly")
        self.assertEqual(seen, [("drain",)])

    def test_endOfEmptyTextWritesNothing(self):
        stream, _ = self.make()
        stream.end("")
        self.assertEqual(stream.transport.value(), b"")
        self.assertTrue(stream.transport.disconnecting)

    def test_aChainOfCallbacksIsNoRecursion(self):
        stream, _ = self.make()
        left = [5000]

        def more():
            left[0] -= 1
            if left[0]:
                stream.write(b"x", more)

        stream.write(b"x", more)
        self.assertEqual((left, len(stream.transport.value())), ([0], 5000))

    def test_callbacksWithinACallbackComeInOrder(self):
        stream, _ = self.make()
        calls = []

        def outer():
            stream.write(b"b", lambda: calls.append("b"))
            stream.write(b"c", lambda: calls.append("c"))
            calls.append("a")

        stream.write(b"a", outer)
        self.assertEqual(calls, ["a", "b", "c"])

    def test_anExceptionOfAWritesCallbackIsTheCallers(self):
        stream, _ = self.make()
        with self.assertRaises(ZeroDivisionError):
            stream.write(b"x", lambda: 1 / 0)
        self.assertEqual(stream.readyState, "open")


class ListenerExceptionTests(StreamCase):
    """
    An exception that a listener lets out.
    """

    def test_inAnEventOfTheReactorsItIsLoggedAndDestroys(self):
        stream, seen = self.make()
        stream.on("data", lambda data: 1 / 0)
        stream.dataReceived(b"x")
        self.tick()
        self.assertEqual([each[0] for each in seen], ["data", "error", "close"])
        self.assertIsInstance(seen[1][1], ZeroDivisionError)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    def test_anUnheardErrorIsLoggedAndCloseStillComes(self):
        stream = net.Stream(reactor=self.clock)
        closed = []
        stream.on("close", closed.append)
        stream.makeConnection(StringTransport())
        stream.destroy(ValueError("unheard"))
        self.tick()
        self.assertEqual(closed, [True])
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)

    def test_ofACallOfTheUsersItPropagates(self):
        stream, _ = self.make()
        stream.on("mine", lambda: 1 / 0)
        self.assertRaises(ZeroDivisionError, stream.emit, "mine")
        self.assertEqual(stream.readyState, "open")

    def test_aCoroutineThatFailsDestroys(self):
        stream, seen = self.make()

        @stream.on("data")
        async def listener(data):
            raise ValueError(data)

        stream.dataReceived(b"x")
        self.tick()
        self.assertEqual([each[0] for each in seen], ["data", "error", "close"])
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)

    def test_aQueuedWritesCallbackThatRaisesDestroys(self):
        transport = Full()
        transport.room = 0
        stream, seen = self.make(transport)
        stream.write(b"a", lambda: 1 / 0)
        transport.drain()
        self.tick()
        self.assertEqual([each[0] for each in seen], ["error", "close"])
        self.flushLoggedErrors(ZeroDivisionError)

    def test_aCloseListenerThatRaisesIsOnlyLogged(self):
        stream, seen = self.make()
        stream.on("close", lambda had_error: 1 / 0)
        stream.destroy()
        self.tick()
        self.tick()
        self.assertEqual(seen, [("close", False)])
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)


class TimeoutTests(StreamCase):
    """
    C{setTimeout}, in milliseconds.
    """

    def test_onceAfterThePeriodUntilThereIsActivity(self):
        stream, seen = self.make()
        stream.setTimeout(100)
        self.clock.advance(0.099)
        self.assertEqual(seen, [])
        self.clock.advance(0.001)
        self.assertEqual(seen, [("timeout",)])
        self.clock.advance(10)
        self.assertEqual(seen, [("timeout",)])
        stream.write(b"x")
        self.clock.advance(0.1)
        self.assertEqual(seen, [("timeout",)] * 2)

    def test_readingAndWritingPutItOff(self):
        stream, seen = self.make()
        stream.setTimeout(100)
        for act in (lambda: stream.dataReceived(b"x")), (lambda: stream.write(b"x")):
            self.clock.advance(0.08)
            act()
        self.clock.advance(0.08)
        self.assertEqual(seen, [("data", b"x")])
        self.clock.advance(0.02)
        self.assertEqual(seen, [("data", b"x"), ("timeout",)])

    def test_soDoesWhatWasQueuedAndGoesOut(self):
        transport = Full()
        stream, seen = self.make(transport)
        stream.setTimeout(100)
        transport.room = 0
        stream.write(b"queued")
        self.clock.advance(0.08)
        transport.drain()
        self.clock.advance(0.08)
        self.assertEqual(seen, [("drain",)])
        self.clock.advance(0.02)
        self.assertEqual(seen, [("drain",), ("timeout",)])

    def test_activityMovesNoTimer(self):
        stream, _ = self.make()
        stream.setTimeout(100)
        before = self.clock.getDelayedCalls()
        for _ in range(100):
            stream.dataReceived(b"x")
        self.assertEqual(self.clock.getDelayedCalls(), before)

    def test_zeroTakesItBackAndNegativeIsIgnored(self):
        stream, seen = self.make()
        stream.setTimeout(100)
        stream.setTimeout(-1)
        self.assertEqual(len(self.clock.getDelayedCalls()), 1)
        stream.setTimeout(0)
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.clock.advance(1)
        self.assertEqual(seen, [])

    def test_closingTakesItBack(self):
        stream, seen = self.make()
        stream.setTimeout(100)
        stream.destroy()
        self.clock.advance(1)
        self.assertEqual(seen, [("close", False)])

    def test_itRunsWhileConnecting(self):
        reactor = MemoryReactorClock()
        stream = net.Stream(reactor=reactor)
        stream.setTimeout(100)
        seen = record(stream)
        stream.connect(1, "127.0.0.1")
        reactor.advance(0.1)
        self.assertEqual(seen, [("timeout",)])


class ConnectTests(SynchronousTestCase):
    """
    C{connect}, on a reactor that is a fake.
    """

    def setUp(self):
        self.reactor = MemoryReactorClock()

    def connect(self, *args):
        stream = net.createConnection(*args, reactor=self.reactor)
        return stream, record(stream)

    def complete(self, client):
        factory = next(each for each in client if hasattr(each, "buildProtocol"))
        protocol = factory.buildProtocol(None)
        protocol.makeConnection(StringTransport())
        return protocol

    def test_withoutAHostToTheLocalHost(self):
        stream, _ = self.connect(8124)
        [(host, port, *_)] = self.reactor.tcpClients
        self.assertEqual((host, port, stream.readyState), ("127.0.0.1", 8124, "opening"))

    def test_aNumberInAStringIsAPort(self):
        self.connect("8124", "::1")
        self.assertEqual(self.reactor.tcpClients[0][:2], ("::1", 8124))

    def test_anythingElseIsAPath(self):
        self.connect("/tmp/echo.sock")
        self.assertEqual(self.reactor.unixClients[0][0], b"/tmp/echo.sock")

    def test_theCallbackListensForConnect(self):
        calls = []
        stream, seen = self.connect(1, "127.0.0.1", lambda: calls.append(1))
        self.complete(self.reactor.tcpClients[0])
        self.assertEqual((calls, seen, stream.readyState), ([1], [("connect",)], "open"))
        # Node: only present in server-side connections.
        self.assertIsNone(stream.remoteAddress)

    def test_whatWasWrittenBeforeGoesOutThenDrain(self):
        stream, seen = self.connect(1)
        self.assertEqual([stream.write(b"one"), stream.write("two")], [False, False])
        self.assertEqual(stream.bufferSize, 6)
        self.complete(self.reactor.tcpClients[0])
        self.assertEqual(stream.transport.value(), b"onetwo")
        self.assertEqual(seen, [("connect",), ("drain",)])

    def test_nothingWrittenNoDrain(self):
        _, seen = self.connect(1)
        self.complete(self.reactor.tcpClients[0])
        self.assertEqual(seen, [("connect",)])

    def test_endBeforeGoesOutLast(self):
        stream, seen = self.connect(1)
        stream.end()
        self.assertEqual(stream.readyState, "opening")
        self.complete(self.reactor.tcpClients[0])
        self.assertEqual((stream.readyState, seen), ("readOnly", [("connect",)]))
        self.assertTrue(stream.transport.disconnecting)

    def test_theProtocolOfTheTransportIsTheStreamItself(self):
        stream, seen = self.connect(1, "127.0.0.1")
        transport = StringTransport()
        factory = next(
            each for each in self.reactor.tcpClients[0] if hasattr(each, "buildProtocol")
        )
        protocol = transport.protocol = factory.buildProtocol(None)
        protocol.makeConnection(transport)
        self.assertEqual(seen, [("connect",)])
        self.assertIs(transport.protocol, stream)

    def test_failureIsErrorThenClose(self):
        stream, seen = self.connect(1)
        factory = self.reactor.tcpClients[0][2]
        factory.clientConnectionFailed(None, Failure(DNSLookupError()))
        self.assertEqual((stream.readyState, seen), ("closed", []))
        self.reactor.advance(0)
        self.assertEqual([each[0] for each in seen], ["error", "close"])
        self.assertEqual(seen[0][1].code, "ENOTFOUND")

    def test_destroyTakesItBack(self):
        stream, seen = self.connect(1)
        stream.write(b"never")
        stream.destroy()
        self.assertEqual((stream.readyState, stream.bufferSize), ("closed", 0))
        self.assertTrue(self.reactor.connectors[0].stoppedConnecting)
        self.reactor.advance(0)
        self.assertEqual(seen, [("close", False)])

    def test_aClosedStreamConnectsAgainWithListenersAndSettings(self):
        stream, seen = self.connect(1)
        stream.setEncoding("utf8")
        self.complete(self.reactor.tcpClients[0]).dataReceived(b"one")
        stream.destroy()
        self.reactor.advance(0)
        stream.connect(2)
        self.assertEqual((stream.readyState, stream.bytesRead), ("opening", 0))
        self.complete(self.reactor.tcpClients[1]).dataReceived(b"two")
        self.assertEqual(
            seen,
            [("connect",), ("data", "one"), ("close", False), ("connect",), ("data", "two")],
        )


class AgainTests(StreamCase):
    """
    What does not outlive a connection.
    """

    def test_aPauseAndHalfACharacter(self):
        stream, seen = self.make()
        stream.setEncoding("utf8")
        stream.dataReceived(b"\xe2")
        stream.pause()
        stream.destroy()
        self.tick()
        stream.makeConnection(StringTransport())
        stream.dataReceived(b"ok")
        self.assertEqual(seen, [("close", False), ("connect",), ("data", "ok")])


class AdoptTests(TestCase):
    """
    C{Stream({fd, type, allowHalfOpen})}.
    """

    def test_aDescriptorOfAConnectionIsOpen(self):
        ours, theirs = socket.socketpair()
        self.addCleanup(theirs.close)
        stream = net.Stream({"fd": ours.detach(), "type": "unix", "allowHalfOpen": True})
        self.assertEqual((stream.readyState, stream.allowHalfOpen), ("open", True))
        self.assertIsInstance(stream.fd, int)
        theirs.sendall(b"hello")

        def got(args):
            self.assertEqual(args, (b"hello",))
            stream.end(b"bye")
            self.assertEqual(theirs.recv(10), b"bye")
            self.assertEqual(theirs.recv(10), b"")
            stream.destroy()
            self.assertIsNone(stream.fd)
            return event(stream, "close")

        return event(stream, "data").addCallback(got)

    def test_aConnectionThatWasResetMeanwhileIsLostLater(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            client = socket.create_connection(listener.getsockname())
            accepted, _ = listener.accept()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        client.close()
        stream = net.Stream(fd=accepted.detach())
        seen = record(stream)

        def closed(args):
            self.assertEqual([each[0] for each in seen], ["error", "close"])
            self.assertEqual(seen[0][1].code, "ECONNRESET")

        return event(stream, "close").addCallback(closed)

    def test_aDescriptorThatIsNoConnectionRaises(self):
        with socket.socket(type=socket.SOCK_DGRAM) as datagrams:
            e = self.assertRaises(OSError, net.Stream, fd=datagrams.fileno())
            self.assertEqual(e.code, "EPROTOTYPE")
        with open("/dev/null") as file:
            e = self.assertRaises(OSError, net.Stream, fd=file.fileno())
            self.assertEqual(e.code, "ENOTSOCK")
            file.fileno()
        e = self.assertRaises(OSError, net.Stream, fd=9999)
        self.assertEqual(e.code, "EBADF")
        with socket.socket() as unconnected:
            e = self.assertRaises(OSError, net.Stream, fd=unconnected.fileno())
            self.assertEqual(e.code, "ENOTCONN")
            self.assertNotEqual(unconnected.fileno(), -1)


class SocketTests(StreamCase):
    """
    Over nodenet's own transport, the reactor's events by hand.
    """

    def setUp(self):
        self.clock = MemoryReactorClock()
        self.far, near = socket.socketpair()
        self.addCleanup(self.far.close)
        self.far.setblocking(False)
        self.stream = net.Stream(fd=near.detach(), reactor=self.clock)
        self.seen = record(self.stream)
        self.addCleanup(self.tick)
        self.addCleanup(self.stream.destroy)

    def fill(self):
        while not self.stream.bufferSize:
            self.stream.write(bytes(100_000))

    def drained(self):
        """
        Everything queued goes out.

        @return: how much came.
        """
        got = 0
        for _ in range(100):
            if self.stream.transport in self.clock.getWriters():
                self.stream.transport.doWrite()
            with contextlib.suppress(BlockingIOError):
                while data := self.far.recv(1 << 20):
                    got += len(data)
        return got

    def test_nothingIsReadBetweenSetSecureAndTheHandshake(self):
        self.fill()
        self.assertIn(self.stream.transport, self.clock.getReaders())
        raw = self.stream.transport
        self.stream.setSecure()
        self.assertNotIn(raw, self.clock.getReaders())
        self.stream.resume()
        self.assertNotIn(raw, self.clock.getReaders())
        self.drained()
        self.assertIsNot(self.stream.transport, raw)
        self.assertIn(self.stream.transport, self.clock.getReaders())

    def test_aQueuedDescriptorForbidsTLS(self):
        self.fill()
        self.stream.write(b"x", self.far.fileno())
        e = self.assertRaises(NodeError, self.stream.setSecure)
        self.assertEqual(str(e), "A descriptor is still queued")
        self.drained()
        self.stream.setSecure()

    def test_afterEndThereIsNoTLS(self):
        self.fill()
        self.stream.end()
        self.assertRaises(EndedError, self.stream.setSecure)
        self.drained()
        self.assertEqual(self.stream.readyState, "readOnly")
        self.assertRaises(EndedError, self.stream.setSecure)

    def test_aFinForWhichThereIsNoConnectionIsNoError(self):
        for errno, told in [
            (ENOTCONN, [("close", False)]),
            (EPIPE, ["error", ("close", True)]),
        ]:
            self.setUp()
            self.stream.transport.shutdown = lambda errno=errno: self.refuse(errno)
            self.stream.end()
            self.tick()
            for each, expected in zip(self.seen, told, strict=True):
                if expected == "error":
                    self.assertEqual((each[1].code, each[1].syscall), ("EPIPE", "shutdown"))
                else:
                    self.assertEqual(each, expected)

    def refuse(self, errno):
        raise OSError(errno, "no")

    def test_whatIsForgottenOnceItIsClosed(self):
        alive = weakref.ref(net.Stream(fd=socket.socketpair()[0].detach(), reactor=self.clock))
        gc.collect()
        self.assertIsNotNone(alive())  # the connection keeps it
        alive().destroy()
        self.tick()
        gc.collect()
        self.assertIsNone(alive())


class TLSTests(StreamCase):
    """
    C{setSecure} over a transport that only buffers.
    """

    def secured(self):
        raw = StringTransport()
        stream, _ = self.make(raw)
        raw.protocol = stream
        stream.setSecure()
        return raw, stream

    def test_theTransportBelowIsTLSs(self):
        raw = StringTransport()
        stream, _ = self.make(raw)
        raw.protocol, ours = stream, raw.producer
        stream.setSecure()
        self.assertIs(raw.protocol, stream.transport)
        self.assertIsNot(raw.producer, ours)
        self.assertTrue(raw.value())  # of the handshake
        stream.destroy()
        self.tick()

    def test_noDelayIsAsTheUserHasItBeforeAndAfter(self):
        told = []
        self.patch(sockopts, "setNoDelay", lambda transport, on: told.append((transport, on)))
        raw = StringTransport()
        stream, _ = self.make(raw)
        raw.protocol = stream
        stream.setNoDelay(False)
        stream.setSecure()
        self.assertEqual(told, [(raw, False), (stream.transport, False)])
        _, other = self.secured()
        self.assertEqual(len(told), 2)  # nobody has asked for anything
        for each in stream, other:
            each.destroy()
        self.tick()


class SplitTests(TestCase):
    """
    Any split of any bytes into writes and reads arrives whole and in order.
    """

    @settings(deadline=None)
    @given(
        st.lists(st.one_of(st.binary(max_size=40), st.text(max_size=20)), max_size=20),
        st.lists(st.integers(0, 3), max_size=40),
        st.integers(1, 7),
        st.integers(0, 16),
        st.booleans(),
    )
    def test_overMemoryThroughPausesPipesAndEncodings(self, writes, pauses, piece, limit, text):
        clock = Clock()
        self.patch(MemoryTransport, "later", lambda self, call: clock.callLater(0, call))
        client, middle = net.Stream(reactor=clock), net.Stream(reactor=clock)
        onward, server = net.Stream(reactor=clock), net.Stream(reactor=clock)
        got, closed, called = [], [], []
        inMemory(client, middle, lambda: MemoryTransport(limit, piece))
        inMemory(onward, server, lambda: MemoryTransport(limit, piece))
        middle.pipe(onward)
        if text:
            server.setEncoding("hex")
        server.on("data", got.append)
        server.on("close", closed.append)
        for number, data in enumerate(writes):
            client.write(data, lambda number=number: called.append(number))
        client.end()
        turns = iter(pauses)
        for _ in range(5000):
            clock.advance(0)
            for stream in middle, server:
                choice = next(turns, 3)
                if choice == 0:
                    stream.pause()
                elif choice == 3 and stream.readyState != "closed":
                    stream.resume()
            if closed:
                break
        want = b"".join(w.encode() if isinstance(w, str) else w for w in writes)
        self.assertEqual("".join(got) if text else b"".join(got), want.hex() if text else want)
        self.assertEqual((closed, called), ([False], list(range(len(writes)))))
