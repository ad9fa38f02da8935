"""
What the docs say is so, as far as a program can tell.
"""

from __future__ import annotations

import csv
import doctest
import json
import re
from ast import PyCF_ALLOW_TOP_LEVEL_AWAIT
from collections.abc import Iterator
from dataclasses import fields
from importlib import import_module
from inspect import getsource, signature
from pathlib import Path
from textwrap import dedent
from typing import Any, ClassVar
from unittest import TestLoader, TestResult

from twisted.trial.unittest import SynchronousTestCase

from nodenet import crypto, endpoints, errors, net, splice
from nodenet._net.lifecycle import TRANSITIONS
from nodenet.events import EventEmitter
from nodenet.node import abort, events, process, stream
from nodenet.node import errors as node_errors
from nodenet.node import net as node_net
from nodenet.node._net.connection import Connection
from nodenet.node._streams.legacy import Stream
from nodenet.service import Options
from nodenet.service.command import Command, Option
from nodenet.service.options import RelayOptions
from nodenet.service.record import Ending, Record

ROOT = Path(__file__).resolve().parents[2]
SCENARIOS = ROOT / "tests" / "node" / "scenarios"
PAGES = [*sorted((ROOT / "docs").glob("*.rst")), ROOT / "README.md"]


def indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def body(lines: list[str], start: int, column: int) -> Iterator[str]:
    """
    @return: the lines of the directive that begins at C{column} of the line
        before C{start}.
    """
    for line in lines[start:]:
        if line.strip() and indent(line) <= column:
            return
        yield line


def python(page: Path) -> Iterator[tuple[int, str]]:
    """
    @return: line number and text of each Python block of a page.
    """
    lines = page.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines, 1):
        if page.suffix == ".md":
            if line.strip() == "```python":
                end = next(i for i in range(number, len(lines)) if lines[i].strip() == "```")
                yield number, dedent("\n".join(lines[number:end]) + "\n")
        elif line.endswith(".. code-block:: python"):
            yield number, dedent("\n".join(body(lines, number, line.index(".."))) + "\n")


def table(page: str, name: str) -> list[list[str]]:
    """
    @return: the rows of the csv-table with C{:name: name}, the header first.
    """
    lines = (ROOT / "docs" / page).read_text(encoding="utf-8").splitlines()
    start = lines.index(f"   :name: {name}")
    while not lines[start].startswith(".. csv-table::"):
        start -= 1
    inside = [line.strip() for line in body(lines, start + 1, 0) if line.strip()]
    options = dict(re.findall(r"^:(\w+): (.*)$", "\n".join(inside), re.M))
    rows = [line for line in inside if not re.match(r":\w+:", line)]
    cells = csv.reader(rows, delimiter=options.get("delim", ","), quoting=csv.QUOTE_NONE)
    header = [cell.strip() for cell in options["header"].split(",")]
    return [header, *([cell.strip() for cell in row] for row in cells)]


def listTable(page: str, title: str) -> list[list[str]]:
    """
    @return: the rows of the list-table with that title, without the header.
    """
    lines = (ROOT / "docs" / page).read_text(encoding="utf-8").splitlines()
    start = lines.index(f".. list-table:: {title}")
    rows: list[list[str]] = []
    for line in body(lines, start + 1, 0):
        text = line.strip()
        if text.startswith("* - "):
            rows.append([text[4:]])
        elif text == "-" or text.startswith("- "):
            rows[-1].append(text[2:])
        elif rows and text:
            rows[-1][-1] += f" {text}"
    return rows[1:]


def synopsis(option: Option) -> str:
    """
    @return: the option as the help writes it.
    """
    short = f"-{option.short}, " if option.short else ""
    return f"{short}--{option.name} {option.value}".rstrip()


def default(command: type[Command], option: Option) -> str:
    """
    @return: an option's default: what the help calls it, or the settings' own, and of the
        relay's if that is another.
    """
    if option.default or not option.value:
        return option.default
    found: dict[str, str] = {}
    for whose, settings in command.made.items():
        value = {each.name: each.default for each in fields(settings)}.get(option.key)
        if isinstance(value, (int, float, str)):
            found.setdefault(str(value), whose)
    return "; ".join(f"{whose} {value}".strip() for value, whose in found.items())


