"""
Tests for L{nodenet.service.proxyprotocol.factory}.
"""

from __future__ import annotations

import socket
from errno import ECONNRESET

from twisted.internet import tcp
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.interfaces import IHalfCloseableProtocol, IReadDescriptor, ISSLTransport
from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.protocols.policies import WrappingFactory
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import alsoProvides
from zope.interface.verify import verifyObject

from nodenet._transports.direct import transportFor
from nodenet.service.proxyprotocol import HEADER_TIMEOUT, Header, ProxiedFactory
from nodenet.service.proxyprotocol.header import MOST

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
V1 = b"PROXY TCP4 192.0.2.1 198.51.100.2 1 65535\r\n"
BODY = bytes.fromhex("c0000201 c6336402 0001 ffff")
V2 = SIGNATURE + b"\x21\x11\0\x0c" + BODY
LOCAL = SIGNATURE + b"\x20\0\0\0"
LONGEST = SIGNATURE + b"\x21\x11\x10\0" + BODY.ljust(4096, b"\0")
NAMED = Header(IPv4Address("TCP", "192.0.2.1", 1), IPv4Address("TCP", "198.51.100.2", 65535))
#: header -> what it says
HEADERS = {
    V1: NAMED,
    V2: NAMED,
    LONGEST: NAMED,
    LOCAL: Header(),
    b"PROXY UNKNOWN\r\n": Header(),
}
UNKNOWN = b"PROXY UNKNOWN\r\n"


class Handle(socket.socket):
    """
    A socket that is none: what has come is put into C{incoming}, what was read goes to
    C{taken}.
    """

    def __init__(self):
        # Not socket's, which would make one.
        self.incoming, self.taken = bytearray(), bytearray()
        self.ended = False
        self.error = None  # what the next reading raises
        self.most = 1 << 20  # that one reading gives

    def fileno(self):
        return 7

    @property
    def readable(self):
        return bool(self.incoming or self.ended or self.error)

    def recv(self, size, flags=0):
        assert size > 0
        if self.error is not None:
            error, self.error = self.error, None
            raise error
        if flags & socket.MSG_PEEK:
            data = bytes(self.incoming[:size])
        else:
            data = bytes(self.incoming[: min(size, self.most)])
            del self.incoming[: len(data)]
            self.taken += data
        if not data and not self.ended:
            raise BlockingIOError
        return data


class Transport(StringTransport):
    """
    A transport over a L{Handle}, and how it was ended.
    """

    ended = ""
    reading = True

    def __init__(self, host, peer):
        super().__init__(host, peer)
        self.handle = Handle()
        self.log = []

    def getHandle(self):
        return self.handle

    def startReading(self):
        self.log.append("start")
        self.reading = True

    def stopReading(self):
        self.log.append("stop")
        self.reading = False

    def pauseProducing(self):
        super().pauseProducing()
        self.reading = False

    def resumeProducing(self):
        super().resumeProducing()
        self.reading = True

    def abortConnection(self):
        self.end("abort")

    def loseConnection(self):
        self.end("close")

    def end(self, how):
        self.ended = self.ended or how
        self.reading = False

    def doRead(self):
        data = self.handle.recv(1 << 16)
        if data:
            self.protocol.dataReceived(data)
        else:
            self.reading = False
            IHalfCloseableProtocol(self.protocol).readConnectionLost()


