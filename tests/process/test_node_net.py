"""
L{nodenet.node.net} on real sockets.
"""

from __future__ import annotations

import os
import socket as sockets
import subprocess
import sys
from typing import Any

from twisted.internet import endpoints, reactor
from twisted.internet.defer import Deferred
from twisted.internet.testing import MemoryReactorClock
from twisted.python import log
from twisted.trial.unittest import TestCase

from nodenet.node import net
from nodenet.node.events import once
from nodenet.node.process import busy, exitOnUncaught
from tests.processes import LIMIT, ROOT

HOST = "127.0.0.1"

#: Ends by an exception that nobody catches, and says which it was.
_UNCAUGHT = """\
from twisted.internet import defer, reactor
from nodenet import timers
from nodenet.node import net
from nodenet.node.process import exitOnUncaught

def raises(_):
    raise Exception("raised")

async def fails(_):
    raise Exception("failed")

def begin():
    %s

uncaught = exitOnUncaught()
server = net.createServer()
server.listen(0, "127.0.0.1", lambda: net.connect(server.address()))
reactor.callWhenRunning(begin)
reactor.run()
print(uncaught.failure.value)
"""


class SocketTests(TestCase):
    timeout = 10

    async def test_echo(self) -> None:
        async with net.createServer(lambda s: s.pipe(s)).listen(0, HOST) as server:
            await once(server, "listening")
            client = net.connect(server.address()["port"], HOST)
            client.write(b"a" * 1000_000)
            client.end("!")
            size = 0
            async for chunk in client:
                size += len(chunk)
            self.assertEqual(size, 1000_001)
        self.assertFalse(server.listening)

    async def test_aDescriptorIsAdopted(self) -> None:
        one, other = sockets.socketpair()
        socket = net.Socket(fd=one.detach())
        socket.end("over")
        got = b""
        other.setblocking(False)
        closed: Deferred[Any] = once(socket, "close")
        socket.resume()
        while not got:
            await _turn()
            try:
                got = other.recv(100)
            except BlockingIOError:
                continue
        self.assertEqual(got, b"over")
        other.close()
        await closed

    async def test_aListeningDescriptor(self) -> None:
        listening = sockets.socket()
        listening.bind((HOST, 0))
        port = listening.getsockname()[1]
        server = net.createServer(lambda s: s.end("x")).listen(fd=listening.detach())
        await once(server, "listening")
        self.assertEqual(server.address()["port"], port)
        client = net.connect(port, HOST).resume()
        await once(client, "close")
        await _closed(server)

    async def test_twistedsEndpointsCarryBoth(self) -> None:
        server = net.createServer(lambda s: s.pipe(s))
        port = await endpoints.TCP4ServerEndpoint(reactor, 0, interface=HOST).listen(server)
        self.assertTrue(server.listening)
        client = net.connect(endpoints.TCP4ClientEndpoint(reactor, HOST, port.getHost().port))
        client.end("through")
        got = b"".join([chunk async for chunk in client])
        self.assertEqual(got, b"through")
        await port.stopListening()
        await once(server, "close")

    async def test_busyUntilAllIsClosed(self) -> None:
        server = net.createServer().listen(0, HOST)
        await once(server, "listening")
        self.assertTrue(busy())
        server.unref()
        self.assertFalse(busy())
        server.ref()
        await _closed(server)
        self.assertFalse(busy())

    async def test_aHungSocketsFileIsNotTaken(self) -> None:
        path = self.mktemp()
        dead = sockets.socket(sockets.AF_UNIX)
        dead.bind(path)
        dead.close()
        server = net.createServer().listen(path)
        [error] = await once(server, "error")
        self.assertEqual(error.code, "EADDRINUSE")
        self.assertTrue(os.path.exists(path))

    async def test_anAddressThatDoesNotAnswerIsGivenUp(self) -> None:
        # Its queue is full, and nobody accepts.
        silent = sockets.socket()
        silent.bind((HOST, 0))
        silent.listen(0)
        port = silent.getsockname()[1]
        waiting = [sockets.socket() for _ in range(4)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex((HOST, port))
        server = net.createServer(lambda s: s.end()).listen(port, "127.0.0.2")
        await once(server, "listening")

        def lookup(name: str, options: Any, callback: Any) -> None:
            answer = [{"address": each, "family": 4} for each in (HOST, "127.0.0.2")]
            callback(None, answer)

        client = net.connect(
            port=port, host="name", lookup=lookup, autoSelectFamilyAttemptTimeout=20
        )
        late: list[Any] = []
        client.on("connectionAttemptTimeout", lambda *args: late.append(args))
        client.resume()
        await once(client, "connect")
        self.assertEqual(late, [(HOST, port, 4)])
        self.assertEqual(client.remoteAddress, "127.0.0.2")
        await once(client, "close")
        await _closed(server)
        for each in [silent, *waiting]:
            each.close()

    async def test_anUnheardErrorIsLogged(self) -> None:
        client = net.connect("/nowhere/at/all")
        await _event(client, "close")
        self.assertEqual(len(self.flushLoggedErrors(FileNotFoundError)), 1)

    def test_exitOnUncaughtEndsTheReactor(self) -> None:
        """
        By whatever nobody catches.
        """
        causes = {
            "net.connect('/nowhere/at/all')": "connect ENOENT /nowhere/at/all",
            "server.on('connection', raises)": "raised",
            "server.on('connection', fails)": "failed",
            "server.once('listening', lambda: raises(None))": "raised",
            "timers.setTimeout(raises, 0, None)": "raised",
            "timers.nextTick(fails, None)": "failed",
            "defer.fail(Exception('dropped'))": "dropped",
        }
        running = [
            subprocess.Popen(
                [sys.executable, "-c", _UNCAUGHT % cause],
                cwd=ROOT,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
            for cause in causes
        ]
        for each in running:
            self.addCleanup(each.kill)
        for each, message in zip(running, causes.values(), strict=True):
            self.assertEqual(each.communicate(timeout=LIMIT)[0], f"{message}\n")

    def test_theEndOfTheReactorIsNoErrorOfASocket(self) -> None:
        # Under asyncio's loop there is a turn after the end.
        program = (
            "from twisted.internet import asyncioreactor\n"
            "asyncioreactor.install()\n"
            "from twisted.internet.defer import gatherResults\n"
            "from twisted.internet.task import react\n"
            "from nodenet.node import net\n"
            "from nodenet.node.events import once\n"
            "from nodenet.node.stream import promises\n"
            "async def main(reactor):\n"
            "    server = net.createServer(lambda c: c.pipe(c))\n"
            "    server.listen(0, '127.0.0.1')\n"
            "    await once(server, 'listening')\n"
            "    socket = net.connect(server.address()).resume()\n"
            "    both = once(socket, 'connect'), once(server, 'connection')\n"
            "    await gatherResults(both)\n"
            "    await promises.pipeline(['a', 'b'], socket)\n"
            "    print('open')\n"
            "react(main)\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", program],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=LIMIT,
        )
        self.assertEqual((done.stdout, done.stderr, done.returncode), ("open\n", "", 0))

    async def test_oneThatComesThroughTheOldLogCounts(self) -> None:
        # As those of a reactor's calls do by Twisted 24.3.
        uncaught = exitOnUncaught(MemoryReactorClock())
        try:
            log.err(ZeroDivisionError("old"))
        finally:
            uncaught.cancel()
        assert uncaught.failure is not None
        self.assertEqual(str(uncaught.failure.value), "old")
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    def test_itCanBeTakenBack(self) -> None:
        uncaught = exitOnUncaught(reactor)
        uncaught.cancel()
        self.assertIsNone(uncaught.failure)


def _event(emitter: Any, name: str) -> Deferred[Any]:
    # Not once, which would hear the error.
    done: Deferred[Any] = Deferred()
    emitter.on(name, lambda *args: done.callback(args))
    return done


async def _closed(server: Any) -> None:
    done: Deferred[None] = Deferred()
    server.close(lambda *_: done.callback(None))
    await done


def _turn() -> Deferred[None]:
    done: Deferred[None] = Deferred()
    reactor.callLater(0.01, done.callback, None)
    return done
