"""
Descriptors: C{write(data, encoding, fd)}, the event C{fd}, C{listenFD}.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys

from twisted.internet import reactor
from twisted.internet.defer import gatherResults, inlineCallbacks
from twisted.internet.endpoints import clientFromString, connectProtocol, serverFromString
from twisted.internet.task import Clock
from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.internet.threads import deferToThread
from twisted.logger import LogLevel, globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase

from nodenet import net
from nodenet.errors import NodeError
from tests.helpers import event, turns
from tests.process.test_net import NetCase
from tests.processes import LIMIT, ROOT


def open_():
    """
    @return: the descriptors of this process.
    """
    return set(os.listdir("/proc/self/fd"))


class DescriptorCase(NetCase):
    """
    A pair of streams over a UNIX socket.
    """

    def setUp(self):
        self.path = os.path.relpath(self.mktemp())
        os.makedirs(os.path.dirname(self.path), exist_ok=True)

    @inlineCallbacks
    def pair(self):
        server = yield self.listening(self.path)
        client = self.client(self.path)
        client.on("error", lambda e: None)
        [_, [stream]] = yield gatherResults(
            [event(client, "connect"), event(server, "connection")]
        )
        return client, stream

    def file(self, text):
        path = self.mktemp()
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write(text)
        return os.open(path, os.O_RDONLY)

    def read(self, fd):
        text = os.pread(fd, 100, 0)
        os.close(fd)
        return text.decode()


class PassingTests(DescriptorCase):
    """
    Sending and receiving.
    """

    @inlineCallbacks
    def test_severalArriveInOrderEachAfterItsData(self):
        client, stream = yield self.pair()
        seen = []
        stream.on("data", lambda data: seen.append(data.decode()))
        stream.on("fd", lambda fd: seen.append(self.read(fd).upper()))
        calls = []
        for name in "one", "two", "three":
            fd = self.file(name)
            client.write(f"{name},", "utf8", fd, lambda name=name: calls.append(name))
            os.close(fd)
        client.end("end")
        yield event(stream, "close")
        text = "".join(seen)
        self.assertEqual(text, "one,ONEtwo,TWOthree,THREEend")
        self.assertEqual(calls, ["one", "two", "three"])

    @inlineCallbacks
    def test_allFormsOfTheArguments(self):
        client, stream = yield self.pair()
        got, calls = [], []
        client.on("drain", lambda: self.fail("nothing was queued"))
        stream.on("fd", lambda fd: got.append(self.read(fd)))

        def called():
            calls.append(1)

        fd = self.file("x")
        self.assertTrue(client.write(b"a", fd))
        self.assertTrue(client.write(b"b", fd, called))
        self.assertTrue(client.write("c", "ascii", fd))
        self.assertTrue(client.write("d", None, fd, called))
        self.assertTrue(client.write(b"e", fileDescriptor=fd, callback=called))
        os.close(fd)
        client.end()
        yield event(stream, "close")
        self.assertEqual((len(got), calls), (5, [1, 1, 1]))

    @inlineCallbacks
    def test_itComesAfterAllOfItsDataHoweverSmallTheBuffer(self):
        client, stream = yield self.pair()
        with socket.socket(fileno=os.dup(client.fd)) as skt:
            skt.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2048)
        seen = []
        stream.on("data", lambda data: seen.append(len(data)))
        stream.on("fd", lambda fd: seen.append(self.read(fd)))
        client.write("x" * 3000)
        fd = self.file("last")
        client.write("y" * 16000, fd)
        os.close(fd)
        client.end()
        yield event(stream, "close")
        self.assertEqual((sum(seen[:-1]), seen[-1]), (19000, "last"))

    @inlineCallbacks
    def test_behindAQueueItIsDuplicated(self):
        client, stream = yield self.pair()
        before = open_()
        stream.pause()
        big = bytes(4 << 20)
        self.assertFalse(client.write(big))
        fd = self.file("kept")
        self.assertFalse(client.write("tail", fd))
        os.close(fd)
        got, size = [], [0]
        stream.on("data", lambda data: size.__setitem__(0, size[0] + len(data)))
        stream.on("fd", lambda fd: got.append((self.read(fd), size[0])))
        stream.resume()
        yield event(client, "drain")
        while not got:
            yield turns()
        self.assertEqual(got, [("kept", len(big) + 4)])
        self.assertEqual(open_(), before)

    @inlineCallbacks
    def test_withLargeDataItComesAfterAllOfIt(self):
        client, stream = yield self.pair()
        size, got = [0], []
        stream.on("data", lambda data: size.__setitem__(0, size[0] + len(data)))
        stream.on("fd", lambda fd: got.append((self.read(fd), size[0])))
        fd = self.file("x")
        client.write(bytes(1 << 20), fd)
        os.close(fd)
        client.end()
        yield event(stream, "close")
        self.assertEqual(got, [("x", 1 << 20)])

    @inlineCallbacks
    def test_beforeConnecting(self):
        server = yield self.listening(self.path)
        client = self.client(self.path)
        fd = self.file("early")
        self.assertFalse(client.write("x", fd))
        os.close(fd)
        [stream] = yield event(server, "connection")
        [fd] = yield event(stream, "fd")
        self.assertEqual(self.read(fd), "early")

    @inlineCallbacks
    def test_overTwistedsOwnTransports(self):
        server = self.server()
        port = yield serverFromString(reactor, f"unix:{self.path}").listen(server)
        accepted = event(server, "connection")
        client = yield connectProtocol(
            clientFromString(reactor, f"unix:{self.path}"), net.Stream()
        )
        [stream] = yield accepted
        fd = self.file("x")
        client.write("data", fd)
        os.close(fd)
        [fd] = yield event(stream, "fd")
        self.assertEqual(self.read(fd), "x")
        self.assertEqual(stream.bytesRead, 4)
        client.end()
        yield event(client, "close")
        yield port.stopListening()

    @inlineCallbacks
    def test_whatCannotBeSentRaisesAndSendsNothing(self):
        client, _ = yield self.pair()
        fd = self.file("x")
        self.addCleanup(os.close, fd)
        error = self.assertRaises(NodeError, client.write, b"", fd)
        self.assertEqual(str(error), "File descriptors can only be written with data")
        error = self.assertRaises(OSError, client.write, b"x", 9999)
        self.assertEqual(error.code, "EBADF")
        error = self.assertRaises(OSError, client.write, b"x", -1)
        self.assertEqual(error.code, "EBADF")
        self.assertEqual((client.bytesWritten, client.bufferSize), (0, 0))
        tcp = net.Stream(reactor=Clock())
        tcp.makeConnection(StringTransport())
        self.assertRaises(NodeError, tcp.write, b"x", fd)
        self.assertEqual(tcp.transport.value(), b"")
        connecting = net.Stream(reactor=MemoryReactorClock())
        connecting.connect(1)
        self.assertRaises(NodeError, connecting.write, b"x", fd)


class OneMessageTests(DescriptorCase):
    """
    A small message goes with its descriptor in one piece.
    """

    @inlineCallbacks
    def test_itIsOneDataAndTheDescriptorFollows(self):
        client, stream = yield self.pair()
        seen = []
        stream.on("data", seen.append)
        stream.on("fd", lambda fd: seen.append(self.read(fd)))
        for text in "hello", "x", "again and again":
            fd = self.file("file")
            self.assertTrue(client.write(text, fd))
            os.close(fd)
        client.end()
        yield event(stream, "close")
        self.assertEqual(seen, [b"hello", "file", b"x", "file", b"again and again", "file"])

    @inlineCallbacks
    def test_itIsOneSystemCall(self):
        client, stream = yield self.pair()
        sent = []

        def counted(method):
            def send(skt, data, *args):
                if skt.fileno() == client.fd:
                    sent.append(b"".join(data) if isinstance(data, list) else bytes(data))
                return method(skt, data, *args)

            return send

        for name in "send", "sendmsg":
            self.patch(socket.socket, name, counted(getattr(socket.socket, name)))
        fd = self.file("file")
        client.write("hello", fd)
        os.close(fd)
        [fd] = yield event(stream, "fd")
        os.close(fd)
        self.assertEqual(sent, [b"hello"])

    @inlineCallbacks
    def test_anyPeerGetsItInOneReceive(self):
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(self.path)
            listener.listen()
            client = self.client(self.path)
            yield event(client, "connect")
            peer, _ = listener.accept()
        with peer:
            fd = self.file("file")
            client.write("hello", fd)
            data, fds, _, _ = socket.recv_fds(peer, 100, 10)
            self.assertEqual((data, len(fds)), (b"hello", 1))
            self.assertEqual(self.read(fds[0]), "file")
            # Behind other data it is still whole.
            client.write("before ")
            client.write("the file", fd)
            os.close(fd)
            data, fds, _, _ = socket.recv_fds(peer, 100, 10)
            if not fds:
                self.assertEqual(data, b"before ")
                data, fds, _, _ = socket.recv_fds(peer, 100, 10)
            self.assertEqual((data[-8:], len(fds)), (b"the file", 1))
            self.assertEqual(self.read(fds[0]), "file")
            client.destroy()
            yield event(client, "close")

    @inlineCallbacks
    def test_anExceptionOfItsCallbackIsTheCallersAsInAnyWrite(self):
        client, stream = yield self.pair()
        fd = self.file("x")
        self.addCleanup(os.close, fd)
        stream.on("fd", os.close)
        got = []
        stream.on("data", got.append)
        with self.assertRaises(ZeroDivisionError):
            client.write(b"plain", lambda: 1 / 0)
        with self.assertRaises(ZeroDivisionError):
            client.write(b"with", fd, lambda: 1 / 0)
        self.assertEqual(client.readyState, "open")
        self.assertEqual(self.flushLoggedErrors(), [])
        client.end(b"end")
        yield event(stream, "close")
        self.assertEqual(b"".join(got), b"plainwithend")

    @inlineCallbacks
    def test_theCallbackMayWriteAnother(self):
        client, stream = yield self.pair()
        seen, calls = [], []
        stream.on("data", lambda data: seen.append(data.decode()))
        stream.on("fd", lambda fd: seen.append(self.read(fd).upper()))
        fd = self.file("fd")
        self.addCleanup(os.close, fd)

        def more():
            calls.append(len(calls))
            if len(calls) < 300:
                client.write("x", fd, more)
            else:
                client.end()

        client.write("x", fd, more)
        yield event(stream, "close")
        self.assertEqual((len(calls), "".join(seen)), (300, "xFD" * 300))

    @inlineCallbacks
    def test_whatIsNoDescriptorRaisesBeforeAnythingIsSent(self):
        client, stream = yield self.pair()
        fd = self.file("x")
        self.addCleanup(os.close, fd)
        for args in (
            ("x", "utf8", True),
            (b"x", None, False),
            (b"x", True),
            ("x", "utf8", 1.5),
            ("x", "utf8", "1"),
            (b"x", fd, 5),
        ):
            self.assertRaises((TypeError, ValueError), client.write, *args)
        self.assertEqual((client.bytesWritten, client.bufferSize), (0, 0))
        got = []
        stream.on("data", got.append)
        client.end(b"end")
        yield event(stream, "close")
        self.assertEqual(got, [b"end"])


class LeakTests(DescriptorCase):
    """
    No descriptor is left behind.
    """

    def warnings(self):
        events = []
        globalLogPublisher.addObserver(events.append)
        self.addCleanup(globalLogPublisher.removeObserver, events.append)
        return lambda: [e for e in events if e["log_level"] == LogLevel.warn]

    @inlineCallbacks
    def test_oneThatNobodyListensForIsClosedWithAWarning(self):
        client, stream = yield self.pair()
        warnings, before = self.warnings(), open_()
        fd = self.file("x")
        client.write("x", fd)
        os.close(fd)
        yield event(stream, "data")
        yield turns()
        self.assertEqual(open_(), before)
        self.assertEqual(len(warnings()), 1)

    @inlineCallbacks
    def test_pausedItWaitsDestroyedItIsClosed(self):
        client, stream = yield self.pair()
        before = open_()
        got = []
        stream.on("fd", lambda fd: got.append(fd))
        stream.once("data", lambda data: stream.pause())
        fd = self.file("x")
        for _ in range(3):
            client.write("x", fd)
        os.close(fd)
        yield event(stream, "data")
        yield turns(3)
        self.assertEqual(got, [])
        stream.resume()
        yield turns(5)
        self.assertEqual(len(got), 3)
        for each in got:
            os.close(each)
        stream.once("data", lambda data: stream.destroy())
        fd = self.file("x")
        client.write("x", fd)
        os.close(fd)
        closed = event(client, "close")
        yield event(stream, "close")
        yield closed
        self.assertEqual(len(got), 3)
        self.assertTrue(open_() < before)

    @inlineCallbacks
    def test_destroyedAndClosedPeersLeaveNoneQueued(self):
        client, stream = yield self.pair()
        before = open_()
        stream.pause()
        client.write(bytes(4 << 20))
        fd = self.file("x")
        for _ in range(3):
            client.write("x", fd)
        os.close(fd)
        self.assertEqual(len(open_() - before), 3)
        stream.destroy()  # the peer
        yield event(client, "close")
        self.assertTrue(open_() < before)


class ListenTests(NetCase):
    """
    C{listenFD}.
    """

    @inlineCallbacks
    def test_tcpAndUnix(self):
        path = os.path.relpath(self.mktemp())
        os.makedirs(os.path.dirname(path), exist_ok=True)
        unix = socket.socket(socket.AF_UNIX)
        unix.bind(path)
        unix.listen()
        tcp = socket.create_server(("127.0.0.1", 0))
        for listener, kind in (tcp, "tcp4"), (unix, "unix"):
            name = listener.getsockname()
            server = self.server(lambda c: c.pipe(c))
            server.listenFD(listener.detach(), kind)
            self.assertRaises(NodeError, server.listen, 0)
            yield event(server, "listening")
            client = self.client(*([name] if kind == "unix" else [name[1]]))
            client.write(b"ping")
            self.assertEqual((yield event(client, "data")), (b"ping",))
            client.destroy()
            yield event(self.streams[0], "close")
            server.close()
            yield event(server, "close")
        # Whoever has bound it removes it.
        self.assertTrue(os.path.exists(path))

    @inlineCallbacks
    def test_whatIsNoListeningSocketIsAnError(self):
        with open("/dev/null") as file, socket.socket() as fresh:
            for fd, code in (
                (file.fileno(), "ENOTSOCK"),
                (fresh.fileno(), "EINVAL"),
                (9999, "EBADF"),
                (-1, "EBADF"),
            ):
                server = self.server()
                server.listenFD(fd)
                [error] = yield event(server, "error")
                self.assertEqual(error.code, code)
                server.close()
                yield event(server, "close")

    def test_whatIsNoDescriptorRaises(self):
        server = net.createServer()
        self.assertRaises(TypeError, server.listenFD, "3")
        self.assertIsNone(server.fd)

    def test_onAFakeReactor(self):
        reactor = MemoryReactorClock()
        with socket.create_server(("127.0.0.1", 0)) as listener:
            server = net.createServer(reactor=reactor)
            server.listenFD(os.dup(listener.fileno()))
            self.assertEqual(reactor.adoptedPorts[0][1:], (socket.AF_INET, server))


class ProcessTests(DescriptorCase):
    """
    One process accepts, another serves.
    """

    CHILD = """
