"""
The access log tells the truth: records of random sessions against what their ends know.
L{tests.sessions.recorded} says what has to be in one. Each session has a client's address that
no other has, and one record.
"""

from __future__ import annotations

import itertools
import socket
import struct
import time

from tests.process.test_transparency import SessionsCase
from tests.sessions import (
    CLIENT,
    EARLY,
    KINDS,
    SERVER,
    Runner,
    Session,
    corners,
    numbered,
    recorded,
    steps,
)

SEED = 2
#: Seconds in which a second record of a connection would come.
TWICE = 0.5


class RecordsCase(SessionsCase):
    """
    Sessions through relays, and their records.
    """

    def sessions(self, kind, count, early):
        """
        @param early: which steps that leave early there are; one of them is in each.
        @return: so many sessions, with the corners among them.
        """

        def fits(session):
            found = {step.do for step in session.steps} & set(EARLY)
            return found <= early and bool(found) == bool(early)

        some = itertools.chain(corners(kind), numbered(SEED, kind))
        return [*itertools.islice(filter(fits, some), count)]

    def run_(self, sessions, *options, dead=()):
        """
        @return: sessions, how they went, their records, and the relay, each.
        """
        self.relays = {}
        lanes = {}
        for name in {each.kind for each in sessions}:
            lanes[name], self.relays[name] = self.ground.relay(KINDS[name], *options, dead=dead)
        runner, went = Runner(100), []
        self.addCleanup(runner.close)
        runner.run(
            [(each, [lanes[each.kind]]) for each in sessions],
            lambda session, runs: went.append((session, runs["relay"])),
        )
        self.assertEqual(len(went), len(sessions))
        found = []
        for session, run in went:
            relay = self.relays[session.kind]
            relay.wait(run.peer)
        time.sleep(TWICE)
        for session, run in went:
            relay = self.relays[session.kind]
            record, wrong = relay.record(run.peer)
            self.assertEqual(wrong, "", f"{session}: {wrong}")
            found.append((session, run, record, relay))
        for relay in self.relays.values():
            self.assertEqual(relay.records, {})
            self.assertNotIn("Traceback", relay.process.text())
        return found

    def holds(self, early, counts, *options, **more):
        sessions = [
            each
            for name, count in counts.items()
            for each in self.sessions(KINDS[name], count, early)
        ]
        wrong = {}
        for session, run, record, relay in self.run_(sessions, *options, **more):
            if found := recorded(session, run, record, relay):
                seen = [str(run.ends[side].seen) for side in (CLIENT, SERVER)]
                wrong[session] = [f"{each}; seen: {', '.join(seen)}" for each in found]
        self.assertNone(wrong, len(sessions))


class TruthTests(RecordsCase):
    """
    1,000 sessions in all.
    """

    def test_ofThoseThatEndInOrder(self):
        self.holds(set(), {"plain": 100, "spliced": 150, "tls-in": 60, "tls-both": 90})

    def test_ofResets(self):
        self.holds({"reset"}, {"plain": 75, "spliced": 75, "tls-both": 50})

    def test_ofThoseThatDoNotWait(self):
        self.holds({"close"}, {"plain": 50, "spliced": 50, "tls-both": 50})

    def test_ofTruncations(self):
        self.holds({"cut"}, {"tls-in": 50, "tls-out": 50, "tls-both": 50})

    def test_ofAttempts(self):
        """
        The first of two upstreams refuses, the other is there.
        """
        with socket.create_server(("127.0.0.1", 0)) as free:
            dead = f"127.0.0.1:{free.getsockname()[1]}"
        options = "--balance", "first", "--max-fails", "0"
        self.holds(set(), {"plain": 50, "tls-both": 50}, *options, dead=[dead])


class GoneTests(RecordsCase):
    """
    Clients that have gone before anybody was there for them.
    """

    def test_eachThatResetsAtOnceHasARecord(self):
        lane, relay = self.ground.relay(KINDS["plain"])
        peers = []
        for number in range(200):
            with socket.socket() as client:
                client.bind((f"127.8.0.{1 + number}", 0))
                peers.append("{}:{}".format(*client.getsockname()))
                client.connect(lane.address)
                if number % 2:
                    client.send(b"x")
                linger = struct.pack("ii", 1, 0)
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        for number, peer in enumerate(peers):
            record, wrong = relay.record(peer)
            self.assertEqual(wrong, "")
            self.assertEqual(record["ended"], "client-reset", record)
            self.assertIn(record["bytesRead"], (0, number % 2), record)
            self.assertEqual((record["bytesWritten"], record["firstByte"]), (0, None), record)
        self.assertNotIn("Traceback", relay.process.text())
        # Nobody accepts them, and what nobody has is not kept.
        self.assertEqual(relay.process.stop(), 0)
        self.assertEqual(relay.records, {})


class LieTests(RecordsCase):
    """
    A record that is wrong in one field is found.
    """

    def test_each(self):
        sessions = [
            Session(
                steps("client write 5; client end; then server hear; server write 7"), "plain"
            ),
            Session(steps("client write 5; then server await; then client reset"), "plain"),
        ]
        pairs = self.run_(sessions)
        lies = {
            "ended": ["upstream-fin", "upstream-reset", "client-truncated", "", "drained"],
            "bytesRead": [0, 4, 6],
            "bytesWritten": [1, 6, 8],
            "upstream": [None, "127.0.0.1:1"],
            "attempts": [0, 2],
            "duration": [-1, 60],
        }
        for session, run, record, relay in pairs:
            reset = session == sessions[1]
            # The one that is empty may be filled, and the other way round.
            more = {"error": ["" if reset else "EPIPE"], "firstByte": [60]}
            if not reset:
                more["firstByte"] += [None, -1]
            honest = {**record, "error": "ECONNRESET" if reset else ""}
            self.assertEqual(recorded(session, run, honest, relay), [])
            for name, values in {**lies, **more}.items():
                for value in values:
                    lie = {**honest, name: value}
                    self.assertTrue(recorded(session, run, lie, relay), (name, value, lie))

    def test_twoAndNone(self):
        [(_, run, record, relay)] = self.run_([Session((), "plain")])
        relay.records[run.peer] = [record, record]
        self.assertIn("2 records", relay.record(run.peer)[1])
        self.patch(relay, "wait", lambda peer: None)
        self.assertIn("0 records", relay.record(run.peer)[1])
