"""
nodenet.node does what Node 20 does: the scenarios of L{tests.node}.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from twisted.internet.threads import deferToThread
from twisted.trial.unittest import TestCase

from tests.node import emitterprograms, waitprograms
from tests.node.harness import NODE, SCENARIOS, names, node, play, recorded


class TracesTests(TestCase):
    """
    Each scenario with nodenet, against what Node has logged.
    """

    timeout = 10
    maxDiff = None

    def test_everyFileIsOfAScenario(self) -> None:
        every = names()
        for suffix in "py", "txt":
            found = sorted(SCENARIOS.glob(f"*/*.{suffix}"))
            its = [str(each.relative_to(SCENARIOS).with_suffix("")) for each in found]
            self.assertEqual([each for each in its if not each.endswith("__init__")], every)


class LiveTests(TestCase):
    """
    Each scenario with Node, against what was logged: the traces are of this Node still.
    """

    timeout = 30
    maxDiff = None
    if NODE is None:
        skip = "no node of version 20 on the path"

    async def test_randomProgramsOnEmitters(self) -> None:
        # And by hand: python -m tests.node.emitterprograms 20000
        found = await deferToThread(emitterprograms.different, range(500))
        self.assertEqual(found, [])

    async def test_randomProgramsOfThoseWhoWait(self) -> None:
        # And by hand: python -m tests.node.waitprograms 20000
        self.assertEqual(await waitprograms.different(range(500)), [])


def _traceTest(name: str) -> Callable[[Any], Awaitable[None]]:
    async def test(self: TracesTests) -> None:
        traces, left = await play(name)
        self.flushLoggedErrors()  # they are lines of the trace
        self.assertEqual(traces, recorded(name).read_text("utf-8"))
        self.assertEqual(left, [], "Node had nothing left to do")

    return test


def _liveTest(name: str) -> Callable[[Any], Awaitable[None]]:
    async def test(self: LiveTests) -> None:
        traces = await deferToThread(node, name)
        self.assertEqual(traces, recorded(name).read_text("utf-8"))

    return test


for _name in names():
    for _class, _make in (TracesTests, _traceTest), (LiveTests, _liveTest):
        _test = _make(_name)
        _test.__name__ = "test_" + _name.replace("/", "_")  # type: ignore[attr-defined]
        _test.__qualname__ = f"{_class.__name__}.{_test.__name__}"  # type: ignore[attr-defined]
        setattr(_class, _test.__name__, _test)  # type: ignore[attr-defined]
del _class, _make  # or trial finds the class twice
