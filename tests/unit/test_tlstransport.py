"""
Tests for L{nodenet._transports.tls}, with an OpenSSL that says what it is told to.
"""

from __future__ import annotations

import socket
from typing import Any

from OpenSSL import SSL
from twisted.internet import main
from twisted.internet.testing import MemoryReactorClock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from nodenet._transports import tls
from nodenet._transports.direct import Transport
from nodenet._transports.tls import PATIENCE, RECORD, TLSTransport
from nodenet._transports.wire import READ_SIZE


class FakeSSL:
    """
    pyOpenSSL's connection. What it is to say comes from lists; then it wants to read, or
    says yes.
    """

    def __init__(self) -> None:
        self.reads: list[Any] = []
        self.sends: list[Any] = []
        self.shakes: list[Exception] = []
        self.shutdowns: list[Exception] = []
        self.sent: list[bytes] = []
        self.said: list[str] = []

    def set_connect_state(self) -> None:
        self.said.append("client")

    def set_accept_state(self) -> None:
        self.said.append("server")

    def do_handshake(self) -> None:
        if self.shakes:
            raise self.shakes.pop(0)

    def shutdown(self) -> bool:
        if self.shutdowns:
            raise self.shutdowns.pop(0)
        self.said.append("close_notify")
        return True

    def recv(self, buffer: Any, size: int) -> bytes:
        what = self.reads.pop(0) if self.reads else SSL.WantReadError()
        if isinstance(what, Exception):
            raise what
        assert len(what) <= size
        return what

    def send(self, data: bytes | memoryview) -> int:
        what = self.sends.pop(0) if self.sends else min(len(data), RECORD)
        if isinstance(what, Exception):
            raise what
        self.sent.append(bytes(data[:what]))
        return what


class FakeProtocol:
    """
    The protocol above.

    @ivar onData: called for each piece of data.
    """

    def __init__(self) -> None:
        self.seen: list[Any] = []
        self.onData: Any = lambda: None

    def handshakeCompleted(self) -> None:
        self.seen.append("secure")

    def dataReceived(self, data: bytes) -> None:
        self.seen.append(data)
        self.onData()

    def readConnectionLost(self) -> None:
        self.seen.append("end")

    def connectionLost(self, reason: Failure) -> None:
        self.seen.append(reason.value)


class FakeOwner:
    """
    The stream.
    """

    def touch(self) -> None:
        """
        The handshake has moved.
        """

    def onWritable(self) -> bool:
        return False


class TLSCase(SynchronousTestCase):
    """
    A transport over a socket that is never used.
    """

    family = socket.AF_UNIX
    isClient = False

    def setUp(self) -> None:
        self.reactor = MemoryReactorClock()
        self.ssl = FakeSSL()
        self.patch(tls, "tlsRecv", FakeSSL.recv)
        self.patch(tls, "tlsSend", FakeSSL.send)
        self.protocol = FakeProtocol()
        self.tls = self.make()

    def make(self, connector: Any = None) -> TLSTransport:
        skt = socket.socket(self.family, socket.SOCK_STREAM)
        peer = ("192.0.2.1", 1) if self.family == socket.AF_INET else ""
        raw = Transport(skt, skt.family, peer, None, self.reactor)
        if connector is not None:
            raw.connector = connector
        made = TLSTransport(raw, self.ssl, self.isClient, self.protocol)
        made.owner = FakeOwner()
        self.addCleanup(made.close)
        return made

    def secure(self) -> None:
        """
        The handshake is done.
        """
        self.tls.doRead()
        self.assertEqual(self.protocol.seen, ["secure"])
        del self.protocol.seen[:]

    @property
    def waitsFor(self) -> str:
        """
        What the reactor is asked for: C{"r"}, C{"w"}, C{"rw"} or C{""}.
        """
        reads = self.tls in self.reactor.getReaders()
        writes = self.tls in self.reactor.getWriters()
        return "r" * reads + "w" * writes


