"""
Tests for L{nodenet.service.proxyprotocol.header}.
"""

from __future__ import annotations

from ipaddress import ip_address, ip_network

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.protocols.haproxy._v1parser import V1Parser
from twisted.protocols.haproxy._v2parser import V2Parser
from twisted.trial.unittest import SynchronousTestCase

from nodenet.service.admission import AddressRules
from nodenet.service.proxyprotocol.header import MOST, Header, format, parse
from nodenet.service.settings import Rule

SIGNATURE = b"\x0d\x0a\x0d\x0a\x00\x0d\x0a\x51\x55\x49\x54\x0a"

IPV4 = Header(IPv4Address("TCP", "192.0.2.1", 1), IPv4Address("TCP", "198.51.100.2", 65535))
IPV6 = Header(IPv6Address("TCP", "2001:db8::1", 0), IPv6Address("TCP", "::1", 443))
UNIX = Header(UNIXAddress(b"/run/from"), UNIXAddress(b"/run/to"))
IPV4_BODY = bytes.fromhex("c0000201 c6336402 0001 ffff")
IPV6_BODY = bytes.fromhex("20010db8" + 11 * "00" + "01" + 15 * "00" + "01" + "0000 01bb")
UNIX_BODY = b"/run/from".ljust(108, b"\0") + b"/run/to".ljust(108, b"\0")
#: Types 0x03 (a checksum, here a wrong one) and 0x04 (nothing, for padding).
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
        self.assertEqual(MOST, 16 + 4096)
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

    def test_whatIsBehindTheAddressesMayBeAnything(self):
        for more in b"\x01", b"\x01\xff\xff", b"\x20\0\x05\x01\0\0\0\0", bytes(300):
            for family, body, header in (0x11, IPV4_BODY, IPV4), (0x31, UNIX_BODY, UNIX):
                data = v2(0x21, family, body + more)
                self.assertEqual(parse(data + b"more"), (header, len(data)))

    def test_theReasonSaysWhatIsWrong(self):
        for data, why in [
            (b"GET / HTTP/1.0\r\n", "not a PROXY header"),
            (b"\x16\x03\x01", "not a PROXY header"),
            (b"PROXY TCP5 a b\r\n", "malformed: b'PROXY TCP5 a b'"),
            (
                b"PROXY TCP4 " + b"\xff" * 50 + b"\r\n",
                "malformed: b'PROXY TCP4 " + 29 * "\\xff" + "'...",
            ),
            (
                b"PROXY TCP4 192.0.2.256 192.0.2.2 1 2\r\n",
                "malformed: b'PROXY TCP4 192.0.2.256 192.0.2.2 1 2'",
            ),
            (b"PROXY ".ljust(107, b"x"), "a header of version 1 that does not end"),
            (v2(0x31, 0x11, IPV4_BODY), "unknown version and command: 0x31"),
            (v2(0x01, 0x00), "unknown version and command: 0x01"),
            (v2(0x21, 0x42, IPV4_BODY), "unknown address family and transport: 0x42"),
            (v2(0x21, 0x11, b"short"), "5 bytes are too few for the addresses"),
            (v2(0x21, 0x11, bytes(4097)), "a header of 4113 bytes, 4112 are the most"),
        ]:
            with self.assertRaises(ValueError) as raised:
                parse(data)
            self.assertEqual(str(raised.exception), why)

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
            rules = AddressRules([Rule(True, ip_network("::/0"))])
            for end in header:
                rules.allow(getattr(end, "host", None))
            wanting = length
        else:
            wanting = len(data) + 1 if whole is None else 0
        for size in range(min(wanting, len(data))):
            self.assertIsNone(result(data[:size]))
        if isinstance(whole, str):
            self.assertIsInstance(result(data + b"\r\n"), str)
            self.assertTrue(whole.isprintable() and len(whole) <= 200, whole)

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

    def test_anIPv4EndBesideAnIPv6OneIsMapped(self):
        mapped = IPv6Address("TCP", f"::ffff:{IPV4.source.host}", IPV4.source.port)
        for version in 1, 2:
            self.assertEqual(
                format(version, IPV4.source, IPV6.destination),
                format(version, mapped, IPV6.destination),
            )
            self.assertEqual(
                format(version, IPV6.source, IPV4.source), format(version, IPV6.source, mapped)
            )

    def test_endsOfOtherFamiliesAreUnknown(self):
        for ends in [
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
