"""
L{nodenet.service.relay.kernel} on real sockets, events by hand: what TIOCOUTQ, FIONREAD and
POLLERR say.
"""

from __future__ import annotations

import contextlib
import gc
import os
import socket
import struct
import time
import weakref
from typing import Any

from twisted.internet.testing import MemoryReactorClock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from nodenet import net
from nodenet.crypto import createCredentials
from nodenet.service.record import Ending
from nodenet.service.relay.kernel import LateReset, hasUnread, isReset
from nodenet.service.relay.tunnel import Tunnel
from nodenet.splice import BUSY, Splicer
from tests.certificates import Authority

#: Seconds after which something that the kernel is to do has failed.
LIMIT = 10


class KernelCase(SynchronousTestCase):
    """
    A socket, and the stream of its peer.
    """

    def setUp(self) -> None:
        self.reactor = MemoryReactorClock()

    def tcp(self) -> tuple[socket.socket, net.Stream]:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            far = socket.create_connection(listening.getsockname())
            near, _ = listening.accept()
        return self.made(far, near)

    def unix(self) -> tuple[socket.socket, net.Stream]:
        return self.made(*socket.socketpair())

    def made(self, far: socket.socket, near: socket.socket) -> tuple[socket.socket, net.Stream]:
        self.addCleanup(far.close)
        far.settimeout(LIMIT)
        stream = net.Stream(fd=near.detach(), allowHalfOpen=True, reactor=self.reactor)
        self.addCleanup(self.destroy, stream)
        return far, stream

    def destroy(self, stream: net.Stream) -> None:
        stream.destroy()
        self.reactor.advance(0)

    def until(self, true: Any) -> None:
        """
        Wait for the kernel.
        """
        end = time.monotonic() + LIMIT
        while not true():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.001)

    def reset(self, far: socket.socket) -> None:
        far.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        far.close()

    def fill(self, stream: net.Stream, queue: bool) -> bytes:
        """
        Write what the kernel takes.

        @param queue: and more.
        """
        written = b""
        while True:
            data = b"%08d" % len(written) * 512
            written += data
            if not stream.write(data):
                break
        if not queue:
            written = written[: stream.bytesWritten]
            stream._outbox = None
            stream.bufferSize = 0
        return written

    def drain(self, far: socket.socket, stream: net.Stream, size: int) -> bytes:
        got = b""
        while len(got) < size:
            got += far.recv(size - len(got))
            if stream.bufferSize:
                stream.transport.doWrite()
        return got


class UnreadTests(KernelCase):
    """
    C{hasUnread}.
    """

    def test_whatHasComeAndNobodyHasReadIsThere(self) -> None:
        for make in self.tcp, self.unix:
            far, stream = make()
            self.assertFalse(hasUnread(stream))
            far.sendall(b"x")
            self.until(lambda stream=stream: hasUnread(stream))
            stream.transport.doRead()
            self.assertFalse(hasUnread(stream))

    def test_anEndIsNotUnread(self) -> None:
        for make in self.tcp, self.unix:
            far, stream = make()
            far.close()
            time.sleep(0.01)
            self.assertFalse(hasUnread(stream))

    def test_behindAResetItIsStillThere(self) -> None:
        far, stream = self.tcp()
        far.sendall(b"x")
        self.until(lambda: hasUnread(stream))
        self.reset(far)
        self.until(lambda: isReset(stream))
        self.assertTrue(hasUnread(stream))


