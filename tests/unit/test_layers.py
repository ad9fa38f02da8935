"""
The arrows of the design: who may import whom.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from twisted.trial.unittest import SynchronousTestCase

ROOT = Path(__file__).resolve().parents[2]

#: The floor of each module of nodenet; all of C{nodenet.service} is on the fourth.
FLOORS = {
    "nodenet": 0,
    "nodenet._twisted": 0,
    "nodenet.constants": 0,
    "nodenet.encodings": 0,
    "nodenet.errors": 0,
    "nodenet.events": 0,
    "nodenet.stream": 0,
    "nodenet.timers": 0,
    "nodenet._twisted": 0,
    "nodenet._address": 1,
    "nodenet._transports": 1,
    "nodenet._transports.resolver": 1,
    "nodenet.crypto": 1,
    "nodenet.endpoints": 3,
    "nodenet.net": 3,
    "nodenet.splice": 3,
}
TOP = 4
ALONE = "nodenet.reactor"
#: the modules of the ground floor that meet Twisted, within a function
MEET_TWISTED = {"nodenet._twisted", "nodenet.errors", "nodenet.timers"}
#: and the one that is about Twisted, so that it is imported in the same way
ABOUT_TWISTED = "nodenet._twisted"


class Import(NamedTuple):
    """
    An import: what, and in which function (C{""}: at module level).
    """

    what: str
    function: str


def floor(module: str) -> int | None:
    """
    @return: the module's floor; C{None} if the design does not know it.
    """
    if module == "nodenet.service" or module.startswith("nodenet.service."):
        return TOP
    for package, its in ("nodenet._transports", 1), ("nodenet._net", 2):
        if within(module, package):
            return its
    return FLOORS.get(module)


def sources() -> dict[str, ast.Module]:
    """
    @return: module -> source, of all that is under C{nodenet/}.
    """
    found = {}
    for path in sorted((ROOT / "nodenet").rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name] = ast.parse(path.read_text("utf-8"), str(path))
    return found


def imports(module: str, tree: ast.Module, package: bool, known: set[str]) -> set[Import]:
    """
    @param package: C{module} is a package, which relative imports start from.
    @param known: the names that are modules, so that C{from nodenet import net}
        is told from the import of a function.
    @return: what a module imports, wherever, but for C{if TYPE_CHECKING}.
    """

    def names(node: ast.Import | ast.ImportFrom) -> Iterator[str]:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name
            return
        base = node.module or ""
        if node.level:
            parts = module.split(".")
            up = parts[: len(parts) - node.level + package]
            base = ".".join([*up, base] if base else up)
        for alias in node.names:
            inner = f"{base}.{alias.name}"
            yield inner if inner in known else base

    def walk(node: ast.AST, function: str) -> Iterator[Import]:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            for name in names(node):
                yield Import(name, function)
            return
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            function = f"{function}.{node.name}".lstrip(".")
        children: list[ast.AST] = list(ast.iter_child_nodes(node))
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            children = list(node.orelse)
        for child in children:
            yield from walk(child, function)

    return set(walk(tree, ""))


def within(name: str, package: str) -> bool:
    """
    @return: whether this is the package, or of it.
    """
    return name == package or name.startswith(package + ".")


def wrongArrows(module: str, found: set[Import]) -> list[str]:
    """
    @return: the imports that the design forbids, each with the reason.
    """
    wrong = []
    own = floor(module)
    for what, function in sorted(found):
        arrow = f"{module} -> {what}"
        if within(what, "nodenet"):
            other = floor(what)
            if module == ALONE or what == ALONE:
                wrong.append(f"{arrow}: {ALONE} stands alone")
            elif other is None or own is None:
                wrong.append(f"{arrow}: on no floor")
            elif other > own:
                wrong.append(f"{arrow}: up from floor {own} to {other}")
            elif module == "nodenet.service.echo" and what != "nodenet.net":
                wrong.append(f"{arrow}: written against net alone")
            elif own == 0 and what == ABOUT_TWISTED and not function:
                wrong.append(f"{arrow}: within a function only")
        elif module == ABOUT_TWISTED:
            pass
        elif own == 0 and what.partition(".")[0] not in sys.stdlib_module_names:
            if not within(what, "twisted") or module not in MEET_TWISTED:
                wrong.append(f"{arrow}: the ground floor is pure Python")
            elif not function and module != "nodenet._twisted":
                wrong.append(f"{arrow}: within a function only")
    return wrong


class ArrowsTests(SynchronousTestCase):
    """
    The imports of nodenet.
    """

    def setUp(self) -> None:
        trees = sources()
        packages = {"nodenet", "nodenet._transports", "nodenet.service"}
        self.imports = {
            module: imports(module, tree, module in packages, set(trees))
            for module, tree in trees.items()
        }

    def test_everyModuleHasItsFloor(self) -> None:
        strangers = [
            module for module in self.imports if module != ALONE and floor(module) is None
        ]
        self.assertEqual(strangers, [], "say in FLOORS where it stands")

    def test_theModulesOfTheDesignAreFound(self) -> None:
        # or the other tests would look at nothing
        drawn = "events stream encodings errors constants timers _transports.direct _net.server _net.stream"
        drawn += " net service service.options service.echo service.relay"
        self.assertEqual(
            {f"nodenet.{name}" for name in drawn.split()} - set(self.imports), set()
        )

    def test_arrowsPointDownOnly(self) -> None:
        wrong = [
            each
            for module, found in self.imports.items()
            for each in wrongArrows(module, found)
        ]
        self.assertEqual(wrong, [])

    def test_arrowsThatAreKnownAreSeen(self) -> None:
        for module, what in [
            ("nodenet.net", "nodenet._net.stream"),
            ("nodenet.stream", "nodenet.events"),
            ("nodenet._net.stream", "nodenet.stream"),  # from nodenet import stream
            ("nodenet.service.echo", "nodenet.net"),
        ]:
            self.assertIn(what, {each.what for each in self.imports[module]})
        self.assertIn(Import("twisted.internet", "theReactor"), self.imports["nodenet.timers"])


class RulesTests(SynchronousTestCase):
    """
    The tests above would see what is wrong.
    """

    KNOWN = frozenset(
        {
            *FLOORS,
            "nodenet._net.stream",
            "nodenet._net.server",
            ALONE,
            "nodenet.service",
            "nodenet.service.daemon",
        }
    )

    def found(self, module: str, source: str, package: bool = False) -> set[Import]:
        """
        @return: the imports of this source.
        """
        return imports(module, ast.parse(source), package, set(self.KNOWN))

    def wrong(self, module: str, source: str) -> list[str]:
        """
        @return: what is wrong with this source, as a module of that name.
        """
        return wrongArrows(module, self.found(module, source))

    def test_everyKindOfImportIsSeen(self) -> None:
        for source, what in [
            ("import nodenet.net", "nodenet.net"),
            ("import os, nodenet.net as n", "nodenet.net"),
            ("from nodenet import net", "nodenet.net"),
            ("from nodenet import __doc__, net as n", "nodenet.net"),
            ("from nodenet.net import Stream", "nodenet.net"),
            ("from . import net", "nodenet.net"),
            ("from .net import Stream", "nodenet.net"),
            ("def f():\n import nodenet.net", "nodenet.net"),
            ("class C:\n async def f(self):\n  if 1:\n   import nodenet.net", "nodenet.net"),
            ("try:\n import x\nexcept ImportError:\n import nodenet.net", "nodenet.net"),
            ("if TYPE_CHECKING:\n pass\nelse:\n import nodenet.net", "nodenet.net"),
            ("if not_TYPING:\n import nodenet.net", "nodenet.net"),
        ]:
            with self.subTest(source=source):
                found = {each.what for each in self.found("nodenet.errors", source)}
                self.assertIn(what, found)
                self.assertEqual(len(self.wrong("nodenet.errors", source)) >= 1, True)

    def test_relativeImportsAreResolved(self) -> None:
        for module, package, source, what in [
            ("nodenet", True, "from .net import x", "nodenet.net"),
            ("nodenet.service", True, "from .daemon import x", "nodenet.service.daemon"),
            ("nodenet.service", True, "from ..net import x", "nodenet.net"),
            ("nodenet.service.echo", False, "from .daemon import x", "nodenet.service.daemon"),
            ("nodenet.service.echo", False, "from .. import net", "nodenet.net"),
        ]:
            with self.subTest(module=module, source=source):
                [found] = self.found(module, source, package)
                self.assertEqual(found.what, what)

    def test_theFunctionOfAnImportIsKnown(self) -> None:
        source = (
            "def a():\n def b():\n  import x\nclass C:\n def c(self):\n  import y\nimport z"
        )
        self.assertEqual(
            self.found("nodenet.errors", source),
            {Import("x", "a.b"), Import("y", "c"), Import("z", "")},
        )

    def test_whatIsForTypeCheckersDoesNotCount(self) -> None:
        for test in "TYPE_CHECKING", "typing.TYPE_CHECKING":
            source = f"if {test}:\n from nodenet._net.server import Server\n import twisted"
            self.assertEqual(self.found("nodenet.events", source), set())

    def test_anArrowUpIsWrong(self) -> None:
        for module, what in [
            ("nodenet.events", "nodenet._address"),
            ("nodenet._transports.direct", "nodenet._net.stream"),
            ("nodenet._net.stream", "nodenet.net"),
            ("nodenet.net", "nodenet.service"),
            ("nodenet", "nodenet.service.daemon"),
        ]:
            [wrong] = self.wrong(module, f"import {what}")
            self.assertIn(f"{module} -> {what}: up", wrong)

    def test_arrowsDownAndOnTheSameFloorAreRight(self) -> None:
        for module, what in [
            ("nodenet.stream", "nodenet.events"),
            ("nodenet._net.server", "nodenet._net.stream"),
            ("nodenet.net", "nodenet.events"),
            ("nodenet.service.daemon", "nodenet.service.echo"),
            ("nodenet.service.daemon", "nodenet._transports.direct"),
            ("nodenet.service.echo", "nodenet.net"),
            ("nodenet._transports.direct", "twisted.internet.tcp"),
            ("nodenet.errors", "socket"),
        ]:
            self.assertEqual(self.wrong(module, f"import {what}"), [])

    def test_theReactorStandsAlone(self) -> None:
        for module, what in ("nodenet.net", ALONE), (ALONE, "nodenet.constants"):
            [wrong] = self.wrong(module, f"import {what}")
            self.assertIn("stands alone", wrong)
        self.assertEqual(self.wrong(ALONE, "import twisted.internet.posixbase"), [])

    def test_theGroundFloorIsPurePython(self) -> None:
        for module in "nodenet.events", "nodenet.stream", "nodenet.encodings", "nodenet":
            for what in "twisted", "twisted.python.failure", "zope.interface", "OpenSSL":
                for source in f"import {what}", f"def f():\n import {what}":
                    [wrong] = self.wrong(module, source)
                    self.assertIn("pure Python", wrong)

    def test_errorsAndTimersMeetTwistedWithinAFunctionOnly(self) -> None:
        for module in "nodenet.errors", "nodenet.timers":
            source = "from twisted.internet import defer"
            [wrong] = self.wrong(module, source)
            self.assertIn("within a function only", wrong)
            self.assertEqual(self.wrong(module, f"def f():\n {source}"), [])
            [wrong] = self.wrong(module, "def f():\n import zope.interface")
            self.assertIn("pure Python", wrong)

    def test_whatIsAboutTwistedIsImportedAsTwisted(self) -> None:
        source = f"from {ABOUT_TWISTED} import callFirst"
        for module in "nodenet.timers", "nodenet.events":
            [wrong] = self.wrong(module, source)
            self.assertIn("within a function only", wrong)
            self.assertEqual(self.wrong(module, f"def f():\n {source}"), [])
        self.assertEqual(self.wrong("nodenet._transports.direct", source), [])
        self.assertEqual(self.wrong(ABOUT_TWISTED, "import twisted.internet, OpenSSL"), [])

    def test_echoIsWrittenAgainstNetAlone(self) -> None:
        for what in (
            "nodenet.events",
            "nodenet._net.stream",
            "nodenet.service.daemon",
            "nodenet",
        ):
            [wrong] = self.wrong("nodenet.service.echo", f"import {what}")
            self.assertIn("net alone", wrong)

    def test_aModuleOnNoFloorIsWrong(self) -> None:
        [wrong] = self.wrong("nodenet.net", "import nodenet.attic")
        self.assertIn("on no floor", wrong)


class FreshProcessTests(SynchronousTestCase):
    """
    What importing brings with it, in a process of its own.
    """

    def loaded(self, statements: str) -> list[str]:
        """
        @return: the modules of nodenet, Twisted's own and the reactor that are
            loaded after these statements.
        """
        code = (
            f"import sys\nsys.path.insert(0, {str(ROOT)!r})\n{statements}\n"
            "print(*sorted(sys.modules), sep='\\n')"
        )
        done = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.split()

    def test_importingThePluginImportsNoReactorAndNothingOfNodenet(self) -> None:
        modules = self.loaded("from twisted.plugins import nodenet_plugin")
        self.assertIn("twisted.plugins.nodenet_plugin", modules)
        self.assertNotIn("twisted.internet.reactor", modules)
        self.assertEqual([each for each in modules if within(each, "nodenet")], [])

    def test_theGroundFloorBringsNoTwisted(self) -> None:
        ground = [name for name, number in FLOORS.items() if number == 0]
        names = ", ".join(name for name in ground if name != ABOUT_TWISTED)
        modules = self.loaded(f"import {names}")
        self.assertIn("nodenet.timers", modules)
        self.assertEqual([each for each in modules if within(each, "twisted")], [])

    def test_everyNameOfAllIsThere(self) -> None:
        modules = sorted(set(sources()) - {ALONE})
        self.loaded("\n".join(f"from {module} import *" for module in modules))

    def test_importingNetInstallsNoReactor(self) -> None:
        modules = self.loaded("from nodenet import net")
        self.assertIn("nodenet.net", modules)
        self.assertNotIn("twisted.internet.reactor", modules)

    def test_importingTheServiceInstallsNoReactor(self) -> None:
        modules = self.loaded("import nodenet.service")
        self.assertIn("nodenet.service.daemon", modules)
        self.assertNotIn("twisted.internet.reactor", modules)

    def test_aTimerOnAnotherReactorInstallsNone(self) -> None:
        modules = self.loaded(
            "from twisted.internet.task import Clock\n"
            "from nodenet.timers import *\n"
            "nextTick(print, reactor=Clock())\n"
            "setTimeout(print, 1, reactor=Clock())"
        )
        self.assertNotIn("twisted.internet.reactor", modules)
