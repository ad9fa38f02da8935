"""
Tests for L{nodenet.service.accesslog}.
"""

from __future__ import annotations

import os
from errno import EBADF, ENOENT, ENOSPC

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.task import Clock
from twisted.logger import LogLevel, globalLogPublisher
from twisted.trial.unittest import SkipTest, SynchronousTestCase

from nodenet.service import accesslog
from nodenet.service.accesslog import AccessLog

#: A file that cannot be written.
FULL = "/dev/full"


class Disk:
    """
    C{os}, with a disk that may be full. Standard output is a list.

    @ivar room: bytes that there are; C{None}: enough.
    @ivar writes: how many there were.
    """

    def __init__(self):
        self.room = None
        self.writes = 0
        self.output = []

    def __getattr__(self, name):
        return getattr(os, name)

    def write(self, fd, data):
        self.writes += 1
        if self.room is not None:
            data = data[: self.room]
            if not data:
                raise OSError(ENOSPC, os.strerror(ENOSPC))
            self.room -= len(data)
        if fd == 1:
            self.output.append(data)
            return len(data)
        return os.write(fd, data)


class AccessLogCase(SynchronousTestCase):
    def setUp(self):
        self.events = []
        globalLogPublisher.addObserver(self.events.append)
        self.addCleanup(globalLogPublisher.removeObserver, self.events.append)
        self.clock = Clock()
        self.disk = Disk()
        self.patch(accesslog, "os", self.disk)
        self.name = os.path.abspath(self.mktemp())

    def open(self, name=None):
        opened = AccessLog(self.clock, self.name if name is None else name)
        self.addCleanup(opened.close)
        return opened

    def write(self, log, *lines):
        for each in lines:
            log.write(f"{each}\n")

    def read(self, name=None):
        with open(name or self.name, encoding="ascii") as file:
            return file.read()

    def logged(self, level):
        return [
            event["log_format"].format(**event)
            for event in self.events
            if event["log_level"] is level
        ]


class WritingTests(AccessLogCase):
    """
    When lines are written.
    """

    def test_theFirstIsThereAtOnce(self):
        self.write(self.open(), 1)
        self.assertEqual(self.read(), "1\n")

    def test_thoseOfASecondAreWrittenTogetherAfterIt(self):
        log = self.open()
        self.write(log, 1)
        for line in 2, 3, 4:
            self.clock.advance(0.25)
            self.write(log, line)
        self.assertEqual((self.read(), self.disk.writes), ("1\n", 1))
        self.clock.advance(0.25)
        self.assertEqual((self.read(), self.disk.writes), ("1\n2\n3\n4\n", 2))

    def test_aFloodIsWrittenOnceASecond(self):
        log = self.open()
        for line in range(32):
            self.write(log, line)
            self.clock.advance(0.125)
        self.assertEqual(self.disk.writes, 5)
        self.assertEqual(self.read(), "".join(f"{line}\n" for line in range(32)))

    def test_afterAQuietSecondTheNextIsThereAtOnceAgain(self):
        log = self.open()
        self.write(log, 1)
        self.clock.advance(1)
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.write(log, 2)
        self.assertEqual(self.read(), "1\n2\n")

    def test_linesAreAddedToWhatThereIs(self):
        for line in 1, 2:
            self.write(self.open(), line)
        self.assertEqual(self.read(), "1\n2\n")

    def test_whatIsWrittenInPiecesIsWhole(self):
        # As a kernel may, of much, even if there is room.
        self.disk.write = lambda fd, data: os.write(fd, data[:3])
        log = self.open()
        self.write(log, "abcdefgh", "ijkl")
        self.clock.advance(1)
        self.assertEqual(self.read(), "abcdefgh\nijkl\n")

    def test_whatCannotBeOpenedRaises(self):
        error = self.assertRaises(OSError, AccessLog, self.clock, self.name + "/x")
        self.assertEqual(error.errno, ENOENT)

    def test_aFileThatDidNotExistIsAsTheUmaskHasIt(self):
        self.addCleanup(os.umask, os.umask(0o027))
        self.open()
        self.assertEqual(os.stat(self.name).st_mode & 0o777, 0o640)