class FactoryCase(SynchronousTestCase):
    proxy = IPv4Address("TCP", "10.0.0.9", 999)
    listener = IPv4Address("TCP", "10.0.0.1", 80)

    def setUp(self):
        self.reactor = MemoryReactorClock()
        self.accepted, self.seen, self.refused, self.asked = [], [], [], []
        self.events = 0  # of the reactor, for its readers
        self.serve = lambda stream, header: None
        self.factory = ProxiedFactory(
            self.reactor,
            self.listen,
            self.trusts,
            lambda *args: self.refused.append(args),
        )
        self.factory.doStart()

    def trusts(self, host):
        self.asked.append(host)
        return host != "10.0.0.66"

    def listen(self, stream, header):
        self.accepted.append((stream, header))
        stream.on("data", self.seen.append)
        stream.on("end", lambda: self.seen.append("end"))
        return self.serve(stream, header)

    def connect(self, peer=proxy):
        transport = Transport(self.listener, peer)
        transport.protocol = self.factory.buildProtocol(peer)
        transport.protocol.makeConnection(transport)
        return transport

    def reader(self, transport):
        """
        @return: who has the descriptor, as the reactor would: while there is something to be
            read it asks again and again.
        """
        readers = [each for each in self.reactor.readers if each.socket is transport.handle]
        self.assertLessEqual(len(readers) + transport.reading, 1, "two on one descriptor")
        return readers[0] if readers else transport if transport.reading else None

    def turn(self, transport):
        """
        Serve what there is.
        """
        while transport.handle.readable:
            reader = self.reader(transport)
            if reader is None:
                return
            self.events += 1
            self.assertLess(self.events, 10_000, "it spins")
            self.assertIsNone(reader.doRead())

    def send(self, transport, *pieces):
        for piece in pieces:
            transport.handle.incoming += piece
            self.turn(transport)

    def lose(self, transport, reason=None):
        transport.protocol.connectionLost(Failure(reason or ConnectionDone()))
        self.reactor.advance(0)

    def assertNothingIsLeft(self):
        self.assertEqual(self.reactor.readers, set())
        self.assertEqual(self.reactor.getDelayedCalls(), [])