class HandshakeTests(TLSCase):
    """
    The handshake.
    """

    def test_aServerWaitsToBeSpokenTo(self) -> None:
        self.assertEqual((self.ssl.said, self.waitsFor), (["server"], "r"))

    def test_itGoesOnAsOpenSSLWants(self) -> None:
        self.ssl.shakes = [SSL.WantWriteError(), SSL.WantReadError()]
        self.assertIsNone(self.tls.doRead())
        self.assertEqual(self.waitsFor, "rw")
        self.assertIsNone(self.tls.doWrite())
        self.assertEqual((self.waitsFor, self.protocol.seen), ("r", []))
        self.secure()
        self.assertEqual(self.waitsFor, "r")

    def test_doneWhileWritingItIsNotAskedToWriteAgain(self) -> None:
        self.ssl.shakes = [SSL.WantWriteError()]
        self.tls.doRead()
        self.tls.doWrite()
        self.assertEqual((self.waitsFor, self.protocol.seen), ("r", ["secure"]))

    def test_aFailureEndsTheConnection(self) -> None:
        self.ssl.shakes = [SSL.Error([("lib", "func", "bad thing")])]
        error = self.tls.doRead()
        self.assertEqual((error.reason, error.syscall), ("bad thing", "handshake"))
        self.assertEqual(self.protocol.seen, [])


class ClientTests(TLSCase):
    """
    A client.
    """

    isClient = True

    def test_itSpeaksFirstInATurnOfItsOwn(self) -> None:
        self.assertEqual((self.ssl.said, self.waitsFor), (["client"], "rw"))
        self.assertEqual(self.protocol.seen, [])


class NoDelayTests(TLSCase):
    """
    Over TCP.
    """

    family = socket.AF_INET

    def test_smallRecordsDoNotWaitForEachOther(self) -> None:
        self.assertTrue(self.tls.getTcpNoDelay())