class IsResetTests(KernelCase):
    """
    C{isReset}.
    """

    def test_onlyAResetIsOne(self) -> None:
        for make in self.tcp, self.unix:
            far, stream = make()
            self.assertFalse(isReset(stream))
            far.sendall(b"x")
            self.assertFalse(isReset(stream))
            far.shutdown(socket.SHUT_WR)
            self.assertFalse(isReset(stream))
            far.close()
            time.sleep(0.01)
            self.assertFalse(isReset(stream))

    def test_itLeavesTheErrorToBeReadBehindTheData(self) -> None:
        far, stream = self.tcp()
        seen: list[Any] = []
        stream.on("data", seen.append)
        stream.on("error", lambda error: seen.append(error.code))
        stream.on("close", lambda had_error: None)
        far.sendall(b"x")
        self.until(lambda: hasUnread(stream))
        self.reset(far)
        self.until(lambda: isReset(stream))
        self.assertTrue(isReset(stream))
        self.assertIsNone(stream.transport.doRead())
        stream.transport.connectionLost(Failure(stream.transport.doRead()))
        self.reactor.advance(0)
        self.assertEqual(seen, [b"x", "ECONNRESET"])
        self.assertFalse(isReset(stream))

    def test_aUNIXSocketThatHadSentWhatNobodyReadIsReset(self) -> None:
        far, stream = self.unix()
        stream.write(b"x")
        far.close()
        self.assertTrue(isReset(stream))


class LateResetTests(KernelCase):
    """
    An RST, but not before what was written has arrived.
    """

    def ended(self, far: socket.socket) -> str:
        try:
            return repr(far.recv(1))
        except ConnectionResetError:
            return "reset"

    def test_overTCPThePeerGetsAllAndThenAnRST(self) -> None:
        for queue in False, True:
            far, stream = self.tcp()
            written = self.fill(stream, queue)
            LateReset(stream, self.reactor)
            self.reactor.pump([0.5] * 3)
            self.assertEqual(stream.readyState, "open")
            self.assertEqual(self.drain(far, stream, len(written)), written)

            def closed(stream: net.Stream = stream) -> bool:
                self.reactor.advance(0.5)
                return stream.readyState == "closed"

            self.until(closed)
            self.assertEqual(self.ended(far), "reset")

    def test_overAUNIXSocketItGetsAllAndThenAnEnd(self) -> None:
        far, stream = self.unix()
        written = self.fill(stream, True)
        LateReset(stream, self.reactor)
        self.reactor.pump([0.5] * 3)
        self.assertEqual(stream.readyState, "open")
        self.assertEqual(self.drain(far, stream, len(written)), written)
        self.reactor.pump([0.5] * 3)
        self.assertEqual(stream.readyState, "closed")
        self.assertEqual(self.ended(far), "b''")

    def test_atOnceWhereThereIsNothing(self) -> None:
        for make, end in (self.tcp, "reset"), (self.unix, "b''"):
            far, stream = make()
            LateReset(stream, self.reactor)
            self.assertEqual((stream.readyState, self.ended(far)), ("closed", end))

    def test_ofAPeerThatHasGoneToo(self) -> None:
        for make in self.tcp, self.unix:
            far, stream = make()
            stream.write(b"x")
            far.close()
            time.sleep(0.01)
            LateReset(stream, self.reactor)
            self.reactor.pump([0.5] * 3)
            self.assertEqual(stream.readyState, "closed")

    def test_ofAPeerThatHasResetTooNothingIsWaitedFor(self) -> None:
        """
        What it has not acknowledged stays counted.
        """
        far, stream = self.tcp()
        self.fill(stream, False)
        LateReset(stream, self.reactor)
        self.assertEqual(stream.readyState, "open")
        far.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        far.close()
        time.sleep(0.01)
        self.reactor.advance(0.5)
        self.assertEqual(stream.readyState, "closed")

    def test_norOfOneWhoseResetSomebodyWasToldOf(self) -> None:
        """
        The kernel tells of an error once.
        """
        far, stream = self.tcp()
        self.fill(stream, False)
        far.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        far.close()
        time.sleep(0.01)
        assert stream.fd is not None
        with socket.socket(fileno=os.dup(stream.fd)) as skt:
            self.assertTrue(skt.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))
        self.assertFalse(isReset(stream))
        LateReset(stream, self.reactor)
        self.assertEqual(stream.readyState, "closed")

    def test_inTLS(self) -> None:
        authority = Authority()
        key, certificate, _ = authority.issue("localhost")
        far, stream = self.tcp()
        stream.setSecure(createCredentials(rejectUnauthorized=False))
        peer = net.Stream(fd=far.detach(), reactor=self.reactor)
        self.addCleanup(self.destroy, peer)
        peer._acceptor = _Acceptor()  # type: ignore[assignment]
        peer.setSecure(createCredentials(key=key, cert=certificate))
        got: list[bytes] = []
        errors: list[str] = []
        peer.on("data", got.append)
        peer.on("error", lambda error: errors.append(error.code))

        def pump(*streams: net.Stream) -> None:
            time.sleep(0.001)
            for each in streams:
                transport = each.transport
                if each.readyState != "closed" and transport is not None:
                    reason = transport.doRead()
                    if reason is not None:
                        transport.connectionLost(Failure(reason))
                    elif each.readyState != "closed":
                        transport.doWrite()
            self.reactor.advance(0.001)

        secure: list[int] = []
        stream.on("secure", lambda: secure.append(1))
        peer.on("secure", lambda: secure.append(1))
        end = time.monotonic() + LIMIT
        while len(secure) < 2:
            self.assertLess(time.monotonic(), end)
            pump(stream, peer)
        sent = self.fill(stream, True)
        LateReset(stream, self.reactor)
        for _ in range(20):
            pump(stream)
        self.assertEqual(stream.readyState, "open")
        while not errors:
            self.assertLess(time.monotonic(), end)
            self.reactor.advance(0.05)
            pump(stream, peer)
        self.assertEqual((b"".join(got) == sent, errors), (True, ["ECONNRESET"]))


