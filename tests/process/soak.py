"""
Random sessions through relays of all kinds, until the time is over::

    python -m tests.process.soak --minutes 10

A failure tells the session with its C{--seed} and number, C{--only}: with these it is run
again. So is any by its steps, C{--kinds plain --session "client write 5; client reset"}, and
more often with C{--times}. With C{--shrink} those that fail are made smaller as long as they
do. At the end the relays have to be as they were: descriptors, memory, nothing in the access
log that was not told of, and no traceback. The exit status is 1 after a failure.

C{--relay haproxy} runs the same through HAProxy, to try the sessions and not the relay. It
tells an RST, and a truncation of TLS, as an end: those are counted, and no failures.
"""

from __future__ import annotations

import argparse
import itertools
import random
import sys
import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator

from tests.sessions import (
    CLIENT,
    KINDS,
    SERVER,
    Ground,
    Kind,
    Lane,
    Relay,
    Run,
    Runner,
    Session,
    clean,
    compare,
    corners,
    generate,
    gist,
    recorded,
    shrink,
    steps,
)

#: A session, and the ways that it goes.
Job = tuple[Session, list[Lane]]

#: Seconds between two lines about how it goes; those that a record may come late, and those
#: in which a second one would come.
LINE, LATE, TWICE = 10.0, 20.0, 1.0
#: kB that a relay may have more than when it was warm, and have had at most.
MORE, MOST = 20_000, 100_000
#: Sessions of a kind after which its relay is warm.
WARM = 200
#: Failures that are told in full.
TOLD = 30


def session(seed: object, number: int) -> Session:
    """
    @return: the session of that number. The kinds take turns.
    """
    kinds = list(KINDS.values())
    return generate(seed, number, kinds[number % len(kinds)])