class ReopeningTests(AccessLogCase):
    """
    C{reopen}.
    """

    def rotate(self):
        os.rename(self.name, self.name + ".1")

    def test_afterItLinesGoToANewFileOfTheName(self):
        log = self.open()
        self.write(log, 1)
        self.rotate()
        self.clock.advance(1)
        self.write(log, 2)
        log.reopen()
        self.clock.advance(1)
        self.write(log, 3)
        self.assertEqual((self.read(self.name + ".1"), self.read()), ("1\n2\n", "3\n"))
        self.assertEqual([e["log_format"] for e in self.events], ["Access log reopened"])

    def test_whatWaitsIsWrittenToTheOldFileFirst(self):
        log = self.open()
        self.write(log, 1, 2)
        self.rotate()
        log.reopen()
        self.assertEqual((self.read(self.name + ".1"), self.read()), ("1\n2\n", ""))
        self.clock.advance(1)
        self.assertEqual(self.read(), "")

    def test_theOldFileIsClosed(self):
        log = self.open()
        old = log._fd
        log.reopen()
        self.assertNotEqual(log._fd, old)
        self.assertRaises(OSError, os.fstat, old)

    def test_whereNothingHasMovedItGoesOn(self):
        log = self.open()
        self.write(log, 1)
        log.reopen()
        self.write(log, 2)
        self.clock.advance(1)
        self.assertEqual(self.read(), "1\n2\n")

    def test_whereItFailsTheOldFileGoesOn(self):
        folder = self.mktemp()
        os.makedirs(folder)
        log = self.open(os.path.join(folder, "log"))
        os.rename(folder, folder + ".1")
        log.reopen()
        self.write(log, 1)
        self.assertEqual(self.read(folder + ".1/log"), "1\n")
        self.assertEqual(
            self.logged(LogLevel.error),
            ["Access log cannot be reopened, the old one goes on: No such file or directory"],
        )
        self.assertEqual(self.logged(LogLevel.info), [])

    def test_whatCouldNotBeWrittenGoesToTheNewFile(self):
        log = self.open()
        self.disk.room = 0
        self.write(log, 1, 2)
        self.rotate()
        log.reopen()
        self.disk.room = None
        self.clock.advance(1)
        self.assertEqual((self.read(self.name + ".1"), self.read()), ("", "1\n2\n"))

    def test_aHalfWrittenLineIsWholeInTheNewFile(self):
        log = self.open()
        self.disk.room = 6
        self.write(log, "abc", "def", "ghi")
        self.clock.advance(1)
        self.rotate()
        log.reopen()
        self.disk.room = None
        self.clock.advance(1)
        self.assertEqual(self.read(self.name + ".1"), "abc\nde")
        self.assertEqual(self.read(), "def\nghi\n")

    def test_whereItFailsAHalfWrittenLineGoesOn(self):
        folder = self.mktemp()
        os.makedirs(folder)
        log = self.open(os.path.join(folder, "log"))
        self.disk.room = 2
        self.write(log, "abc")
        os.rename(folder, folder + ".1")
        log.reopen()
        self.disk.room = None
        self.clock.advance(1)
        self.assertEqual(self.read(folder + ".1/log"), "abc\n")


