"""
Tests for L{nodenet.service.addresses}.
"""

from __future__ import annotations

import json
from ipaddress import ip_address

from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.trial.unittest import SynchronousTestCase

from nodenet.service.addresses import addressText, ipAddress, unmapped


class AddressTextTests(SynchronousTestCase):
    """
    C{addressText}.
    """

    def test_addresses(self):
        for address, text in [
            (IPv4Address("TCP", "127.0.0.1", 8124), "127.0.0.1:8124"),
            (IPv6Address("TCP", "::1", 8124), "[::1]:8124"),
            (IPv6Address("TCP", "fe80::1%eth0", 1), "[fe80::1%eth0]:1"),
            (UNIXAddress("/run/x"), "unix:/run/x"),
            (UNIXAddress("/run/é"), "unix:/run/é"),
            (UNIXAddress(b"/run/\xff"), "unix:/run/�"),
            (UNIXAddress(None), "unix"),
            (UNIXAddress(b""), "unix"),
            (None, "unix"),
        ]:
            self.assertEqual(addressText(address), text)

    def test_anIPv4ClientOfASocketForBothFamiliesHasItsIPv4Address(self):
        mapped = IPv6Address("TCP", "::ffff:192.0.2.1", 7)
        self.assertEqual(addressText(mapped), "192.0.2.1:7")

    def test_anAbstractSocketsNameCanBeWritten(self):
        text = addressText(UNIXAddress(b"\0name"))
        self.assertEqual(text, "unix:@name")
        self.assertEqual(json.loads(json.dumps(text)), text)

    def test_whatWouldBreakALineIsEscaped(self):
        # A PROXY header may have any bytes for a path.
        text = addressText(UNIXAddress(b"/x\n1.2.3.4:5 closed\x1b[2J"))
        self.assertEqual(text, "unix:/x\\n1.2.3.4:5 closed\\x1b[2J")


class UnmappedTests(SynchronousTestCase):
    """
    C{unmapped}.
    """

    def test_aMappedAddressIsAnIPv4AddressHoweverItIsWritten(self):
        # As the kernel does, and as the text of a PROXY header may.
        for host in (
            "::ffff:192.0.2.1",
            "::FFFF:192.0.2.1",
            "::ffff:c000:201",
            "0:0:0:0:0:ffff:192.0.2.1",
        ):
            self.assertEqual(
                unmapped(IPv6Address("TCP", host, 7)), IPv4Address("TCP", "192.0.2.1", 7)
            )

    def test_allOthersAreTheSame(self):
        for address in [
            IPv4Address("TCP", "192.0.2.1", 7),
            IPv6Address("TCP", "::192.0.2.1", 7),  # merely compatible
            IPv6Address("TCP", "::ffff:0:c000:201", 7),  # translated
            IPv6Address("TCP", "2001:db8::1", 7),
            IPv6Address("TCP", "fe80::ffff%eth0", 7),
            UNIXAddress(b"::ffff:192.0.2.1"),
            None,
        ]:
            self.assertIs(unmapped(address), address)


class IPAddressTests(SynchronousTestCase):
    """
    C{ipAddress}.
    """

    def test_aMappedAddressIsAnIPv4AddressHoweverItIsWritten(self):
        for host in "192.0.2.1", "::ffff:192.0.2.1", "::FFFF:c000:201":
            self.assertEqual(ipAddress(host), ip_address("192.0.2.1"))

    def test_allOthersAreThemselves(self):
        for host in "2001:db8::1", "::192.0.2.1", "fe80::1%eth0":
            self.assertEqual(ipAddress(host), ip_address(host))
