"""
Tests for L{nodenet.errors}.
"""

from __future__ import annotations

import errno
import gc
import os
import socket
from collections.abc import Generator
from typing import Any
from unittest.mock import Mock

from twisted.internet.defer import Deferred, fail, succeed
from twisted.logger import LogLevel, globalLogPublisher
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from nodenet.errors import EndedError, NodeError, errnoException, lookupError, report, watch


class Loud(Exception):
    """
    What is reported in these tests.
    """


class NodeErrorTests(SynchronousTestCase):
    """
    The exception of misuse.
    """

    def test_itsTextIsTheMessage(self) -> None:
        self.assertEqual(str(NodeError("Stream is not writable")), "Stream is not writable")

    def test_itIsNoSystemError(self) -> None:
        self.assertTrue(issubclass(NodeError, Exception))
        self.assertFalse(issubclass(NodeError, (OSError, ValueError, RuntimeError)))


class EndedErrorTests(SynchronousTestCase):
    """
    The exception of C{write} after C{end}.
    """

    def test_itIsANodeErrorInNodesWords(self) -> None:
        error = EndedError(self)
        self.assertIs(error.stream, self)
        self.assertIsInstance(error, NodeError)
        self.assertEqual(str(error), "Stream.end() called already; cannot write.")


class ErrnoExceptionTests(SynchronousTestCase):
    """
    The exceptions of failed system calls.
    """

    def test_theClassIsPythonsForTheErrno(self) -> None:
        for number, expected in [
            (errno.ECONNREFUSED, ConnectionRefusedError),
            (errno.ECONNRESET, ConnectionResetError),
            (errno.ECONNABORTED, ConnectionAbortedError),
            (errno.EPIPE, BrokenPipeError),
            (errno.ETIMEDOUT, TimeoutError),
            (errno.ENOENT, FileNotFoundError),
            (errno.EACCES, PermissionError),
            (errno.EADDRINUSE, OSError),
        ]:
            self.assertIs(type(errnoException(number, "connect")), expected)

    def test_itTellsErrnoCodeAndSyscall(self) -> None:
        error: Any = errnoException(errno.ECONNREFUSED, "connect")
        self.assertEqual(error.errno, errno.ECONNREFUSED)
        self.assertEqual(error.code, "ECONNREFUSED")
        self.assertEqual(error.syscall, "connect")
        other: Any = errnoException(errno.EADDRINUSE, "bind")
        self.assertEqual(
            (other.errno, other.code, other.syscall), (errno.EADDRINUSE, "EADDRINUSE", "bind")
        )

    def test_itsTextIsTheSystems(self) -> None:
        error = errnoException(errno.EPIPE, "write")
        self.assertEqual(error.strerror, os.strerror(errno.EPIPE))
        self.assertIn(os.strerror(errno.EPIPE), str(error))

    def test_aMessageTakesThePlaceOfTheSystems(self) -> None:
        error: Any = errnoException(errno.EADDRINUSE, "bind", "somebody answers there")
        self.assertEqual(error.strerror, "somebody answers there")
        self.assertEqual((error.errno, error.code), (errno.EADDRINUSE, "EADDRINUSE"))

    def test_theCodeOfEachErrnoIsItsName(self) -> None:
        for number, name in errno.errorcode.items():
            error: Any = errnoException(number, "read")
            self.assertEqual((error.errno, error.code), (number, name))

    def test_theCodeOfAnErrnoWithoutNameIsTheNumber(self) -> None:
        self.assertNotIn(9999, errno.errorcode)
        error: Any = errnoException(9999, "read")
        self.assertEqual((error.errno, error.code, error.syscall), (9999, "9999", "read"))


class LookupErrorTests(SynchronousTestCase):
    """
    The exception of a name that is not known.
    """

    def test_itIsAnOSErrorWithNodesCode(self) -> None:
        error: Any = lookupError("nowhere.invalid")
        self.assertIsInstance(error, OSError)
        self.assertIsInstance(error, socket.gaierror)
        self.assertEqual(error.errno, socket.EAI_NONAME)
        self.assertEqual(error.code, "ENOTFOUND")
        self.assertEqual(error.syscall, "getaddrinfo")

    def test_itTellsTheName(self) -> None:
        self.assertIn("nowhere.invalid", str(lookupError("nowhere.invalid")))