class FailingTests(AccessLogCase):
    """
    What cannot be written.
    """

    def test_itIsSaidOnce(self):
        if not os.path.exists(FULL):
            raise SkipTest(f"no {FULL}")
        os.symlink(FULL, self.name)
        log = self.open()
        for line in range(1000):
            self.write(log, line)
            self.clock.advance(0.125)
        self.assertEqual(
            self.logged(LogLevel.error),
            ["Access log cannot be written: No space left on device"],
        )

    def test_itIsTriedAgainEachSecond(self):
        log = self.open()
        self.disk.room = 0
        self.write(log, 1)
        for tries in range(1, 5):
            self.assertEqual(self.disk.writes, tries)
            self.clock.advance(1)
        self.disk.room = None
        self.clock.advance(1)
        self.assertEqual(self.read(), "1\n")
        self.clock.advance(1)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_whatWaitedIsWrittenWhenThereIsRoomAgain(self):
        log = self.open()
        self.disk.room = 0
        self.write(log, 1, 2)
        self.clock.advance(1)
        self.write(log, 3)
        self.disk.room = None
        self.clock.advance(1)
        self.assertEqual(self.read(), "1\n2\n3\n")
        self.assertEqual(
            self.logged(LogLevel.warn), ["Access log is written again; 0 lines were lost"]
        )

    def test_itIsSaidAgainAfterASuccess(self):
        log = self.open()
        for _ in range(2):
            self.disk.room = 0
            self.write(log, 1)
            self.clock.advance(1)
            self.disk.room = None
            self.clock.advance(2)
        self.assertEqual(len(self.logged(LogLevel.error)), 2)
        self.assertEqual(len(self.logged(LogLevel.warn)), 2)

    def test_aHalfWrittenLineGoesOnWhereItEnded(self):
        whole = "abc\ndefgh\nij\n"
        for room in range(len(whole)):
            self.name = os.path.abspath(self.mktemp())
            log = self.open()
            self.disk.room = room
            self.write(log, "abc", "defgh")
            self.clock.advance(1)
            self.write(log, "ij")
            self.clock.advance(1)
            self.assertEqual(self.read(), whole[:room])
            self.disk.room = 1
            self.clock.advance(1)
            self.disk.room = None
            self.clock.advance(1)
            self.assertEqual(self.read(), whole)

    def fill(self, log, lines):
        """
        Write lines of 10 bytes each, none of which has room.
        """
        self.disk.room = 0
        for line in range(lines):
            self.write(log, f"{line:09}")
        self.clock.advance(1)

    def test_whatIsTooMuchIsLostFromTheEndInWholeLines(self):
        self.patch(accesslog, "HELD", 105)
        log = self.open()
        self.fill(log, 10)
        self.write(log, *["later"] * 3)
        self.clock.advance(1)
        self.disk.room = None
        self.clock.advance(1)
        self.assertEqual(self.read(), "".join(f"{line:09}\n" for line in range(10)))
        self.assertEqual(
            self.logged(LogLevel.warn), ["Access log is written again; 3 lines were lost"]
        )
        self.write(log, "next")
        self.clock.advance(1)
        self.assertTrue(self.read().endswith("9\nnext\n"))

    def test_upToSoMuchNothingIsLost(self):
        self.patch(accesslog, "HELD", 100)
        log = self.open()
        self.fill(log, 10)
        self.disk.room = None
        self.clock.advance(1)
        self.assertEqual(
            self.logged(LogLevel.warn), ["Access log is written again; 0 lines were lost"]
        )

    def test_theRestOfAHalfWrittenLineIsNeverLost(self):
        self.patch(accesslog, "HELD", 15)
        log = self.open()
        self.disk.room = 4
        self.write(log, "a" * 30)
        self.clock.advance(1)
        self.write(log, "b", "c")
        self.clock.advance(1)
        self.disk.room = None
        self.clock.advance(1)
        self.write(log, "d")
        self.clock.advance(1)
        self.assertEqual(self.read(), "a" * 30 + "\nd\n")
        self.assertEqual(
            self.logged(LogLevel.warn), ["Access log is written again; 2 lines were lost"]
        )

    def test_theLostAreCountedAnewAfterASuccess(self):
        self.patch(accesslog, "HELD", 10)
        log = self.open()
        for lines in 3, 5:
            self.fill(log, lines)
            self.disk.room = None
            self.clock.advance(2)
        self.assertEqual(
            self.logged(LogLevel.warn),
            [f"Access log is written again; {lost} lines were lost" for lost in (2, 4)],
        )

    def test_whatWasNotWrittenAtTheEndIsLostToo(self):
        self.patch(accesslog, "HELD", 20)
        log = self.open()
        self.fill(log, 5)
        self.write(log, "last")
        log.close()
        self.assertEqual(self.logged(LogLevel.error)[1:], ["Access log: 6 lines were lost"])
        self.assertEqual(self.logged(LogLevel.warn), [])

    def test_ifTheLastTrySucceedsOnlyThoseThatWereTooManyAreLost(self):
        self.patch(accesslog, "HELD", 20)
        log = self.open()
        self.fill(log, 5)
        self.disk.room = None
        log.close()
        self.assertEqual(
            self.logged(LogLevel.warn), ["Access log is written again; 3 lines were lost"]
        )
        self.assertEqual(len(self.logged(LogLevel.error)), 1)

    # A number is a line of such a length, None a second, a tuple the room on the disk.
    @settings(deadline=None, database=None, derandomize=True, max_examples=200)
    @given(
        st.lists(
            st.one_of(
                st.integers(0, 5),
                st.none(),
                st.tuples(st.one_of(st.integers(0, 9), st.none())),
                st.just("reopen"),
            )
        )
    )
    def test_eachLineIsWholeInOneFile(self, steps):
        self.disk.room = None
        self.name = os.path.abspath(self.mktemp())
        log, names, written = self.open(), [], []
        for number, step in enumerate(steps):
            if step is None:
                self.clock.advance(1)
            elif step == "reopen":
                names.append(f"{self.name}.{number}")
                os.rename(self.name, names[-1])
                log.reopen()
            elif isinstance(step, tuple):
                [self.disk.room] = step
            else:
                written.append(f"{number}{step * 'x'}")
                self.write(log, written[-1])
        self.disk.room = None
        log.close()
        found = []
        for name in [*names, self.name]:
            *whole, half = self.read(name).split("\n")
            found += whole
            # Only where the disk was full when the file was moved away.
            self.assertFalse(half and name == self.name)
        self.assertEqual(found, written)


