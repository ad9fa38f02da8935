"""
A relay is transparent: what both ends of a session see through it is what they see without
it. L{tests.sessions} says what that is; C{python -m tests.process.soak} goes on for as long as
one likes, and runs one session again.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import socket
import struct
import threading
from collections import Counter

from twisted.trial.unittest import SynchronousTestCase

import tests.sessions
from tests.processes import LIMIT
from tests.sessions import (
    CLIENT,
    KINDS,
    SERVER,
    Ground,
    Lane,
    Runner,
    Session,
    compare,
    corners,
    generate,
    gist,
    numbered,
    steps,
    truth,
)

#: Which random sessions, and how many of each kind.
SEED, COUNT = 1, 250
#: Failures that are told.
TOLD = 10


class SessionsCase(SynchronousTestCase):
    """
    Each test has its relays.
    """

    def setUp(self):
        self.ground = Ground()
        self.addCleanup(self.ground.close)

    def sessions(self, kind):
        some = [*itertools.islice(numbered(SEED, kind), COUNT)]
        return corners(kind) + (corners(kind, True) if kind.inside or kind.out else []) + some

    def differences(self, sessions, lanes, tick=lambda: None):
        """
        @return: by session what is wrong.
        """
        runner, wrong, count = Runner(), {}, 0
        self.addCleanup(runner.close)

        def done(session, runs):
            nonlocal count
            count += 1
            if found := compare(session, runs):
                wrong[session] = found

        runner.run([(session, lanes) for session in sessions], done, tick)
        self.assertEqual(count, len(sessions))
        return wrong

    def assertNone(self, wrong, count):
        """
        @param wrong: by session what is, if something is.
        """
        if wrong:
            gists = Counter(gist(one, what) for one, found in wrong.items() for what in found)
            lines = [f"{len(wrong)} of {count} sessions:"]
            lines += [f"{times} times: {what}" for what, times in gists.most_common()]
            for one in sorted(wrong, key=lambda each: len(str(each)))[:TOLD]:
                lines.append("\n    ".join([str(one), *wrong[one]]))
            self.fail("\n".join(lines))


class TransparencyTests(SessionsCase):
    """
    C{twistd nodenet relay}.
    """

    def holds(self, name):
        kind = KINDS[name]
        lane, relay = self.ground.relay(kind)
        pipes = []
        before = relay.descriptors("pipe")
        sessions = self.sessions(kind)
        wrong = self.differences(
            sessions,
            [self.ground.direct(kind), lane],
            lambda: pipes.append(relay.descriptors("pipe")),
        )
        self.assertNone(wrong, len(sessions))
        self.assertEqual(relay.process.stop(), 0)
        self.assertNotIn("Traceback", relay.process.text())
        return max(pipes) - before

    def test_plain(self):
        self.assertEqual(self.holds("plain"), 0)

    def test_spliced(self):
        self.assertGreater(self.holds("spliced"), 0)

    def test_unix(self):
        self.holds("unix")

    def test_tlsIn(self):
        self.holds("tls-in")

    def test_tlsOut(self):
        self.holds("tls-out")

    def test_tlsBoth(self):
        self.holds("tls-both")


class RaceTests(SessionsCase):
    """
    One session many times: what it can show is seldom.
    """

    def many(self, name, text, count):
        kind = KINDS[name]
        lane, _ = self.ground.relay(kind)
        sessions = [Session(steps(text), name, f"{number}") for number in range(count)]
        self.assertNone(self.differences(sessions, [self.ground.direct(kind), lane]), count)

    def test_anRSTWhileTheRelayWrites(self):
        """
        The kernel tells of an RST once. When a write was told, what is read after it looks like
        an end.
        """
        for name in "plain", "spliced":
            self.many(name, "server write 2000000; client write 300000; server reset", 1000)


class Simple(threading.Thread):
    """
    A simple relay, that may have a fault.

    C{half}: it takes a FIN for the end of both directions; C{mute}: it tells an RST as a FIN;
    C{hold}: it loses what it has read last before an RST; C{change}: one byte in a while is
    another; C{early}: a FIN overtakes what was read last.
    """

    def __init__(self, where, fault=""):
        super().__init__(daemon=True)
        self.where, self.fault = where, fault
        self.loop = asyncio.new_event_loop()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.listener.setblocking(False)
        self.address = self.listener.getsockname()
        self.tasks = set()
        self.accepting = self.loop.create_task(self.accept())
        self.start()

    def run(self):
        with contextlib.suppress(asyncio.CancelledError):
            self.loop.run_until_complete(self.accepting)
        self.listener.close()
        self.loop.close()

    def stop(self):
        self.loop.call_soon_threadsafe(self.accepting.cancel)
        self.join(LIMIT)

    async def accept(self):
        try:
            while True:
                client, _ = await self.loop.sock_accept(self.listener)
                task = asyncio.ensure_future(self.serve(client))
                self.tasks.add(task)
                task.add_done_callback(self.tasks.discard)
        finally:
            for task in self.tasks:
                task.cancel()
            await asyncio.gather(*self.tasks, return_exceptions=True)

    async def serve(self, client):
        server = socket.socket()
        both = client, server
        for skt in both:
            skt.setblocking(False)
            skt.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        pumps, broken = [], []
        how = asyncio.FIRST_COMPLETED if self.fault == "half" else asyncio.FIRST_EXCEPTION
        try:
            await self.loop.sock_connect(server, self.where)
            pumps = [self.pump(client, server, broken), self.pump(server, client, broken)]
            pumps = [asyncio.ensure_future(pump) for pump in pumps]
            await asyncio.wait(pumps, return_when=how)
        except OSError as e:
            broken.append(e)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            for skt in both:
                if broken and self.fault != "mute":
                    linger = struct.pack("ii", 1, 0)
                    skt.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                skt.close()

    async def pump(self, source, dest, broken):
        last = b""
        try:
            while data := await self.loop.sock_recv(source, 65536):
                if self.fault == "change" and len(data) > 60_000:
                    data = data[:50_000] + bytes([data[50_000] ^ 1]) + data[50_001:]
                if self.fault in ("hold", "early"):
                    # Half of each read waits for the next.
                    half = len(data) // 2
                    data, last = last + data[:half], data[half:]
                await self.loop.sock_sendall(dest, data)
            # An RST is told once. If it was the other pump that heard of it, this is no end.
            if not broken:
                if self.fault != "early":
                    await self.loop.sock_sendall(dest, last)
                dest.shutdown(socket.SHUT_WR)
        except OSError as e:
            broken.append(e)
            raise


class HarnessTests(SessionsCase):
    """
    What these tests find, and what they do not.
    """

    def simple(self, fault):
        kind = KINDS["plain"]
        listener = self.ground.listener(kind)
        relay = Simple(listener.getsockname(), fault)
        self.addCleanup(relay.stop)
        lane = Lane(listener, relay.address, name="relay")
        # An `await' of what a fault holds back would wait until it is stuck.
        sessions = self.sessions(kind)
        if fault in ("hold", "early"):
            sessions = [
                each for each in sessions if not any(s.do == "await" for s in each.steps)
            ]
        return self.differences(sessions, [self.ground.direct(kind), lane]), len(sessions)

    def test_aRelayWithoutFaultsPasses(self):
        self.assertNone(*self.simple(""))

    def test_faultsAreFound(self):
        for fault in "half", "mute", "hold", "change", "early":
            wrong, count = self.simple(fault)
            self.assertGreater(len(wrong), 3, (fault, count))
            for what in itertools.chain(*wrong.values()):
                self.assertNotIn("direct", what)

    def test_whatAnEndMaySee(self):
        """
        By examples.
        """
        plain, tls = "plain", "tls-both"
        rest = "then client reset"
        for kind, text, side, least, most, hows in [
            (plain, "", CLIENT, 0, 0, "end"),
            (plain, "client write 5; client end; server write 7", CLIENT, 7, 7, "end"),
            (plain, "client write 5; client reset", SERVER, 0, 5, "error"),
            (plain, f"client write 5; then server await; {rest}", SERVER, 5, 5, "error"),
            (plain, "client write 5; server await; client reset", SERVER, 0, 5, "error"),
            (plain, "client write 5; client sleep 200; client reset", SERVER, 5, 5, "error"),
            (plain, "client write 90000; client sleep 200; client reset", SERVER, 0, 90000,
             "error"),
            (plain, f"client end; server hear; {rest}", SERVER, 0, 0, "end"),
            (plain, "client end; server hear; client reset", SERVER, 0, 0, "end error"),
            (plain, "client end; server hear; then server reset", CLIENT, 0, 0, "error"),
            (plain, "client write 5; client close", SERVER, 5, 5, "end"),
            (plain, "client write 5; client close; server write 5", SERVER, 0, 5, "end error"),
            (tls, "client write 90000; client cut", SERVER, 90000, 90000, "error"),
            (tls, "server write 9; client cut", CLIENT, 0, 9, "end error"),
            (tls, "server end; client hear; client cut", CLIENT, 0, 0, "end"),
        ]:  # fmt: skip
            found = truth(Session(steps(text), kind), side)
            self.assertEqual(
                (found.least, found.most, found.hows), (least, most, set(hows.split())), text
            )

    def test_aSessionIsTheSameAgain(self):
        kind = KINDS["tls-in"]
        self.assertEqual(generate(3, 4, kind), generate(3, 4, kind))
        some = {generate(3, number, kind).steps for number in range(100)}
        self.assertGreater(len(some), 80)
        for one in some:
            self.assertEqual(steps("; ".join(map(str, one))), one)

    def test_whoIsStuckIsFound(self):
        """
        A relay that nobody is behind.
        """
        kind = KINDS["plain"]
        silent = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(silent.close)
        self.patch(tests.sessions, "STUCK", 0.5)
        lane = Lane(self.ground.listener(kind), silent.getsockname(), name="relay")
        session = Session(steps("client write 1"), "plain")
        [wrong] = self.differences([session], [self.ground.direct(kind), lane]).values()
        self.assertIn(f"relay, {SERVER}: 0 bytes, stuck (nothing for 0.5 s", wrong[1])