import sys
from nodenet import net
from twisted.internet import reactor

parent = net.createConnection(sys.argv[1])

@parent.on("fd")
def serve(fd):
    stream = net.Stream({"fd": fd, "type": "tcp4"})
    stream.write("hello from the child, ")
    stream.pipe(stream)
    stream.on("close", lambda had_error: reactor.stop())

parent.on("data", lambda data: None)
reactor.callLater(20, reactor.stop)
reactor.run()
"""

    @inlineCallbacks
    def test_aConnectionGoesOnInAnotherProcess(self):
        control = yield self.listening(self.path)
        child = subprocess.Popen(
            [sys.executable, "-c", self.CHILD, self.path],
            env={**os.environ, "PYTHONPATH": os.path.dirname(os.path.dirname(__file__))},
        )
        self.addCleanup(child.wait, 20)
        self.addCleanup(child.kill)
        [worker] = yield event(control, "connection")
        worker.on("error", lambda e: None)

        def hand(stream):
            # The child's from now on: to close it here does not end it.
            worker.write("take this", "utf8", stream.fd, stream.destroy)

        public = yield self.listening(listener=hand)
        client = self.client(public.address()["port"])
        got = []
        client.on("data", got.append)
        client.write(b"and from us")
        while b"".join(got) != b"hello from the child, and from us":
            yield event(client, "data")
        client.end()
        [had_error] = yield event(client, "close")
        self.assertFalse(had_error)


class OtherPlatformTests(DescriptorCase):
    """
    What some platforms lack, taken away in a process of its own.
    """

    START = """
