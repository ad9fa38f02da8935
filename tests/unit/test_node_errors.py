"""
Today's errors. Their messages are held to Node 20 by L{tests.node}; here is what is
Python's.
"""

from __future__ import annotations

import errno
import inspect
import pickle
import socket
from collections.abc import Callable
from typing import ClassVar

from twisted.trial.unittest import SynchronousTestCase

from nodenet.errors import NetError, NodeError
from nodenet.node import errors
from nodenet.node._inspect import inspect as show
from nodenet.node.validators import isTruthy, toNumber, validateObject, validatePort


class CodeTests(SynchronousTestCase):
    """
    The classes with a code.
    """

    #: arguments for those that take some
    ARGUMENTS: ClassVar[dict[str, tuple[object, ...]]] = {
        "ERR_INVALID_ARG_TYPE": ("x", "string", 5),
        "ERR_INVALID_ARG_VALUE": ("x", 5),
        "ERR_OUT_OF_RANGE": ("x", ">= 0", -1),
        "ERR_SOCKET_BAD_PORT": ("Port", -1),
        "ERR_INVALID_RETURN_VALUE": ("a Promise", "f", 5),
        "ERR_INVALID_ADDRESS_FAMILY": (100, "localhost", 0),
    }

    def each(self) -> dict[str, errors.CodedError]:
        found: dict[str, errors.CodedError] = {}
        for name in errors.__all__:
            if name.startswith("ERR_"):
                make = getattr(errors, name)
                takes = len(inspect.signature(make).parameters)
                default = ("x",) if takes and name != "ERR_UNHANDLED_ERROR" else ()
                found[name] = make(*self.ARGUMENTS.get(name, default))
        return found

    def test_codesAreTheNames(self) -> None:
        every = self.each()
        self.assertGreater(len(every), 30)
        for name, error in every.items():
            self.assertEqual(error.code, name)
            self.assertIsInstance(error, NodeError)
            self.assertEqual(str(error), error.message)

    def test_namesAreJavaScripts(self) -> None:
        for name, error in self.each().items():
            with self.subTest(name=name):
                kinds = {"TypeError": TypeError, "RangeError": OverflowError}
                self.assertIsInstance(error, kinds.get(error.name, Exception))
                if error.name == "Error":
                    self.assertNotIsInstance(error, (TypeError, OverflowError))

    def test_pickled(self) -> None:
        for error in self.each().values():
            again = pickle.loads(pickle.dumps(error))
            self.assertIs(type(again), type(error))
            self.assertEqual(vars(again), vars(error))

    def test_namesOfOthers(self) -> None:
        for error, name in [
            (Exception("x"), "Error"),
            (TypeError("x"), "TypeError"),
            (IndexError("x"), "RangeError"),
            (OverflowError("x"), "RangeError"),
            (errors.AbortError(), "AbortError"),
        ]:
            self.assertEqual(errors.nameOf(error), name)
        self.assertEqual(errors.messageOf(Exception("boom")), "boom")

    def test_subclassesOfContainersSayTheirName(self) -> None:
        class Foo(dict):  # type: ignore[type-arg]
            pass

        error = errors.ERR_INVALID_ARG_TYPE("x", "string", Foo())
        self.assertTrue(error.message.endswith("Received an instance of Foo"))