class ExampleTests(SynchronousTestCase):
    """
    The examples of all pages.
    """

    def test_theyCompile(self):
        found = 0
        for page in PAGES:
            for number, text in python(page):
                # So that a message names the line of the page. What a coroutine would do may
                # be shown without one.
                compile("\n" * number + text, str(page), "exec", PyCF_ALLOW_TOP_LEVEL_AWAIT)
                found += 1
        self.assertGreater(found, 8)

    def test_thoseThatShowWhatTheyPrintDo(self):
        attempted = 0
        for page in PAGES:
            results = doctest.testfile(
                str(page),
                module_relative=False,
                encoding="utf-8",
                optionflags=doctest.ELLIPSIS,
            )
            self.assertEqual(results.failed, 0, page)
            attempted += results.attempted
        self.assertGreater(attempted, 4)

    def test_thoseThatAreTestsPass(self):
        ran = 0
        for page in PAGES:
            for number, text in python(page):
                if "TestCase)" not in text:
                    continue
                namespace: dict[str, Any] = {"__name__": "example"}
                exec(compile("\n" * number + text, str(page), "exec"), namespace)
                for case in list(namespace.values()):
                    if getattr(case, "__module__", None) == "example" and hasattr(case, "run"):
                        result = TestResult()
                        TestLoader().loadTestsFromTestCase(case).run(result)
                        self.assertEqual(result.errors + result.failures, [])
                        ran += result.testsRun
        self.assertEqual(ran, 2)


class TableTests(SynchronousTestCase):
    """
    The tables that repeat what the code says.
    """

    def test_theLifeOfAStream(self):
        (_, *inputs), *rows = table("semantics.rst", "transitions")
        said = {
            (state, what): after
            for state, *cells in rows
            for what, after in zip(inputs, cells, strict=True)
            if after
        }
        self.assertEqual(said, TRANSITIONS)

    def test_whatHasAName(self):
        """
        What the reference names is there.
        """
        owners = {
            "crypto": crypto,
            "emitter": EventEmitter(),
            "endpoints": endpoints,
            "errors": errors,
            "net": net,
            "server": net.Server(),
            "splice": splice,
            "splicer": splice.Splicer(),
            "stream": net.Stream(),
        }
        for each in "document", "security", "besides", "emitter", "errors", "more":
            for name, *_ in table("api.rst", each)[1:]:
                match = re.match(r"``(\w+)\.(\w+)", name)
                if match is None:
                    self.assertRegex(name, r"^``(server|stream|emitter)`` event ``\w+\(.*\)``$")
                    continue
                owner, attribute = match.groups()
                self.assertIn(attribute, dir(owners[owner]), name)

    def test_allOfAnEmitter(self):
        said = " ".join(name for name, *_ in table("api.rst", "emitter")[1:])
        own = {"watchResult", "listenerFailed"}  # for subclasses
        public = {name for name in vars(EventEmitter) if not name.startswith("_")} - own
        self.assertEqual(set(re.findall(r"emitter\.(\w+)", said)), public)

    def test_allExceptions(self):
        said = {name.strip("`") for name, *_ in table("api.rst", "errors")[1:]}
        own = {
            f"errors.{name}"
            for name in errors.__all__
            if isinstance(getattr(errors, name), type)
        }
        self.assertEqual(said, own | {"crypto.CredentialsError"})

    def test_allDetailsOfCredentials(self):
        said = [name.strip("`") for name, *_ in table("api.rst", "details")[1:]]
        self.assertEqual(said, list(signature(crypto.Credentials).parameters))

    def test_theTestsThatShowIt(self):
        for each in "document", "security", "details", "emitter", "errors":
            for _, _, test in table("api.rst", each)[1:]:
                module, case, method = test.strip("`").rsplit(".", 2)
                self.assertTrue(hasattr(getattr(import_module(module), case), method), test)

    def test_theOptions(self):
        """
        The tables have the groups of the help, in which each option has its default.
        """
        for page, command in ("service.rst", Options), ("relay.rst", RelayOptions):
            text = (ROOT / "docs" / page).read_text(encoding="utf-8")
            titles = re.findall(r"^\.\. list-table:: (.+)$", text, re.M)
            self.assertEqual(titles, list(command.table), page)
            for title, options in command.table.items():
                said = [(row[0].strip("`"), row[2]) for row in listTable(page, title)]
                known = [(synopsis(option), default(command, option)) for option in options]
                self.assertEqual(said, known, title)

    def test_noOptionThatThereIsNot(self):
        nodenet = {name.rstrip("=") for name in Options().longOpt}
        relay = {name.rstrip("=") for name in RelayOptions().longOpt}
        twistd = {"gid", "logfile", "logger", "pidfile", "reactor", "rundir", "uid"}
        known = {"service.rst": nodenet | twistd, "relay.rst": nodenet | relay | twistd}
        for page, options in known.items():
            text = (ROOT / "docs" / page).read_text(encoding="utf-8")
            said = set(re.findall(r"``--([a-z-]+)", text))
            self.assertEqual(said - options, set(), page)

    def test_theAccessLog(self):
        """
        Each field of a record, and each way to end.
        """
        known = [field.name for field in fields(Record)]
        said = [name.strip("`") for name, *_ in table("relay.rst", "record")[1:]]
        self.assertEqual(said, known)
        said = [name.strip("`") for name, *_ in table("relay.rst", "ended")[1:]]
        self.assertEqual(said, [ending.value for ending in Ending])
        page = (ROOT / "docs" / "relay.rst").read_text(encoding="utf-8")
        shown = [json.loads(line) for line in re.findall(r"^   (\{.*\})$", page, re.M)]
        self.assertEqual([list(record) for record in shown], [known] * 3)
        for record in shown:
            Ending(record["ended"])


