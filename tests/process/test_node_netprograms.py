"""
Random programs of sockets and servers do in nodenet what they do in Node 20.
"""

from __future__ import annotations

from twisted.trial.unittest import TestCase

from tests.node.harness import NODE
from tests.node.netprograms import different, first, make


class NetProgramsTests(TestCase):
    """
    By hand: C{python -m tests.node.netprograms 10000}.
    """

    timeout = 120
    if NODE is None:
        skip = "no node of version 20 on the path"

    async def test_randomPrograms(self) -> None:
        for seed, ours, nodes in await different(range(500)):
            self.fail(f"seed {seed}: {make(seed)}\n{first(ours, nodes)}")
