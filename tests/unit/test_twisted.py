"""
The private names of others: each is listed in L{nodenet._twisted}.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from nodenet import _twisted
from nodenet._twisted import NAMES, Name, callFirst, need

ROOT = Path(__file__).resolve().parents[2]

#: The modules that are looked through.
MODULES = ["_address", "_twisted", "errors", "events", "reactor", "timers"]
#: (module, name): why it is used though it is neither the module's own nor listed.
ALLOWED: dict[tuple[str, str], str] = {}


def isPrivate(name: str) -> bool:
    """
    @return: whether a name is somebody's own.
    """
    return name.startswith("_") and not name.startswith("__")


def foreign(source: str) -> set[str]:
    """
    @return: the private attributes and imports that a module uses and does not make. What
        C{self} has of its own is made somewhere in the module: by assignment,
        annotation, C{def} or C{__slots__}.
    """

    def used(node: ast.AST) -> Iterator[str]:
        if isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.ImportFrom) and not (node.module or "nodenet").startswith(
            "nodenet"
        ):
            yield from (alias.name for alias in node.names)
            yield from (node.module or "").split(".")
        elif isinstance(node, ast.Import):
            yield from (part for alias in node.names for part in alias.name.split("."))
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in REACHES:
            # getattr(x, "_name")
            for each in node.args[1:2]:
                if isinstance(each, ast.Constant) and isinstance(each.value, str):
                    yield each.value

    def made(node: ast.AST) -> Iterator[str]:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, (ast.Attribute, ast.Name)) and isinstance(node.ctx, ast.Store):
            if isinstance(node, ast.Name) or ast.unparse(node.value) in ("self", "cls"):
                yield node.attr if isinstance(node, ast.Attribute) else node.id
        elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__slots__":
            yield from ast.literal_eval(node.value)

    nodes = list(ast.walk(ast.parse(source)))
    own = {name for node in nodes for name in made(node)}
    # A method that overrides another's is not own, if it calls that.
    overridden = {
        node.attr
        for node in nodes
        if isinstance(node, ast.Attribute) and ast.unparse(node.value).startswith("super(")
    }
    return {name for node in nodes for name in used(node) if isPrivate(name)} - (
        own - overridden
    )


REACHES = {"getattr", "hasattr", "setattr", "delattr"}


class NamesTests(SynchronousTestCase):
    """
    L{NAMES}.
    """

    def test_eachIsThere(self) -> None:
        self.assertEqual([each for each in NAMES if not each.exists()], [])

    def test_eachSaysWhySinceWhenAndWhatElseWouldDo(self) -> None:
        for each in NAMES:
            self.assertTrue(all(each), each)
            self.assertTrue(isPrivate(each.name), each)

    def test_eachIsUsedByWhoIsSaidToUseIt(self) -> None:
        for each in NAMES:
            path = ROOT.joinpath(*each.by.split(".")).with_suffix(".py")
            self.assertIn(each.name, foreign(path.read_text("utf-8")))

    def test_thereAreNoOthers(self) -> None:
        found = {
            (module, name)
            for module in MODULES
            for name in foreign((ROOT / "nodenet" / f"{module}.py").read_text("utf-8"))
        }
        listed = {(each.by.rpartition(".")[2], each.name) for each in NAMES}
        self.assertEqual(found - listed - set(ALLOWED), set())
        self.assertEqual(set(ALLOWED) - found, set(), "no longer used")


class ForeignTests(SynchronousTestCase):
    """
    The tests above would see what is wrong.
    """

    def test_whatIsSomebodyElsesIsSeen(self) -> None:
        for source in (
            "x._name",
            "x._name = 1",
            "x.y._name()",
            "super()._name",
            "self._name",
            "getattr(x, '_name', None)",
            "setattr(x, '_name', 1)",
            "from x import _name",
            "from x._name import y",
            "import x._name",
            "class C(D):\n def _name(self): super()._name()",
        ):
            with self.subTest(source=source):
                self.assertEqual(foreign(source), {"_name"})

    def test_whatIsOnesOwnIsLetBe(self) -> None:
        for source in (
            "x.name + x.__name__",
            "self._name = x\nself._name",
            "class C:\n _name: int\n def f(self): self._name",
            "class C:\n __slots__ = ('_name',)\n def f(self): other._name",
            "class C:\n def _name(self): self._name()",
            "from nodenet import _name",
            "from nodenet._name import x",
        ):
            with self.subTest(source=source):
                self.assertEqual(foreign(source), set())


class NeedTests(SynchronousTestCase):
    """
    L{need}.
    """

    GONE = Name(
        "nodenet.x", "twisted.internet.base", "ReactorBase", "_gone", "Twisted 24.3", "a", "b"
    )

    def test_whatIsThereIsLetPass(self) -> None:
        for each in {each.by for each in NAMES} | {"nodenet.x"}:
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
            self.assertIn("Twisted 24.3", str(error))


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
