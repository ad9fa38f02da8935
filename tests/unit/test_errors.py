"""
Tests for L{nodenet.errors}.
"""

from __future__ import annotations

import copy
import errno
import gc
import os
import pickle
import socket
import traceback
from collections.abc import Generator
from typing import Any
from unittest.mock import Mock

from twisted.internet.defer import Deferred, fail, succeed
from twisted.logger import LogLevel, globalLogPublisher
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from nodenet.errors import (
    EndedError,
    HostNotFoundError,
    NetError,
    NodeError,
    TLSError,
    errnoException,
    lookupError,
    report,
    reportUnheard,
    watch,
)


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

    def test_itIsOfPythonsClassForTheErrnoAndOfOurs(self) -> None:
        for number, expected in [
            (errno.ECONNREFUSED, ConnectionRefusedError),
            (errno.ECONNRESET, ConnectionResetError),
            (errno.ECONNABORTED, ConnectionAbortedError),
            (errno.EPIPE, BrokenPipeError),
            (errno.ETIMEDOUT, TimeoutError),
            (errno.ENOENT, FileNotFoundError),
            (errno.EACCES, PermissionError),
            (errno.EAGAIN, BlockingIOError),
            (errno.EADDRINUSE, OSError),
        ]:
            error = errnoException(number, "connect")
            self.assertIsInstance(error, expected)
            self.assertIsInstance(error, NetError)

    def test_itIsCaughtAsPythonsClass(self) -> None:
        with self.assertRaises(ConnectionRefusedError):
            raise errnoException(errno.ECONNREFUSED, "connect")

    def test_aTracebackNamesPythonsClass(self) -> None:
        for number, name in [
            (errno.ECONNREFUSED, "nodenet.errors.ConnectionRefusedError"),
            (errno.EADDRINUSE, "nodenet.errors.NetError"),
        ]:
            [line] = traceback.format_exception_only(errnoException(number, "x"))
            self.assertEqual(line.partition(":")[0], name)

    def test_anErrnoHasOneClass(self) -> None:
        one, other = (errnoException(errno.EPIPE, "write") for _ in range(2))
        self.assertIs(type(one), type(other))

    def test_itTellsErrnoCodeAndSyscall(self) -> None:
        error = errnoException(errno.ECONNREFUSED, "connect")
        self.assertEqual(error.errno, errno.ECONNREFUSED)
        self.assertEqual(error.code, "ECONNREFUSED")
        self.assertEqual(error.syscall, "connect")
        other = errnoException(errno.EADDRINUSE, "bind")
        self.assertEqual(
            (other.errno, other.code, other.syscall), (errno.EADDRINUSE, "EADDRINUSE", "bind")
        )

    def test_itTellsTheAddressIfThereIsOne(self) -> None:
        error = errnoException(errno.ECONNREFUSED, "connect", address="::1", port=80)
        self.assertEqual((error.address, error.port), ("::1", 80))
        error = errnoException(errno.EPIPE, "write")
        self.assertEqual((error.address, error.port), (None, None))
        # As in Node, 0 is none: it is not a port that anybody has.
        error = errnoException(errno.EADDRINUSE, "listen", address="::1", port=0)
        self.assertEqual((error.address, error.port), ("::1", None))

    def test_strerrorIsTheSystems(self) -> None:
        error = errnoException(errno.EPIPE, "write")
        self.assertEqual(error.strerror, os.strerror(errno.EPIPE))
        self.assertEqual(error.args, (errno.EPIPE, os.strerror(errno.EPIPE)))

    def test_aMessageTakesThePlaceOfTheSystems(self) -> None:
        error = errnoException(errno.EADDRINUSE, "bind", "somebody answers there")
        self.assertEqual(error.strerror, "somebody answers there")
        self.assertEqual((error.errno, error.code), (errno.EADDRINUSE, "EADDRINUSE"))

    def test_theCodeOfEachErrnoIsItsName(self) -> None:
        for number, name in errno.errorcode.items():
            error = errnoException(number, "read")
            self.assertEqual((error.errno, error.code), (number, name))

    def test_theCodeOfAnErrnoWithoutNameIsTheNumber(self) -> None:
        self.assertNotIn(9999, errno.errorcode)
        error = errnoException(9999, "read")
        self.assertEqual((error.errno, error.code, error.syscall), (9999, "9999", "read"))

    def test_aCopyIsTheSame(self) -> None:
        errors = [
            errnoException(errno.ECONNREFUSED, "connect", address="127.0.0.1", port=1),
            errnoException(errno.EADDRINUSE, "bind", "somebody answers there"),
            NetError(errno.ECONNREFUSED, "connect"),
            lookupError("nowhere.invalid"),
            TLSError("no shared cipher", "handshake", "127.0.0.1", 443),
        ]
        for error in errors:
            error.mark = "x"  # type: ignore[attr-defined]
            protocols = range(pickle.HIGHEST_PROTOCOL + 1)
            copies = [pickle.loads(pickle.dumps(error, protocol)) for protocol in protocols]
            for each in [*copies, copy.copy(error), copy.deepcopy(error)]:
                self.assertIs(type(each), type(error))
                self.assertEqual(vars(each), vars(error))
                self.assertEqual((each.args, str(each)), (error.args, str(error)))
                self.assertEqual(each.strerror, error.strerror)


