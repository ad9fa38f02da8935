"""
L{nodenet.net} on real sockets: loopback and UNIX.
"""

from __future__ import annotations

import contextlib
import gc
import os
import select
import socket
import stat
import struct
import threading
import tracemalloc
import weakref
from errno import ECONNREFUSED
from io import BytesIO

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from twisted.internet import reactor
from twisted.internet.defer import Deferred, gatherResults, inlineCallbacks
from twisted.internet.endpoints import clientFromString, connectProtocol, serverFromString
from twisted.internet.interfaces import IPushProducer
from twisted.internet.task import deferLater
from twisted.protocols.basic import FileSender
from twisted.trial.unittest import SkipTest, TestCase
from zope.interface import implementer

from nodenet import constants, net
from nodenet._transports.wire import READ_SIZE
from nodenet.errors import NodeError
from tests.helpers import event, record, turns

#: More than the kernel takes on the way.
LARGE = bytes(range(256)) * (48 * 1024)


def reset(skt):
    """
    Close a socket with an RST.
    """
    skt.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    skt.close()


class NetCase(TestCase):
    """
    Whatever a test opens is closed behind it.
    """

    timeout = 30

    def server(self, *args, **options):
        server = net.createServer(*args, **options)
        self.streams = []
        server.on("connection", self.streams.append)
        self.addCleanup(self._close, server)
        return server

    @inlineCallbacks
    def _close(self, server):
        closed = event(server, "close")
        with contextlib.suppress(NodeError):  # it does not listen
            server.close()
            yield closed
        for stream in self.streams:
            if stream.readyState != "closed":
                stream.on("error", lambda e: None)
                stream.destroy()
                yield event(stream, "close")
        yield turns(2)

    @inlineCallbacks
    def listening(self, *args, listener=None, **options):
        server = self.server(*([listener] if listener else []), **options)
        server.listen(*(args or (0, "127.0.0.1")))
        yield event(server, "listening")
        return server

    def client(self, *args, **options):
        stream = net.createConnection(*args, **options)

        @self.addCleanup
        def _():
            if stream.readyState != "closed":
                stream.destroy()
                return event(stream, "close")

        return stream

    @inlineCallbacks
    def pair(self, *args, **options):
        """
        @param args: what to listen on.
        @return: fires with a client and the stream that a server has accepted.
        """
        server = yield self.listening(*args, **options)
        address = server.address()
        where = [address["address"]]
        if "port" in address:
            where.insert(0, address["port"])
        client = self.client(*where, **options)
        [_, [stream]] = yield gatherResults(
            [event(client, "connect"), event(server, "connection")]
        )
        return client, stream

    def rawClient(self, server):
        """
        @return: a socket that is connected to a server.
        """
        skt = socket.create_connection(("127.0.0.1", server.address()["port"]))
        self.addCleanup(skt.close)
        return skt

    def rawServer(self):
        """
        @return: a listening socket.
        """
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)
        return listener

    def path(self):
        """
        @return: for a UNIX socket: short, as sun_path is.
        """
        path = os.path.relpath(self.mktemp())
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return path


class FunctionTests(TestCase):
    """
    The functions of the module.
    """

    def test_isIP(self):
        for input, version in [
            ("127.0.0.1", 4), ("255.255.255.255", 4), ("::1", 6), ("::ffff:1.2.3.4", 6),
            ("2001:4860:a005::68", 6), ("256.0.0.1", 0), ("1.2.3", 0), ("localhost", 0),
            ("", 0), ("1.2.3.4\0", 0), (None, 0), (4, 0), (b"::1", 0),
        ]:  # fmt: skip
            self.assertEqual(net.isIP(input), version, input)
            self.assertIs(net.isIPv4(input), version == 4)
            self.assertIs(net.isIPv6(input), version == 6)


class ServerTests(NetCase):
    """
    Listening.
    """

    @inlineCallbacks
    def test_withoutArgumentsTheSystemChoosesAPortOnAllIPv4Interfaces(self):
        server = self.server()
        called = Deferred()
        server.listen(lambda: called.callback(None))
        yield called
        address = server.address()
        self.assertEqual(address["address"], "0.0.0.0")
        client = self.client(address["port"])
        yield event(client, "connect")

    @inlineCallbacks
    def test_ofItsOwnErrnoAndTheDocumentsRetry(self):
        first = yield self.listening()
        port = first.address()["port"]
        second = self.server()
        second.listen(port, "127.0.0.1")
        [error] = yield event(second, "error")
        self.assertEqual(error.errno, constants.EADDRINUSE)
        first.close()
        second.close()
        second.listen(port, "127.0.0.1")
        yield event(second, "listening")

    @inlineCallbacks
    def test_anIPv6Host(self):
        server = yield self.listening(0, "::1")
        client = self.client(server.address()["port"], "::1")
        [_, [stream]] = yield gatherResults(
            [event(client, "connect"), event(server, "connection")]
        )
        self.assertEqual(stream.remoteAddress, "::1")
        self.assertEqual(client.address()["address"], "::1")
        self.assertEqual(stream.remotePort, client.address()["port"])

    @inlineCallbacks
    def test_aHostNameIsLookedUpOnEitherSide(self):
        server = yield self.listening(0, "localhost")
        client = self.client(server.address()["port"], "localhost")
        yield event(client, "connect")

    @inlineCallbacks
    def test_aboveMaxConnectionsItIsClosedUnseen(self):
        server = yield self.listening()
        server.maxConnections = 1
        port = server.address()["port"]
        first = self.client(port)
        yield event(server, "connection")
        second = self.client(port)
        second.on("error", lambda e: None)
        yield event(second, "close")
        self.assertEqual((len(self.streams), server.connections), (1, 1))
        first.end()
        yield event(first, "close")
        self.client(port)
        yield event(server, "connection")

    @inlineCallbacks
    def test_pauseLeavesConnectionsWaitingForSoLong(self):
        server = yield self.listening()
        server.pause(50)
        server.pause(50)
        client = self.client(server.address()["port"])
        yield event(client, "connect")
        yield turns(5)
        self.assertEqual(server.connections, 0)
        yield event(server, "connection")

    @inlineCallbacks
    def test_closeEndsAPause(self):
        server = yield self.listening()
        server.pause(50)
        server.close()
        yield event(server, "close")

    @inlineCallbacks
    def test_closeInAConnectionListenerStopsAcceptingAtOnce(self):
        server = yield self.listening(listener=lambda stream: server.close())
        port = server.address()["port"]
        clients = [self.client(port) for _ in range(3)]
        for client in clients:
            client.on("error", lambda e: None)
        yield event(server, "close")
        yield gatherResults([event(each, "close") for each in clients[1:]])
        self.assertEqual(len(self.streams), 1)