class HeaderTests(FactoryCase):
    """
    From the header to the stream.
    """

    def test_theStreamIsAcceptedWithItsHeader(self):
        for data, header in HEADERS.items():
            transport = self.connect()
            self.send(transport, data[:-1])
            self.assertEqual(self.accepted, [])
            self.send(transport, data[-1:])
            [(stream, got)] = self.accepted
            self.assertEqual(got, header)
            self.assertIs(transport.protocol, stream)
            self.assertIs(stream.transport, transport)
            self.assertEqual(stream.readyState, "open")
            self.accepted.clear()
        self.assertEqual((self.seen, self.refused), ([], []))
        self.assertNothingIsLeft()

    def test_theStreamsOwnAddressesAreThoseOfTheConnection(self):
        transport = self.connect()
        self.send(transport, V1)
        [(stream, _)] = self.accepted
        self.assertEqual((stream.remoteAddress, stream.remotePort), ("10.0.0.9", 999))
        self.assertEqual(transport.getPeer(), self.proxy)
        self.assertEqual(stream.address(), {"address": "10.0.0.1", "port": 80})

    def test_theHeaderMayComeInAnyPieces(self):
        for data, header in HEADERS.items():
            for size in 1, 7, 16:
                self.accepted.clear()
                self.seen.clear()
                transport = self.connect()
                self.send(
                    transport, *(data[at : at + size] for at in range(0, len(data), size))
                )
                self.assertEqual([got for _, got in self.accepted], [header])
                self.send(transport, b"hello")
                self.assertEqual(self.seen, [b"hello"])

    def test_whatIsBehindTheHeaderIsLeftInTheSocket(self):
        self.serve = lambda stream, header: stream.pause()
        for data in HEADERS:
            for before in 0, 1, len(data) - 1:
                transport = self.connect()
                self.send(transport, data[:before], data[before:] + b"\x16\x03\x01hello")
                self.assertEqual(transport.handle.taken, data)
                self.assertEqual(transport.handle.incoming, b"\x16\x03\x01hello")

    def test_fromWhereTheStreamGetsIt(self):
        for data in HEADERS:
            self.seen.clear()
            transport = self.connect()
            self.send(transport, data + b"hello", b"world")
            self.assertEqual(self.seen, [b"hello", b"world"])
            self.assertEqual(self.accepted[-1][0].bytesRead, 10)

    def test_whatHasComeOfAHeaderIsTakenSoThatNobodyIsToldAgain(self):
        transport = self.connect()
        for count, byte in enumerate(V2[:-1], 1):
            self.send(transport, bytes([byte]))
            self.assertEqual(transport.handle.taken, V2[:count])
            self.assertEqual(self.events, count)

    def test_asIfTheKernelGaveLessThanItHasShown(self):
        for data, header in HEADERS.items():
            self.accepted.clear()
            transport = self.connect()
            transport.handle.most = 5
            self.send(transport, data + b"hello")
            self.assertEqual([got for _, got in self.accepted], [header])
            self.assertEqual(transport.handle.taken, data + b"hello")
        self.assertEqual(b"".join(self.seen), b"hello" * len(HEADERS))

    def test_theLongestHeaderIsSeenAtOnce(self):
        self.assertEqual(len(LONGEST), MOST)
        self.send(self.connect(), LONGEST)
        self.assertEqual((self.events, len(self.accepted)), (1, 1))

    def test_thatThereIsNothingAfterAllIsNoError(self):
        transport = self.connect()
        for data in V1[:5], V1[5:]:
            transport.handle.error = BlockingIOError()
            self.turn(transport)
            self.assertEqual(transport.ended, "")
            self.send(transport, data)
        self.assertEqual(len(self.accepted), 1)

    def test_theTransportReadsAgainOnlyForTheStream(self):
        transport = self.connect()
        self.assertEqual((transport.log, transport.reading), (["stop"], False))
        self.send(transport, V1[:9])
        self.assertEqual(transport.log, ["stop"])
        self.serve = lambda stream, header: transport.log.append("accepted")
        self.send(transport, V1[9:])
        self.assertEqual(transport.log, ["stop", "start", "accepted"])
        self.assertTrue(transport.reading)

    def test_theReactorIsGivenAReaderOfTheTransportsDescriptor(self):
        transport = self.connect()
        [reader] = self.reactor.readers
        verifyObject(IReadDescriptor, reader)
        self.assertEqual(reader.fileno(), transport.handle.fileno())
        self.assertIsInstance(reader.logPrefix(), str)

    def test_aPausedStreamReadsNothing(self):
        self.serve = lambda stream, header: stream.pause()
        transport = self.connect()
        self.send(transport, UNKNOWN + b"hello")
        self.assertEqual((self.seen, transport.reading), ([], False))
        self.accepted[0][0].resume()
        self.turn(transport)
        self.assertEqual((self.seen, transport.reading), ([b"hello"], True))

    def test_aStreamThatItsListenerDestroysGetsNothing(self):
        self.serve = lambda stream, header: stream.destroy()
        transport = self.connect()
        self.send(transport, UNKNOWN + b"hello")
        self.assertTrue(transport.ended)
        self.assertEqual(self.seen, [])

    def test_theStreamKnowsHalfClose(self):
        transport = self.connect()
        transport.handle.ended = True
        self.send(transport, UNKNOWN + b"hello")
        self.assertEqual(self.seen, [b"hello", "end"])
        self.assertEqual(self.accepted[0][0].readyState, "writeOnly")
        self.assertEqual(transport.ended, "")

    def test_aListenerThatRaisesLosesItsStreamOnly(self):
        error = RuntimeError("of the listener")

        def fail(stream, header):
            raise error

        async def failLater(stream, header):
            raise error

        for self.serve in fail, failLater:
            transport = self.connect()
            self.send(transport, UNKNOWN)
            self.reactor.advance(0)
            self.assertEqual([each.value for each in self.flushLoggedErrors()], [error])
            stream, _ = self.accepted[-1]
            self.assertEqual(stream.readyState, "closed")
            self.assertTrue(transport.ended)
        self.assertEqual(self.refused, [])

    def test_theEndOfAStreamIsItsOwn(self):
        transport = self.connect()
        self.send(transport, UNKNOWN)
        closed = []
        self.accepted[0][0].on("close", closed.append)
        self.lose(transport)
        self.assertEqual(closed, [False])