import os, socket, sys, fcntl
{without}
from nodenet import net
from twisted.internet import reactor

def check(truth, what):
    if not truth:
        print("failed:", what)
        os._exit(1)

def done():
    print("done")
    reactor.stop()
"""
    END = """
reactor.callLater(8, reactor.stop)
reactor.run()
"""

    @inlineCallbacks
    def child(self, without, script):
        program = self.START.replace("{without}", without) + script + self.END
        ended = yield deferToThread(
            subprocess.run,
            [sys.executable, "-c", program, self.path],
            env={**os.environ, "PYTHONPATH": ROOT},
            capture_output=True,
            text=True,
            timeout=LIMIT,
        )
        self.assertEqual((ended.stdout, ended.stderr), ("done\n", ""))

    KEEP_ALIVE = """
server = net.createServer(lambda c: c.on("end", done))
def listening():
    client = net.Stream()
    client.setKeepAlive(True, 1000)
    client.connect(server.address()["port"], "127.0.0.1")
    def connected():
        client.setKeepAlive(True, 2000)
        get = client.transport.getHandle().getsockopt
        check(get(socket.SOL_SOCKET, socket.SO_KEEPALIVE), "SO_KEEPALIVE")
        check(EXPECTED is None or get(socket.IPPROTO_TCP, 4) == EXPECTED, "delay")
        client.end()
    client.on("connect", connected)
