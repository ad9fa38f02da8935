"""
What stands in nodenet's sources: who imports whom, and whose private names are used.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]

Sources = Mapping[str, ast.Module]

#: Functions that take the name of an attribute.
REACHES = {"getattr", "hasattr", "setattr", "delattr"}

#: What Node calls so itself: the hooks of streams that users write, and their state. Within
#: its face these are nobody's own.
NODES_OWN = {
    *("_construct", "_destroy", "_final", "_flush", "_read", "_transform", "_write", "_writev"),
    *("_isDestroyed", "_readableState", "_writableState"),
}


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


def within(name: str, package: str) -> bool:
    """
    @return: whether this is the package, or of it.
    """
    return name == package or name.startswith(package + ".")


def isPrivate(name: str) -> bool:
    """
    @return: whether a name is somebody's own.
    """
    return name.startswith("_") and not name.startswith("__")


# Imports


class Import(NamedTuple):
    """
    An import.

    @ivar what: the module.
    @ivar function: in which it is; C{""}: at module level.
    @ivar typing: it is for type checkers only.
    @ivar name: what of the module is imported, with its dots; the module itself where it
        is nothing less.
    """

    what: str
    function: str
    typing: bool
    name: str


def base(module: str, node: ast.ImportFrom, package: bool) -> str:
    """
    @return: what C{from} names.
    """
    name = node.module or ""
    if not node.level:
        return name
    parts = module.split(".")
    up = parts[: len(parts) - node.level + package]
    return ".".join([*up, name] if name else up)


def imports(module: str, tree: ast.Module, package: bool, known: set[str]) -> set[Import]:
    """
    @param package: C{module} is a package, which relative imports start from.
    @param known: the names that are modules, so that C{from nodenet import net}
        is told from the import of a function.
    @return: what a module imports, wherever.
    """

    def names(node: ast.Import | ast.ImportFrom) -> Iterator[tuple[str, str]]:
        for alias in node.names:
            if isinstance(node, ast.Import):
                yield alias.name, alias.name
            else:
                origin = base(module, node, package)
                name = f"{origin}.{alias.name}"
                yield name if name in known else origin, name

    def walk(node: ast.AST, function: str, typing: bool) -> Iterator[Import]:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            for what, name in names(node):
                yield Import(what, function, typing, name)
            return
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            function = f"{function}.{node.name}".lstrip(".")
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            for child in node.body:
                yield from walk(child, function, True)
            for child in node.orelse:
                yield from walk(child, function, typing)
            return
        for child in ast.iter_child_nodes(node):
            yield from walk(child, function, typing)

    return set(walk(tree, "", False))


def circles(arrows: Mapping[str, set[str]]) -> list[set[str]]:
    """
    @param arrows: module -> those that it imports.
    @return: the groups of modules that import each other, in however many steps.
    """

    def reached(start: str) -> set[str]:
        seen: set[str] = set()
        waiting = [start]
        while waiting:
            for each in arrows.get(waiting.pop(), ()):
                if each not in seen:
                    seen.add(each)
                    waiting.append(each)
        return seen

    reach = {module: reached(module) for module in arrows}
    groups = {
        frozenset(other for other in reach[module] if module in reach.get(other, ()))
        for module in arrows
        if module in reach[module]
    }
    return [set(each) for each in sorted(groups, key=sorted)]


# Private names


class Use(NamedTuple):
    """
    A private name that is used.

    @ivar whose: C{self} (or C{cls}), C{super}, C{other} (any other object's) or C{import}.
    """

    name: str
    whose: str


def uses(tree: ast.Module) -> set[Use]:
    """
    @return: the private names that a module uses of objects, or imports from others than
        nodenet.
    """

    def of(node: ast.expr) -> str:
        text = ast.unparse(node)
        if text in ("self", "cls"):
            return "self"
        return "super" if text.startswith("super(") else "other"

    def walk(node: ast.AST) -> Iterator[Use]:
        if isinstance(node, ast.Attribute):
            yield Use(node.attr, of(node.value))
        elif isinstance(node, ast.ImportFrom):
            if not node.level and not within(node.module or "", "nodenet"):
                for name in [*(node.module or "").split("."), *(a.name for a in node.names)]:
                    yield Use(name, "import")
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if not within(alias.name, "nodenet"):
                    for name in alias.name.split("."):
                        yield Use(name, "import")
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in REACHES:
            # getattr(x, "_name")
            for each in node.args[1:2]:
                if isinstance(each, ast.Constant) and isinstance(each.value, str):
                    yield Use(each.value, of(node.args[0]))

    return {use for node in ast.walk(tree) for use in walk(node) if isPrivate(use.name)}


@cache  # each module is asked for once by every other
def made(tree: ast.Module) -> set[str]:
    """
    @return: the private attributes that the classes of a module make: by assignment,
        annotation, C{def} or C{__slots__}.
    """

    def inBody(body: list[ast.stmt]) -> Iterator[str]:
        for node in body:
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                yield node.name
            elif isinstance(node, (ast.Assign, ast.AnnAssign)):
                for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                    if ast.unparse(target) == "__slots__" and node.value is not None:
                        yield from ast.literal_eval(node.value)
                    elif isinstance(target, ast.Name):
                        yield target.id

    def walk(node: ast.AST) -> Iterator[str]:
        if isinstance(node, ast.ClassDef):
            yield from inBody(node.body)
        elif (
            isinstance(node, ast.Attribute)
            and isinstance(node.ctx, ast.Store)
            and ast.unparse(node.value) in ("self", "cls")
        ):
            yield node.attr

    return {name for node in ast.walk(tree) for name in walk(node) if isPrivate(name)}


def inherited(module: str, known: Sources) -> set[str]:
    """
    @return: the private attributes that the classes of a module have from those of other
        modules of C{known}.
    """

    def parents(name: str) -> set[str]:
        tree = known[name]
        local = {}
        for node in ast.walk(tree):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                for alias in node.names:
                    origin = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
                    local[alias.asname or alias.name] = origin + alias.name
        found = set()
        for node in ast.walk(tree):
            for each in node.bases if isinstance(node, ast.ClassDef) else ():
                first, dot, rest = ast.unparse(each).partition(".")
                owner = (local.get(first, first) + dot + rest).rpartition(".")[0]
                if owner in known and owner != name:
                    found.add(owner)
        return found

    seen: set[str] = set()
    waiting = [module]
    while waiting:
        for each in parents(waiting.pop()) - seen:
            seen.add(each)
            waiting.append(each)
    return {name for each in seen for name in made(known[each])}


def foreign(module: str, known: Sources) -> set[str]:
    """
    @return: the private names that a module uses and that are neither its own nor
        inherited from other modules of C{known}.
    """
    own = made(known[module])
    family = inherited(module, known)
    has = {"self": own | family, "super": family, "other": own, "import": set[str]()}
    return {use.name for use in uses(known[module]) if use.name not in has[use.whose]}
