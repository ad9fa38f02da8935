"""
What type checkers say of users' programs.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from twisted.trial.unittest import SkipTest, SynchronousTestCase

PROGRAMS = Path(__file__).resolve().parents[1] / "typing"


class MypyTests(SynchronousTestCase):
    """
    mypy, strict and without plugins.
    """

    def errors(self, program: str) -> set[int]:
        """
        @return: the lines of a program that have any.
        """
        if find_spec("mypy") is None:
            if os.environ.get("CI"):
                raise AssertionError("mypy is missing, and CI must have it")
            raise SkipTest("mypy is not installed")
        path, folder = PROGRAMS / program, self.mktemp()
        os.makedirs(folder)  # an empty one: twisted/plugins would hide twisted
        checked = subprocess.run(
            [
                *(sys.executable, "-m", "mypy", "--strict", "--config-file="),
                # What is in nodenet itself is the project's own check's to say.
                *("--follow-imports=silent", path),
            ],
            cwd=folder,
            env={**os.environ, "MYPYPATH": str(PROGRAMS.parents[1])},
            capture_output=True,
            text=True,
            timeout=110,
        )
        self.assertIn(checked.returncode, (0, 1), checked.stderr)
        lines = re.findall(rf"{program}:(\d+)(?::\d+)?: error", checked.stdout)
        self.assertTrue(lines or checked.returncode == 0, checked.stdout)
        return set(map(int, lines))

    def test_aProgramThatIsRightPasses(self) -> None:
        self.assertEqual(self.errors("program.py"), set())

    def test_eachMistakeIsFound(self) -> None:
        source = (PROGRAMS / "mistakes.py").read_text("utf-8").splitlines()
        marked = {number for number, line in enumerate(source, 1) if "# error" in line}
        self.assertEqual(self.errors("mistakes.py"), marked)
