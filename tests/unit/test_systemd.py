"""
Tests for L{nodenet.service.systemd}.
"""

from __future__ import annotations

import os

from twisted.python.systemd import ListenFDs
from twisted.trial.unittest import SynchronousTestCase

from nodenet.service.systemd import nameDescriptors


class NameDescriptorsTests(SynchronousTestCase):
    """
    C{nameDescriptors}.
    """

    def named(self, **environ: str) -> dict[str, str]:
        nameDescriptors(environ)
        return environ

    def test_socketsWithoutNamesGetThem(self) -> None:
        self.assertEqual(self.named(LISTEN_FDS="2")["LISTEN_FDNAMES"], "unknown:unknown")

    def test_namesThatThereAreStay(self) -> None:
        environ = self.named(LISTEN_FDS="1", LISTEN_FDNAMES="echo.socket")
        self.assertEqual(environ["LISTEN_FDNAMES"], "echo.socket")

    def test_withoutSocketsNothingChanges(self) -> None:
        for given in {}, {"LISTEN_FDS": "junk"}, {"LISTEN_FDS": "-1"}:
            self.assertEqual(self.named(**given), given)

    def test_twistedTakesThemThen(self) -> None:
        self.patch(ListenFDs, "_START", 7)
        environ = self.named(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
        found = ListenFDs.fromEnvironment(environ)
        self.assertEqual(found.inheritedDescriptors(), [7])