class RealSocketTests(FactoryCase):
    """
    Transports over real sockets, which are not on any network.
    """

    def setUp(self):
        super().setUp()
        one, self.other = socket.socketpair()
        one.setblocking(False)
        self.addCleanup(self.other.close)
        self.one = one

    def turn(self, transport):
        """
        Serve one event.
        """
        [reader] = self.reactor.readers
        self.assertEqual(reader.fileno(), self.one.fileno())
        self.assertIsNone(reader.doRead())

    def ofNodenet(self, head):
        transport = transportFor(self.one, self.one.family, b"", head, self.reactor)
        transport.startReading()
        return transport

    def ofTwisted(self, head):
        return tcp.Server(self.one, head, ("10.0.0.9", 999), None, 1, self.reactor)

    def check(self, makeTransport):
        head = self.factory.buildProtocol(None)
        transport = makeTransport(head)
        head.makeConnection(transport)
        self.other.send(V1[:10])
        self.turn(transport)
        self.other.send(V1[10:] + b"hello")
        self.turn(transport)
        self.assertEqual([header for _, header in self.accepted], [NAMED])
        self.assertEqual(self.seen, [])
        self.assertEqual(self.reactor.readers, {transport})
        transport.doRead()
        self.assertEqual(self.seen, [b"hello"])
        stream, _ = self.accepted[0]
        stream.write(b"answer")
        self.assertEqual(self.other.recv(20), b"answer")
        stream.destroy()
        self.assertEqual(self.other.recv(20), b"")
        self.assertNothingIsLeftLater()

    def assertNothingIsLeftLater(self):
        self.reactor.advance(0)
        self.assertNothingIsLeft()

    def test_nodenetsTransport(self):
        self.check(self.ofNodenet)

    def test_twistedsTransport(self):
        self.check(self.ofTwisted)

    def test_aListenerMayDestroyIt(self):
        self.serve = lambda stream, header: stream.destroy()
        for makeTransport in self.ofNodenet, self.ofTwisted:
            head = self.factory.buildProtocol(None)
            transport = makeTransport(head)
            head.makeConnection(transport)
            self.other.send(V1)
            self.turn(transport)
            self.assertEqual(self.other.recv(1), b"")
            self.assertNothingIsLeftLater()
            self.one, self.other = socket.socketpair()
            self.one.setblocking(False)
            self.addCleanup(self.one.close)
            self.addCleanup(self.other.close)

    def test_whoLeavesIsClosed(self):
        head = self.factory.buildProtocol(None)
        transport = self.ofNodenet(head)
        head.makeConnection(transport)
        self.other.close()
        self.turn(transport)
        self.assertEqual(self.reactor.writers, {transport})
        transport.connectionLost(Failure(transport.doWrite()))
        self.assertEqual(self.one.fileno(), -1)
        self.assertNothingIsLeft()
        self.assertEqual((self.accepted, self.refused), ([], []))


