"""
Tests for L{nodenet._address}.
"""

from __future__ import annotations

import os
import pathlib
import socket
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.trial.unittest import SynchronousTestCase

from nodenet._address import (
    addressDict,
    fromSocket,
    isIP,
    isIPv4,
    isIPv6,
    toPort,
)

always = settings(derandomize=True, deadline=None, database=None)

IPV4 = ["127.0.0.1", "0.0.0.0", "255.255.255.255", "74.125.127.100"]
IPV6 = ["::", "::1", "2001:4860:a005::68", "FE80::1", "::ffff:1.2.3.4", "1:2:3:4:5:6:7:8"]
#: with a zone, as Node v20 lets it be
ZONED = ["fe80::1%lo", "::1%0", "::%x", "::1%-", "::1%.", "fe80::1%25lo"]
ZONED += ["::ffff:1.2.3.4%eth0", "::1%eth0:1", "::1%lo.100", "::1%" + "a" * 300]
NEITHER: list[Any] = [
    "",
    "localhost",
    "1.2.3",
    "1.2.3.4.5",
    "1.2.3.256",
    "1.2.3.4 ",
    " 1.2.3.4",
    "1.2.3.4\0",
    "::1\0",
    "::1::",
    "[::1]",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "::12345",
    "\ud800",
    "fe80::1%",
    "%lo",
    "127.0.0.1%lo",
    "::1%a b",
    "::1%a%b",
    "::1%_",
    "::1%/",
    "::1%lo\n",
    "::1%\u00e9",
    "::1%\u0664",
    "::1\n",
    "1.2.3.4\n",
    "1.2.3.\u0664",
    "01.2.3.4",
    "0x1.2.3.4",
    b"127.0.0.1",
    b"::1",
    None,
    4,
    127.1,
    object(),
]


class IsIPTests(SynchronousTestCase):
    """
    C{isIP}, C{isIPv4} and C{isIPv6}.
    """

    def test_anIPv4AddressIs4(self) -> None:
        for input in IPV4:
            self.assertEqual((isIP(input), isIPv4(input), isIPv6(input)), (4, True, False))

    def test_anIPv6AddressIs6(self) -> None:
        for input in IPV6 + ZONED:
            self.assertEqual((isIP(input), isIPv4(input), isIPv6(input)), (6, False, True))

    def test_allElseIs0(self) -> None:
        for input in NEITHER:
            with self.subTest(input=input):
                self.assertEqual((isIP(input), isIPv4(input), isIPv6(input)), (0, False, False))

    def test_theAnswersAreANumberAndBooleans(self) -> None:
        self.assertIs(type(isIP("::1")), int)
        self.assertIs(isIPv4("1.2.3.4"), True)
        self.assertIs(isIPv4("::1"), False)
        self.assertIs(isIPv6("::1"), True)
        self.assertIs(isIPv6("1.2.3.4"), False)

    @always
    @given(st.ip_addresses())
    def test_anyAddress(self, address: Any) -> None:
        self.assertEqual(isIP(str(address)), address.version)


class ToPortTests(SynchronousTestCase):
    """
    What is a number is a port.
    """

    def test_aNumberIsAPort(self) -> None:
        for port in 0, 1, 8124, 65535:
            self.assertEqual(toPort(port), port)

    def test_digitsAreAPort(self) -> None:
        for port in 0, 1, 8124, 65535:
            got = toPort(str(port))
            self.assertEqual(got, port)
            self.assertIs(type(got), int)

    def test_otherStringsAreAPath(self) -> None:
        for path in "/tmp/echo.sock", "echo.sock", "8124.sock", "./8124", "-1", "\0name":
            self.assertIs(toPort(path), None)

    def test_whatNoFileCanBeCalledIsRefused(self) -> None:
        for path in "", b"", "a\0b", b"\0a\0b":
            self.assertRaises(ValueError, toPort, path)

    def test_otherDigitsThanAsciisAreAPath(self) -> None:
        # as in Node, whose Number() takes no others
        self.assertIs(toPort("\u0664\u0662"), None)

    def test_bytesAndPathObjectsAreAPath(self) -> None:
        for path in b"/tmp/echo.sock", b"8124", pathlib.Path("8124"), pathlib.Path("/tmp/s"):
            self.assertIs(toPort(path), None)

    def test_aNumberThatIsNoPortIsAValueError(self) -> None:
        for port in -1, 65536, "65536", 10**20:
            with self.subTest(port=port):
                error = self.assertRaises(ValueError, toPort, port)
                self.assertEqual(str(error), f"port must be 0 to 65535, not {port}")

    def test_whatIsNeitherIsATypeError(self) -> None:
        for where in None, True, False, object(), [8124], {"port": 8124}, lambda: None:
            with self.subTest(where=where):
                error = self.assertRaises(TypeError, toPort, where)
                self.assertEqual(str(error), f"expected a port or a path, not {where!r}")


class AddressDictTests(SynchronousTestCase):
    """
    What C{address()} returns.
    """

    def test_anIPAddressIsAddressAndPort(self) -> None:
        self.assertEqual(
            addressDict(IPv4Address("TCP", "127.0.0.1", 8124)),
            {"address": "127.0.0.1", "port": 8124},
        )
        self.assertEqual(
            addressDict(IPv6Address("TCP", "::1", 8124)), {"address": "::1", "port": 8124}
        )

    def test_aUNIXAddressIsItsPath(self) -> None:
        self.assertEqual(
            addressDict(UNIXAddress(b"/tmp/echo.sock")), {"address": "/tmp/echo.sock"}
        )

    def test_aPathThatIsNoTextCanBeOpenedAllTheSame(self) -> None:
        path = addressDict(UNIXAddress(b"/tmp/\xff.sock"))["address"]
        self.assertIsInstance(path, str)
        self.assertEqual(os.fsencode(path), b"/tmp/\xff.sock")

    def test_aUNIXAddressWithoutANameIsNone(self) -> None:
        self.assertEqual(addressDict(UNIXAddress(None)), {"address": None})

    def test_anAddressOfAnotherKindIsNone(self) -> None:
        self.assertEqual(addressDict(object()), {"address": None})


class FromSocketTests(SynchronousTestCase):
    """
    From the socket module's addresses to Twisted's.
    """

    def test_ipv4(self) -> None:
        self.assertEqual(
            fromSocket(socket.AF_INET, ("127.0.0.1", 8124)),
            IPv4Address("TCP", "127.0.0.1", 8124),
        )

    def test_ipv6KeepsFlowAndScope(self) -> None:
        self.assertEqual(
            fromSocket(socket.AF_INET6, ("fe80::1", 8124, 3, 2)),
            IPv6Address("TCP", "fe80::1", 8124, 3, 2),
        )

    def test_unixWithAPath(self) -> None:
        for name in "/tmp/echo.sock", b"/tmp/echo.sock":
            self.assertEqual(fromSocket(socket.AF_UNIX, name), UNIXAddress(b"/tmp/echo.sock"))

    def test_unixWithoutAName(self) -> None:
        for name in "", b"", None:
            address = fromSocket(socket.AF_UNIX, name)
            self.assertEqual(address, UNIXAddress(None))
            self.assertEqual(addressDict(address), {"address": None})
