"""
Tests for L{nodenet.service.log}.
"""

from __future__ import annotations

import io
import json
import os
import sys
from errno import ECONNREFUSED, EPROTO

from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.logger import LogLevel, globalLogPublisher
from twisted.trial.unittest import SkipTest, SynchronousTestCase

from nodenet.errors import errnoException, lookupError
from nodenet.service.log import AccessLog, describe, named

#: A file that cannot be written.
FULL = "/dev/full"


class NamedTests(SynchronousTestCase):
    """
    C{named}.
    """

    def test_addresses(self):
        for address, name in [
            (IPv4Address("TCP", "127.0.0.1", 8124), "127.0.0.1:8124"),
            (IPv6Address("TCP", "::1", 8124), "[::1]:8124"),
            (IPv6Address("TCP", "fe80::1%eth0", 1), "[fe80::1%eth0]:1"),
            (UNIXAddress("/run/x"), "unix:/run/x"),
            (UNIXAddress("/run/é"), "unix:/run/é"),
            (UNIXAddress(b"/run/\xff"), "unix:/run/�"),
            (UNIXAddress(None), "unix"),
            (UNIXAddress(b""), "unix"),
            (None, "unix"),
        ]:
            self.assertEqual(named(address), name)

    def test_anAbstractSocketsNameCanBeWritten(self):
        name = named(UNIXAddress(b"\0name"))
        self.assertTrue(name.startswith("unix:") and name.endswith("name"))
        json.dumps(name)


class DescribeTests(SynchronousTestCase):
    """
    C{describe}.
    """

    def test_theErrnosNameSaysAll(self):
        self.assertEqual(describe(errnoException(ECONNREFUSED, "connect")), "ECONNREFUSED")

    def test_whatElseIsKnownFollows(self):
        error = errnoException(EPROTO, "handshake", "TLS: no shared cipher")
        self.assertEqual(describe(error), "EPROTO, TLS: no shared cipher")
        self.assertEqual(describe(lookupError("nowhere")), "ENOTFOUND, name not found: nowhere")

    def test_othersSpeakForThemselves(self):
        self.assertEqual(describe(ValueError("so not")), "so not")
        self.assertEqual(describe(ConnectionResetError("gone")), "gone")

    def test_anExceptionWithoutWordsIsNamed(self):
        self.assertEqual(describe(ZeroDivisionError()), "ZeroDivisionError")


