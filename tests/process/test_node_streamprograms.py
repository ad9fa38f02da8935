"""
Random programs of streams do in nodenet what they do in Node 20.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.node.harness import NODE
from tests.node.streamprograms import compare


class StreamProgramsTests(SynchronousTestCase):
    """
    By hand: C{python -m tests.node.streamprograms 10000 10000}.
    """

    if NODE is None:
        skip = "no node of version 20 on the path"

    def test_randomPrograms(self) -> None:
        self.assertEqual(compare(0, 500), [])
