"""
Tests for L{nodenet.service.admission}.
"""

from __future__ import annotations

from ipaddress import ip_network

from twisted.trial.unittest import SynchronousTestCase

from nodenet.service.admission import AddressRules, Admission
from nodenet.service.settings import Rule


def addresses(*rules):
    """
    @param rules: C{+} or C{-}, and a network.
    """
    return AddressRules(Rule(rule[0] == "+", ip_network(rule[1:])) for rule in rules)


class AddressRulesTests(SynchronousTestCase):
    """
    C{AddressRules}.
    """

    def test_withoutRulesAllAreAllowed(self):
        for host in "192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1", None:
            self.assertIs(AddressRules().allow(host), True)

    def test_theFirstThatMatchesHolds(self):
        some = addresses("-10.0.0.1/32", "+10.0.0.0/24", "-10.0.0.0/8", "+0.0.0.0/0")
        for host, allowed in [
            ("10.0.0.1", False),
            ("10.0.0.2", True),
            ("10.0.1.2", False),
            ("11.0.0.1", True),
        ]:
            self.assertIs(some.allow(host), allowed, host)
        turned = addresses("+10.0.0.0/24", "-10.0.0.1/32")
        self.assertIs(turned.allow("10.0.0.1"), True)

    def test_whoIsOfNoneIsRefusedIfSomeAreAllowed(self):
        for some in addresses("+10.0.0.0/8"), addresses("-10.0.0.1/32", "+10.0.0.0/8"):
            self.assertIs(some.allow("192.0.2.1"), False)
            self.assertIs(some.allow("2001:db8::1"), False)

    def test_whoIsOfNoneIsAllowedIfSomeAreRefusedOnly(self):
        some = addresses("-10.0.0.0/8", "-2001:db8::/32")
        self.assertIs(some.allow("192.0.2.1"), True)
        self.assertIs(some.allow("2001:db9::1"), True)
        self.assertIs(some.allow("10.1.2.3"), False)

    def test_IPv6(self):
        some = addresses("-2001:db8::1/128", "+2001:db8::/32")
        for host, allowed in [
            ("2001:db8::1", False),
            ("2001:0DB8:0::0001", False),
            ("2001:db8::2", True),
            ("2001:db9::2", False),
        ]:
            self.assertIs(some.allow(host), allowed, host)

    def test_theZoneOfALinkLocalAddressDoesNotMatter(self):
        self.assertIs(addresses("+fe80::/10").allow("fe80::1%eth0"), True)
        self.assertIs(addresses("-fe80::/10").allow("fe80::1%eth0"), False)

    def test_anIPv4MappedAddressIsAnIPv4Address(self):
        some = addresses("-10.0.0.0/8")
        self.assertIs(some.allow("::ffff:10.0.0.1"), False)
        self.assertIs(some.allow("::ffff:a00:1"), False)
        self.assertIs(some.allow("::ffff:11.0.0.1"), True)
        # Merely compatible, which is another thing.
        self.assertIs(some.allow("::10.0.0.1"), True)

    def test_aNetworkOfIPv4MappedAddressesIsAnIPv4Network(self):
        some = addresses("-::ffff:10.0.0.0/104")
        for host in "::ffff:10.0.0.1", "10.0.0.1":
            self.assertIs(some.allow(host), False, host)
        self.assertIs(some.allow("11.0.0.1"), True)

    def test_theFamiliesAreApart(self):
        self.assertIs(addresses("-0.0.0.0/0").allow("2001:db8::1"), True)
        self.assertIs(addresses("-::/0").allow("192.0.2.1"), True)

    def test_thereAreNoRulesForUNIXPeers(self):
        for some in addresses("-0.0.0.0/0", "-::/0"), addresses("+10.0.0.0/8"):
            self.assertIs(some.allow(None), True)