server.listen(0, "127.0.0.1", listening)
"""

    def test_setKeepAliveWithoutTCP_KEEPIDLE(self):
        return self.child("del socket.TCP_KEEPIDLE; EXPECTED = None", self.KEEP_ALIVE)

    def test_setKeepAliveWhereTheOptionHasAnotherName(self):
        # As on macOS, with Linux's number.
        return self.child(
            "socket.TCP_KEEPALIVE = socket.TCP_KEEPIDLE; del socket.TCP_KEEPIDLE; EXPECTED = 2",
            self.KEEP_ALIVE,
        )

    def test_receivedDescriptorsAreCloseOnExecWithoutMSG_CMSG_CLOEXEC(self):
        return self.child(
            "del socket.MSG_CMSG_CLOEXEC",
            """
def connection(c):
    got = []
    @c.on("fd")
    def fd(fd):
        check(not os.get_inheritable(fd), "close-on-exec")
        check(os.read(fd, 4) == b"text", "what it reads")
        os.close(fd)
        got.append(fd)
    @c.on("end")
    def end():
        check(len(got) == 2, "both")
        done()
server = net.createServer(connection)
def listening():
    client = net.createConnection(sys.argv[1])
    for _ in range(2):
        read, write = os.pipe()
        os.write(write, b"text")
        client.write("x", read)
        os.close(read)
    client.end()
