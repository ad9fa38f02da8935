"""
The arrows of the design: who may import whom.
"""

from __future__ import annotations

import ast
import subprocess
import sys

from twisted.trial.unittest import SynchronousTestCase

from nodenet._twisted import NAMES
from tests.sources import (
    NODES_OWN,
    ROOT,
    Import,
    circles,
    foreign,
    imports,
    isPrivate,
    made,
    sources,
    within,
)

#: The floor of each module of nodenet.
FLOORS = {
    "nodenet": 0,
    "nodenet._interfaces": 0,
    "nodenet._twisted": 0,
    "nodenet.constants": 0,
    "nodenet.encodings": 0,
    "nodenet.errors": 0,
    "nodenet.events": 0,
    "nodenet.stream": 0,
    "nodenet.timers": 0,
    "nodenet._address": 1,
    "nodenet.crypto": 1,
    "nodenet.endpoints": 3,
    "nodenet.net": 3,
    "nodenet.splice": 3,
}
#: Packages that are on one floor with all that is in them.
PACKAGES = {
    "nodenet._transports": 1,
    "nodenet._net": 2,
    "nodenet.node": 3,
    "nodenet.service": 4,
}
ALONE = "nodenet.reactor"
#: The modules of the ground floor that meet Twisted, within a function.
MEET_TWISTED = {"nodenet.errors", "nodenet.timers"}
#: The one that is about Twisted, so that it is imported in the same way.
ABOUT_TWISTED = "nodenet._twisted"
#: What is written as by any user, on the public names.
USER = "nodenet.service"
#: The service that is on net alone.
ECHO = "nodenet.service.echo"
#: The two faces, Node v0.3.3's and today's, which know nothing of each other.
FACES = {"nodenet.net", "nodenet.node"}


def floor(module: str) -> int | None:
    """
    @return: the module's floor; C{None} if the design does not know it.
    """
    for package, its in PACKAGES.items():
        if within(module, package):
            return its
    return FLOORS.get(module)


def face(module: str) -> str | None:
    """
    @return: the face that a module is of, if it is of one.
    """
    return next((each for each in FACES if within(module, each)), None)


def wrongArrows(module: str, found: set[Import]) -> list[str]:
    """
    @return: the imports that the design forbids, each with the reason.
    """
    wrong = []
    own = floor(module)
    for what, function, typing, name in sorted(found):
        arrow = f"{module} -> {what}"
        if within(what, "nodenet"):
            other = floor(what)
            if module == ALONE or what == ALONE:
                wrong.append(f"{arrow}: {ALONE} stands alone")
            elif other is None or own is None:
                wrong.append(f"{arrow}: on no floor")
            elif other > own:
                wrong.append(f"{arrow}: up from floor {own} to {other}")
            elif face(module) and face(what) and face(module) != face(what):
                wrong.append(f"{arrow}: the faces know nothing of each other")
            elif within(module, USER) and any(map(isPrivate, name.split("."))):
                wrong.append(f"{module} -> {name}: {USER} has the public names only")
            elif module == ECHO and what != "nodenet.net":
                wrong.append(f"{arrow}: written against net alone")
            elif own == 0 and what == ABOUT_TWISTED and not function:
                wrong.append(f"{arrow}: within a function only")
        elif module == ABOUT_TWISTED or typing:
            pass
        elif own == 0 and what.partition(".")[0] not in sys.stdlib_module_names:
            if not within(what, "twisted") or module not in MEET_TWISTED:
                wrong.append(f"{arrow}: the ground floor is pure Python")
            elif not function:
                wrong.append(f"{arrow}: within a function only")
    return wrong


def intrusions(module: str, known: dict[str, ast.Module]) -> set[str]:
    """
    @return: the private attributes of other modules' objects, of C{known}, that a module
        uses.
    """
    others = {name for other, tree in known.items() if other != module for name in made(tree)}
    ofTwisted = {each.name for each in NAMES if each.by == module}
    nodes = NODES_OWN if within(module, "nodenet.node") else set()
    return (foreign(module, known) & others) - ofTwisted - nodes