class NodeTests(SynchronousTestCase):
    """
    The tables of Node of today.
    """

    PAGE = "api_node.rst"
    MODULES: ClassVar[dict[str, Any]] = {
        "abort": abort,
        "errors": node_errors,
        "events": events,
        "net": node_net,
        "process": process,
        "stream": stream,
    }
    #: What the rows' names stand for.
    OWNERS: ClassVar[dict[str, type]] = {
        "aggregate": node_errors.AggregateError,
        "blockList": node_net.BlockList,
        "controller": abort.AbortController,
        "duplex": stream.Duplex,
        "emitter": events.EventEmitter,
        "error": node_errors.CodedError,
        "event": abort.Event,
        "iterator": events.EventIterator,
        "legacy": Stream,
        "lookupFailed": node_errors.LookupFailedError,
        "promises": stream.promises,
        "readable": stream.Readable,
        "server": node_net.Server,
        "signal": abort.AbortSignal,
        "socket": node_net.Socket,
        "socketAddress": node_net.SocketAddress,
        "subscription": abort.Subscription,
        "symbol": node_errors.Symbol,
        "systemCall": node_errors.SystemCallError,
        "target": abort.EventTarget,
        "transform": stream.Transform,
        "uncaught": process.Uncaught,
        "unhandled": node_errors.ERR_UNHANDLED_ERROR,
        "warning": events.MaxListenersExceededWarning,
        "writable": stream.Writable,
    }
    #: What is public for others of nodenet's own classes only, or for subclasses.
    OURS: ClassVar[set[tuple[type, str]]] = {
        (EventEmitter, "listenerFailed"),
        (EventEmitter, "watchResult"),
        (Stream, "allowHalfOpen"),  # a slot for what is derived
        (Connection, "aborted"),
        (Connection, "acceptedBy"),
        (Connection, "onStreamEnd"),
        (Connection, "onStreamFailed"),
        (Connection, "onStreamRead"),
        (Connection, "onStreamTouch"),
        (abort.AbortSignal, "end"),
        (node_net.Server, "accepted"),
        (node_net.Server, "closed"),
        (node_net.Server, "dropped"),
        (node_net.Socket, "connectTo"),
    }

    def setUp(self) -> None:
        text = (ROOT / "docs" / self.PAGE).read_text(encoding="utf-8")
        names = re.findall(r"^   :name: (.+)$", text, re.M)
        self.rows = [row for name in names for row in table(self.PAGE, name)[1:]]
        self.assertGreater(len(self.rows), 300)
        #: Each row that is no event or statement: what it is of, and its name.
        self.said: list[tuple[str, str]] = []
        self.events: list[tuple[str, str]] = []
        for name, *_ in self.rows:
            if not name.startswith("``async "):
                match = re.fullmatch(r"``(\w+)(?:\.|`` event ``)(\w+)(?:\(.*\))?``", name)
                assert match is not None, name
                which = self.events if "event ``" in name else self.said
                which.append((match[1], match[2]))

    def instances(self) -> list[Any]:
        """
        @return: an object of each class whose attributes are made by its constructor.
        """
        return [
            abort.AbortController(),
            abort.AbortSignal.abort(),
            abort.Event("x"),
            abort.EventTarget(),
            abort.addAbortListener(abort.AbortSignal.abort(), print),
            events.EventEmitter(),
            events.on(events.EventEmitter(), "x"),
            events.MaxListenersExceededWarning(None, "x", 2, 1),
            node_errors.AggregateError([]),
            node_errors.Symbol("x"),
            node_errors.lookupError("x"),
            node_errors.systemError(1, "read"),
            node_net.BlockList(),
            node_net.Server(),
            node_net.Socket(),
            node_net.SocketAddress(),
            stream.PassThrough(),
        ]

    def known(self) -> Iterator[tuple[type, str, type]]:
        """
        @return: a class, and an attribute that it has from a class of nodenet's.
        """
        classes = {Stream, *self.OWNERS.values()}
        for module in self.MODULES.values():
            every = (getattr(module, name) for name in module.__all__)
            classes |= {each for each in every if isinstance(each, type)}
        for each in classes:
            for base in (*each.__mro__, *type(each).__mro__):
                if base.__module__.startswith("nodenet."):
                    for name in vars(base):
                        yield each, name, base
        for each in self.instances():
            for name in vars(each) if hasattr(each, "__dict__") else ():
                yield type(each), name, type(each)

    def test_allNamesOfItsModules(self) -> None:
        said = {(owner, name) for owner, name in self.said if owner in self.MODULES}
        modules = self.MODULES.items()
        known = {(owner, name) for owner, module in modules for name in module.__all__}
        self.assertEqual(said, known)

    def test_allMembersOfItsClasses(self) -> None:
        """
        Each is in a row of its class, or of one that its class is derived from.
        """
        said = {(self.OWNERS[o], name) for o, name in self.said if o not in self.MODULES}
        missing = {
            f"{each.__name__}.{name}"
            for each, name, base in self.known()
            if not name.startswith("_")
            and (base, name) not in self.OURS
            and not any(issubclass(each, owner) and name == its for owner, its in said)
        }
        self.assertEqual(missing, set())

    def test_whatHasARowIsThere(self) -> None:
        there = {(each, name) for each, name, _ in self.known()}
        system = {(self.OWNERS["systemCall"], each) for each in ("errno", "address", "port")}
        system |= {(self.OWNERS["systemCall"], each) for each in ("code", "syscall")}
        made = {
            *system,
            (node_errors.LookupFailedError, "hostname"),
            (node_errors.CodedError, "message"),
            (node_errors.ERR_UNHANDLED_ERROR, "context"),
            (process.Uncaught, "failure"),
        }
        for owner, name in self.said:
            if owner not in self.MODULES:
                self.assertIn((self.OWNERS[owner], name), there | made)

    def test_allHaveADocstring(self) -> None:
        for each, name, base in self.known():
            self.assertTrue(each.__doc__ or each not in self.OWNERS.values(), each)
            its: Any = vars(base).get(name)
            its = getattr(its, "__func__", its)
            if not name.startswith("_") and (callable(its) or isinstance(its, property)):
                self.assertTrue(its.__doc__, f"{base.__name__}.{name}")

    def test_eventsAreInTheDocstringOfTheirClass(self) -> None:
        self.assertGreater(len(self.events), 30)
        for owner, name in self.events:
            said = "".join(each.__doc__ or "" for each in self.OWNERS[owner].__mro__)
            self.assertRegex(said, rf"C{{{name}}}\(", f"{owner} {name}")

    def test_theTestsThatShowThem(self) -> None:
        """
        Each is there, and speaks of the thing.
        """
        for name, _, _, test in self.rows:
            module, case, method = test.strip("`").rsplit(".", 2)
            its = getattr(getattr(import_module(module), case), method, None)
            assert its is not None, test
            if case == "TracesTests":
                path = SCENARIOS / method.removeprefix("test_").replace("_", "/", 1)
                # Events may be in what was logged only.
                files = [path.with_suffix(each) for each in (".py", ".txt")]
                said = "".join(each.read_text("utf-8") for each in files)
            else:
                said = getsource(its)
            if "async with" in name:
                word = "(async with|__aexit__)"
            elif "async for" in name:
                word = "async for"
            else:
                # Hooks are options, too.
                match = re.search(r"\b_?([a-z]\w*)(?:\(.*\))?``$", name, re.I)
                assert match is not None, name
                word = "_?" + match[1]
            self.assertRegex(said, rf"\b{word}\b", f"{name}: {test}")