server.listen(sys.argv[1], listening)
""",
        )

    def test_aPathLongerThanThePlatformTakesIsENAMETOOLONG(self):
        # As CPython says it, where sun_path has 104 bytes.
        return self.child(
            """
def limited(name, method):
    def call(self, address):
        if self.family == socket.AF_UNIX and len(os.fsencode(address)) > 103:
            raise OSError("AF_UNIX path too long")
        return method(self, address)
    setattr(socket.socket, name, call)

for name in "bind", "connect", "connect_ex":
    limited(name, getattr(socket.socket, name))
""",
            """
path = "/tmp/" + "x" * 100
server = net.createServer()
client = net.Stream()
codes = []
def failed(error):
    codes.append(getattr(error, "code", error))
    if len(codes) == 2:
        check(codes == ["ENAMETOOLONG"] * 2, codes)
        done()
server.on("error", failed)
client.on("error", failed)
server.listen(path)
client.connect(path)
""",
        )


class FakeTests(SynchronousTestCase):
    """
    On fakes.
    """

    def test_theDescriptorFollowsTheData(self):
        stream = net.Stream(reactor=Clock())
        stream.makeConnection(StringTransport())
        seen = []
        for type in "data", "fd":
            stream.on(type, lambda *args, type=type: seen.append((type, *args)))
        stream.fileDescriptorReceived(5)
        stream.fileDescriptorReceived(6)
        stream.dataReceived(b"x")
        self.assertEqual(seen, [("data", b"x"), ("fd", 5), ("fd", 6)])
        stream.dataReceived(b"y")
        self.assertEqual(seen[3:], [("data", b"y")])
        stream.pause()
        stream.fileDescriptorReceived(7)
        stream.dataReceived(b"z")
        stream.resume()
        self.assertEqual(seen[4:], [("data", b"z"), ("fd", 7)])