class ArrowsTests(SynchronousTestCase):
    """
    The imports of nodenet.
    """

    def setUp(self) -> None:
        self.sources = trees = sources()
        packages = {"nodenet", *PACKAGES}
        self.imports = {
            module: imports(module, tree, module in packages, set(trees))
            for module, tree in trees.items()
        }

    def test_everyModuleHasItsFloor(self) -> None:
        strangers = [
            module for module in self.imports if module != ALONE and floor(module) is None
        ]
        self.assertEqual(strangers, [], "say in FLOORS where it stands")
        self.assertEqual(set(FLOORS) - set(self.imports), set(), "it is not there")

    def test_theModulesOfTheDesignAreFound(self) -> None:
        # or the other tests would look at nothing
        drawn = "events stream encodings errors constants timers net splice endpoints"
        drawn += " _transports.direct _net.server _net.stream service service.echo"
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

    def test_noTwoImportEachOther(self) -> None:
        arrows = {
            module: {each.what for each in found} for module, found in self.imports.items()
        }
        self.assertEqual(circles(arrows), [])

    def test_nobodyReachesIntoAnothersRoom(self) -> None:
        found = {module: intrusions(module, self.sources) for module in self.sources}
        self.assertEqual({module: names for module, names in found.items() if names}, {})

    def test_arrowsThatAreKnownAreSeen(self) -> None:
        for module, what in [
            ("nodenet.net", "nodenet._net.stream"),
            ("nodenet.stream", "nodenet.events"),
            ("nodenet._net.emitting", "nodenet.stream"),  # from nodenet import stream
            ("nodenet.service.echo", "nodenet.net"),
        ]:
            self.assertIn(what, {each.what for each in self.imports[module]})
        arrow = Import("twisted.internet", "theReactor", False, "twisted.internet.reactor")
        self.assertIn(arrow, self.imports["nodenet.timers"])


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
            "nodenet.node",
            "nodenet.node.events",
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
            {(each.what, each.function) for each in self.found("nodenet.errors", source)},
            {("x", "a.b"), ("y", "c"), ("z", "")},
        )

    def test_whatIsForTypeCheckersCountsWithinNodenet(self) -> None:
        for test in "TYPE_CHECKING", "typing.TYPE_CHECKING":
            source = f"if {test}:\n from nodenet._net.server import Server"
            [wrong] = self.wrong("nodenet.events", source)
            self.assertIn("up from floor 0 to 2", wrong)
            source = f"if {test}:\n import twisted"
            self.assertEqual(self.wrong("nodenet.events", source), [])
            source = f"if {test}:\n pass\nelse:\n import twisted"
            self.assertEqual(len(self.wrong("nodenet.events", source)), 1)

    def test_theServiceHasThePublicNamesOnly(self) -> None:
        for source in (
            "from nodenet._net.stream import Stream",
            "from nodenet import _address",
            "import nodenet._transports.direct",
            "from nodenet.net import _private",
            "def f():\n from nodenet._address import isIP",
            "if TYPE_CHECKING:\n from nodenet._net.stream import Stream",
            "from nodenet.service.echo import _private",
            "from .._net import stream",
        ):
            with self.subTest(source=source):
                [wrong] = self.wrong("nodenet.service.daemon", source)
                self.assertIn("public names only", wrong)
        for source in (
            "from nodenet.net import Stream",
            "from nodenet import net, __doc__",
            "from twisted.internet import _private",
        ):
            self.assertEqual(self.wrong("nodenet.service.daemon", source), [])

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

    def test_theFacesKnowNothingOfEachOther(self) -> None:
        for module, what in [
            ("nodenet.net", "nodenet.node"),
            ("nodenet.node", "nodenet.net"),
            ("nodenet.node.events", "nodenet.net"),
        ]:
            [wrong] = self.wrong(module, f"import {what}")
            self.assertIn("know nothing of each other", wrong)
        self.assertEqual(self.wrong("nodenet.node.events", "import nodenet.events"), [])

    def test_nodesOwnNamesAreNobodysWithinItsFace(self) -> None:
        made = {"nodenet.node.a": ast.parse("class A:\n def _read(self): self._other = 1")}
        source = ast.parse("x._read()\ny._other")
        for module, names in ("nodenet.node.b", {"_other"}), ("nodenet.b", {"_read", "_other"}):
            self.assertEqual(intrusions(module, {**made, module: source}), names)

    def test_arrowsDownAndOnTheSameFloorAreRight(self) -> None:
        for module, what in [
            ("nodenet.stream", "nodenet.events"),
            ("nodenet._net.server", "nodenet._net.stream"),
            ("nodenet.net", "nodenet.events"),
            ("nodenet.service.daemon", "nodenet.service.echo"),
            ("nodenet.service.daemon", "nodenet.splice"),
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
        for what in "nodenet.events", "nodenet.service.daemon", "nodenet":
            [wrong] = self.wrong("nodenet.service.echo", f"import {what}")
            self.assertIn("net alone", wrong)

    def test_circlesOfAnyLengthAreFound(self) -> None:
        for arrows, found in [
            ({"a": {"b"}, "b": {"c"}, "c": set()}, []),
            ({"a": {"a"}}, [{"a"}]),
            ({"a": {"b"}, "b": {"a", "c"}, "c": {"twisted"}}, [{"a", "b"}]),
            ({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}, [{"a", "b", "c"}]),
            ({"a": {"b"}, "b": {"a"}, "c": {"d", "a"}, "d": {"c"}}, [{"a", "b"}, {"c", "d"}]),
        ]:
            self.assertEqual(circles(arrows), found)

    def test_whoReachesIntoAnothersRoomIsSeen(self) -> None:
        known = {
            "nodenet.a": "class A:\n __slots__ = ('_slot',)\n"
            " def _method(self): self._made = 1",
            "nodenet.b": "class B:\n _own = 0",
        }
        for source, names in [
            ("x._method()", {"_method"}),
            ("x._made = 1", {"_made"}),
            ("getattr(x, '_slot')", {"_slot"}),
            ("class C:\n def f(self): self.a._made", {"_made"}),
            ("class C:\n _made = 0\n def f(self, other): other._made", set()),
            ("from nodenet.a import A\nclass C(A):\n def f(self): self._made", set()),
            ("from nodenet import a\nclass C(a.A):\n def f(self): self._method()", set()),
            ("from nodenet.a import A\nclass C(A):\n def f(self): super()._method()", set()),
            ("from nodenet.a import A\nclass C(A):\n def f(self): x._made", {"_made"}),
            ("from nodenet.b import B\nclass C(B):\n def f(self): self._made", {"_made"}),
            ("x._ofOthers", set()),
        ]:
            with self.subTest(source=source):
                trees = {
                    module: ast.parse(text)
                    for module, text in {**known, "nodenet.c": source}.items()
                }
                self.assertEqual(intrusions("nodenet.c", trees), names)

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

    def test_importingNodeOfTodayInstallsNoReactor(self) -> None:
        names = [name for name in sorted(sources()) if within(name, "nodenet.node")]
        modules = self.loaded("import " + ", ".join(names))
        self.assertIn("nodenet.node.events", modules)
        self.assertNotIn("twisted.internet.reactor", modules)
        self.assertNotIn("nodenet.net", modules)

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