class RefusalTests(FactoryCase):
    """
    Who is refused.
    """

    def assertRefused(self, transport, why):
        self.assertEqual(self.refused, [("proxy-protocol", self.proxy, why)])
        self.assertEqual(transport.ended, "abort")
        self.assertFalse(transport.reading)
        self.assertNothingIsLeft()
        self.lose(transport)
        self.assertEqual((self.accepted, len(self.refused)), ([], 1))
        self.refused.clear()

    def test_itIsAskedWhomItTrusts(self):
        self.connect()
        self.connect(UNIXAddress(None))
        self.connect(IPv6Address("TCP", "::1", 1))
        self.assertEqual(self.asked, ["10.0.0.9", None, "::1"])

    def test_whoIsNoProxyIsRefusedAtOnce(self):
        stranger = IPv4Address("TCP", "10.0.0.66", 1)
        self.assertIsNone(self.factory.buildProtocol(stranger))
        self.assertEqual(self.refused, [("proxy-protocol-from", stranger, "")])
        self.assertNothingIsLeft()

    def test_whomTheProxyNamesNeedNotBeTrusted(self):
        self.send(self.connect(), b"PROXY TCP4 10.0.0.66 10.0.0.1 1 2\r\n")
        self.assertEqual(self.accepted[0][1].source.host, "10.0.0.66")
        self.assertEqual((self.asked, self.refused), (["10.0.0.9"], []))

    def test_whatIsNoHeaderIsRefused(self):
        for pieces, why in [
            ((b"GET / HTTP/1.0\r\n\r\n",), "not a PROXY header"),
            ((b"PROXY", b" no", b"nsense\r\n"), "malformed: b'PROXY nonsense'"),
            (
                (b"PROXY UNKNOWN ".ljust(107, b"x"),),
                "a header of version 1 that does not end",
            ),
            (
                (SIGNATURE + b"\x21\x11", b"\0\x01x"),
                "1 bytes are too few for the addresses",
            ),
            ((SIGNATURE, b"\x31\x11\0\x0c"), "unknown version and command: 0x31"),
        ]:
            transport = self.connect()
            self.send(transport, *pieces)
            self.assertRefused(transport, why)

    def test_aHeaderHasToComeInTime(self):
        transport = self.connect()
        self.reactor.advance(HEADER_TIMEOUT - 0.25)
        self.assertEqual(transport.ended, "")
        self.reactor.advance(0.25)
        self.assertRefused(transport, "no header in time")

    def test_allOfIt(self):
        transport = self.connect()
        for byte in b"PROXY":
            self.send(transport, bytes([byte]))
            self.assertEqual(transport.ended, "")
            self.reactor.advance(HEADER_TIMEOUT / 5)
        self.assertRefused(transport, "no header in time")

    def test_afterTheHeaderThereIsTime(self):
        transport = self.connect()
        self.send(transport, UNKNOWN)
        self.assertNothingIsLeft()
        self.reactor.advance(HEADER_TIMEOUT * 2)
        self.assertEqual(transport.ended, "")
        self.assertEqual(self.accepted[0][0].readyState, "open")

    def test_whoLeavesBeforeTheHeaderIsClosedAndNotTalkedOf(self):
        for before in b"", b"PROXY", V2[:-1]:
            for end in "FIN", "RST":
                transport = self.connect()
                self.send(transport, before)
                if end == "FIN":
                    transport.handle.ended = True
                else:
                    transport.handle.error = ConnectionResetError(ECONNRESET, "reset")
                self.turn(transport)
                self.assertEqual(transport.ended, "close")
                self.assertNothingIsLeft()
                self.lose(transport)
        self.assertEqual((self.accepted, self.refused), ([], []))

    def test_aTransportThatIsLostIsForgotten(self):
        transport = self.connect()
        self.send(transport, b"PROXY")
        self.lose(transport, ConnectionLost())
        self.assertNothingIsLeft()
        self.factory.doStop()
        self.assertEqual((self.refused, transport.ended), ([], ""))

    def test_whenTheReactorGivesTheDescriptorUpTheTransportIsClosed(self):
        transport = self.connect()
        [reader] = self.reactor.readers
        reader.connectionLost(Failure(ConnectionLost()))
        self.assertEqual(transport.ended, "abort")
        self.assertNothingIsLeft()

    def test_aTransportWithoutASocketIsRefused(self):
        def plain():
            transport = StringTransport(self.listener, self.proxy)
            transport.protocol = self.factory.buildProtocol(self.proxy)
            return transport

        def ofNoSocket():
            transport = Transport(self.listener, self.proxy)
            transport.handle = object()
            transport.protocol = self.factory.buildProtocol(self.proxy)
            return transport

        def underTLS():
            transport = Transport(self.listener, self.proxy)
            transport.protocol = self.factory.buildProtocol(self.proxy)
            alsoProvides(transport, ISSLTransport)
            return transport

        why = "the connection has no socket of its own to take a header from"
        for make in plain, ofNoSocket, underTLS:
            self.refused.clear()
            transport = make()
            transport.protocol.makeConnection(transport)
            self.assertEqual(self.refused, [("proxy-protocol", self.proxy, why)])
            self.assertTrue(transport.disconnected or transport.ended)
            self.assertNothingIsLeft()

    def test_asIsOneBelowAWrapper(self):
        # It knows the socket, but goes on calling the protocol that it was given.
        wrapper = WrappingFactory(self.factory).buildProtocol(self.proxy)
        transport = Transport(self.listener, self.proxy)
        transport.protocol = wrapper
        wrapper.makeConnection(transport)
        [(reason, _, why)] = self.refused
        self.assertEqual(reason, "proxy-protocol")
        self.assertIn("no socket of its own", why)
        self.assertTrue(transport.ended)
        self.assertNothingIsLeft()


class StopTests(FactoryCase):
    """
    Nobody listens any more.
    """

    def test_thoseWhoseHeaderIsNotThereYetAreClosed(self):
        early, half, done = self.connect(), self.connect(), self.connect()
        self.send(half, b"PROXY")
        self.send(done, UNKNOWN)
        self.factory.doStop()
        self.assertEqual([each.ended for each in (early, half, done)], ["abort", "abort", ""])
        self.assertEqual(self.accepted[0][0].readyState, "open")
        self.assertNothingIsLeft()
        self.lose(early)
        self.assertEqual((self.refused, len(self.accepted)), ([], 1))

    def test_whileAnotherPortListensTheyAreNot(self):
        self.factory.doStart()
        transport = self.connect()
        self.factory.doStop()
        self.assertEqual(transport.ended, "")
        self.send(transport, UNKNOWN)
        self.assertEqual(len(self.accepted), 1)
