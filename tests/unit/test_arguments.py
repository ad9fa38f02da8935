"""
Tests for L{nodenet._net.arguments}.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from nodenet._net.arguments import (
    Target,
    connectArguments,
    listenArguments,
    writeArguments,
)


def call(*args: Any) -> None:
    """
    A callback.
    """


@implementer(IStreamClientEndpoint)
class Endpoint:
    """
    One of Twisted's, which may be callable.
    """

    def __call__(self) -> None: ...


class Binding:
    """
    What Twisted's C{makeBinding} returns.
    """

    _reusePort = _reuseAddress = True


class ConnectTests(SynchronousTestCase):
    """
    L{connectArguments}.
    """

    def test_everyForm(self) -> None:
        endpoint = Endpoint()
        for args, named, target in [
            ((80,), {}, Target(port=80)),
            (("80",), {}, Target(port=80)),
            ((0,), {}, Target(port=0)),
            ((65535,), {}, Target(port=65535)),
            ((80, call), {}, Target(port=80, callback=call)),
            ((80, "h"), {}, Target(port=80, host="h")),
            ((80, "h", call), {}, Target(port=80, host="h", callback=call)),
            ((80, None), {}, Target(port=80)),
            ((80, None, call), {}, Target(port=80, callback=call)),
            ((80, ""), {}, Target(port=80)),
            (("/x",), {}, Target(path=b"/x")),
            ((b"/x",), {}, Target(path=b"/x")),
            ((Path("/x"),), {}, Target(path=b"/x")),
            (("/ä", call), {}, Target(path=os.fsencode("/ä"), callback=call)),
            (("\0abstract",), {}, Target(path=b"\0abstract")),
            (("80a",), {}, Target(path=b"80a")),
            ((endpoint, call), {}, Target(other=endpoint, callback=call)),
            ((), {"port": 80}, Target(port=80)),
            ((), {"port": "80", "host": "h"}, Target(port=80, host="h")),
            ((), {"port": 80, "callback": call}, Target(port=80, callback=call)),
            ((), {"path": "/x", "callback": call}, Target(path=b"/x", callback=call)),
            ((80,), {"host": "h"}, Target(port=80, host="h")),
            ((80, "h"), {"callback": call}, Target(port=80, host="h", callback=call)),
            ((call,), {"port": 80}, Target(port=80, callback=call)),
            (("h",), {"port": 80}, Target(port=80, host="h")),
        ]:
            with self.subTest(args=args, named=named):
                self.assertEqual(connectArguments(args, **named), target)

    def test_anEndpointThatIsCallableWantsAnotherCallback(self) -> None:
        endpoint = Endpoint()
        found = connectArguments((endpoint,), callback=call)
        self.assertEqual(found, Target(other=endpoint, callback=call))

    def test_everyRefusal(self) -> None:
        for args, named, kind, text in [
            ((), {}, TypeError, "needs a port or a path"),
            ((call,), {}, TypeError, "needs a port or a path"),
            ((), {"host": "h"}, TypeError, "needs a port or a path"),
            ((), {"port": 80, "path": "/x"}, TypeError, "needs a port or a path"),
            ((80, "h", 5), {}, TypeError, "too many: 5"),
            ((80, call, "h"), {}, TypeError, "too many: 'h'"),
            ((80, call, call), {}, TypeError, "host must be a string"),
            ((80, "h", call, 5), {}, TypeError, "too many"),
            ((80, "h"), {"host": "h"}, TypeError, "too many: 'h'"),
            ((80,), {"port": 80}, TypeError, "host must be a string"),
            (("/x", "h"), {}, TypeError, "too many: 'h'"),
            ((Endpoint(), "h"), {"callback": call}, TypeError, "too many: 'h'"),
            (("/x",), {"host": "h"}, TypeError, "goes with a port"),
            ((Endpoint(),), {"host": "h", "callback": call}, TypeError, "goes with a port"),
            ((80, 5), {}, TypeError, "host must be a string"),
            ((80, b"h"), {}, TypeError, "host must be a string"),
            ((80,), {"callback": 5}, TypeError, "callback must be callable, not 5"),
            ((80, call), {"callback": call}, TypeError, "host must be a string"),
            ((None,), {}, TypeError, "a port, a path or an endpoint"),
            ((True,), {}, TypeError, "a port or a path"),
            ((1.5,), {}, TypeError, "a port, a path or an endpoint"),
            (([],), {}, TypeError, "a port, a path or an endpoint"),
            ((), {"port": "/x"}, TypeError, "port must be a number"),
            ((), {"port": True}, TypeError, "a port or a path"),
            ((), {"path": 80}, TypeError, "path must be a path, not 80"),
            ((-1,), {}, ValueError, "0 to 65535, not -1"),
            ((65536,), {}, ValueError, "0 to 65535, not 65536"),
            (("65536",), {}, ValueError, "0 to 65535"),
            ((), {"port": 65536}, ValueError, "0 to 65535"),
            (("",), {}, ValueError, "not a path"),
            (("/x\0",), {}, ValueError, "not a path"),
            ((), {"path": ""}, ValueError, "not a path"),
        ]:
            with self.subTest(args=args, named=named):
                error = self.assertRaises(kind, connectArguments, args, **named)
                self.assertIn(text, str(error))

    def test_theArgumentsThatWereGivenStay(self) -> None:
        args = (80, "h", call)
        connectArguments(args)
        self.assertEqual(args, (80, "h", call))


class ListenTests(SynchronousTestCase):
    """
    L{listenArguments}.
    """

    def test_everyForm(self) -> None:
        binding = Binding()
        for args, named, target in [
            ((), {}, Target(port=0)),
            ((call,), {}, Target(port=0, callback=call)),
            ((None,), {}, Target(port=0)),
            ((None, call), {}, Target(port=0, callback=call)),
            ((None, "h"), {}, Target(port=0, host="h")),
            ((80,), {}, Target(port=80)),
            (("80", call), {}, Target(port=80, callback=call)),
            ((80, "h"), {}, Target(port=80, host="h")),
            ((80, "h", call), {}, Target(port=80, host="h", callback=call)),
            ((80, None, call), {}, Target(port=80, callback=call)),
            (("/x",), {}, Target(path=b"/x")),
            ((b"/x", call), {}, Target(path=b"/x", callback=call)),
            ((Path("/x"),), {}, Target(path=b"/x")),
            ((binding,), {}, Target(port=0, other=binding)),
            ((binding, call), {}, Target(port=0, other=binding, callback=call)),
            ((), {"host": "h"}, Target(port=0, host="h")),
            ((), {"backlog": 5}, Target(port=0, backlog=5)),
            ((), {"backlog": 0}, Target(port=0, backlog=0)),
            ((), {"port": 80, "host": "h"}, Target(port=80, host="h")),
            ((), {"port": binding}, Target(port=0, other=binding)),
            ((), {"path": "80"}, Target(path=b"80")),
            ((), {"path": "/x", "backlog": 5}, Target(path=b"/x", backlog=5)),
            ((80,), {"callback": call}, Target(port=80, callback=call)),
            ((call,), {"path": "/x"}, Target(path=b"/x", callback=call)),
        ]:
            with self.subTest(args=args, named=named):
                self.assertEqual(listenArguments(args, **named), target)

    def test_everyRefusal(self) -> None:
        for args, named, kind, text in [
            ((80, "h", 5), {}, TypeError, "listen() got an argument too many: 5"),
            ((80, 5), {}, TypeError, "host must be a string"),
            (("/x", "h"), {}, TypeError, "too many: 'h'"),
            (("/x",), {"host": "h"}, TypeError, "goes with a port"),
            ((), {"port": 80, "path": "/x"}, TypeError, "needs a port or a path"),
            ((Binding(), "h"), {}, TypeError, "takes no host"),
            ((Binding(),), {"host": "h"}, TypeError, "takes no host"),
            ((), {"port": "/x"}, TypeError, "port must be a number"),
            ((), {"path": 80}, TypeError, "path must be a path"),
            ((), {"callback": "x"}, TypeError, "callback must be callable"),
            ((), {"backlog": "5"}, TypeError, "backlog must be an int, not '5'"),
            ((), {"backlog": True}, TypeError, "backlog must be an int"),
            ((True,), {}, TypeError, "a port or a path"),
            ((-1,), {}, ValueError, "0 to 65535"),
            ((65536,), {}, ValueError, "0 to 65535"),
            (("",), {}, ValueError, "not a path"),
        ]:
            with self.subTest(args=args, named=named):
                error = self.assertRaises(kind, listenArguments, args, **named)
                self.assertIn(text, str(error))


class WriteTests(SynchronousTestCase):
    """
    L{writeArguments}.
    """

    def test_everyForm(self) -> None:
        for args, sorted in [
            ((None, None, None), (None, None, None)),
            (("hex", None, None), ("hex", None, None)),
            (("hex", 5, None), ("hex", 5, None)),
            (("hex", 5, call), ("hex", 5, call)),
            (("hex", call, None), ("hex", None, call)),
            (("hex", None, call), ("hex", None, call)),
            ((5, None, None), (None, 5, None)),
            ((0, None, None), (None, 0, None)),
            ((5, call, None), (None, 5, call)),
            ((5, None, call), (None, 5, call)),
            ((call, None, None), (None, None, call)),
            ((None, 5, None), (None, 5, None)),
            ((None, 5, call), (None, 5, call)),
            ((None, call, None), (None, None, call)),
            ((None, None, call), (None, None, call)),
            ((call, 5, None), (None, 5, call)),
        ]:
            with self.subTest(args=args):
                self.assertEqual(writeArguments(*args), sorted)

    def test_everyRefusal(self) -> None:
        for args, text in [
            ((5, 6, None), "encoding must be a string, not 5"),
            ((b"hex", None, None), "encoding must be a string"),
            ((call, None, call), "encoding must be a string"),
            ((1.5, None, None), "encoding must be a string"),
            (("hex", "5", None), "fileDescriptor must be an int, not '5'"),
            (("hex", True, None), "fileDescriptor must be an int"),
            ((True, None, None), "fileDescriptor must be an int"),
            (("hex", call, call), "fileDescriptor must be an int"),
            (("hex", 5, 6), "callback must be callable, not 6"),
            ((None, None, "x"), "callback must be callable"),
            ((call, call, None), "fileDescriptor must be an int"),
        ]:
            with self.subTest(args=args):
                error = self.assertRaises(TypeError, writeArguments, *args)
                self.assertIn(text, str(error))


class TargetTests(SynchronousTestCase):
    """
    L{Target.where}.
    """

    def test_itIsTheHostOrThePathAsText(self) -> None:
        self.assertEqual(Target(port=80, host="h").where, "h")
        self.assertIsNone(Target(port=80).where)
        self.assertEqual(Target(path=b"/\xff").where, os.fsdecode(b"/\xff"))
