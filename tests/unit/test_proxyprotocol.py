"""
Tests for L{nodenet.service.proxyprotocol}.
"""

from __future__ import annotations

import socket
from ipaddress import ip_address, ip_network

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.internet.protocol import Factory
from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.protocols.haproxy._v1parser import V1Parser
from twisted.protocols.haproxy._v2parser import V2Parser
from twisted.protocols.policies import WrappingFactory
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from nodenet import net
from nodenet._transports.direct import transportFor
from nodenet.service.limits import Networks
from nodenet.service.proxyprotocol import (
    HEADER_TIMEOUT,
    Header,
    ProxiedFactory,
    format,
    parse,
)

SIGNATURE = b"\x0d\x0a\x0d\x0a\x00\x0d\x0a\x51\x55\x49\x54\x0a"

IPV4 = Header(IPv4Address("TCP", "192.0.2.1", 1), IPv4Address("TCP", "198.51.100.2", 65535))
IPV6 = Header(IPv6Address("TCP", "2001:db8::1", 0), IPv6Address("TCP", "::1", 443))
UNIX = Header(UNIXAddress(b"/run/from"), UNIXAddress(b"/run/to"))
IPV4_BODY = bytes.fromhex("c0000201 c6336402 0001 ffff")
IPV6_BODY = bytes.fromhex("20010db8" + 11 * "00" + "01" + 15 * "00" + "01" + "0000 01bb")
UNIX_BODY = b"/run/from".ljust(108, b"\0") + b"/run/to".ljust(108, b"\0")
#: Types 0x03 (a checksum) and 0x04 (nothing, for padding).
TLVS = b"\x03\x00\x04abcd\x04\x00\x02\x00\x00"


def v2(command, family, body=b""):
    return SIGNATURE + bytes([command, family]) + len(body).to_bytes(2, "big") + body


#: Of version 1 and those of version 2 that Twisted knows as well -> what they say.
COMMON = {
    b"PROXY TCP4 192.0.2.1 198.51.100.2 1 65535\r\n": IPV4,
    b"PROXY TCP6 2001:db8::1 ::1 0 443\r\n": IPV6,
    b"PROXY UNKNOWN 2001:db8::1 ::1 1 2\r\n": Header(),
    b"PROXY UNKNOWN whatever \xff\r\n": Header(),
    v2(0x21, 0x11, IPV4_BODY): IPV4,
    v2(0x21, 0x21, IPV6_BODY): IPV6,
    v2(0x21, 0x31, UNIX_BODY): UNIX,
    v2(0x21, 0x00): Header(),
    v2(0x21, 0x00, IPV4_BODY): Header(),
    v2(0x20, 0x00): Header(),
    v2(0x20, 0x11, IPV4_BODY): Header(),
    v2(0x20, 0x11, b"xy"): Header(),
    v2(0x21, 0x11, IPV4_BODY + TLVS): IPV4,
    v2(0x21, 0x21, IPV6_BODY + TLVS): IPV6,
    v2(0x21, 0x31, UNIX_BODY + TLVS): UNIX,
    v2(0x21, 0x00, TLVS): Header(),
    v2(0x20, 0x00, TLVS): Header(),
}
VALID = {
    **COMMON,
    b"PROXY UNKNOWN\r\n": Header(),
    b"PROXY TCP6 ::ffff:192.0.2.1 ::ffff:198.51.100.2 1 2\r\n": Header(
        IPv6Address("TCP", "::ffff:192.0.2.1", 1),
        IPv6Address("TCP", "::ffff:198.51.100.2", 2),
    ),
}

