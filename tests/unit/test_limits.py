"""
Tests for L{nodenet.service.limits}.
"""

from __future__ import annotations

from collections import Counter
from ipaddress import ip_network

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from nodenet.service.limits import QUIET, Limits, Networks, Refusals


def networks(*rules):
    """
    @param rules: C{+} or C{-}, and a network.
    """
    return Networks((rule[0] == "+", ip_network(rule[1:])) for rule in rules)


class NetworksTests(SynchronousTestCase):
    """
    C{Networks}.
    """

    def test_withoutRulesAllAreAllowed(self):
        for host in "192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1", None:
            self.assertIs(Networks().allow(host), True)

    def test_theFirstThatMatchesHolds(self):
        some = networks("-10.0.0.1/32", "+10.0.0.0/24", "-10.0.0.0/8", "+0.0.0.0/0")
        for host, allowed in [
            ("10.0.0.1", False),
            ("10.0.0.2", True),
            ("10.0.1.2", False),
            ("11.0.0.1", True),
        ]:
            self.assertIs(some.allow(host), allowed, host)
        turned = networks("+10.0.0.0/24", "-10.0.0.1/32")
        self.assertIs(turned.allow("10.0.0.1"), True)

    def test_whoIsOfNoneIsRefusedIfSomeAreAllowed(self):
        for some in networks("+10.0.0.0/8"), networks("-10.0.0.1/32", "+10.0.0.0/8"):
            self.assertIs(some.allow("192.0.2.1"), False)
            self.assertIs(some.allow("2001:db8::1"), False)

    def test_whoIsOfNoneIsAllowedIfSomeAreRefusedOnly(self):
        some = networks("-10.0.0.0/8", "-2001:db8::/32")
        self.assertIs(some.allow("192.0.2.1"), True)
        self.assertIs(some.allow("2001:db9::1"), True)
        self.assertIs(some.allow("10.1.2.3"), False)

    def test_IPv6(self):
        some = networks("-2001:db8::1/128", "+2001:db8::/32")
        for host, allowed in [
            ("2001:db8::1", False),
            ("2001:0DB8:0::0001", False),
            ("2001:db8::2", True),
            ("2001:db9::2", False),
        ]:
            self.assertIs(some.allow(host), allowed, host)

    def test_theZoneOfALinkLocalAddressDoesNotMatter(self):
        self.assertIs(networks("+fe80::/10").allow("fe80::1%eth0"), True)
        self.assertIs(networks("-fe80::/10").allow("fe80::1%eth0"), False)

    def test_anIPv4MappedAddressIsAnIPv4Address(self):
        some = networks("-10.0.0.0/8")
        self.assertIs(some.allow("::ffff:10.0.0.1"), False)
        self.assertIs(some.allow("::ffff:a00:1"), False)
        self.assertIs(some.allow("::ffff:11.0.0.1"), True)
        # Merely compatible, which is another thing.
        self.assertIs(some.allow("::10.0.0.1"), True)

    def test_aNetworkOfIPv4MappedAddressesIsAnIPv4Network(self):
        some = networks("-::ffff:10.0.0.0/104")
        for host in "::ffff:10.0.0.1", "10.0.0.1":
            self.assertIs(some.allow(host), False, host)
        self.assertIs(some.allow("11.0.0.1"), True)

    def test_theFamiliesAreApart(self):
        self.assertIs(networks("-0.0.0.0/0").allow("2001:db8::1"), True)
        self.assertIs(networks("-::/0").allow("192.0.2.1"), True)

    def test_thereAreNoRulesForUNIXPeers(self):
        for some in networks("-0.0.0.0/0", "-::/0"), networks("+10.0.0.0/8"):
            self.assertIs(some.allow(None), True)


class LimitsTests(SynchronousTestCase):
    """
    C{Limits}.
    """

    def test_withoutLimitsAllComeIn(self):
        limits = Limits(Networks())
        for host in [*["192.0.2.1"] * 1000, None]:
            self.assertIsNone(limits.enter(host))
        self.assertEqual(limits.count, 1001)

    def test_aNetworkThatIsRefusedIsNotCounted(self):
        limits = Limits(networks("-10.0.0.0/8"), 1, 1)
        self.assertEqual(limits.enter("10.0.0.1"), "deny")
        self.assertEqual(limits.count, 0)
        self.assertIsNone(limits.enter("192.0.2.1"))

    def test_soManyComeInAtOnce(self):
        limits = Limits(Networks(), most=2)
        hosts = ["192.0.2.1", "192.0.2.2", "192.0.2.3", None]
        self.assertEqual(
            [limits.enter(host) for host in hosts],
            [None, None, "max-connections", "max-connections"],
        )
        self.assertEqual(limits.count, 2)

    def test_whoLeavesMakesRoomForOne(self):
        limits = Limits(Networks(), most=2)
        for host in "192.0.2.1", "192.0.2.2":
            limits.enter(host)
        limits.leave("192.0.2.1")
        self.assertEqual(
            [limits.enter(host) for host in (None, "192.0.2.1")], [None, "max-connections"]
        )

    def test_soManyComeInFromOneHost(self):
        limits = Limits(Networks(), mostPerHost=2)
        one, other = "192.0.2.1", "192.0.2.2"
        full = "max-connections-per-host"
        self.assertEqual([limits.enter(one) for _ in range(3)], [None, None, full])
        self.assertEqual([limits.enter(other) for _ in range(3)], [None, None, full])
        self.assertEqual(limits.count, 4)
        limits.leave(one)
        self.assertEqual([limits.enter(other), limits.enter(one)], [full, None])

    def test_whoIsRefusedForAllDoesNotCountForTheHost(self):
        limits = Limits(Networks(), most=1, mostPerHost=1)
        limits.enter("192.0.2.1")
        self.assertEqual(limits.enter("192.0.2.2"), "max-connections")
        limits.leave("192.0.2.1")
        self.assertIsNone(limits.enter("192.0.2.2"))

    def test_theReasonsInTheirOrder(self):
        limits = Limits(networks("-10.0.0.0/8"), most=1, mostPerHost=1)
        limits.enter("192.0.2.1")
        self.assertEqual(limits.enter("10.0.0.1"), "deny")
        self.assertEqual(limits.enter("192.0.2.1"), "max-connections")

    def test_UNIXPeersAreNoHost(self):
        limits = Limits(Networks(), mostPerHost=1)
        self.assertEqual([limits.enter(None) for _ in range(3)], [None] * 3)
        for _ in range(3):
            limits.leave(None)
        self.assertEqual(limits.count, 0)

    def test_aHostHasOneCountHoweverItsAddressIsWritten(self):
        limits = Limits(Networks(), mostPerHost=1)
        for one, other in [
            ("192.0.2.1", "::ffff:192.0.2.1"),
            ("2001:db8::1", "2001:DB8:0::1"),
        ]:
            limits.enter(one)
            self.assertEqual(limits.enter(other), "max-connections-per-host")
            limits.leave(one)
            self.assertIsNone(limits.enter(other))

    def test_whoHasLeftIsForgotten(self):
        limits = Limits(Networks(), mostPerHost=2)
        hosts = [f"192.0.2.{number}" for number in range(100)] * 2
        for host in hosts:
            limits.enter(host)
        for host in hosts:
            limits.leave(host)
        self.assertEqual((limits.count, len(limits._hosts)), (0, 0))

    def test_leavingIsLetPassWhereHostsAreNotCounted(self):
        limits = Limits(Networks(), most=1)
        limits.enter("192.0.2.1")
        limits.leave("192.0.2.1")
        self.assertEqual(limits.count, 0)


