"""
Tests for L{nodenet._transports.connector}, with sockets that are fakes.
"""

from __future__ import annotations

import socket
from errno import ECONNREFUSED, EINPROGRESS, EISCONN, EMFILE, ENAMETOOLONG
from typing import Any

from twisted.internet.testing import MemoryReactorClock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from nodenet._transports import connector
from nodenet._transports.connector import Attempt, connectTCP, connectUNIX


class FakeSocket:
    """
    A socket that is being connected.

    @cvar refusal: why none can be made.
    @cvar begins: the errno of connect(2).
    """

    refusal: int | None = None
    begins = EINPROGRESS

    def __init__(self, family: int, type: int) -> None:
        if self.refusal is not None:
            raise OSError(self.refusal, "none")
        self.family = family
        self.pending = 0
        self.closed = False
        self.address: Any = None

    def setblocking(self, blocks: bool) -> None:
        assert not blocks

    def fileno(self) -> int:
        return -1 if self.closed else 99

    def connect_ex(self, address: Any) -> int:
        self.address = address
        return self.begins

    def getsockopt(self, level: int, option: int) -> int:
        assert (level, option) == (socket.SOL_SOCKET, socket.SO_ERROR)
        assert not self.closed
        return self.pending

    def close(self) -> None:
        self.closed = True


class ConnectorCase(SynchronousTestCase):
    """
    @ivar seen: what was told.
    """

    def setUp(self) -> None:
        self.reactor = MemoryReactorClock()
        self.seen: list[Any] = []
        self.sockets: list[FakeSocket] = []
        self.patch(connector.socket, "socket", self.makeSocket)
        self.fake: type[FakeSocket] = type("Fake", (FakeSocket,), {})

    def makeSocket(self, family: int, type: int) -> FakeSocket:
        self.sockets.append(self.fake(family, type))
        return self.sockets[-1]

    def connect(self, host: str = "192.0.2.1") -> Attempt:
        return connectTCP(
            self.reactor, host, 80, self.seen.append, lambda *args: self.seen.extend(args)
        )

    def decided(self, attempt: Attempt, errno: int = 0) -> None:
        """
        It is still underway in the next tick; then the reactor: it is writable.
        """
        self.reactor.advance(0)
        self.assertEqual(self.reactor.getWriters(), [attempt])
        self.sockets[-1].pending = errno
        attempt.doWrite()
        self.assertEqual(self.reactor.getWriters(), [])


class AttemptTests(ConnectorCase):
    """
    L{Attempt}.
    """

    def test_itSucceedsWhenTheSocketIsWritable(self) -> None:
        attempt = self.connect()
        self.assertEqual(self.seen, [])
        self.decided(attempt)
        self.assertEqual(self.seen, [attempt])
        self.assertFalse(self.sockets[0].closed)

    def test_itFailsWithTheErrnoAndWhereAndIsClosed(self) -> None:
        attempt = self.connect()
        self.decided(attempt, ECONNREFUSED)
        one, error = self.seen
        self.assertIs(one, attempt)
        self.assertEqual(
            (error.code, error.syscall, error.address, error.port),
            ("ECONNREFUSED", "connect", "192.0.2.1", 80),
        )
        self.assertTrue(self.sockets[0].closed)

    def test_whatIsKnownAtOnceIsToldInALaterTurn(self) -> None:
        for begins in 0, ECONNREFUSED:
            self.fake.begins = begins
            del self.seen[:]
            attempt = self.connect()
            self.assertEqual((self.seen, self.reactor.getWriters()), ([], []))
            self.reactor.advance(0)
            self.assertIs(self.seen[0], attempt)
            self.assertEqual(len(self.seen), 2 if begins else 1)

    def test_withoutASocketItFailsInALaterTurn(self) -> None:
        self.fake.refusal = EMFILE
        self.connect()
        self.assertEqual(self.seen, [])
        self.reactor.advance(0)
        self.assertEqual(self.seen[1].code, "EMFILE")

    def test_aHangUpIsDecidedLikewise(self) -> None:
        attempt = self.connect()
        self.sockets[0].pending = ECONNREFUSED
        attempt.connectionLost(Failure(Exception()))
        self.assertEqual(self.seen[1].code, "ECONNREFUSED")

    def test_whatIsNearIsDecidedByTheNextTickWithoutTheReactor(self) -> None:
        for errno in EISCONN, ECONNREFUSED:
            del self.seen[:]
            attempt = self.connect()
            self.sockets[-1].begins = errno
            self.assertEqual(self.seen, [])
            self.reactor.advance(0)
            self.assertIs(self.seen[0], attempt)
            self.assertEqual(len(self.seen), 1 if errno == EISCONN else 2)
            self.assertEqual(self.reactor.getWriters(), [])

    def test_whatTheReactorSaysTwiceIsToldOnce(self) -> None:
        attempt = self.connect()
        self.decided(attempt)
        attempt.connectionLost(Failure(Exception()))
        self.assertEqual(self.seen, [attempt])
        failed = self.connect()
        self.decided(failed, ECONNREFUSED)
        count = len(self.seen)
        failed.doWrite()
        self.assertEqual(len(self.seen), count)

    def test_afterCancelNothingIsTold(self) -> None:
        for begins in EINPROGRESS, 0, ECONNREFUSED:
            self.fake.begins = begins
            attempt = self.connect()
            attempt.cancel()
            attempt.cancel()
            self.assertTrue(self.sockets[-1].closed)
            self.assertEqual(self.reactor.getWriters(), [])
            attempt.doWrite()  # of the same turn
            self.reactor.advance(0)
            self.assertEqual(self.seen, [])


class AddressTests(ConnectorCase):
    """
    What sockets are connected to.
    """

    def test_anIPv4Address(self) -> None:
        self.connect()
        [skt] = self.sockets
        self.assertEqual((skt.family, skt.address), (socket.AF_INET, ("192.0.2.1", 80)))

    def test_anIPv6Address(self) -> None:
        self.connect("2001:db8::1")
        [skt] = self.sockets
        self.assertEqual((skt.family, skt.address), (socket.AF_INET6, ("2001:db8::1", 80)))

    def test_aZoneIsANameOrANumber(self) -> None:
        def index(name: str) -> int:
            if name != "eth7":
                raise OSError(19, "no such device")
            return 7

        self.patch(connector.socket, "if_nametoindex", index)
        for zone, number in ("eth7", 7), ("3", 3), ("gone", 0):
            attempt = self.connect(f"fe80::1%{zone}")
            self.assertEqual(self.sockets[-1].address, ("fe80::1", 80, 0, number))
            self.assertEqual(attempt.where, (f"fe80::1%{zone}", 80))

    def test_aPath(self) -> None:
        attempt = connectUNIX(self.reactor, b"/run/\xff", None, None)
        [skt] = self.sockets
        self.assertEqual((skt.family, skt.address), (socket.AF_UNIX, b"/run/\xff"))
        self.assertEqual(attempt.where, ("/run/\udcff", None))

    def test_aPathThatIsTooLongFailsInALaterTurn(self) -> None:
        connectUNIX(
            self.reactor, b"/" * 200, self.seen.append, lambda *args: self.seen.extend(args)
        )
        self.assertEqual(self.seen, [])
        self.reactor.advance(0)
        self.assertEqual((self.seen[1].errno, self.sockets), (ENAMETOOLONG, []))