class AdmissionTests(SynchronousTestCase):
    """
    C{Admission}.
    """

    def test_withoutLimitsAllComeIn(self):
        admission = Admission(AddressRules())
        for host in [*["192.0.2.1"] * 1000, None]:
            self.assertIsNone(admission.enter(host))
        self.assertEqual(admission.count, 1001)

    def test_aNetworkThatIsRefusedIsNotCounted(self):
        admission = Admission(addresses("-10.0.0.0/8"), 1, 1)
        self.assertEqual(admission.enter("10.0.0.1"), "deny")
        self.assertEqual(admission.count, 0)
        self.assertIsNone(admission.enter("192.0.2.1"))

    def test_soManyComeInAtOnce(self):
        admission = Admission(AddressRules(), most=2)
        hosts = ["192.0.2.1", "192.0.2.2", "192.0.2.3", None]
        self.assertEqual(
            [admission.enter(host) for host in hosts],
            [None, None, "max-connections", "max-connections"],
        )
        self.assertEqual(admission.count, 2)

    def test_whoLeavesMakesRoomForOne(self):
        admission = Admission(AddressRules(), most=2)
        for host in "192.0.2.1", "192.0.2.2":
            admission.enter(host)
        admission.leave("192.0.2.1")
        self.assertEqual(
            [admission.enter(host) for host in (None, "192.0.2.1")], [None, "max-connections"]
        )

    def test_soManyComeInFromOneHost(self):
        admission = Admission(AddressRules(), mostPerHost=2)
        one, other = "192.0.2.1", "192.0.2.2"
        full = "max-connections-per-host"
        self.assertEqual([admission.enter(one) for _ in range(3)], [None, None, full])
        self.assertEqual([admission.enter(other) for _ in range(3)], [None, None, full])
        self.assertEqual(admission.count, 4)
        admission.leave(one)
        self.assertEqual([admission.enter(other), admission.enter(one)], [full, None])

    def test_whoIsRefusedForAllDoesNotCountForTheHost(self):
        admission = Admission(AddressRules(), most=1, mostPerHost=1)
        admission.enter("192.0.2.1")
        self.assertEqual(admission.enter("192.0.2.2"), "max-connections")
        admission.leave("192.0.2.1")
        self.assertIsNone(admission.enter("192.0.2.2"))

    def test_theReasonsInTheirOrder(self):
        admission = Admission(addresses("-10.0.0.0/8"), most=1, mostPerHost=1)
        admission.enter("192.0.2.1")
        self.assertEqual(admission.enter("10.0.0.1"), "deny")
        self.assertEqual(admission.enter("192.0.2.1"), "max-connections")

    def test_UNIXPeersAreNoHost(self):
        admission = Admission(AddressRules(), mostPerHost=1)
        self.assertEqual([admission.enter(None) for _ in range(3)], [None] * 3)
        for _ in range(3):
            admission.leave(None)
        self.assertEqual(admission.count, 0)

    def test_aHostHasOneCountHoweverItsAddressIsWritten(self):
        admission = Admission(AddressRules(), mostPerHost=1)
        for one, other in [
            ("192.0.2.1", "::ffff:192.0.2.1"),
            ("2001:db8::1", "2001:DB8:0::1"),
        ]:
            admission.enter(one)
            self.assertEqual(admission.enter(other), "max-connections-per-host")
            admission.leave(one)
            self.assertIsNone(admission.enter(other))

    def test_whoHasLeftIsForgotten(self):
        admission = Admission(AddressRules(), mostPerHost=2)
        hosts = [f"192.0.2.{number}" for number in range(100)] * 2
        for host in hosts:
            admission.enter(host)
        for host in hosts:
            admission.leave(host)
        self.assertEqual((admission.count, len(admission._hosts)), (0, 0))

    def test_leavingIsLetPassWhereHostsAreNotCounted(self):
        admission = Admission(AddressRules(), most=1)
        admission.enter("192.0.2.1")
        admission.leave("192.0.2.1")
        self.assertEqual(admission.count, 0)

    def test_addressesMatterWhereThereAreRulesOrHostsAreCounted(self):
        self.assertIs(Admission(AddressRules(), most=1).byHost, False)
        self.assertIs(Admission(addresses("-10.0.0.0/8")).byHost, True)
        self.assertIs(Admission(AddressRules(), mostPerHost=1).byHost, True)
