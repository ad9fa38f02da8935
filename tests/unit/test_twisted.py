"""
The private names of others: each is listed in L{nodenet._twisted}.
"""

from __future__ import annotations

import ast
import dis
import platform
import subprocess
import sys
from importlib import import_module
from types import FunctionType, ModuleType
from typing import Any

import OpenSSL
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

import twisted
from nodenet import _twisted
from nodenet._twisted import NAMES, Name, callFirst, need
from tests.sources import NODES_OWN, ROOT, foreign, isPrivate, made, sources, within

VERSIONS = {
    "Python": platform.python_version(),
    "Twisted": twisted.__version__,
    "pyOpenSSL": OpenSSL.__version__,
}
#: (module, name): why it is used though it is neither the module's own nor listed.
ALLOWED: dict[tuple[str, str], str] = {}


def attributes(cls: type) -> set[str]:
    """
    @return: the private attributes that a class makes, in its body or by its methods.
    """
    names = set(vars(cls))
    for method in vars(cls).values():
        if isinstance(method, FunctionType):
            for each in dis.get_instructions(method):
                if each.opname == "STORE_ATTR":
                    names.add(each.argval)
    return {name for name in names if isPrivate(name) and not name.startswith("_abc_")}


def overridden(module: Any) -> set[str]:
    """
    @return: the private attributes of Twisted's and pyOpenSSL's classes that those of a
        module replace, knowingly or not.
    """
    return {
        name
        for cls in vars(module).values()
        if isinstance(cls, type) and cls.__module__ == module.__name__
        for other in cls.__mro__
        if other.__module__.partition(".")[0] in ("twisted", "OpenSSL")
        for name in attributes(cls) & attributes(other)
    }


def isOld(name: Name) -> bool:
    """
    @return: whether the installed version is from before that which has the name.
    """

    def numbers(version: str) -> list[int]:
        return [int(part) for part in version.split(".")[:2]]

    package, version = name.since.split()
    return numbers(VERSIONS[package]) < numbers(version)


class NamesTests(SynchronousTestCase):
    """
    L{NAMES}.
    """

    def setUp(self) -> None:
        self.sources = sources()

    def test_eachIsThere(self) -> None:
        self.assertEqual([str(each) for each in NAMES if each.exists() is isOld(each)], [])

    def test_eachSaysWhySinceWhenAndWhatElseWouldDo(self) -> None:
        for each in NAMES:
            self.assertTrue(all(each._replace(cls="-")), each)
            self.assertTrue(isPrivate(each.name), each)
            self.assertIn(each.since.split()[0], VERSIONS)

    def test_noneIsListedTwice(self) -> None:
        keys = [(each.by, each.owner, each.cls, each.name) for each in NAMES]
        self.assertEqual(len(set(keys)), len(keys))

    def test_eachIsUsedByWhoIsSaidToUseIt(self) -> None:
        for each in NAMES:
            # what Twisted asks for may be made only
            found = foreign(each.by, self.sources) | made(self.sources[each.by])
            self.assertIn(each.name, found, each.by)

    def test_thereAreNoOthers(self) -> None:
        found = {
            (module, name)
            for module in self.sources
            for name in foreign(module, self.sources) | overridden(import_module(module))
        }
        listed = {(each.by, each.name) for each in NAMES}
        nodes = {
            (module, name)
            for module, name in found
            if within(module, "nodenet.node") and name in NODES_OWN
        }
        self.assertEqual(found - listed - nodes - set(ALLOWED), set())
        self.assertEqual(set(ALLOWED) - found, set(), "no longer used")

    def test_whoCannotDoWithoutSaysSo(self) -> None:
        saying = {
            module
            for module, tree in self.sources.items()
            if "need(__name__)" in {ast.unparse(node) for node in tree.body}
        }
        # The reactor stands alone; the others do without.
        without = {"nodenet.reactor", "nodenet._twisted", "nodenet._transports.resolver"}
        self.assertEqual(saying, {each.by for each in NAMES} - without)