class RefusalsTests(SynchronousTestCase):
    """
    C{Refusals}.
    """

    def setUp(self):
        self.clock = Clock()
        self.told = []
        self.refusals = Refusals(self.clock, self.tell)

    def tell(self, *args):
        self.told.append((self.clock.seconds(), *args))

    def test_theFirstIsToldAtOnce(self):
        self.refusals.add("deny", "peer", "why")
        self.assertEqual(self.told, [(0, "deny", "peer", "why", 1)])

    def test_thoseOfASecondAreToldTogetherAfterIt(self):
        for number in range(4):
            self.refusals.add("deny", number)
            self.clock.advance(0.125)
        self.assertEqual(len(self.told), 1)
        self.clock.advance(0.375)
        self.assertEqual(len(self.told), 1)
        self.clock.advance(0.125)
        self.assertEqual(self.told, [(0, "deny", 0, "", 1), (1, "deny", 3, "", 3)])

    def test_thePeerAndTheDetailAreOfTheLast(self):
        for number in range(3):
            self.refusals.add("deny", f"peer {number}", f"why {number}")
        self.clock.advance(1)
        self.assertEqual(self.told[1:], [(1, "deny", "peer 2", "why 2", 2)])

    def test_aFloodIsToldOnceASecond(self):
        for number in range(33):
            self.refusals.add("deny", number)
            self.clock.advance(0.125)
        counts = [(when, count) for when, _, _, _, count in self.told]
        self.assertEqual(counts, [(0, 1), (1, 7), (2, 8), (3, 8), (4, 8)])

    def test_afterAQuietSecondTheNextIsToldAtOnceAgain(self):
        self.refusals.add("deny", 1)
        self.clock.advance(1)
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.refusals.add("deny", 2)
        self.assertEqual(self.told, [(0, "deny", 1, "", 1), (1, "deny", 2, "", 1)])

    def test_eachReasonHasItsOwnSecond(self):
        self.refusals.add("deny", 1)
        self.clock.advance(0.5)
        self.refusals.add("max-connections", 2)
        self.refusals.add("max-connections", 3)
        self.refusals.add("deny", 4)
        self.clock.pump([0.5, 0.5])
        self.assertEqual(
            self.told,
            [
                (0, "deny", 1, "", 1),
                (0.5, "max-connections", 2, "", 1),
                (1, "deny", 4, "", 1),
                (1.5, "max-connections", 3, "", 1),
            ],
        )

    def test_oneThatComesOfTellingCounts(self):
        def tell(*args):
            self.tell(*args)
            if len(self.told) < 3:
                refusals.add("deny", len(self.told))

        refusals = Refusals(self.clock, tell)
        refusals.add("deny", 0)
        self.clock.pump([1] * 3)
        self.assertEqual(
            self.told,
            [(0, "deny", 0, "", 1), (1, "deny", 1, "", 1), (2, "deny", 2, "", 1)],
        )

    # Eighths of seconds have no rounding.
    @settings(deadline=None, database=None, derandomize=True)
    @given(st.lists(st.tuples(st.integers(0, 12), st.sampled_from("abc"))))
    def test_noneIsLostAndNoneIsTooSoon(self, adds):
        self.setUp()
        for delay, reason in adds:
            self.clock.advance(delay / 8)
            self.refusals.add(reason, None)
        self.clock.pump([0.125] * 16)
        self.assertEqual(self.clock.getDelayedCalls(), [])
        counts = Counter()
        last = {}
        for when, reason, _, _, count in self.told:
            counts[reason] += count
            self.assertGreaterEqual(when - last.get(reason, -QUIET), QUIET)
            self.assertGreater(count, 0)
            last[reason] = when
        self.assertEqual(counts, Counter(reason for _, reason in adds))