class _Acceptor:
    """
    Of a stream that is to be TLS's server.
    """

    def closed(self, stream: Any) -> None: ...


class MemoryTests(KernelCase):
    """
    What a tunnel over sockets leaves when it has ended.
    """

    def test_aSplicedTunnelIsFreedByReferenceCountsAlone(self) -> None:
        if not hasattr(os, "splice"):
            self.skipTest("this system has no splice(2)")
        gc.disable()
        self.addCleanup(gc.enable)
        splicer = Splicer()
        self.addCleanup(splicer.close)
        for cut in False, True:
            refs = self.spliced(splicer, cut)
            self.assertEqual([ref() for ref in refs], [None, None])

    def spliced(self, splicer: Splicer, cut: bool) -> list[weakref.ref[net.Stream]]:
        """
        @return: the streams of a tunnel that was spliced and has ended.
        """
        pairs = [socket.socketpair() for _ in "12"]
        streams = []
        for far, near in pairs:
            self.addCleanup(far.close)
            far.setblocking(False)
            far.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
            streams.append(
                net.Stream(fd=near.detach(), allowHalfOpen=True, reactor=self.reactor)
            )
        client, server = streams
        (farClient, _), (farServer, _) = pairs
        done: list[int] = []
        client.pause()
        tunnel = Tunnel(client, server, lambda: done.append(1), self.reactor, splicer=splicer)
        client.on("error", tunnel.clientFailed)
        client.on("close", lambda had_error: tunnel.clientClosed())
        for _ in range(BUSY + 2):
            with contextlib.suppress(BlockingIOError):
                farClient.send(bytes(1 << 20))
            client.transport.doRead()
            with contextlib.suppress(BlockingIOError):
                while farServer.recv(1 << 20):
                    server.transport.doWrite()
        self.assertEqual(len(splicer._active), 1)
        if cut:
            tunnel.cut(Ending.DRAINED)
        else:
            for stream in streams:
                stream.transport.connectionLost(Failure(ConnectionResetError(104, "reset")))
        self.reactor.pump([0, 1])
        self.assertEqual((done, splicer._active), ([1], set()))
        return [weakref.ref(stream) for stream in streams]