class ForeignTests(SynchronousTestCase):
    """
    The tests above would see what is wrong.
    """

    def foreign(self, source: str, **others: str) -> set[str]:
        """
        @return: what is foreign in this source, beside other modules of nodenet.
        """
        known = {f"nodenet.{name}": ast.parse(text) for name, text in others.items()}
        return foreign("nodenet.x", {"nodenet.x": ast.parse(source), **known})

    def test_whatIsSomebodyElsesIsSeen(self) -> None:
        for source in (
            "x._name",
            "x._name = 1",
            "x.y._name()",
            "super()._name",
            "self._name",
            "cls._name",
            "getattr(x, '_name', None)",
            "setattr(x, '_name', 1)",
            "from x import _name",
            "from x._name import y",
            "import x._name",
            "class C(D):\n def _name(self): super()._name()",
            "def _name(): x._name",
            "_name = x._name",
        ):
            with self.subTest(source=source):
                self.assertEqual(self.foreign(source), {"_name"})

    def test_whatIsOnesOwnIsLetBe(self) -> None:
        for source in (
            "x.name + x.__name__",
            "self._name = x\nself._name",
            "class C:\n _name: int\n def f(self): self._name",
            "class C:\n __slots__ = ('_name',)\n def f(self): other._name",
            "class C:\n def _name(self): self._name()",
            "from nodenet import _name",
            "from nodenet._name import x",
            "from . import _name",
        ):
            with self.subTest(source=source):
                self.assertEqual(self.foreign(source), set())

    def test_whatIsInheritedWithinNodenetIsLetBe(self) -> None:
        a = "class A:\n def _name(self): self._other = 1"
        b = "from nodenet import a\nclass B(a.A): pass"
        for source in (
            "from nodenet.a import A\nclass C(A):\n def f(self): self._name()",
            "from nodenet.a import A\nclass C(A):\n def f(self): super()._name()",
            "from nodenet.b import B as D\nclass C(D):\n def f(self): self._other",
        ):
            with self.subTest(source=source):
                self.assertEqual(self.foreign(source, a=a, b=b), set())

    def test_whatIsReplacedIsSeen(self) -> None:
        class Base:
            _body = 1

            def __init__(self) -> None:
                self._set = 1

            def _method(self) -> None: ...

        class Derived(Base):
            _body = 2
            _set = 3
            _own = 4

            def _method(self) -> None: ...

        Base.__module__ = "twisted.x"
        Derived.__module__ = "nodenet.x"
        module = ModuleType("nodenet.x")
        module.__dict__["Derived"] = Derived
        self.assertEqual(overridden(module), {"_body", "_set", "_method"})
        Base.__module__ = "nodenet.y"
        self.assertEqual(overridden(module), set())


class ExistsTests(SynchronousTestCase):
    """
    L{Name.exists}.
    """

    def exists(self, owner: str, cls: str, name: str) -> bool:
        return Name("nodenet.x", owner, cls, name, "Twisted 24.3", "a", "b").exists()

    def test_anAttributeOneThatIsSetAndAModuleAreFound(self) -> None:
        for owner, cls, name in [
            ("twisted.internet.base", "BaseConnector", "_makeTransport"),
            ("twisted.internet.base", "ReactorBase", "_newTimedCalls"),  # in __init__
            ("twisted.protocols.tls", "TLSMemoryBIOProtocol", "_appSendBuffer"),
            ("twisted.internet", "", "_resolver"),
        ]:
            self.assertTrue(self.exists(owner, cls, name), name)
            self.assertFalse(self.exists(owner, cls, name + "Gone"), name)
            self.assertFalse(self.exists(owner + "Gone", cls, name), name)
            if cls:
                self.assertFalse(self.exists(owner, cls + "Gone", name), name)


class NeedTests(SynchronousTestCase):
    """
    L{need}.
    """

    GONE = Name(
        "nodenet.x", "twisted.internet.base", "ReactorBase", "_gone", "Twisted 24.3", "a", "b"
    )

    def test_whatIsThereIsLetPass(self) -> None:
        old = {each.by for each in NAMES if isOld(each)}
        for each in {each.by for each in NAMES} - old | {"nodenet.x"}:
            need(each)

    def test_whatIsGoneIsAnImportErrorThatSaysAll(self) -> None:
        for gone in (
            self.GONE,
            self.GONE._replace(cls="Gone"),
            self.GONE._replace(owner="twisted.gone"),
        ):
            self.patch(_twisted, "NAMES", (gone,))
            need("nodenet.y")
            error = self.assertRaises(ImportError, need, "nodenet.x")
            self.assertIn(f"{gone.owner}.{gone.cls}._gone (a)", str(error))
            self.assertIn("nodenet.x needs", str(error))
            self.assertIn("Twisted 24.3", str(error))

    def test_aModuleWhoseNameIsGoneCannotBeImported(self) -> None:
        code = (
            f"import sys\nsys.path.insert(0, {str(ROOT)!r})\n"
            "from twisted.internet.abstract import FileDescriptor\n"
            "del FileDescriptor._postLoseConnection\n"
            "import nodenet.net"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=False
        )
        self.assertIn("ImportError: nodenet._transports.tls needs", done.stderr)
        self.assertIn("_postLoseConnection", done.stderr)

    def test_withoutThoseThatCanBeMissingAllIsImported(self) -> None:
        code = (
            f"import sys\nsys.path.insert(0, {str(ROOT)!r})\n"
            "from OpenSSL import SSL\n"
            "from twisted.internet import _resolver, base\n"
            "del SSL.Connection._raise_ssl_error, _resolver.GAIResolver\n"
            "import nodenet._twisted as it, nodenet.net\n"
            "print(it.newBuffer(7), it.isBinding(1))"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=False
        )
        self.assertEqual((done.stdout, done.stderr), ("7 False\n", ""))


class CallFirstTests(SynchronousTestCase):
    """
    L{callFirst}; the tests of ticks have the rest.
    """

    def test_itCanBeCancelled(self) -> None:
        clock, seen = Clock(), list[Any]()
        callFirst(clock, seen.append, 1).cancel()
        callFirst(clock, seen.append, 2)
        clock.advance(0)
        self.assertEqual((seen, clock.getDelayedCalls()), ([2], []))