class SystemTests(SynchronousTestCase):
    """
    Failed system calls.
    """

    def test_isOfPythonsClass(self) -> None:
        error = errors.systemError(errno.ECONNREFUSED, "connect", "127.0.0.1", 1)
        self.assertIsInstance(error, NetError)
        self.assertIsInstance(error, ConnectionRefusedError)
        self.assertEqual(error.errno, errno.ECONNREFUSED)
        self.assertEqual(error.message, "connect ECONNREFUSED 127.0.0.1:1")

    def test_anErrnoWithoutAClass(self) -> None:
        error = errors.systemError(errno.EINVAL, "bind")
        self.assertIs(type(error), errors.SystemCallError)
        self.assertEqual(error.code, "EINVAL")

    def test_pickled(self) -> None:
        error = errors.systemError(errno.ECONNREFUSED, "connect", "::1", 1, "::1:2")
        again = pickle.loads(pickle.dumps(error))
        self.assertEqual(str(again), "connect ECONNREFUSED ::1:1 - Local (::1:2)")
        self.assertIs(type(again), type(error))

    def test_lookup(self) -> None:
        error = errors.lookupError("foo.invalid")
        self.assertIsInstance(error, socket.gaierror)
        self.assertEqual(error.message, "getaddrinfo ENOTFOUND foo.invalid")
        self.assertEqual((error.hostname, error.code), ("foo.invalid", "ENOTFOUND"))
        shown = f"LookupFailedError({socket.EAI_NONAME}, 'getaddrinfo ENOTFOUND foo.invalid')"
        self.assertEqual(repr(error), shown)

    def test_whyALookupFailed(self) -> None:
        for reason, code in [
            (socket.gaierror(socket.EAI_NONAME, ""), "ENOTFOUND"),
            (socket.gaierror(socket.EAI_NODATA, ""), "ENOTFOUND"),
            (socket.gaierror(socket.EAI_AGAIN, ""), "EAI_AGAIN"),
            (socket.gaierror(socket.EAI_FAIL, ""), "EAI_FAIL"),
            (OSError(errno.EINVAL, ""), "EINVAL"),
        ]:
            error = errors.lookupError("foo", reason)
            self.assertEqual((error.code, error.errno), (code, reason.errno))
            self.assertEqual(error.message, f"getaddrinfo {code} foo")
            again = pickle.loads(pickle.dumps(error))
            self.assertEqual((repr(again), again.code), (repr(error), code))
        self.assertEqual(errors.lookupError("foo", MemoryError()).code, "ENOTFOUND")


class InspectTests(SynchronousTestCase):
    """
    Values as Node prints them.
    """

    def test_numbers(self) -> None:
        for value, text in [
            (1.0, "1"),
            (1e21, "1e+21"),
            (123456789.125, "123456789.125"),
            (0.00001, "0.00001"),
            (1.5e-6, "0.0000015"),
            (-1.5e-6, "-0.0000015"),
            (1e-7, "1e-7"),
            (1.25e-7, "1.25e-7"),
            (1e16, "10000000000000000"),
            (1.7976931348623157e308, "1.7976931348623157e+308"),
        ]:
            self.assertEqual(show(value), text)

    def test_whatIsOfPythonOnly(self) -> None:
        self.assertEqual(show((1, 2)), "[ 1, 2 ]")
        # So much is on one line.
        fits = {"a": "x" * 56, "b": 1}
        self.assertEqual(show(fits), f"{{ a: '{'x' * 56}', b: 1 }}")
        self.assertEqual(show({**fits, "b": 22}), f"{{\n  a: '{'x' * 56}',\n  b: 22\n}}")
        self.assertEqual(show(memoryview(b"a")), "<Buffer 61>")
        self.assertEqual(show(ValueError("x")), "[ValueError: x]")

    def test_undefined(self) -> None:
        self.assertEqual(repr(errors.undefined), "undefined")
        self.assertFalse(errors.undefined)
        self.assertIs(pickle.loads(pickle.dumps(errors.undefined)), errors.undefined)


class ValidatorTests(SynchronousTestCase):
    """
    What Python's values are in JavaScript.
    """

    def test_truth(self) -> None:
        for value in ([], {}, b"", "x", 1, -0.5, object()):
            self.assertTrue(isTruthy(value))
        for value in (None, errors.undefined, "", 0, -0.0, float("nan"), False):
            self.assertFalse(isTruthy(value))

    def test_numbersInStrings(self) -> None:
        for text, number in [("", 0), (" 8 ", 8), ("0x50", 80), ("1e2", 100), (".5", 0.5)]:
            self.assertEqual(toNumber(text), number)
        for text in "x", "1_0", "0x", "1 2", "nan", "inf", "٣":
            self.assertNotEqual(toNumber(text), toNumber(text))

    def test_aBoolIsNoPort(self) -> None:
        calls: list[Callable[[], int]] = [
            lambda: validatePort(True),
            lambda: validatePort([]),
            lambda: validatePort(None),
        ]
        for call in calls:
            self.assertRaises(errors.ERR_SOCKET_BAD_PORT, call)
        self.assertEqual(validatePort("0x50"), 80)

    def test_callableObjectsAreFunctions(self) -> None:
        class Foo:
            def __call__(self) -> None: ...

        self.assertRaises(errors.ERR_INVALID_ARG_TYPE, validateObject, Foo(), "x")
        validateObject(Foo(), "x", functions=True)
