"""
L{nodenet.net} on real sockets: loopback and UNIX.
"""

from __future__ import annotations

import os
import socket
import stat
import tracemalloc
from errno import ECONNREFUSED

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from twisted.internet import reactor
from twisted.internet.defer import Deferred, gatherResults, inlineCallbacks
from twisted.internet.endpoints import clientFromString, connectProtocol, serverFromString
from twisted.internet.task import deferLater
from twisted.trial.unittest import TestCase

from nodenet import constants, net
from nodenet._transport import READ_SIZE
from tests.helpers import event, record, turns


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
        if server._run is not None:
            server.close()
            yield event(server, "close")
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