class Soak:
    """
    Relays, and what has become of the sessions through them.
    """

    def __init__(self, args: argparse.Namespace) -> None:
        self.seed, self.haproxy = args.seed, args.relay == "haproxy"
        self.ground, self.runner = Ground(), Runner(args.at_once)
        self.lanes: dict[str, list[Lane]] = {}
        self.relays: dict[str, Relay] = {}
        for kind in args.kinds:
            through = self.through(kind)
            self.lanes[kind.name] = [self.ground.direct(kind), through]
        self.sockets = {name: relay.descriptors("socket") for name, relay in self.relay()}
        self.atFirst = {name: relay.memory() for name, relay in self.relay()}
        self.warm: dict[str, int] = {}
        self.pipes: Counter[str] = Counter()  # the most that there were
        self.count: Counter[str] = Counter()
        self.bytes = 0
        self.known = 0  # of HAProxy
        self.pending: deque[tuple[float, Session, Run]] = deque()  # their records
        self.failures: Counter[str] = Counter()
        self.smallest: dict[str, Session] = {}
        self.began = self.lined = time.monotonic()

    def through(self, kind: Kind) -> Lane:
        if self.haproxy:
            return self.ground.haproxy(kind)
        lane, self.relays[kind.name] = self.ground.relay(kind)
        return lane

    def relay(self) -> list[tuple[str, Relay]]:
        return list(self.relays.items())

    # Failures

    def fail(self, what: str, session: Session | None = None) -> None:
        if session is None:
            print(f"FAILED {what}", flush=True)
            self.failures[what] += 1
            return
        name = gist(session, what)
        self.failures[name] += 1
        if self.failures.total() <= TOLD:
            print(f"FAILED {session}\n    {what}", flush=True)
        old = self.smallest.get(name)
        if old is None or len(str(session)) < len(str(old)):
            self.smallest[name] = session

    def seen(self, session: Session, runs: dict[str, Run]) -> list[str]:
        wrong = compare(session, runs)
        if self.haproxy and (session.early(CLIENT), session.early(SERVER)) != (None, None):
            told = [each for each in wrong if each.startswith("haproxy") and ", end" in each]
            self.known += len(told)
            wrong = [each for each in wrong if each not in told]
        return wrong

    def done(self, session: Session, runs: dict[str, Run]) -> None:
        self.count[session.kind] += 1
        self.bytes += sum(end.seen.got for run in runs.values() for end in run.ends.values())
        for what in self.seen(session, runs):
            self.fail(what, session)
        run = runs.get("relay")
        if run is not None and run.peer:
            self.pending.append((run.doneAt, session, run))
        relay = self.relays.get(session.kind)
        if relay is not None and self.count[session.kind] == WARM:
            self.warm[session.kind] = relay.memory()

    def tick(self) -> None:
        now = time.monotonic()
        for name, relay in self.relay():
            relay.poll()
            self.pipes[name] = max(self.pipes[name], relay.descriptors("pipe"))
        for _ in range(len(self.pending)):
            then, session, run = self.pending.popleft()
            relay = self.relays[session.kind]
            if now < then + (TWICE if run.peer in relay.records else LATE):
                self.pending.append((then, session, run))
                continue
            found = relay.records.pop(run.peer, [])
            if len(found) != 1:
                self.fail(f"record, {len(found)} of them: {{{found}", session)
            else:
                for what in recorded(session, run, found[0], relay):
                    self.fail(what, session)
        if now - self.lined > LINE:
            self.lined = now
            self.line()

    def line(self) -> None:
        counts = ", ".join(f"{name} {count}" for name, count in sorted(self.count.items()))
        memory = "/".join(f"{relay.memory() // 1024}" for _, relay in self.relay())
        print(
            f"{time.monotonic() - self.began:.0f} s: {self.count.total()} sessions ({counts}),"
            f" {self.bytes >> 20} MB, relays of {memory or '?'} MB,"
            f" {self.failures.total()} failures"
            + (f", {self.known} known" if self.known else ""),
            flush=True,
        )

    # What is run

    def jobs(self, sessions: Iterable[Session], seconds: float) -> Iterator[Job]:
        end = time.monotonic() + seconds
        for one in sessions:
            if time.monotonic() > end:
                return
            if one.kind in self.lanes:
                yield one, self.lanes[one.kind]

    def all(self) -> Iterator[Session]:
        """
        @return: the corners of all kinds, and then random ones for ever.
        """
        for kind in KINDS.values():
            yield from corners(kind)
            if kind.inside or kind.out:
                yield from corners(kind, True)
        for number in itertools.count():
            yield session(self.seed, number)

    def run(self, sessions: Iterable[Session], seconds: float) -> None:
        self.runner.run(self.jobs(sessions, seconds), self.done, self.tick)
        while self.pending:
            self.tick()
            time.sleep(0.05)

    def back(self) -> None:
        """
        Are the relays as they were?
        """
        for name, relay in self.relay():
            end = time.monotonic() + LATE
            while relay.descriptors("socket") > self.sockets[name] and time.monotonic() < end:
                time.sleep(0.1)
            sockets = relay.descriptors("socket")
            if sockets > self.sockets[name]:
                self.fail(f"{name}: {sockets} sockets, {self.sockets[name]} at first")
            memory, most = relay.memory(), relay.memory("VmHWM")
            if memory > self.warm.get(name, self.atFirst[name] + MORE) + MORE:
                self.fail(f"{name}: {memory} kB, {self.warm.get(name)} when it was warm")
            if most > self.atFirst[name] + MOST:
                self.fail(f"{name}: {most} kB at most, {self.atFirst[name]} at first")
            relay.poll()
            if not KINDS[name].unix and relay.records:
                self.fail(f"{name}: records of nobody: {list(relay.records.values())[:3]}")
            if "Traceback" in relay.process.text():
                self.fail(f"{name}: a traceback in {relay.process.log}")
            if name == "spliced" and self.count[name] > WARM and self.pipes[name] < 3:
                self.fail("spliced: nothing was")
            status = relay.process.stop()
            if status:
                self.fail(f"{name}: status {status}")

    def fails(self, session: Session, name: str) -> bool:
        """
        @param name: how it failed.
        @return: it fails so again, in one of some runs.
        """
        found = []

        def done(session: Session, runs: dict[str, Run]) -> None:
            found.extend(self.seen(session, runs))
            if "relay" in runs and runs["relay"].peer:
                relay = self.relays[session.kind]
                record, what = relay.record(runs["relay"].peer)
                if record is not None:
                    found.extend(recorded(session, runs["relay"], record, relay))
                else:
                    found.append(what)

        self.runner.run([(session, self.lanes[session.kind])] * 6, done)
        return name in [gist(session, what) for what in found]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("::")[0])
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--seed", default=str(random.randrange(1 << 30)))
    parser.add_argument("--only", type=int, metavar="N", help="the session of this number")
    parser.add_argument("--session", metavar="STEPS", help="this session, as they are told")
    parser.add_argument("--old", action="store_true", help="TLS 1.2 for --session")
    parser.add_argument("--times", type=int, default=1, help="how often --only or --session")
    parser.add_argument("--at-once", type=int, default=60, help="sessions; 60 by default")
    parser.add_argument("--kinds", default="", help="with commas; all by default")
    parser.add_argument("--relay", choices=["nodenet", "haproxy"], default="nodenet")
    parser.add_argument("--shrink", action="store_true", help="what fails")
    args = parser.parse_args()
    names = args.kinds.split(",") if args.kinds else list(KINDS)
    those: list[Session] = []
    if args.only is not None:
        those = [session(args.seed, args.only)]
        names = [those[0].kind]
    elif args.session is not None:
        for name in names:
            told = clean(steps(args.session), KINDS[name])
            those.append(Session(told, name, "--session", args.old))
    those *= args.times
    for each in dict.fromkeys(those):
        print(each)
    # HAProxy is not asked for UNIX sockets here.
    args.kinds = [KINDS[name] for name in names if args.relay != "haproxy" or name != "unix"]
    print(f"--seed {args.seed}", flush=True)
    soak = Soak(args)
    try:
        soak.run(those or soak.all(), 60 * args.minutes)
        soak.line()
        for name, count in soak.failures.most_common():
            print(f"{count} times: {name}")
            if name in soak.smallest:
                print(f"    {soak.smallest[name]}")
        if args.shrink:
            for name, one in soak.smallest.items():
                again = soak.fails(one, name)
                less = shrink(one, lambda each, name=name: soak.fails(each, name))
                print(f"{name}\n    {less if again else 'does not fail again'}", flush=True)
        soak.back()
    finally:
        soak.runner.close()
        soak.ground.close()
    return int(bool(soak.failures))


if __name__ == "__main__":
    sys.exit(main())
