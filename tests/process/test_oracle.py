"""
nodenet does what Node v0.3.3 did: the scenarios against the recorded traces.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path

from twisted.trial.unittest import TestCase

from tests.oracle import scenarios, scenarios_data
from tests.oracle.harness import play

SCENARIOS = {**vars(scenarios), **vars(scenarios_data)}
TRACES = Path(__file__).resolve().parents[1] / "oracle" / "traces"
#: Traces that have no scenario yet. All others must have one.
WAITING: set[str] = set()
#: Where nodenet logs what a listener raised, and how often. Elsewhere: never.
RAISED = {"connect_listener_throws": 1}


class OracleTests(TestCase):
    """
    One test for each trace.
    """

    timeout = 10
    maxDiff = None


def _test(trace: Path) -> Callable[[OracleTests], Awaitable[None]]:
    """
    @return: the test method that compares a scenario with its trace.
    """
    name = trace.stem
    scenario = SCENARIOS[name]

    async def test(self: OracleTests) -> None:
        expected = json.loads(trace.read_text(encoding="utf-8"))
        traces, left = await play(scenario)
        for actor in sorted(expected.keys() | traces.keys()):
            self.assertEqual(traces.get(actor), expected.get(actor), actor)
        self.assertEqual(left, [], "Node had nothing left to do")
        raised = self.flushLoggedErrors(scenarios.ListenerError)
        self.assertEqual(len(raised), RAISED.get(name, 0))

    test.__name__ = f"test_{name}"
    test.__qualname__ = f"{OracleTests.__name__}.{test.__name__}"
    test.__doc__ = scenario.__doc__
    return test


for _trace in sorted(TRACES.glob("*.json")):
    if _trace.stem not in WAITING:
        setattr(OracleTests, f"test_{_trace.stem}", _test(_trace))
