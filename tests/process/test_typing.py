"""
What type checkers say of users' programs.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from twisted.trial.unittest import SkipTest, SynchronousTestCase

PROGRAMS = Path(__file__).resolve().parents[1] / "typing"


class Checker(SynchronousTestCase):
    """
    How a checker is run.
    """

    def check(self, command: list[str], **environment: str) -> str:
        """
        @return: what it prints.
        """
        folder = self.mktemp()
        os.makedirs(folder)  # an empty one: twisted/plugins would hide twisted
        checked = subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=110,
        )
        # Nothing is wrong, or something; all else is that it could not look.
        self.assertIn(checked.returncode, (0, 1), checked.stdout + checked.stderr)
        self.found = checked.returncode == 1
        return checked.stdout


class Programs:
    """
    What is held, by any checker.
    """

    def errors(self, program: str) -> set[int]:
        """
        @return: the lines of a program that have any.
        """
        raise NotImplementedError

    def right(self, program: str) -> None:
        self.assertEqual(self.errors(program), set())  # type: ignore[attr-defined]

    def wrong(self, program: str) -> None:
        source = (PROGRAMS / program).read_text("utf-8").splitlines()
        marked = {number for number, line in enumerate(source, 1) if "# error" in line}
        self.assertGreater(len(marked), 40)  # type: ignore[attr-defined]
        self.assertEqual(self.errors(program), marked)  # type: ignore[attr-defined]

    def test_aProgramThatIsRightPasses(self) -> None:
        self.right("program.py")

    def test_eachMistakeIsFound(self) -> None:
        self.wrong("mistakes.py")

    def test_aProgramOnNodeOfTodayThatIsRightPasses(self) -> None:
        self.right("node_program.py")

    def test_eachMistakeOnNodeOfTodayIsFound(self) -> None:
        self.wrong("node_mistakes.py")


class MypyTests(Programs, Checker):
    """
    mypy, strict and without plugins.
    """

    def errors(self, program: str) -> set[int]:
        if find_spec("mypy") is None:
            if os.environ.get("CI"):
                raise AssertionError("mypy is missing, and CI must have it")
            raise SkipTest("mypy is not installed")
        output = self.check(
            [
                *(sys.executable, "-m", "mypy", "--strict", "--config-file="),
                # What is in nodenet itself is the project's own check's to say.
                *("--follow-imports=silent", str(PROGRAMS / program)),
            ],
            MYPYPATH=str(PROGRAMS.parents[1]),
        )
        lines = re.findall(rf"{program}:(\d+)(?::\d+)?: error", output)
        self.assertEqual(bool(lines), self.found, output)
        return set(map(int, lines))


class PyrightTests(Programs, Checker):
    """
    pyright, which sees nodenet as it is installed.
    """

    def errors(self, program: str) -> set[int]:
        # By node itself: the Python program around it asks the network for a newer one.
        spec, node = find_spec("pyright"), shutil.which("node")
        folders = [] if spec is None else spec.submodule_search_locations or []
        bundled = [Path(folder) / "dist" / "index.js" for folder in folders]
        if node is None or not any(path.exists() for path in bundled):
            raise SkipTest("pyright is not installed, or has to be downloaded, or has no node")
        output = self.check(
            [
                *(node, str(bundled[0]), "--outputjson"),
                *("--pythonpath", sys.executable, str(PROGRAMS / program)),
            ]
        )
        found = json.loads(output)["generalDiagnostics"]
        wrong = [each for each in found if each["severity"] == "error"]
        self.assertEqual(bool(wrong), self.found, output)
        return {each["range"]["start"]["line"] + 1 for each in wrong}