class AccessLogTests(SynchronousTestCase):
    """
    C{AccessLog}.
    """

    def setUp(self):
        self.events = []
        globalLogPublisher.addObserver(self.events.append)
        self.addCleanup(globalLogPublisher.removeObserver, self.events.append)
        self.name = os.path.abspath(self.mktemp())

    def open(self, name=None):
        opened = AccessLog(self.name if name is None else name)
        self.addCleanup(opened.close)
        return opened

    def read(self, name=None):
        with open(name or self.name, encoding="utf-8") as file:
            return [json.loads(line) for line in file]

    def errors(self):
        return [e for e in self.events if e["log_level"] == LogLevel.error]

    def test_aRecordIsALineOfJSONThatIsThereAtOnce(self):
        log = self.open()
        record = {"peer": "unix:/é\n\udc80", "bytesRead": 1, "firstByte": None}
        log.write(record)
        self.assertEqual(self.read(), [record])
        log.write({"a": 2})
        self.assertEqual(self.read(), [record, {"a": 2}])

    def test_linesAreAddedToWhatThereIs(self):
        for number in 1, 2:
            self.open().write({"number": number})
        self.assertEqual(self.read(), [{"number": 1}, {"number": 2}])

    def test_whatCannotBeOpenedRaises(self):
        self.assertRaises(FileNotFoundError, AccessLog, self.name + "/x")

    def test_afterReopeningLinesGoToANewFileOfTheName(self):
        log = self.open()
        log.write({"number": 1})
        os.rename(self.name, self.name + ".1")
        log.write({"number": 2})
        log.reopen()
        log.write({"number": 3})
        self.assertEqual(self.read(self.name + ".1"), [{"number": 1}, {"number": 2}])
        self.assertEqual(self.read(), [{"number": 3}])
        self.assertEqual(self.errors(), [])
        self.assertEqual([e["log_format"] for e in self.events], ["Access log reopened"])

    def test_theOldFileIsClosed(self):
        log = self.open()
        old = log._file
        log.reopen()
        self.assertTrue(old.closed)
        self.assertFalse(log._file.closed)

    def test_reopeningWhereNothingHasMovedGoesOn(self):
        log = self.open()
        log.write({"number": 1})
        log.reopen()
        log.write({"number": 2})
        self.assertEqual(self.read(), [{"number": 1}, {"number": 2}])

    def test_aRelativeNameIsOfTheFolderThatWasTheFirst(self):
        before, other = os.getcwd(), self.mktemp()
        os.makedirs(other)
        log = self.open(os.path.relpath(self.name))
        os.chdir(other)
        self.addCleanup(os.chdir, before)
        os.rename(self.name, self.name + ".1")
        log.reopen()
        log.write({})
        self.assertEqual(self.read(), [{}])
        self.assertEqual(os.listdir("."), [])

    def test_whereReopeningFailsTheOldFileGoesOn(self):
        folder = self.mktemp()
        os.makedirs(folder)
        log = self.open(os.path.join(folder, "log"))
        os.rename(folder, folder + ".1")
        log.reopen()
        log.write({"number": 1})
        self.assertEqual(self.read(folder + ".1/log"), [{"number": 1}])
        [event] = self.errors()
        self.assertIn("cannot be reopened, the old one goes on", event["log_format"])
        self.assertIsInstance(event["error"], FileNotFoundError)

    def failing(self):
        """
        @return: an access log whose file is a link to one that cannot be written.
        """
        if not os.path.exists(FULL):
            raise SkipTest(f"no {FULL}")
        os.symlink(FULL, self.name)
        return self.open()

    def test_failingToWriteIsSaidOnce(self):
        log = self.failing()
        for number in range(1000):
            log.write({"number": number, "more": "x" * 100})
        [event] = self.errors()
        self.assertIn("cannot be written", event["log_format"])
        self.assertEqual(event["error"].strerror, "No space left on device")

    def test_itIsSaidAgainAfterASuccess(self):
        log = self.failing()
        log.write({})
        os.unlink(self.name)
        log.reopen()
        log.write({"number": 1})
        self.assertEqual(self.read(), [{"number": 1}])
        os.unlink(self.name)
        os.symlink(FULL, self.name)
        log.reopen()
        before = len(self.errors())
        for _ in range(3):
            log.write({})
        self.assertEqual(len(self.errors()), before + 1)

    def test_closingWhatCannotBeWrittenDoesNotRaise(self):
        log = self.failing()
        log.write({})
        log.close()
        for event in self.errors():
            self.assertIn("cannot be written", event["log_format"])

    def test_closingTwiceIsLetPass(self):
        log = self.open()
        log.close()
        log.close()
        self.assertEqual(self.errors(), [])

    def test_aLineThatComesAfterTheEndDoesNotRaise(self):
        # A refusal is told up to a second late.
        log = self.open()
        log.close()
        log.write({})
        self.assertEqual(self.read(), [])

    def test_aHyphenIsStandardOutputThatStaysOpen(self):
        out = io.BytesIO()
        self.patch(sys, "__stdout__", io.TextIOWrapper(out, write_through=False))
        self.patch(sys, "stdout", io.StringIO())  # the log's
        log = self.open("-")
        log.write({"number": 1})
        self.assertEqual(out.getvalue(), b'{"number": 1}\n')
        log.reopen()
        log.close()
        log.write({"number": 2})
        self.assertEqual(out.getvalue(), b'{"number": 1}\n{"number": 2}\n')
        self.assertEqual(self.events, [])