class ReadTests(TLSCase):
    """
    Reading.
    """

    def setUp(self) -> None:
        super().setUp()
        self.secure()

    def test_behindAFullRecordThereIsLikelyMore(self) -> None:
        self.ssl.reads = [bytes(RECORD), b"x", b"of the next event"]
        self.assertIsNone(self.tls.doRead())
        self.assertEqual(self.protocol.seen, [bytes(RECORD), b"x"])

    def test_oneEventTakesSoMuch(self) -> None:
        self.ssl.reads = [bytes(RECORD)] * 100
        self.assertIsNone(self.tls.doRead())
        self.assertEqual(len(self.protocol.seen), READ_SIZE // RECORD)

    def test_whoPausesGetsNoMore(self) -> None:
        self.ssl.reads = [bytes(RECORD)] * 3
        self.protocol.onData = self.tls.stopReading
        self.assertIsNone(self.tls.doRead())
        self.assertEqual((len(self.protocol.seen), self.waitsFor), (1, ""))

    def test_whoClosesGetsNoMore(self) -> None:
        self.ssl.reads = [bytes(RECORD)] * 3
        self.protocol.onData = self.tls.close
        self.tls.stopReading = lambda: None  # it is not that which stops it
        self.assertIsNone(self.tls.doRead())
        self.assertEqual(self.protocol.seen.count(bytes(RECORD)), 1)

    def test_theEndIsToldAndAFailureIsReturned(self) -> None:
        self.ssl.reads = [SSL.ZeroReturnError(), SSL.SysCallError(-1, "Unexpected EOF")]
        self.assertIsNone(self.tls.doRead())
        self.assertEqual(self.protocol.seen[-1], "end")
        error = self.tls.doRead()
        self.assertEqual((error.reason, error.syscall), ("truncated", "read"))

    def test_aReadThatWantsToWriteWaitsForThat(self) -> None:
        self.ssl.reads = [SSL.WantWriteError()]
        self.assertIsNone(self.tls.doRead())
        self.assertEqual(self.waitsFor, "w")
        self.tls.stopReading()
        self.tls.startReading()  # not before
        self.assertEqual(self.waitsFor, "w")
        self.tls.doWrite()
        self.assertEqual(self.waitsFor, "r")

    def test_soItDoesWhilePaused(self) -> None:
        self.ssl.reads = [SSL.WantWriteError()]
        self.tls.doRead()
        self.tls.stopReading()
        self.tls.doWrite()
        self.assertEqual(self.waitsFor, "")
        self.tls.startReading()
        self.assertEqual(self.waitsFor, "r")


class WriteTests(TLSCase):
    """
    Writing.
    """

    def setUp(self) -> None:
        super().setUp()
        self.secure()

    def test_asManyRecordsAsTheKernelTakes(self) -> None:
        self.ssl.sends = [RECORD, RECORD, SSL.WantWriteError()]
        self.assertEqual(self.tls.send(bytes(3 * RECORD)), 2 * RECORD)
        self.assertEqual(self.tls.send(bytes(3 * RECORD)), 3 * RECORD)
        self.ssl.sends = [SSL.WantWriteError()]
        self.assertRaises(BlockingIOError, self.tls.send, b"x")

    def test_nothingIsNoWrite(self) -> None:
        self.ssl.sends = [SSL.ZeroReturnError()]
        self.assertEqual(self.tls.send(b""), 0)

    def test_smallOnesShareARecord(self) -> None:
        pieces = [b"a", b"b", bytes(RECORD - 2), b"next"]
        self.assertEqual(self.tls.sendv(pieces), RECORD)
        self.assertEqual(self.ssl.sent, [b"".join(pieces[:3])])
        self.assertEqual(self.tls.sendv([bytes(RECORD), b"next"]), RECORD)

    def test_aFailureIsRaised(self) -> None:
        self.ssl.sends = [SSL.Error([("lib", "func", "bad thing")])]
        error = self.assertRaises(OSError, self.tls.send, b"x")
        self.assertEqual((error.reason, error.syscall), ("bad thing", "write"))

    def test_aWriteThatWantsToReadWaitsForThat(self) -> None:
        self.ssl.sends = [SSL.WantReadError()]
        self.assertRaises(BlockingIOError, self.tls.send, b"x")
        self.tls.startWriting()  # as the stream asks for
        self.assertEqual(self.waitsFor, "r")
        self.tls.doRead()
        self.assertEqual(self.waitsFor, "rw")

    def test_alsoWhilePausedWithoutReadingData(self) -> None:
        self.tls.stopReading()
        self.ssl.sends = [SSL.WantReadError()]
        self.assertRaises(BlockingIOError, self.tls.send, b"x")
        self.assertEqual(self.waitsFor, "r")
        self.ssl.reads = [b"not yet"]
        self.tls.doRead()
        self.assertEqual((self.waitsFor, self.protocol.seen), ("w", []))

    def test_soDoesOneThatWasAskedForByTheReactor(self) -> None:
        def onWritable() -> bool:
            try:
                self.tls.send(b"x")
            except BlockingIOError:
                self.tls.startWriting()
                return True
            return False

        self.tls.owner.onWritable = onWritable
        self.tls.startWriting()
        self.ssl.sends = [SSL.WantReadError()]
        self.tls.doWrite()
        self.assertEqual(self.waitsFor, "r")
        self.tls.doRead()
        self.assertEqual(self.waitsFor, "rw")
        self.tls.doWrite()
        self.assertEqual((self.waitsFor, self.ssl.sent), ("r", [b"x"]))


class EndTests(TLSCase):
    """
    The end.
    """

    def setUp(self) -> None:
        super().setUp()
        self.secure()

    @property
    def closed(self) -> bool:
        return bool(self.tls.disconnected)

    def test_theFinIsACloseNotify(self) -> None:
        self.tls.shutdown()
        self.assertEqual(self.ssl.said, ["server", "close_notify"])
        self.assertEqual((self.waitsFor, self.closed), ("r", False))

    def test_afterItLoseConnectionWaitsForNoRoomToWrite(self) -> None:
        self.tls.shutdown()
        self.tls.loseConnection()
        self.assertEqual(self.reactor.getWriters(), [])
        self.reactor.advance(0)
        self.assertTrue(self.closed)

    def test_oneThatDoesNotFitGoesOutLaterAndOnce(self) -> None:
        self.ssl.shutdowns = [SSL.WantWriteError(), SSL.WantWriteError()]
        self.tls.shutdown()
        self.assertEqual(self.waitsFor, "rw")
        self.assertIsNone(self.tls.doWrite())
        self.assertEqual(self.waitsFor, "rw")
        self.assertIsNone(self.tls.doWrite())
        self.assertEqual(self.waitsFor, "r")
        self.tls.startWriting()
        self.tls.doWrite()
        self.assertEqual(self.ssl.said, ["server", "close_notify"])
        self.assertFalse(self.closed)

    def test_inTheMidstOfAMessageOfTheHandshakeItWaitsForTheRest(self) -> None:
        self.ssl.shutdowns = [SSL.Error([("SSL routines", "", "shutdown while in init")])]
        self.tls.shutdown()
        self.assertEqual((self.waitsFor, self.ssl.said), ("r", ["server"]))
        self.tls.doRead()
        self.tls.doWrite()
        self.assertEqual(self.ssl.said, ["server", "close_notify"])

    def test_theTransportsOwnLoseConnectionTellsTheProtocol(self) -> None:
        self.tls.owner = None
        self.tls.loseConnection()
        self.assertIs(self.tls.doWrite(), main.CONNECTION_DONE)
        self.assertEqual(self.ssl.said, ["server", "close_notify"])

    def test_finishClosesWhenItHasGone(self) -> None:
        self.tls.finish()
        self.assertTrue(self.closed)
        self.assertEqual(self.ssl.said, ["server", "close_notify"])

    def test_soItDoesWhenThatIsLater(self) -> None:
        self.ssl.shutdowns = [SSL.WantWriteError()]
        self.tls.finish()
        self.assertEqual((self.waitsFor, self.closed), ("w", False))
        self.assertIs(self.tls.doWrite(), main.CONNECTION_DONE)
        # The stream may have another connection by then.
        self.tls.connectionLost(Failure(main.CONNECTION_DONE))
        self.assertEqual((self.closed, self.protocol.seen), (True, []))

    def test_aPeerThatReadsNothingIsNotWaitedForLong(self) -> None:
        self.ssl.shutdowns = [SSL.WantWriteError()]
        self.tls.finish()
        self.reactor.advance(PATIENCE - 1)
        self.assertFalse(self.closed)
        self.reactor.advance(1)
        self.assertTrue(self.closed)

    def test_soItDoesWhenItCannotGo(self) -> None:
        self.ssl.shutdowns = [SSL.Error([("lib", "func", "bad thing")])]
        self.tls.finish()
        self.assertTrue(self.closed)

    def test_oneThatFailsLaterIsAnError(self) -> None:
        self.ssl.shutdowns = [SSL.WantWriteError(), SSL.Error([("l", "f", "bad thing")])]
        self.tls.shutdown()
        error = self.tls.doWrite()
        self.assertEqual((error.reason, error.syscall), ("bad thing", "shutdown"))

    def test_closeSaysNothing(self) -> None:
        self.tls.close()
        self.assertEqual((self.ssl.said, self.closed), (["server"], True))
        self.assertIsNone(self.tls.doWrite())

    def test_theConnectorIsToldOfTheEnd(self) -> None:
        class Connector:
            def connectionLost(self, reason: Failure) -> None:
                told.append(reason.value)

        told: list[Any] = []
        self.make(Connector()).close()
        self.assertEqual(told, [main.CONNECTION_DONE])