class UNIXTests(NetCase):
    """
    UNIX sockets and their files.
    """

    def setUp(self):
        # Short, as sun_path is.
        self.path = os.path.relpath(self.mktemp())
        os.makedirs(os.path.dirname(self.path), exist_ok=True)

    @inlineCallbacks
    def test_closeRemovesTheFileAndItsModeIsTheUmasks(self):
        old = os.umask(0o027)
        try:
            server = yield self.listening(self.path)
        finally:
            os.umask(old)
        self.assertEqual(stat.S_IMODE(os.stat(self.path).st_mode), 0o750)
        self.assertEqual(server.address(), {"address": self.path})
        server.close()
        yield event(server, "close")
        self.assertFalse(os.path.exists(self.path))

    @inlineCallbacks
    def test_anAcceptedStreamHasNoRemoteAddress(self):
        server = yield self.listening(self.path)
        client = self.client(self.path)
        [_, [stream]] = yield gatherResults(
            [event(client, "connect"), event(server, "connection")]
        )
        self.assertEqual((stream.remoteAddress, stream.remotePort), (None, None))
        self.assertEqual(stream.address(), {"address": self.path})
        for each in client, stream:  # they have nothing to do here, and do no harm
            each.setNoDelay()
            each.setKeepAlive(True, 1000)

    @inlineCallbacks
    def test_aFileThatNobodyListensOnIsReplaced(self):
        with socket.socket(socket.AF_UNIX) as stale:
            stale.bind(self.path)
        server = yield self.listening(self.path)
        self.client(self.path)
        yield event(server, "connection")

    @inlineCallbacks
    def test_aLiveServersPathIsInUse(self):
        yield self.listening(self.path)
        second = self.server()
        second.listen(self.path)
        [error] = yield event(second, "error")
        self.assertEqual(error.errno, constants.EADDRINUSE)
        second.close()
        yield event(second, "close")
        self.assertTrue(os.path.exists(self.path))
        yield event(self.client(self.path), "connect")

    @inlineCallbacks
    def test_aFileThatIsNoSocketIsNeverDeleted(self):
        with open(self.path, "w") as file:
            file.write("precious")
        server = self.server()
        server.listen(self.path)
        [error] = yield event(server, "error")
        self.assertEqual(error.errno, constants.EADDRINUSE)
        server.close()
        yield event(server, "close")
        with open(self.path) as file:
            self.assertEqual(file.read(), "precious")

    @inlineCallbacks
    def test_theFileOfAnotherThatCameLaterIsLeft(self):
        server = yield self.listening(self.path)
        os.unlink(self.path)
        with socket.socket(socket.AF_UNIX) as another:
            another.bind(self.path)
            server.close()
            yield event(server, "close")
            self.assertTrue(os.path.exists(self.path))

    @inlineCallbacks
    def test_pathsThatCannotBe(self):
        for path, code in (self.path + "/no/dir", "ENOENT"), ("x" * 200, "ENAMETOOLONG"):
            server = self.server()
            server.listen(path)
            [error] = yield event(server, "error")
            self.assertEqual(error.code, code)
            client = self.client(path)
            [error] = yield event(client, "error")
            self.assertEqual(error.code, code)

    @inlineCallbacks
    def test_theAbstractNamespace(self):
        server = yield self.listening("\0nodenet-" + self.path)
        self.client("\0nodenet-" + self.path)
        yield event(server, "connection")


