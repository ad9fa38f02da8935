"""
BlockList, SocketAddress, isIP and the defaults of L{nodenet.node.net}.
"""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from nodenet.node import net
from nodenet.node._net.arguments import millisToSeconds, normalizeArgs, numberOf, truthy
from nodenet.node.errors import CodedError


class BlockListTests(SynchronousTestCase):
    def test_theRulesAddedLastComeFirst(self) -> None:
        rules = net.BlockList()
        rules.addAddress("1.1.1.1")
        rules.addSubnet("::", 64, "ipv6")
        self.assertEqual(rules.rules, ["Subnet: IPv6 ::/64", "Address: IPv4 1.1.1.1"])

    def test_anIPv4AddressWithinIPv6IsUnderTheRulesForIPv4(self) -> None:
        rules = net.BlockList()
        rules.addRange("10.0.0.1", "10.0.0.9")
        self.assertTrue(rules.check("::ffff:10.0.0.5", "ipv6"))
        self.assertFalse(rules.check("::10.0.0.5", "ipv6"))

    def test_aPrefixMayBeAFloatAsInJavaScript(self) -> None:
        rules = net.BlockList()
        rules.addSubnet("10.0.0.0", 8.0)  # type: ignore[arg-type]
        self.assertEqual(rules.rules, ["Subnet: IPv4 10.0.0.0/8"])
        self.assertTrue(rules.check("10.9.9.9"))

    def test_whatIsNoAddressIsUnderNone(self) -> None:
        rules = net.BlockList()
        rules.addSubnet("0.0.0.0", 0)
        self.assertFalse(rules.check("nowhere"))
        self.assertTrue(rules.check(net.SocketAddress(address="8.8.8.8")))

    def test_aRangeThatEndsBeforeItBegins(self) -> None:
        error = self.assertRaises(CodedError, net.BlockList().addRange, "1.1.1.2", "1.1.1.1")
        self.assertEqual(error.code, "ERR_INVALID_ARG_VALUE")
        self.assertIn("SocketAddress { address: '1.1.1.2', port: 0", str(error))


class SocketAddressTests(SynchronousTestCase):
    def test_keywordsAndDict(self) -> None:
        one = net.SocketAddress(address="::1", family="IPv6", port=80)
        other = net.SocketAddress({"address": "0::1", "family": "ipv6", "port": 80})
        self.assertEqual(one.toJSON(), other.toJSON())

    def test_anInvalidOne(self) -> None:
        error = self.assertRaises(CodedError, net.SocketAddress, {"address": "x"})
        self.assertEqual(
            (error.code, str(error)), ("ERR_INVALID_ADDRESS", "Invalid socket address")
        )


class ArgumentsTests(SynchronousTestCase):
    def test_forms(self) -> None:
        def listener() -> None: ...

        cases: list[tuple[tuple[Any, ...], dict[str, Any], dict[str, Any]]] = [
            ((80, "h", listener), {}, {"port": 80, "host": "h"}),
            (("80", listener), {}, {"port": "80"}),
            (("/path", listener), {}, {"path": "/path"}),
            (({"port": 1}, listener), {"host": "h"}, {"port": 1, "host": "h"}),
            ((), {"port": 1, "callback": listener}, {"port": 1}),
            ((None, listener), {}, {"port": None}),
        ]
        for args, keywords, options in cases:
            found, callback, _ = normalizeArgs(args, keywords)
            self.assertEqual((found, callback), (options, listener))

    def test_aBoolIsNoNumberButCounts(self) -> None:
        self.assertEqual(numberOf("x"), False)
        self.assertEqual(numberOf("0x10"), "0x10")
        self.assertEqual(numberOf(-1), False)

    def test_truth(self) -> None:
        self.assertTrue(truthy([]))
        self.assertTrue(truthy({}))
        for each in 0, "", None, False, float("nan"):
            self.assertFalse(truthy(each))

    def test_seconds(self) -> None:
        self.assertEqual(
            list(map(millisToSeconds, (1999, -1999, float("nan"), None))), [1, -1, 0, 0]
        )


class IsIPTests(SynchronousTestCase):
    def test_textIsMadeOfAnything(self) -> None:
        self.assertEqual([net.isIP(["1.1.1.1"]), net.isIP(None), net.isIP(b"::1")], [4, 0, 6])
        self.assertTrue(net.isIPv6("fe80::1%lo"))