class ReportTests(SynchronousTestCase):
    """
    L{report}.
    """

    def reported(self, error: BaseException, what: str, source: object) -> Any:
        """
        @return: the one record that the log gets.
        """
        records: list[Any] = []
        globalLogPublisher.addObserver(records.append)
        try:
            report(error, what, source)
        finally:
            globalLogPublisher.removeObserver(records.append)
        self.assertEqual([f.value for f in self.flushLoggedErrors()], [error])
        [record] = records
        return record

    def test_itIsOneCriticalRecordWithTheFailure(self) -> None:
        loud, source = Loud("loud"), object()
        record = self.reported(loud, "in a test", source)
        self.assertIs(record["log_level"], LogLevel.critical)
        self.assertIs(record["log_failure"].value, loud)
        self.assertIs(record["log_failure"].type, Loud)
        self.assertIs(record["log_source"], source)
        self.assertEqual(record["log_namespace"], "nodenet")

    def test_theRecordTellsWhatWasGoingOn(self) -> None:
        record = self.reported(Loud(), "in {a} {0} test", self)
        self.assertEqual(record["log_format"].format(**record), "in {a} {0} test")

    def test_theRecordTellsWhereItWasRaised(self) -> None:
        def culprit() -> None:
            raise Loud

        try:
            culprit()
        except Loud as e:
            record = self.reported(e, "in a test", self)
        self.assertIn("culprit", record["log_failure"].getTraceback())

    def test_anExceptionThatWasNeverRaisedCanBeReported(self) -> None:
        record = self.reported(Loud("never raised"), "in a test", None)
        self.assertIn("never raised", record["log_failure"].getTraceback())


class WatchTests(SynchronousTestCase):
    """
    L{watch}.
    """

    def setUp(self) -> None:
        self.failed: list[Exception] = []

    def watch(self, result: object) -> None:
        """
        Watch, with a callback that notes the exception.
        """
        watch(result, self.failed.append)

    def assertNothingLogged(self) -> None:
        """
        No Deferred was left with a failure that nobody took.
        """
        gc.collect()
        self.assertEqual(self.flushLoggedErrors(), [])

    def test_aDeferredThatFailedIsTold(self) -> None:
        loud = Loud()
        self.watch(fail(loud))
        self.assertEqual(self.failed, [loud])
        self.assertNothingLogged()

    def test_aDeferredThatFailsLaterIsTold(self) -> None:
        loud = Loud()
        later: Deferred[None] = Deferred()
        self.watch(later)
        self.assertEqual(self.failed, [])
        later.errback(loud)
        self.assertEqual(self.failed, [loud])
        self.assertIs(self.successResultOf(later), None)

    def test_theFailureIsTakenWhateverTheCallbackReturns(self) -> None:
        for returned in None, True, Failure(Loud()):
            result: Deferred[None] = fail(Loud())
            watch(result, Mock(return_value=returned))
            self.assertIs(self.successResultOf(result), None)
        self.assertNothingLogged()

    def test_aDeferredThatSucceedsKeepsItsResult(self) -> None:
        done = succeed(5)
        self.watch(done)
        self.assertEqual(self.successResultOf(done), 5)
        self.assertEqual(self.failed, [])

    def test_aCoroutineIsRun(self) -> None:
        seen = []
        ready: Deferred[int] = Deferred()

        async def work() -> None:
            seen.append(1)
            seen.append(await ready)

        self.watch(work())
        self.assertEqual(seen, [1])
        ready.callback(2)
        self.assertEqual(seen, [1, 2])
        self.assertEqual(self.failed, [])

    def test_aCoroutineThatFailsIsTold(self) -> None:
        loud = Loud()

        async def work() -> None:
            raise loud

        self.watch(work())
        self.assertEqual(self.failed, [loud])
        self.assertNothingLogged()

    def test_aCoroutineThatFailsLaterIsTold(self) -> None:
        loud = Loud()
        ready: Deferred[None] = Deferred()

        async def work() -> None:
            await ready

        self.watch(work())
        self.assertEqual(self.failed, [])
        ready.errback(loud)
        self.assertEqual(self.failed, [loud])
        self.assertNothingLogged()

    def test_otherResultsAreIgnored(self) -> None:
        started = []

        def generator() -> Generator[None, None, None]:
            started.append(1)
            yield

        for result in None, 0, "text", Loud(), generator(), object():
            self.watch(result)
        self.assertEqual((self.failed, started), ([], []))