class ConnectTests(NetCase):
    """
    Connections that fail: C{error} and C{close}, once each.
    """

    @inlineCallbacks
    def fails(self, code, *args):
        client = self.client(*args)
        seen = record(client)
        yield event(client, "close")
        yield turns(3)
        self.assertEqual([each[0] for each in seen], ["error", "close"])
        self.assertEqual((seen[0][1].code, seen[1][1]), (code, True))
        self.assertEqual(client.readyState, "closed")
        return seen[0][1]

    def unused(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return probe.getsockname()[1]

    @inlineCallbacks
    def test_refused(self):
        error = yield self.fails("ECONNREFUSED", self.unused(), "127.0.0.1")
        self.assertIsInstance(error, ConnectionRefusedError)
        self.assertEqual((error.errno, error.syscall), (ECONNREFUSED, "connect"))

    @inlineCallbacks
    def test_refusedAtEveryAddressOfAName(self):
        yield self.fails("ECONNREFUSED", self.unused(), "localhost")

    @inlineCallbacks
    def test_unreachable(self):
        # A multicast address: there is no connecting to it.
        yield self.fails("ENETUNREACH", 9, "224.0.0.1")

    @inlineCallbacks
    def test_unknownNames(self):
        for name in "nodenet.invalid", "a..b":
            error = yield self.fails("ENOTFOUND", 9, name)
            self.assertIsInstance(error, OSError)

    @inlineCallbacks
    def test_destroyMidwayClosesOnceWithoutError(self):
        server = yield self.listening()
        for host in "127.0.0.1", "localhost", "nodenet.invalid":
            client = self.client(server.address()["port"], host)
            seen = record(client)
            client.destroy()
            yield event(client, "close")
            yield deferLater(reactor, 0.05)
            self.assertEqual(seen, [("close", False)])

    @inlineCallbacks
    def test_aResetIsAnErrorWithItsErrno(self):
        server = yield self.listening()
        client = self.client(server.address()["port"])
        [stream] = yield event(server, "connection")
        seen = record(client)
        stream.transport.setTcpNoDelay(True)
        linger = b"\1\0\0\0\0\0\0\0"
        stream.transport.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        stream.destroy()
        yield event(client, "close")
        self.assertEqual([each[0] for each in seen], ["error", "close"])
        self.assertEqual(seen[0][1].code, "ECONNRESET")

    @inlineCallbacks
    def test_aResetWhileOnlyWritingIsAnErrorToo(self):
        server = yield self.listening()
        client = self.client(server.address()["port"])
        [stream] = yield event(server, "connection")
        stream.pause()
        client.pause()
        yield turns(2)
        self.assertFalse(client.write(bytes(8 << 20)))
        seen = record(client)
        stream.destroy()  # with unread data: the kernel resets
        yield event(client, "close")
        self.assertEqual([each[0] for each in seen], ["error", "close"])
        self.assertIn(seen[0][1].code, ("ECONNRESET", "EPIPE"))

    @inlineCallbacks
    def test_writingToAResetConnectionIsAnError(self):
        server = yield self.listening()
        client = self.client(server.address()["port"])
        [stream] = yield event(server, "connection")
        client.pause()
        yield turns(2)
        client.write(b"never read")
        yield turns(2)
        stream.destroy()
        seen = record(client)
        closed = event(client, "close")
        for _ in range(100):
            if client.readyState == "closed":
                break
            self.assertIn(client.write(b"x"), (True, False))
            yield turns(2)
        yield closed
        self.assertEqual([each[0] for each in seen], ["error", "close"])
        self.assertIn(seen[0][1].code, ("ECONNRESET", "EPIPE"))


class ReconnectTests(NetCase):
    """
    A closed stream connects again.
    """

    @inlineCallbacks
    def test_oneThatAServerHadAcceptedIsThenAClients(self):
        server = yield self.listening()
        first = self.client(server.address()["port"])
        [stream] = yield event(server, "connection")
        closed = event(first, "close")
        stream.destroy()
        yield event(stream, "close")
        yield closed
        called = Deferred()
        stream.connect(server.address()["port"], lambda: called.callback(None))
        yield called
        self.assertIsNone(stream.remoteAddress)
        yield turns(3)
        self.assertEqual((server.connections, len(self.streams)), (1, 2))

    @inlineCallbacks
    def test_oneWhosePipeHadPausedItReads(self):
        server = yield self.listening()
        client = self.client(server.address()["port"])
        client.pipe(client)
        client.on("error", lambda e: None)
        [stream] = yield event(server, "connection")
        client.write(bytes(8 << 20))
        stream.pause()
        yield turns(3)
        stream.destroy()
        yield event(client, "close")
        client.connect(server.address()["port"])
        [_, [stream]] = yield gatherResults(
            [event(client, "connect"), event(server, "connection")]
        )
        stream.write("hello")
        self.assertEqual((yield event(client, "data")), (b"hello",))


class OptionTests(NetCase):
    """
    C{setNoDelay} and C{setKeepAlive} reach the kernel, before and after connect.
    """

    def options(self, stream):
        get = stream.transport.getHandle().getsockopt
        return (
            bool(get(socket.IPPROTO_TCP, socket.TCP_NODELAY)),
            bool(get(socket.SOL_SOCKET, socket.SO_KEEPALIVE)),
            get(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE),
        )

    @inlineCallbacks
    def test_theyReachTheKernel(self):
        server = yield self.listening()
        client = net.Stream()
        client.setNoDelay()
        client.setKeepAlive(True, 61_001)
        client.connect(server.address()["port"])
        [_, [stream]] = yield gatherResults(
            [event(client, "connect"), event(server, "connection")]
        )
        self.assertEqual(self.options(client), (True, True, 62))
        nagle, alive, idle = self.options(stream)
        self.assertEqual((nagle, alive), (False, False))
        stream.setNoDelay(True)
        stream.setKeepAlive(True)
        self.assertEqual(self.options(stream), (True, True, idle))
        stream.setNoDelay(False)
        stream.setKeepAlive(False)
        self.assertEqual(self.options(stream), (False, False, idle))
        client.destroy()
        yield event(client, "close")


class ResetTests(NetCase):
    """
    C{resetAndDestroy}.
    """

    @inlineCallbacks
    def test_thePeerSeesThatThisWasNotTheEnd(self):
        server = yield self.listening()
        client = self.client(server.address()["port"])
        [stream] = yield event(server, "connection")
        seen = record(stream)
        client.write("half of it")
        yield event(stream, "data")
        client.resetAndDestroy()
        yield event(stream, "close")
        kinds = [(type, getattr(args[0], "code", args[0])) for type, *args in seen]
        self.assertEqual(
            kinds, [("data", b"half of it"), ("error", "ECONNRESET"), ("close", True)]
        )

    @inlineCallbacks
    def test_overAUNIXSocketItIsDestroy(self):
        server = yield self.listening(self.mktemp())
        client = self.client(server.address()["address"])
        [stream] = yield event(server, "connection")
        client.resetAndDestroy()
        self.assertEqual((yield event(stream, "close")), (False,))

    def test_aClosedStreamStaysClosed(self):
        stream = net.Stream()
        stream.resetAndDestroy()
        self.assertEqual(stream.readyState, "closed")


class EndpointTests(NetCase):
    """
    Servers and streams on Twisted's endpoints.
    """

    @inlineCallbacks
    def test_echoOverEndpoints(self):
        server = self.server(lambda c: (c.write("hello\r\n"), c.pipe(c)))
        port = yield serverFromString(reactor, "tcp:0:interface=127.0.0.1").listen(server)
        endpoint = clientFromString(reactor, f"tcp:127.0.0.1:{port.getHost().port}")
        stream = yield connectProtocol(endpoint, net.Stream())
        got = []
        stream.setEncoding("utf8")
        stream.on("data", got.append)
        stream.write("ping")
        while "".join(got) != "hello\r\nping":
            yield event(stream, "data")
        [accepted] = self.streams
        self.assertEqual((accepted.remoteAddress, server.connections), ("127.0.0.1", 1))
        stream.end()
        yield event(stream, "close")
        closed = event(server, "close")
        yield port.stopListening()
        yield closed

    @inlineCallbacks
    def test_connectTakesAnEndpoint(self):
        server = yield self.listening(listener=lambda c: c.pipe(c))
        where = "tcp:127.0.0.1:{port}".format(**server.address())
        called = []
        client = self.client(clientFromString(reactor, where), lambda: called.append(1))
        client.write("ping")
        client.end()
        seen = record(client)
        yield event(client, "close")
        self.assertEqual(called, [1])
        self.assertEqual(seen[2:], [("data", b"ping"), ("end",), ("close", False)])
        # Once more, to where nobody listens.
        server.close()
        yield event(server, "close")
        client.connect(clientFromString(reactor, where))
        [error] = yield event(client, "error")
        self.assertEqual((error.code, error.syscall), ("ECONNREFUSED", "connect"))

    @inlineCallbacks
    def test_theTransportsOwnLoseConnectionWorks(self):
        server = yield self.listening()
        client = self.client(server.address()["port"])
        [stream] = yield event(server, "connection")
        got = []
        client.on("data", got.append)
        stream.transport.write(b"by Twisted's ways")
        stream.transport.loseConnection()
        yield event(client, "close")
        self.assertEqual(got, [b"by Twisted's ways"])


class SplitTests(NetCase):
    """
    Any split of any bytes into writes arrives whole and in order.
    """

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def _over(self, where, data):
        sizes = data.draw(st.lists(st.integers(0, 200_000), max_size=8))
        pauses = data.draw(st.lists(st.booleans(), max_size=30))
        self.runs.append((where, sizes, pauses))

    @inlineCallbacks
    def run_(self, *where):
        server = yield self.listening(*where)
        address = server.address()
        where = (address["port"],) if "port" in address else (address["address"],)
        self.runs = []
        self._over(where)
        for where, sizes, pauses in self.runs:
            client = self.client(*where)
            [stream] = yield event(server, "connection")
            want = b"".join(bytes([n + 1]) * size for n, size in enumerate(sizes))
            got, held = [], iter(pauses)

            def data(piece, stream=stream, held=held, got=got):
                got.append(piece)
                if next(held, False):
                    stream.pause()
                    reactor.callLater(
                        0, lambda: stream.readyState != "closed" and stream.resume()
                    )

            stream.on("data", data)
            for n, size in enumerate(sizes):
                client.write(bytes([n + 1]) * size)
            client.end()
            yield event(client, "close")
            self.assertEqual(b"".join(got), want)

    def test_overTCP(self):
        return self.run_(0, "127.0.0.1")

    def test_overUNIX(self):
        path = os.path.relpath(self.mktemp())
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return self.run_(path)


class MemoryTests(NetCase):
    """
    What is held in memory is what the user has queued.
    """

    @inlineCallbacks
    def test_aLargeWriteIsNotCopied(self):
        server = yield self.listening()
        client = self.client(server.address()["port"])
        [_, [stream]] = yield gatherResults(
            [event(client, "connect"), event(server, "connection")]
        )
        size = [0]
        stream.on("data", lambda data: size.__setitem__(0, size[0] + len(data)))
        data = bytes(100 << 20)
        tracemalloc.start()
        self.addCleanup(tracemalloc.stop)
        self.assertFalse(client.write(data))
        self.assertEqual(client.bufferSize + client.bytesWritten, len(data))
        yield event(client, "drain")
        self.assertLess(tracemalloc.get_traced_memory()[1], 4 << 20)
        client.end()
        yield event(client, "close")
        self.assertEqual(size, [len(data)])

    test_aLargeWriteIsNotCopied.timeout = 60

    @inlineCallbacks
    def test_aPipeToASlowReaderHoldsNoMoreThanOneRead(self):
        sink = yield self.listening()
        onward = self.client(sink.address()["port"])
        [_, [slow]] = yield gatherResults([event(onward, "connect"), event(sink, "connection")])
        slow.pause()
        server = yield self.listening(listener=lambda c: c.pipe(onward))
        source = self.client(server.address()["port"])
        source.write(bytes(32 << 20))
        most, got = 0, 0
        for _ in range(300):
            yield turns()
            most = max(most, onward.bufferSize)
        self.assertTrue(0 < most <= READ_SIZE, most)
        source.end()

        def data(piece):
            nonlocal got, most
            got += len(piece)
            most = max(most, onward.bufferSize)

        slow.on("data", data)
        slow.resume()
        yield event(onward, "close")
        self.assertEqual(got, 32 << 20)
        self.assertLessEqual(most, READ_SIZE)


@implementer(IPushProducer)
class Pusher:
    """
    Pushes so many pieces of data as fast as it may.
    """

    def __init__(self, transport, piece, count):
        self.transport, self.piece, self.left = transport, piece, count
        self.paused, self.calls = False, []

    def push(self):
        while self.left and not self.paused:
            self.left -= 1
            self.transport.write(self.piece)
        if not self.left:
            self.transport.unregisterProducer()

    def pauseProducing(self):
        self.paused = True
        self.calls.append("pause")

    def resumeProducing(self):
        self.paused = False
        self.calls.append("resume")
        self.push()

    def stopProducing(self):
        self.paused = True
        self.calls.append("stop")


class Producers:
    """
    Twisted's producers on C{stream.transport}. Mixed into a case that has C{pair}.
    """

    timeout = 10

    def sends(self, file, stream):
        sent = FileSender().beginFileTransfer(file, stream.transport)
        return sent.addTimeout(5, reactor)

    @inlineCallbacks
    def test_aFileSenderSendsAll(self):
        client, stream = yield self.pair()
        data = os.urandom(1 << 20)
        for sender, receiver in (client, stream), (stream, client):
            got = []
            receiver.on("data", got.append)
            yield self.sends(BytesIO(data), sender)
            while sum(map(len, got)) < len(data):
                yield event(receiver, "data")
            self.assertTrue(b"".join(got) == data)

    @inlineCallbacks
    def test_itsDataComesAfterWhatWasWrittenBeforeAndBeforeWhatIsWrittenAfter(self):
        client, stream = yield self.pair()
        data = os.urandom(1 << 20)
        got = []
        stream.on("data", got.append)
        stream.pause()
        self.assertFalse(client.write(LARGE))
        sent = self.sends(BytesIO(data), client)
        stream.resume()
        yield sent
        client.end(b"tail")
        yield event(stream, "close")
        self.assertTrue(b"".join(got) == LARGE + data + b"tail")

    @inlineCallbacks
    def test_aPushProducerIsPausedAndResumed(self):
        client, stream = yield self.pair()
        size = [0]
        stream.on("data", lambda data: size.__setitem__(0, size[0] + len(data)))
        stream.pause()
        pusher = Pusher(client.transport, bytes(1 << 16), 256)
        client.transport.registerProducer(pusher, True)
        pusher.push()
        yield turns(10)
        self.assertEqual(pusher.calls, ["pause"])
        self.assertTrue(pusher.left > 0)
        stream.resume()
        while size[0] < 256 << 16:
            yield event(stream, "data")
        self.assertIn("resume", pusher.calls)
        self.assertEqual((pusher.left, size), (0, [256 << 16]))
        client.end()
        yield event(client, "close")

    @inlineCallbacks
    def test_aProducerIsStoppedWhenTheConnectionIsLost(self):
        client, stream = yield self.pair()
        client.on("error", lambda e: None)
        stream.on("error", lambda e: None)
        pusher = Pusher(client.transport, b"x", 1)
        client.transport.registerProducer(pusher, True)
        stream.resetAndDestroy()
        yield event(client, "close")
        self.assertEqual(pusher.calls[-1:], ["stop"])


class TCPProducerTests(Producers, NetCase):
    """
    Over TCP.
    """


class UNIXProducerTests(Producers, NetCase):
    """
    Over a UNIX socket.
    """

    def pair(self):
        return super().pair(self.path())


class LifeTests(NetCase):
    """
    A connected stream lives as long as its connection, whoever refers to it.
    """

    def forgotten(self, kept):
        """
        @return: the stream that nobody refers to.
        """
        gc.collect()
        stream = kept()
        self.assertIsNotNone(stream)
        return stream

    @inlineCallbacks
    def connected(self, **options):
        """
        @return: fires with a weak reference to a client's stream, and the peer's socket.
        """
        listener = self.rawServer()
        client = net.createConnection(listener.getsockname()[1], "127.0.0.1", **options)
        client.on("error", lambda e: None)
        yield event(client, "connect")
        peer, _ = listener.accept()
        self.addCleanup(peer.close)
        return weakref.ref(client), peer

    @inlineCallbacks
    def test_aPausedClientsStreamLivesAsLongAsItsConnection(self):
        kept, peer = yield self.connected()
        kept().pause()
        yield turns(3)
        peer.sendall(b"x")
        yield turns(3)
        stream = self.forgotten(kept)
        seen = record(stream)
        peer.close()
        stream.resume()
        yield event(stream, "close")
        self.assertEqual(seen, [("data", b"x"), ("end",), ("close", False)])

    @inlineCallbacks
    def test_aHalfOpenClientsStreamLivesAfterThePeersEnd(self):
        kept, peer = yield self.connected(allowHalfOpen=True)
        peer.shutdown(socket.SHUT_WR)
        yield event(kept(), "end")
        yield turns(3)
        stream = self.forgotten(kept)
        stream.end(b"answer")
        yield event(stream, "close")
        self.assertEqual(peer.recv(100), b"answer")

    @inlineCallbacks
    def accepted(self, listener, **options):
        """
        @return: fires with a server, a weak reference to its stream, and the client's
            socket.
        """
        kept = []
        server = net.createServer(**options)

        @server.on("connection")
        def connection(stream):
            kept.append(weakref.ref(stream))
            stream.on("error", lambda e: None)
            listener(stream)

        self.addCleanup(server.close)
        server.listen(0, "127.0.0.1")
        yield event(server, "listening")
        peer = self.rawClient(server)
        while not kept:
            yield turns()
        yield turns(3)
        return server, kept[0], peer

    @inlineCallbacks
    def test_aPausedAcceptedStreamLivesAndIsCountedUntilItEnds(self):
        server, kept, peer = yield self.accepted(lambda stream: stream.pause())
        stream = self.forgotten(kept)
        self.assertEqual(server.connections, 1)
        peer.close()
        stream.resume()
        yield event(stream, "close")
        self.assertEqual(server.connections, 0)

    @inlineCallbacks
    def test_aHalfOpenAcceptedStreamLivesAndIsCountedUntilItEnds(self):
        server, kept, peer = yield self.accepted(
            lambda stream: stream.on("data", lambda data: None), allowHalfOpen=True
        )
        peer.shutdown(socket.SHUT_WR)
        while kept() is not None and kept().readyState == "open":
            yield turns()
        yield turns(3)
        stream = self.forgotten(kept)
        self.assertEqual(server.connections, 1)
        stream.end(b"answer")
        yield event(stream, "close")
        self.assertEqual((server.connections, peer.recv(100)), (0, b"answer"))

    @inlineCallbacks
    def test_aClosedStreamIsForgotten(self):
        kept, _ = yield self.connected()
        kept().pause()
        closed = event(kept(), "close")
        kept().destroy()
        yield closed
        yield turns(3)
        gc.collect()
        self.assertIsNone(kept())


class FullReadTests(NetCase):
    """
    A stream that is destroyed by what a full read has brought.
    """

    @inlineCallbacks
    def destroyed(self, listener, *where):
        client, stream = yield self.pair(*where)
        client.on("error", lambda e: None)
        stream.pause()
        client.write(bytes(1 << 20))
        yield turns(5)
        seen = record(stream)
        sizes = []
        stream.on("data", lambda data: sizes.append(len(data)))
        stream.on("data", lambda data: listener(stream))
        closed = gatherResults([event(stream, "close"), event(client, "close")])
        stream.resume()
        yield closed
        yield turns(3)
        self.assertEqual(sizes, [READ_SIZE])
        return [each[0] for each in seen]

    @inlineCallbacks
    def test_byDestroy(self):
        for where in (), (self.path(),):
            seen = yield self.destroyed(lambda stream: stream.destroy(), *where)
            self.assertEqual(seen, ["data", "close"])
            self.assertEqual(self.flushLoggedErrors(), [])

    @inlineCallbacks
    def test_byAnException(self):
        for where in (), (self.path(),):
            seen = yield self.destroyed(lambda stream: 1 / 0, *where)
            self.assertEqual(seen, ["data", "error", "close"])
            [failure] = self.flushLoggedErrors()
            self.assertIsNotNone(failure.check(ZeroDivisionError))


class NameTests(NetCase):
    """
    Names and the lack of them.
    """

    timeout = 5

    @inlineCallbacks
    def test_anAbstractNameInUseIsAnErrorAndFreeAgainAfterClose(self):
        name = "\0nodenet-" + self.path()
        first = yield self.listening(name)
        second = self.server()
        second.listen(name)
        [error] = yield event(second, "error")
        self.assertEqual(error.code, "EADDRINUSE")
        closed = gatherResults([event(first, "close"), event(second, "close")])
        first.close()
        second.close()
        yield closed
        second.listen(name)
        yield event(second, "listening")
        self.client(name)
        yield event(second, "connection")

    @inlineCallbacks
    def test_anEmptyHostIsNone(self):
        server, seen = self.server(), []
        server.on("listening", lambda: seen.append("listening"))
        server.on("error", seen.append)
        server.listen(0, "")
        while not seen:
            yield turns()
        self.assertEqual(seen, ["listening"])
        self.assertEqual(server.address()["address"], "0.0.0.0")
        client = self.client(server.address()["port"], "")
        yield event(client, "connect")

    @inlineCallbacks
    def test_localhostIsBothFamilies(self):
        for address in "::1", "127.0.0.1":
            server = yield self.listening(0, address)
            for host in ("localhost",), (), (None,), ("",):
                accepted = event(server, "connection")
                client = self.client(server.address()["port"], *host)
                seen = record(client)
                while client.readyState == "opening":
                    yield turns()
                yield turns()
                self.assertEqual((host, seen), (host, [("connect",)]))
                [stream] = yield accepted
                self.assertEqual(stream.remoteAddress, address)


class ErrorTests(NetCase):
    """
    What an error tells.
    """

    def unused(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return probe.getsockname()[1]

    @inlineCallbacks
    def test_aRefusedConnectionTellsWhere(self):
        port = self.unused()
        client = self.client(port, "127.0.0.1")
        [error] = yield event(client, "error")
        self.assertEqual((error.address, error.port), ("127.0.0.1", port))
        self.assertEqual(str(error), f"connect ECONNREFUSED 127.0.0.1:{port}")

    @inlineCallbacks
    def test_refusedByBothFamiliesItIsOneError(self):
        for host in ("localhost",), ():
            client = self.client(self.unused(), *host)
            seen = record(client)
            yield event(client, "close")
            yield turns(5)
            self.assertEqual([each[0] for each in seen], ["error", "close"])
            self.assertEqual(seen[0][1].code, "ECONNREFUSED")


class ConnectProtocolTests(NetCase):
    """
    A stream that Twisted's C{connectProtocol} connects.
    """

    @inlineCallbacks
    def test_itAnswersAfterThePeersEnd(self):
        server = yield self.listening(listener=lambda c: c.end("question"), allowHalfOpen=True)
        endpoint = clientFromString(reactor, "tcp:127.0.0.1:{port}".format(**server.address()))
        accepted = event(server, "connection")
        stream = yield connectProtocol(endpoint, net.Stream(allowHalfOpen=True))
        [peer] = yield accepted
        got = []
        peer.on("data", got.append)
        yield event(stream, "end")
        self.assertEqual(stream.readyState, "writeOnly")
        stream.end("answer")
        yield event(peer, "close")
        self.assertEqual(got, [b"answer"])


class SecondConnectionTests(NetCase):
    """
    A stream has one connection at a time.
    """

    @inlineCallbacks
    def test_connectProtocolTwiceKeepsTheFirst(self):
        server = yield self.listening(listener=lambda c: c.pipe(c))
        endpoint = clientFromString(reactor, "tcp:127.0.0.1:{port}".format(**server.address()))
        accepted = event(server, "connection")
        stream = yield connectProtocol(endpoint, net.Stream())
        yield accepted
        seen = record(stream)
        accepted = event(server, "connection")
        connectProtocol(endpoint, stream).addErrback(lambda failure: None)
        [second] = yield accepted
        second.on("error", lambda e: None)
        yield event(second, "close")
        self.flushLoggedErrors(NodeError)
        self.assertEqual((stream.readyState, seen), ("open", []))
        stream.write(b"ping")
        self.assertEqual((yield event(stream, "data")), (b"ping",))
        stream.end()
        yield event(stream, "close")


class OddOptionTests(NetCase):
    """
    C{setNoDelay} and C{setKeepAlive} with what Node takes, too.
    """

    #: Linux's limit, in seconds.
    MOST = 32767

    def get(self, stream, level, name):
        return stream.transport.getHandle().getsockopt(level, name)

    @inlineCallbacks
    def test_aDelayBeyondTheKernelsLimitIsTheLimit(self):
        server = yield self.listening()
        port = server.address()["port"]
        client = net.Stream()
        client.setKeepAlive(True, 40_000_000)
        seen = record(client)
        client.connect(port, "127.0.0.1")
        while not seen:
            yield turns()
        self.assertEqual(seen, [("connect",)])
        name = socket.IPPROTO_TCP, socket.TCP_KEEPIDLE
        self.assertEqual(self.get(client, *name), self.MOST)
        client.setKeepAlive(True, 5000)
        self.assertEqual(self.get(client, *name), 5)
        client.setKeepAlive(True, 40_000_000)
        self.assertEqual(self.get(client, *name), self.MOST)
        client.end()
        yield event(client, "close")
        self.assertEqual([each[0] for each in seen], ["connect", "end", "close"])

    @inlineCallbacks
    def test_theTruthOfAValueCountsOrItRaisesAtOnce(self):
        server = yield self.listening()
        port = server.address()["port"]
        for set, level, name in (
            (lambda c: c.setNoDelay(None), socket.IPPROTO_TCP, socket.TCP_NODELAY),
            (lambda c: c.setNoDelay("x"), socket.IPPROTO_TCP, socket.TCP_NODELAY),
            (lambda c: c.setKeepAlive("x"), socket.SOL_SOCKET, socket.SO_KEEPALIVE),
            (lambda c: c.setKeepAlive(True, "x"), socket.SOL_SOCKET, socket.SO_KEEPALIVE),
            (lambda c: c.setKeepAlive(True, -5), socket.SOL_SOCKET, socket.SO_KEEPALIVE),
        ):
            client = net.Stream()
            with contextlib.suppress(TypeError, ValueError):
                set(client)
            seen = record(client)
            client.connect(port, "127.0.0.1")
            while not seen:
                yield turns()
            self.assertEqual(seen, [("connect",)])
            try:
                set(client)
            except (TypeError, ValueError):
                pass
            else:
                self.assertIn(self.get(client, level, name), (0, 1))
            self.assertEqual(client.readyState, "open")
            client.end()
            yield event(client, "close")
            self.assertEqual([each[0] for each in seen], ["connect", "end", "close"])


class ProxiedTests(NetCase):
    """
    Behind Twisted's C{haproxy:} endpoint.
    """

    @inlineCallbacks
    def test_remoteAddressIsTheClients(self):
        server = self.server()
        port = yield serverFromString(reactor, "haproxy:tcp:0:interface=127.0.0.1").listen(
            server
        )
        self.addCleanup(port.stopListening)
        with socket.create_connection(("127.0.0.1", port.getHost().port)) as peer:
            [stream] = yield event(server, "connection")
            peer.sendall(b"PROXY TCP4 192.0.2.7 192.0.2.8 4711 80\r\nhello")
            self.assertEqual((yield event(stream, "data")), (b"hello",))
            self.assertEqual((stream.remoteAddress, stream.remotePort), ("192.0.2.7", 4711))
        yield event(stream, "close")
        self.assertEqual((stream.remoteAddress, stream.remotePort), ("192.0.2.7", 4711))


class CheckResetTests(NetCase):
    """
    C{checkReset}: whether the peer has reset a connection that is not read.
    """

    @inlineCallbacks
    def accepted(self, before=b""):
        server = yield self.listening(listener=lambda stream: stream.pause())
        peer = self.rawClient(server)
        [stream] = yield event(server, "connection")
        peer.sendall(before)
        yield turns(3)
        return stream, peer

    @inlineCallbacks
    def test_aPausedStreamIsToldOfAReset(self):
        stream, peer = yield self.accepted()
        reset(peer)
        seen = record(stream)
        closed = event(stream, "close")
        yield turns(3)
        if not seen:  # the reactor may have been faster
            stream.checkReset()
        yield closed
        yield turns(3)
        self.assertEqual([each[0] for each in seen], ["error", "close"])
        self.assertEqual((seen[0][1].code, seen[1][1]), ("ECONNRESET", True))
        stream.checkReset()

    @inlineCallbacks
    def test_aHealthyStreamGoesOn(self):
        stream, peer = yield self.accepted(b"held")
        seen = record(stream)
        stream.checkReset()
        yield turns(3)
        self.assertEqual((stream.readyState, seen), ("open", []))
        stream.resume()
        self.assertEqual((yield event(stream, "data")), (b"held",))
        stream.checkReset()
        peer.sendall(b"more")
        self.assertEqual((yield event(stream, "data")), (b"more",))

    @inlineCallbacks
    def test_thePeersEndIsNoReset(self):
        stream, peer = yield self.accepted(b"held")
        seen = record(stream)
        peer.close()
        stream.checkReset()
        yield turns(3)
        self.assertEqual((stream.readyState, seen), ("open", []))
        stream.resume()
        yield event(stream, "close")
        self.assertEqual(seen, [("data", b"held"), ("end",), ("close", False)])

    def test_aClosedStreamStaysClosed(self):
        stream = net.Stream()
        stream.checkReset()
        self.assertEqual(stream.readyState, "closed")


class BindingTests(NetCase):
    """
    Twisted's C{Binding} in place of a port.
    """

    @inlineCallbacks
    def test_twoServersShareAPort(self):
        try:
            from twisted.internet.tcp import makeBinding
        except ImportError:
            raise SkipTest("this Twisted has no Binding") from None
        first = yield self.listening(makeBinding("127.0.0.1", 0, reusePort=True))
        port = first.address()["port"]
        self.assertEqual(first.address()["address"], "127.0.0.1")
        second = yield self.listening(makeBinding("127.0.0.1", port, reusePort=True))
        self.assertEqual(second.address()["port"], port)
        closed = event(first, "close")
        first.close()
        yield closed
        client = self.client(port, "127.0.0.1")
        yield gatherResults([event(client, "connect"), event(second, "connection")])

    @inlineCallbacks
    def test_withoutReusePortItIsInUse(self):
        try:
            from twisted.internet.tcp import makeBinding
        except ImportError:
            raise SkipTest("this Twisted has no Binding") from None
        first = yield self.listening(makeBinding("127.0.0.1", 0, reuseAddress=True))
        second = self.server()
        second.listen(makeBinding("127.0.0.1", first.address()["port"], reuseAddress=True))
        [error] = yield event(second, "error")
        self.assertEqual(error.code, "EADDRINUSE")
        second.close()


class AnsweredTests(NetCase):
    """
    A peer that answers, and closes before it has read all.
    """

    ANSWER = b"no more" * 5_000  # what is in the kernel of who is reset stays there

    def answering(self):
        """
        @return: the port of one that sends C{ANSWER} and closes, with data unread.
        """
        listening = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listening.close)

        def answer():
            peer, _ = listening.accept()
            peer.recv(1)
            peer.sendall(self.ANSWER)
            peer.close()

        thread = threading.Thread(target=answer)
        thread.start()
        self.addCleanup(thread.join, 10)
        return listening.getsockname()[1]

    @inlineCallbacks
    def test_itsAnswerIsThereBeforeTheErrorOfAWrite(self):
        client = self.client(self.answering(), "127.0.0.1")
        yield event(client, "connect")
        seen = record(client)
        client.write(bytes(1 << 16))
        # Its answer and its reset are there, and nobody has read them.
        select.select([], [], [client.fd], 0.2)
        while client.writable:
            client.write(b"more")
        self.assertRaises(NodeError, client.write, b"more")
        [failed] = yield event(client, "error")
        self.assertIn(failed.code, ("EPIPE", "ECONNRESET"))
        got = b"".join(data for type, *data in seen if type == "data" for data in data)
        self.assertEqual(len(got), len(self.ANSWER))
        yield event(client, "close")
        self.assertEqual(
            [each[0] for each in seen if each[0] != "data"][-2:], ["error", "close"]
        )
        self.assertNotIn(("end",), seen)
