"""
What the pages for those who port from Node show is run: the JavaScript by Node, the Python by
this Python, each in a process of its own.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from nodenet.node import events, net, stream
from tests.node.harness import NODE
from tests.pages import Block, blocks, groups
from tests.processes import LIMIT, ROOT

DOCS = Path(ROOT) / "docs"
TODAY, IDIOMS = DOCS / "porting_today.rst", DOCS / "porting_idioms.rst"

#: What the cells of the table about waiting stand in.
JAVASCRIPT = """\
import { on, once } from 'node:events';
import net from 'node:net';
import { finished, pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const server = net.createServer((c) => c.on('error', () => {}).pipe(c));
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const where = server.address();
const socket = net.connect(where);
await Promise.all([once(socket, 'connect'), once(server, 'connection')]);
{
%s}
process.exit();
"""
IMPORTS = """\
import asyncio
from twisted.internet import asyncioreactor
loop = asyncio.new_event_loop()
asyncioreactor.install(loop)
from twisted.internet.defer import CancelledError, Deferred, TimeoutError, gatherResults
from twisted.internet.task import deferLater, react
from nodenet.node import net
from nodenet.node.abort import AbortController
from nodenet.node.errors import AbortError
from nodenet.node.events import on, once
from nodenet.node.stream import promises
from nodenet.timers import setTimeout

async def started():
    server = net.createServer(lambda c: c.on("error", lambda e: None).pipe(c))
    server.listen(0, "127.0.0.1")
    await once(server, "listening")
    where = server.address()
    socket = net.connect(where)
    await gatherResults([once(socket, "connect"), once(server, "connection")])
    return server, where, socket
"""
TWISTED = f"""{IMPORTS}
async def main(reactor):
    server, where, socket = await started()
%s
react(main)
"""
ASYNCIO = f"""{IMPORTS}
async def main():
    server, where, socket = await Deferred.fromCoroutine(started()).asFuture(loop)
%s
react(lambda reactor: Deferred.fromFuture(loop.create_task(main())))
"""


class Program:
    """
    One that runs.
    """

    def __init__(self, executable: str, path: Path, text: str) -> None:
        path.write_text(text, encoding="utf-8")
        self._process = subprocess.Popen(
            [executable, str(path)],
            env={**os.environ, "PYTHONPATH": ROOT},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def kill(self) -> None:
        """
        End it, if it runs.
        """
        self._process.kill()

    def result(self) -> tuple[str, int, str]:
        """
        @return: what it has printed, its status, and what it has to complain of.
        """
        try:
            out, err = self._process.communicate(timeout=LIMIT)
        except subprocess.TimeoutExpired:
            self.kill()
            out, err = self._process.communicate()
            raise AssertionError(f"it does not end: {out}{err}") from None
        return out, self._process.returncode, err


class RunCase(SynchronousTestCase):
    """
    One test for each group of blocks of a page.
    """

    maxDiff = None

    def program(self, language: str, text: str) -> Program:
        name, executable = {
            "javascript": (".mjs", NODE or ""),
            "python": (".py", sys.executable),
        }[language]
        program = Program(executable, Path(f"{self.mktemp()}{name}").resolve(), text)
        self.addCleanup(program.kill)
        return program

    def check(self, *programs: tuple[str, str], ends: bool = False) -> str:
        """
        Run these, and compare what they print, and how they end.

        @param ends: with status 1, and complaints.
        @return: what all of them print, in Python's words.
        """
        running = [
            self.program(language, text)
            for language, text in programs
            if language != "javascript" or NODE is not None
        ]
        said = []
        for each in running:
            out, status, complaints = each.result()
            self.assertEqual((status, complaints != ""), (int(ends), ends), complaints + out)
            said.append(inPython(out))
        for other in said[1:]:
            self.assertEqual(other, said[0])
        return said[0]


def inPython(text: str) -> str:
    """
    @return: what JavaScript has printed, as Python prints it.
    """
    words = {"true": "True", "false": "False", "null": "None", "undefined": "None"}
    return re.sub(rf"\b({'|'.join(words)})\b", lambda found: words[found[0]], text)


def _pair(javascript: Block, python: Block, printed: Block) -> Callable[[RunCase], None]:
    def test(self: RunCase) -> None:
        ends = "exitOnUncaught" in python.text
        programs = [(each.language, each.text) for each in (javascript, python)]
        if ends:  # the one in Node may catch it
            out, status, _ = self.program(*programs[1]).result()
            self.assertEqual((out, status), (inPython(printed.text), 1))
            if NODE is not None:
                out, status, _ = self.program(*programs[0]).result()
                self.assertEqual((out, status), (printed.text, 1))
            return
        self.assertEqual(self.check(*programs), inPython(printed.text))

    return test


def _row(javascript: Block, twisted: Block, asyncio: Block) -> Callable[[RunCase], None]:
    def test(self: RunCase) -> None:
        said = self.check(
            ("javascript", JAVASCRIPT % javascript.text),
            ("python", TWISTED % indent(twisted.text, "    ")),
            ("python", ASYNCIO % indent(asyncio.text, "    ")),
        )
        self.assertNotEqual(said, "")

    return test


class TodayTests(RunCase):
    """
    Those of docs/porting_today.rst.
    """


class IdiomsTests(RunCase):
    """
    Those of docs/porting_idioms.rst.
    """


PAIR, ROW = ("javascript", "python", "text"), ("javascript", "python", "python")


def _add(page: Path, case: type[RunCase]) -> Counter[tuple[str, ...]]:
    """
    @return: how many groups of each kind the page has.
    """
    kinds: Counter[tuple[str, ...]] = Counter()
    for group in groups(page):
        kind = tuple(each.language for each in group)
        kinds[kind] += 1
        if kind not in (PAIR, ROW):
            continue
        test = (_pair if kind == PAIR else _row)(*group)
        words = re.sub(r"[^A-Za-z0-9]+", " ", group[0].title).title().split()
        test.__name__ = f"test_{''.join(words)}"
        test.__qualname__ = f"{case.__name__}.{test.__name__}"
        assert not hasattr(case, test.__name__), test
        setattr(case, test.__name__, test)
    return kinds


_kinds = _add(TODAY, TodayTests) + _add(IDIOMS, IdiomsTests)


class PagesTests(RunCase):
    """
    The pages themselves.
    """

    def test_nothingThatIsInJavaScriptIsLeftOut(self) -> None:
        self.assertEqual(set(_kinds), {PAIR, ROW})
        self.assertGreater(_kinds[PAIR], 50)
        self.assertGreater(_kinds[ROW], 10)

    def test_aLoopOverFutures(self) -> None:
        [block] = [each for each in blocks(TODAY) if "def futures" in each.text]
        use = """\
        socket.end("all")
        async for chunk in futures(socket, loop):
            print(chunk.decode())
        print(socket.destroyed)
        """
        said = self.check(("python", ASYNCIO % indent(block.text + dedent(use), "    ")))
        self.assertEqual(said, "all\nTrue\n")

    def test_theExampleOfTheReadme(self) -> None:
        [block] = [
            each
            for each in blocks(Path(ROOT) / "README.md")
            if each.language == "python" and "nodenet.node" in each.text
        ]
        self.assertLess(len([line for line in block.text.splitlines() if line]), 9)
        self.assertEqual(self.check(("python", block.text)), "hello\n")


#: Prints what Node's modules and classes have of their own.
EXPORTS = """\
const events = require('events'), net = require('net'), stream = require('stream');
const names = {};
const add = (name, ...them) => {
  names[name] = [...new Set(them.flatMap((it) => Object.getOwnPropertyNames(it)))];
};
add('events', events);
add('net', net);
add('stream', stream);
for (const [name, module] of Object.entries({ net, stream })) {
  for (const [each, it] of Object.entries(module)) {
    if (/^[A-Z]/.test(each) && it !== module) add(`${name}.${each}`, it, it.prototype);
  }
}
add('events.EventEmitter', events.prototype);
console.log(JSON.stringify(names));
"""


class MissingTests(SynchronousTestCase):
    """
    The list of what is not there.
    """

    if NODE is None:
        skip = "no node of version 20 on the path"

    #: What any function of JavaScript has.
    FUNCTION = frozenset({"arguments", "caller", "constructor", "length", "name", "prototype"})

    def test_itIsWhatNodeHasAndWeHaveNot(self) -> None:
        done = subprocess.run(
            [str(NODE), "-e", EXPORTS],
            capture_output=True,
            text=True,
            timeout=LIMIT,
            check=True,
        )
        modules = {"events": events, "net": net, "stream": stream}
        missing = set()
        for where, names in json.loads(done.stdout).items():
            module, _, kind = where.partition(".")
            owner: Any = getattr(modules[module], kind)() if kind else modules[module]
            classes = {"events": events.EventEmitter, "stream": stream.Stream}
            for name in names:
                # In Node these two modules are such a class.
                there = hasattr(owner, name) or (
                    not kind and hasattr(classes.get(module), name)
                )
                if not there and name[0] != "_" and name not in self.FUNCTION:
                    missing.add(f"{where}.{name}")
        text = TODAY.read_text(encoding="utf-8")
        rows = re.findall(r"^   (``.+?) \| ", text[text.index(":name: missing") :], re.M)
        said = [name for row in rows for name in re.findall(r"``([\w.]+)``", row)]
        self.assertEqual(sorted(said), sorted(missing))