class TextTests(SynchronousTestCase):
    """
    The text of a system error, as Node v20 has it.
    """

    def assertText(self, text: str, *args: Any, **settings: Any) -> None:
        """
        An L{errnoException} of these arguments has this text.
        """
        self.assertEqual(str(errnoException(*args, **settings)), text)

    def test_callAndCode(self) -> None:
        self.assertText("read ECONNRESET", errno.ECONNRESET, "read")
        self.assertText("write EPIPE", errno.EPIPE, "write")
        self.assertText("read 9999", 9999, "read")

    def test_anAddressFollows(self) -> None:
        for text, number, address, port in [
            ("connect ECONNREFUSED 127.0.0.1:1", errno.ECONNREFUSED, "127.0.0.1", 1),
            ("connect ECONNREFUSED ::1:1", errno.ECONNREFUSED, "::1", 1),
            ("connect ENOENT /path", errno.ENOENT, "/path", None),
            ("connect ECONNREFUSED h", errno.ECONNREFUSED, "h", 0),
        ]:
            self.assertText(text, number, "connect", address=address, port=port)

    def test_ofListenLibuvsWordsComeBetween(self) -> None:
        for text, number, address, port in [
            (
                "EADDRINUSE: address already in use 127.0.0.1:80",
                errno.EADDRINUSE,
                "127.0.0.1",
                80,
            ),
            ("EADDRINUSE: address already in use :::80", errno.EADDRINUSE, "::", 80),
            ("EACCES: permission denied /tmp/x", errno.EACCES, "/tmp/x", None),
            ("EADDRNOTAVAIL: address not available 8.8.8.8", errno.EADDRNOTAVAIL, "8.8.8.8", 0),
            ("ENAMETOOLONG: name too long /x", errno.ENAMETOOLONG, "/x", None),
            ("EMFILE: too many open files", errno.EMFILE, None, None),
            ("EINVAL: invalid argument", errno.EINVAL, None, None),
        ]:
            self.assertText(f"listen {text}", number, "listen", address=address, port=port)

    def test_aMessageFollowsTheCode(self) -> None:
        self.assertText("read EPROTO: TLS: bad", errno.EPROTO, "read", "TLS: bad")
        self.assertText(
            "bind EADDRINUSE: somebody answers there /tmp/x",
            errno.EADDRINUSE,
            "bind",
            "somebody answers there",
            address="/tmp/x",
        )
        self.assertText("listen EINVAL: not so", errno.EINVAL, "listen", "not so")


class LookupErrorTests(SynchronousTestCase):
    """
    The exception of a name that is not known.
    """

    def test_itIsAnOSErrorWithNodesCode(self) -> None:
        error = lookupError("nowhere.invalid")
        self.assertIsInstance(error, HostNotFoundError)
        self.assertIsInstance(error, NetError)
        self.assertIsInstance(error, socket.gaierror)
        self.assertEqual(error.errno, socket.EAI_NONAME)
        self.assertEqual(error.code, "ENOTFOUND")
        self.assertEqual(error.syscall, "getaddrinfo")

    def test_itTellsTheName(self) -> None:
        error = lookupError("nowhere.invalid")
        self.assertEqual(error.hostname, "nowhere.invalid")
        self.assertEqual((error.address, error.port), (None, None))

    def test_itsTextIsNodes(self) -> None:
        error = lookupError("nowhere.invalid")
        self.assertEqual(str(error), "getaddrinfo ENOTFOUND nowhere.invalid")
        self.assertIn("nowhere.invalid", error.strerror)


class TLSErrorTests(SynchronousTestCase):
    """
    The exception of what went wrong within TLS.
    """

    def test_itTellsTheReasonAsData(self) -> None:
        error = TLSError("truncated")
        self.assertIsInstance(error, NetError)
        self.assertEqual((error.errno, error.code), (errno.EPROTO, "EPROTO"))
        self.assertEqual((error.syscall, error.reason), ("read", "truncated"))

    def test_itsTextHasTheReason(self) -> None:
        self.assertEqual(str(TLSError("truncated")), "read EPROTO: TLS: truncated")
        error = TLSError("certificate is not for x", "handshake", "127.0.0.1", 443)
        self.assertEqual(
            str(error), "handshake EPROTO: TLS: certificate is not for x 127.0.0.1:443"
        )
        self.assertEqual(error.strerror, "TLS: certificate is not for x")


class ReportTests(SynchronousTestCase):
    """
    L{report}.
    """

    def reported(self, error: BaseException, what: Any, source: object) -> Any:
        """
        @param what: the text, or what to call instead of L{report}.
        @return: the one record that the log gets.
        """
        records: list[Any] = []
        globalLogPublisher.addObserver(records.append)
        try:
            if callable(what):
                what(error, source)
            else:
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

    def test_anErrorThatNobodyListensToIsToldAsThat(self) -> None:
        class Named:
            def __repr__(self) -> str:
                return "<Stream closed>"

        for error, text in [
            (
                errnoException(errno.ECONNREFUSED, "connect", "", "127.0.0.1", 1),
                "connect ECONNREFUSED 127.0.0.1:1",
            ),
            (Loud("a {0} b"), "Loud: a {0} b"),
            (Loud(), "Loud"),
        ]:
            source = Named()
            record = self.reported(error, reportUnheard, source)
            self.assertIs(record["log_level"], LogLevel.critical)
            self.assertIs(record["log_source"], source)
            self.assertEqual(
                record["log_format"].format(**record),
                f"Nobody listens to 'error' of <Stream closed>: {text}",
            )


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
