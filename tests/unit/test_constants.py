"""
Tests for L{nodenet.constants}.
"""

from __future__ import annotations

import errno

from twisted.trial.unittest import SynchronousTestCase

from nodenet import constants

NAMES = {name for name in dir(errno) if name.startswith("E")}


class ConstantsTests(SynchronousTestCase):
    """
    Every errno name of the platform, as a number.
    """

    def test_everyErrnoNameIsThere(self) -> None:
        self.assertIn("EADDRINUSE", NAMES)
        for name in NAMES:
            self.assertEqual(getattr(constants, name), getattr(errno, name), name)

    def test_bothNamesOfANumberAreThere(self) -> None:
        # errno.errorcode has one of them
        self.assertEqual(constants.EWOULDBLOCK, errno.EWOULDBLOCK)
        self.assertEqual(constants.EAGAIN, errno.EAGAIN)
        self.assertEqual(constants.ENOTSUP, errno.ENOTSUP)
        self.assertEqual(constants.EOPNOTSUPP, errno.EOPNOTSUPP)

    def test_theNameThatAnErrorsCodeTellsIsThere(self) -> None:
        for number, name in errno.errorcode.items():
            self.assertEqual(getattr(constants, name), number)

    def test_theNamesAreNumbers(self) -> None:
        # Other public names are not errno names.
        for name in NAMES:
            self.assertIs(type(getattr(constants, name)), int)
        self.assertEqual({name for name in vars(constants) if name.isupper()}, NAMES)

    def test_anotherNameIsAnAttributeError(self) -> None:
        self.assertRaises(AttributeError, getattr, constants, "ENOSUCHERRNO")

    def test_theNamesCanBeImported(self) -> None:
        scope: dict[str, object] = {}
        exec("from nodenet.constants import *; from nodenet.constants import EPIPE", scope)
        self.assertEqual({name for name in scope if name.isupper()}, NAMES)