class ClosingTests(AccessLogCase):
    """
    C{close}.
    """

    def test_whatWaitsIsWritten(self):
        log = self.open()
        self.write(log, 1, 2)
        fd = log._fd
        log.close()
        self.assertEqual(self.read(), "1\n2\n")
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.assertRaises(OSError, os.fstat, fd)

    def test_twiceIsLetPass(self):
        log = self.open()
        log.close()
        log.close()
        self.assertEqual(self.events, [])

    def test_afterItNothingIsWrittenNorReopened(self):
        # A refusal is told up to a second late.
        log = self.open()
        log.close()
        os.unlink(self.name)
        self.write(log, 1)
        log.reopen()
        self.clock.advance(1)
        self.assertFalse(os.path.exists(self.name))
        self.assertEqual((self.events, self.disk.writes), ([], 0))


class StandardOutputTests(AccessLogCase):
    """
    C{-}.
    """

    def test_linesGoThere(self):
        log = self.open("-")
        self.write(log, 1, 2)
        self.clock.advance(1)
        self.assertEqual(self.disk.output, [b"1\n", b"2\n"])

    def test_itIsNotReopened(self):
        log = self.open("-")
        self.write(log, 1, 2)
        log.reopen()
        self.assertEqual(self.disk.output, [b"1\n"])
        self.assertEqual((log._fd, self.events), (1, []))

    def test_itStaysOpen(self):
        self.disk.close = self.fail
        log = self.open("-")
        self.write(log, 1, 2)
        log.close()
        self.write(log, 3)
        self.assertEqual(self.disk.output, [b"1\n", b"2\n"])

    def test_whereItIsClosedThatIsSaid(self):
        def closed(fd):
            raise OSError(EBADF, os.strerror(EBADF))

        self.disk.fstat = closed
        error = self.assertRaises(OSError, AccessLog, self.clock, "-")
        self.assertEqual(error.strerror, "standard output is closed")