fuzzing = settings(
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
ports = st.integers(0, 65535)
ips4 = st.ip_addresses(v=4).map(str)
ips6 = st.ip_addresses(v=6).map(str)
ends4 = st.builds(IPv4Address, st.just("TCP"), ips4, ports)
ends6 = st.builds(IPv6Address, st.just("TCP"), ips6, ports)
paths = st.binary(max_size=108).map(lambda path: UNIXAddress(path.rstrip(b"\0") or None))


@st.composite
def mutations(draw):
    """
    Valid headers with a few bytes changed, added or left out.
    """
    data = bytearray(draw(st.sampled_from(sorted(VALID))))
    for _ in range(draw(st.integers(1, 4))):
        begin = draw(st.integers(0, len(data)))
        end = min(begin + draw(st.integers(0, 3)), len(data))
        data[begin:end] = draw(st.binary(max_size=4))
    return bytes(data)


@st.composite
def lines(draw):
    """
    What looks like version 1.
    """
    words = st.one_of(
        ips4,
        ips6,
        ports.map(str),
        st.sampled_from(["TCP4", "TCP6", "UNKNOWN", "", "-1", "65536", "+1", "1.2.3.4%0"]),
        st.text("0123456789abcdefABCDEF:.%", max_size=12),
    )
    family = draw(st.sampled_from(["TCP4", "TCP6", "UNKNOWN"]))
    return " ".join(["PROXY", family, *draw(st.lists(words, max_size=6))]).encode() + b"\r\n"


class ParseTests(SynchronousTestCase):
    """
    C{parse}.
    """

    def test_everyValidHeaderIsRead(self):
        for data, header in VALID.items():
            self.assertEqual(parse(data), (header, len(data)), data)

    def test_theAddressesAreOfTheirFamilies(self):
        for data, header in VALID.items():
            (source, destination), _ = parse(data)
            self.assertIs(type(source), type(header.source))
            self.assertIs(type(destination), type(header.destination))

    def test_whatFollowsIsNotOfTheHeader(self):
        for data, header in VALID.items():
            for more in b"\0", b"hello\r\n", data:
                self.assertEqual(parse(data + more), (header, len(data)), data)

    def test_ofEveryProperPrefixMoreHasToCome(self):
        for data in VALID:
            for size in range(len(data)):
                self.assertIsNone(parse(data[:size]), data[:size])

    def test_whatIsNoHeaderIsKnownByItsFirstBytes(self):
        for data in (
            b"G", b"GET / HTTP/1.0\r\n", b"\x16\x03\x01", b"\0", b"p", b"Q",
            b"PRO ", b"PROXY\t", b"PROXY:", b"PROXYTCP4", b"PP", b"PRI * HTTP/2.0",
            b"\r\r", b"\n", SIGNATURE[:11] + b"\r", SIGNATURE[1:],
        ):  # fmt: skip
            self.assertRaises(ValueError, parse, data)

    def test_malformedLines(self):
        for line in [
            b"",
            b"TCP4",
            b"TCP4 192.0.2.1 192.0.2.2 1",
            b"TCP4 192.0.2.1 192.0.2.2 1 2 ",
            b"TCP4 192.0.2.1 192.0.2.2 1 2 3",
            b"TCP4  192.0.2.1 192.0.2.2 1 2",
            b" TCP4 192.0.2.1 192.0.2.2 1 2",
            b"TCP4 192.0.2.1\t192.0.2.2 1 2",
            b"TCP4 192.0.2.1 192.0.2.2 1 65536",
            b"TCP4 192.0.2.1 192.0.2.2 65536 1",
            b"TCP4 192.0.2.1 192.0.2.2 99999 1",
            b"TCP4 192.0.2.1 192.0.2.2 100000 1",
            b"TCP4 192.0.2.1 192.0.2.2 -1 1",
            b"TCP4 192.0.2.1 192.0.2.2 +1 1",
            b"TCP4 192.0.2.1 192.0.2.2 1_0 1",
            b"TCP4 192.0.2.1 192.0.2.2 0x1 1",
            b"TCP4 192.0.2.1 192.0.2.2 \xb2 1",
            b"TCP4 192.0.2.1 192.0.2.2 1 2\n",
            b"TCP4 192.0.2.1 192.0.2.2 1 2\r",
            b"TCP4 192.0.2.256 192.0.2.2 1 2",
            b"TCP4 192.0.2 192.0.2.2 1 2",
            b"TCP4 192.0.2.01 192.0.2.2 1 2",
            b"TCP4 c0.0.2.1 192.0.2.2 1 2",
            b"TCP4 2001:db8::1 2001:db8::2 1 2",
            b"TCP4 192.0.2.1 2001:db8::2 1 2",
            b"TCP6 192.0.2.1 192.0.2.2 1 2",
            b"TCP6 2001:db8::1 192.0.2.2 1 2",
            b"TCP6 ::1::2 ::1 1 2",
            b"TCP6 fe80::1%eth0 ::1 1 2",
            b"TCP6 [::1] [::1] 1 2",
            b"TCP6 1:2:3:4:5:6:7 ::1 1 2",
            b"TCP5 192.0.2.1 192.0.2.2 1 2",
            b"TCP 192.0.2.1 192.0.2.2 1 2",
            b"tcp4 192.0.2.1 192.0.2.2 1 2",
            b"UDP4 192.0.2.1 192.0.2.2 1 2",
            b"UNKNOWNS",
            b"UNKNOW",
            b"unknown",
        ]:
            self.assertRaises(ValueError, parse, b"PROXY " + line + b"\r\n")

    def test_portsHaveNoHeadingZeroes(self):
        # The specification, 2.1: "to avoid any possible confusion with octal numbers".
        for numbers in b"01 2", b"1 02", b"00 1", b"1 00080":
            line = b"PROXY TCP4 192.0.2.1 192.0.2.2 " + numbers + b"\r\n"
            self.assertRaises(ValueError, parse, line)

    def test_theLongestLineHas107Bytes(self):
        longest = b"PROXY UNKNOWN ".ljust(105, b"x") + b"\r\n"
        self.assertEqual(len(longest), 107)
        self.assertEqual(parse(longest + b"more"), (Header(), 107))
        self.assertIsNone(parse(longest[:106]))
        longer = b"PROXY UNKNOWN ".ljust(106, b"x") + b"\r\n"
        self.assertIsNone(parse(longer[:106]))
        for size in 107, 108, 200:
            self.assertRaises(ValueError, parse, longer[:size].ljust(size, b"x"))

    def test_malformedHeadersOfVersion2(self):
        for data in [
            v2(0x11, 0x11, IPV4_BODY),  # version 1
            v2(0x31, 0x11, IPV4_BODY),
            v2(0x22, 0x11, IPV4_BODY),  # neither LOCAL nor PROXY
            v2(0x2F, 0x11, IPV4_BODY),
            v2(0x01, 0x00),
            v2(0x21, 0x41, IPV4_BODY),  # no such family
            v2(0x21, 0x13, IPV4_BODY),  # nor transport
            v2(0x21, 0x12, IPV4_BODY),  # datagrams
            v2(0x21, 0x22, IPV6_BODY),
            v2(0x21, 0x32, UNIX_BODY),
            v2(0x21, 0x11),
            v2(0x21, 0x11, IPV4_BODY[:-1]),
            v2(0x21, 0x21, IPV6_BODY[:-1]),
            v2(0x21, 0x21, IPV4_BODY),
            v2(0x21, 0x31, UNIX_BODY[:-1]),
        ]:
            self.assertRaises(ValueError, parse, data)

    def test_addressesThatAreTooShortDoNotGoOnInWhatFollows(self):
        self.assertRaises(ValueError, parse, v2(0x21, 0x11, IPV4_BODY[:-1]) + b"\xff" * 100)

    def test_aWrongVersionIsKnownBeforeTheAddressesCome(self):
        self.assertRaises(ValueError, parse, v2(0x31, 0x11, IPV4_BODY)[:16])

    def test_aHeaderOfVersion2HasSomeThousandBytesAtMost(self):
        longest = v2(0x21, 0x11, IPV4_BODY.ljust(4096, b"\0"))
        self.assertEqual(parse(longest), (IPV4, 16 + 4096))
        for command, size in (0x21, 4097), (0x21, 65535), (0x20, 65535):
            start = v2(command, 0x11, IPV4_BODY.ljust(size, b"\0"))[:16]
            self.assertRaises(ValueError, parse, start)

    def test_UNIXPathsMayFillTheirPlaces(self):
        body = b"a" * 108 + b"b" * 108
        (source, destination), _ = parse(v2(0x21, 0x31, body))
        self.assertEqual((source.name, destination.name), (b"a" * 108, b"b" * 108))

    def test_UNIXSocketsWithoutANameAndAbstractOnes(self):
        body = b"\0" * 108 + b"\0abstract".ljust(108, b"\0")
        (source, destination), _ = parse(v2(0x21, 0x31, body))
        self.assertEqual((source.name, destination.name), (None, b"\0abstract"))

    def check(self, data):
        """
        Whatever comes, C{parse} knows what it is, and thinks the same of it however it
        comes.
        """

        def result(data):
            try:
                return parse(data)
            except ValueError as e:
                return str(e)

        whole = result(data)
        if isinstance(whole, tuple):
            header, length = whole
            self.assertIsInstance(header, Header)
            self.assertEqual(result(data[:length]), whole)
            # Addresses that the rest of the relay can work with.
            for end in header:
                Networks([(True, ip_network("::/0"))]).allow(getattr(end, "host", None))
            wanting = length
        else:
            wanting = len(data) + 1 if whole is None else 0
        for size in range(min(wanting, len(data))):
            self.assertIsNone(result(data[:size]))
        if isinstance(whole, str):
            self.assertIsInstance(result(data + b"\r\n"), str)

    @fuzzing
    @given(st.binary(max_size=300))
    def test_randomBytes(self, data):
        self.check(data)

    @fuzzing
    @given(st.binary(max_size=300))
    def test_randomBytesAfterASignature(self, data):
        self.check(SIGNATURE + data)
        self.check(b"PROXY " + data)

    @fuzzing
    @given(st.binary(min_size=2, max_size=2), st.binary(max_size=300))
    def test_randomCommandsAndBodies(self, kind, body):
        data = v2(*kind, body)
        self.check(data)
        if kind[0] not in (0x20, 0x21):
            self.assertRaises(ValueError, parse, data)

    @settings(fuzzing, max_examples=1000)
    @given(mutations())
    def test_mutationsOfValidHeaders(self, data):
        self.check(data)

    @settings(fuzzing, max_examples=1000)
    @given(lines())
    def test_randomLines(self, data):
        self.check(data)


class FormatTests(SynchronousTestCase):
    """
    C{format}.
    """

    def test_whatGoesOut(self):
        for version, header, data in [
            (1, IPV4, b"PROXY TCP4 192.0.2.1 198.51.100.2 1 65535\r\n"),
            (1, IPV6, b"PROXY TCP6 2001:db8::1 ::1 0 443\r\n"),
            (1, UNIX, b"PROXY UNKNOWN\r\n"),
            (2, IPV4, v2(0x21, 0x11, IPV4_BODY)),
            (2, IPV6, v2(0x21, 0x21, IPV6_BODY)),
            (2, UNIX, v2(0x21, 0x31, UNIX_BODY)),
        ]:
            self.assertEqual(format(version, *header), data)

    def test_endsOfTwoFamiliesAreUnknown(self):
        for ends in [
            (IPV4.source, IPV6.destination),
            (IPV6.source, IPV4.destination),
            (UNIX.source, IPV4.destination),
            (None, None),
            (None, IPV4.destination),
        ]:
            self.assertEqual(format(1, *ends), b"PROXY UNKNOWN\r\n")
            self.assertEqual(format(2, *ends), v2(0x21, 0))

    def test_theZoneOfALinkLocalAddressIsLeftOut(self):
        ends = [IPv6Address("TCP", f"fe80::{number}%eth0", number) for number in (1, 2)]
        self.assertEqual(format(1, *ends), b"PROXY TCP6 fe80::1 fe80::2 1 2\r\n")
        (source, destination), _ = parse(format(2, *ends))
        self.assertEqual((source.host, destination.host), ("fe80::1", "fe80::2"))

    def test_UNIXSocketsWithoutAName(self):
        ends = Header(UNIXAddress(None), UNIX.destination)
        self.assertEqual(parse(format(2, *ends)), (ends, 16 + 216))

    def test_theLongestAddressesFitALine(self):
        longest = IPv6Address("TCP", ":".join(["ffff"] * 8), 65535)
        data = format(1, longest, longest)
        self.assertEqual(parse(data), (Header(longest, longest), len(data)))

    def check(self, version, ends):
        data = format(version, *ends)
        self.assertEqual(parse(data + b"more"), (Header(*ends), len(data)))

    @fuzzing
    @given(st.sampled_from([1, 2]), st.tuples(ends4, ends4) | st.tuples(ends6, ends6))
    def test_whatGoesOutIsReadAsItWas(self, version, ends):
        self.check(version, ends)

    @fuzzing
    @given(st.tuples(paths, paths))
    def test_pathsAreReadAsTheyWere(self, ends):
        self.check(2, ends)


class TwistedTests(SynchronousTestCase):
    """
    Twisted's own parsers read the same.
    """

    def check(self, data):
        parser = V1Parser() if data.startswith(b"P") else V2Parser()
        info, rest = parser.feed(data + b"more")
        header, length = parse(data + b"more")
        self.assertEqual((data + b"more")[length:], rest)
        for ours, its in (
            (header.source, info.source),
            (header.destination, info.destination),
        ):
            self.assertIs(type(ours), type(its))
            if isinstance(ours, UNIXAddress):
                self.assertEqual(ours.name or b"", its.name)
            elif ours is not None:
                self.assertEqual(
                    (ours.type, ip_address(ours.host), ours.port),
                    (its.type, ip_address(its.host), its.port),
                )

    def test_validHeaders(self):
        for data in COMMON:
            self.check(data)

    @fuzzing
    @given(st.sampled_from([1, 2]), st.tuples(ends4, ends4) | st.tuples(ends6, ends6))
    def test_whatWeSend(self, version, ends):
        self.check(format(version, *ends))

    @fuzzing
    @given(st.tuples(paths, paths))
    def test_pathsThatWeSend(self, ends):
        self.check(format(2, *ends))


class ProxiedFactoryTests(SynchronousTestCase):
    """
    C{ProxiedFactory}, before a C{net.Server}.
    """

    proxy = IPv4Address("TCP", "10.0.0.9", 999)
    listener = IPv4Address("TCP", "10.0.0.1", 80)

    def setUp(self):
        self.reactor = MemoryReactorClock()
        self.streams, self.seen, self.refused, self.asked = [], [], [], []
        self.server = net.createServer(self.serve, reactor=self.reactor)
        self.factory = ProxiedFactory(
            self.reactor,
            self.server,
            self.trusts,
            lambda *args: self.refused.append(args),
        )

    def trusts(self, host):
        self.asked.append(host)
        return host != "10.0.0.66"

    def serve(self, stream):
        self.streams.append(stream)
        stream.on("data", self.seen.append)
        stream.on("end", lambda: self.seen.append("end"))

    def connect(self, peer=proxy):
        transport = StringTransport(self.listener, peer)
        transport.protocol = self.factory.buildProtocol(peer)
        transport.protocol.makeConnection(transport)
        return transport

    def send(self, transport, *pieces):
        for piece in pieces:
            transport.protocol.dataReceived(piece)

    def lose(self, transport):
        transport.protocol.connectionLost(Failure(ConnectionDone()))
        self.reactor.advance(0)

    # The header

    def test_theServerSeesTheConnectionAfterTheHeader(self):
        for data in VALID:
            self.streams.clear()
            transport = self.connect()
            self.send(transport, data[:-1])
            self.assertEqual(self.streams, [])
            self.send(transport, data[-1:])
            [stream] = self.streams
            self.assertIs(transport.protocol, stream)
            self.assertEqual(stream.readyState, "open")
        self.assertEqual((self.seen, self.refused), ([], []))

    def test_theStreamsPeerIsTheOneThatTheHeaderNames(self):
        for data, header in (
            (b"PROXY TCP4 192.0.2.1 198.51.100.2 1 65535\r\n", IPV4),
            (v2(0x21, 0x21, IPV6_BODY), IPV6),
        ):
            transport = self.connect()
            self.send(transport, data)
            stream = self.streams.pop()
            self.assertEqual(stream.remoteAddress, header.source.host)
            self.assertEqual(stream.remotePort, header.source.port)
            self.assertEqual(stream.transport.getPeer(), header.source)
            self.assertEqual(stream.transport.getHost(), header.destination)
            self.assertEqual(
                stream.address(),
                {"address": header.destination.host, "port": header.destination.port},
            )

    def test_theListenerKnowsThePeer(self):
        peers = []
        self.server.on("connection", lambda stream: peers.append(stream.remoteAddress))
        self.send(self.connect(), *VALID)
        self.assertEqual(peers, ["192.0.2.1"])

    def test_aPeerOverAUNIXSocketHasNoAddress(self):
        self.send(self.connect(), v2(0x21, 0x31, UNIX_BODY))
        [stream] = self.streams
        self.assertIsNone(stream.remoteAddress)
        self.assertEqual(stream.transport.getPeer(), UNIX.source)
        self.assertEqual(stream.transport.getHost(), UNIX.destination)

    def test_aProxyThatNamesNoOneIsThePeer(self):
        for data in b"PROXY UNKNOWN\r\n", v2(0x20, 0), v2(0x21, 0), v2(0x20, 0x11, IPV4_BODY):
            self.send(self.connect(), data)
            stream = self.streams.pop()
            self.assertEqual((stream.remoteAddress, stream.remotePort), ("10.0.0.9", 999))
            self.assertEqual(stream.transport.getPeer(), self.proxy)
            self.assertEqual(stream.transport.getHost(), self.listener)

    def test_theHeaderMayComeInAnyPieces(self):
        for data, header in VALID.items():
            for size in 1, 7, 16:
                self.seen.clear()
                transport = self.connect()
                pieces = [data[at : at + size] for at in range(0, len(data), size)]
                self.send(transport, *pieces)
                self.assertEqual(transport.getPeer(), header.source or self.proxy)
                self.send(transport, b"hello")
                self.assertEqual(self.seen, [b"hello"])

    def test_whatComesWithTheHeaderReachesTheStream(self):
        for data in VALID:
            self.seen.clear()
            transport = self.connect()
            self.send(transport, data + b"hello", b"world")
            self.assertEqual(self.seen, [b"hello", b"world"])
        self.assertEqual(self.streams[0].bytesRead, 10)

    def test_asDoesWhatComesWithItsLastByte(self):
        transport = self.connect()
        self.send(transport, b"PROXY UNKNOWN\r", b"\nhello")
        self.assertEqual(self.seen, [b"hello"])

    def test_aPausedStreamGetsItLater(self):
        self.server.on("connection", lambda stream: stream.pause())
        transport = self.connect()
        self.send(transport, b"PROXY UNKNOWN\r\nhello")
        self.assertEqual((self.seen, transport.producerState), ([], "paused"))
        self.streams[0].resume()
        self.assertEqual((self.seen, transport.producerState), ([b"hello"], "producing"))

    def test_aStreamThatItsListenerDestroysGetsNothing(self):
        self.server.on("connection", lambda stream: stream.destroy())
        transport = self.connect()
        self.send(transport, b"PROXY UNKNOWN\r\nhello")
        self.assertTrue(transport.disconnected)
        self.assertEqual(self.seen, [])

    def test_asOnATransportOfOurOwn(self):
        # Which is without a protocol when it is closed.
        self.server.on("connection", lambda stream: stream.destroy())
        one, other = socket.socketpair()
        self.addCleanup(other.close)
        one.setblocking(False)
        head = self.factory.buildProtocol(None)
        transport = transportFor(one, one.family, b"", head, self.reactor)
        transport.startReading()
        head.makeConnection(transport)
        other.send(b"PROXY UNKNOWN\r\nhello")
        transport.doRead()
        self.reactor.advance(0)
        self.assertEqual((len(self.streams), self.seen), (1, []))
        self.assertEqual(other.recv(1), b"")

    def test_theStreamKnowsHalfClose(self):
        transport = self.connect()
        self.send(transport, b"PROXY UNKNOWN\r\nhello")
        IHalfCloseableProtocol(transport.protocol).readConnectionLost()
        self.assertEqual(self.seen, [b"hello", "end"])

    def test_itWorksBelowAWrapper(self):
        # As that of an endpoint for TLS: it goes on calling the protocol that it was
        # given.
        wrapper = WrappingFactory(self.factory).buildProtocol(self.proxy)
        wrapper.makeConnection(StringTransport())
        for data in b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n", b"hello", b"world":
            wrapper.dataReceived(data)
        self.assertEqual(len(self.streams), 1)
        self.assertEqual(self.seen, [b"hello", b"world"])
        wrapper.connectionLost(Failure(ConnectionDone()))
        self.reactor.advance(0)
        self.assertEqual(self.streams[0].readyState, "closed")
        self.assertEqual(self.server.connections, 0)

    # Who is refused

    def test_itIsAskedWhomItTrusts(self):
        self.connect()
        self.connect(UNIXAddress(None))
        self.connect(IPv6Address("TCP", "::1", 1))
        self.assertEqual(self.asked, ["10.0.0.9", None, "::1"])

    def test_whoIsNoProxyIsRefusedAtOnce(self):
        stranger = IPv4Address("TCP", "10.0.0.66", 1)
        self.assertIsNone(self.factory.buildProtocol(stranger))
        self.assertEqual(self.refused, [("proxy-protocol-from", stranger, "")])
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_whomTheProxyNamesNeedNotBeTrusted(self):
        self.send(self.connect(), b"PROXY TCP4 10.0.0.66 10.0.0.1 1 2\r\n")
        self.assertEqual(self.streams[0].remoteAddress, "10.0.0.66")
        self.assertEqual(self.refused, [])

    def test_whatIsNoHeaderIsRefused(self):
        for pieces in [
            (b"GET / HTTP/1.0\r\n\r\n",),
            (b"PROXY", b" nonsense", b"\r\n"),
            (b"PROXY UNKNOWN ".ljust(107, b"x"),),
            (v2(0x21, 0x11, b"short"),),
            (v2(0x31, 0x11, IPV4_BODY)[:16],),
        ]:
            self.refused.clear()
            transport = self.connect()
            self.send(transport, *pieces)
            [(reason, peer, why)] = self.refused
            self.assertEqual((reason, peer), ("proxy-protocol", self.proxy))
            self.assertTrue(why)
            self.assertTrue(transport.disconnected)
            self.lose(transport)
            self.assertEqual(self.reactor.getDelayedCalls(), [])
        self.assertEqual(self.streams, [])
        self.assertEqual(self.server.connections, 0)

    def test_aHeaderHasToComeInTime(self):
        transport = self.connect()
        self.reactor.advance(HEADER_TIMEOUT - 0.25)
        self.assertFalse(transport.disconnected)
        self.reactor.advance(0.25)
        self.assertTrue(transport.disconnected)
        self.assertEqual(self.refused, [("proxy-protocol", self.proxy, "no header in time")])
        self.lose(transport)
        self.assertEqual(len(self.refused), 1)
        self.assertEqual(self.streams, [])

    def test_allOfIt(self):
        transport = self.connect()
        for byte in b"PROXY":
            self.send(transport, bytes([byte]))
            self.reactor.advance(HEADER_TIMEOUT / 5)
        self.assertTrue(transport.disconnected)
        self.assertEqual(len(self.refused), 1)

    def test_afterTheHeaderThereIsTime(self):
        transport = self.connect()
        self.send(transport, b"PROXY UNKNOWN\r\n")
        self.assertEqual(self.reactor.getDelayedCalls(), [])
        self.reactor.advance(HEADER_TIMEOUT * 2)
        self.assertFalse(transport.disconnected)
        self.assertEqual(self.streams[0].readyState, "open")

    def test_whoLeavesBeforeTheHeaderIsForgotten(self):
        for pieces in [], [b"PROXY"], [SIGNATURE, b"\x21\x11"]:
            transport = self.connect()
            self.send(transport, *pieces)
            self.lose(transport)
            self.assertEqual(self.reactor.getDelayedCalls(), [])
        self.reactor.advance(HEADER_TIMEOUT)
        self.assertEqual((self.streams, self.refused), ([], []))

    # The server

    def test_theServerMayHaveEnough(self):
        self.server.maxConnections = 1
        one, other = self.connect(), self.connect()
        for transport in one, other:
            self.send(transport, b"PROXY UNKNOWN\r\nhello")
        self.assertEqual((one.disconnected, other.disconnected), (False, True))
        self.assertEqual((len(self.streams), self.seen), (1, [b"hello"]))
        self.lose(other)
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_anyFactoryIsToldWhoConnects(self):
        seen = []
        server = Factory()
        server.buildProtocol = seen.append
        self.factory.server = server
        for data in b"PROXY TCP6 2001:db8::1 ::1 0 443\r\n", b"PROXY UNKNOWN\r\n":
            transport = self.connect()
            self.send(transport, data)
            self.assertTrue(transport.disconnected)
        self.assertEqual(seen, [IPV6.source, self.proxy])

    def test_theServerCountsItsConnections(self):
        transport = self.connect()
        self.assertEqual(self.server.connections, 0)
        self.send(transport, b"PROXY UNKNOWN\r\n")
        self.assertEqual(self.server.connections, 1)
        self.lose(transport)
        self.assertEqual(self.server.connections, 0)

    def test_theServerIsToldWhenAPortListensAndWhenItHasGone(self):
        seen = []
        for type in "listening", "close":
            self.server.on(type, lambda type=type: seen.append(type))
        self.factory.doStart()
        self.reactor.advance(0)
        self.assertEqual(seen, ["listening"])
        self.factory.doStop()
        self.reactor.advance(0)
        self.assertEqual(seen, ["listening", "close"])
