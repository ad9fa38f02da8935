"""
Random sessions through relays of all kinds, until the time is over::

    python -m tests.process.soak --minutes 10

A failure tells the session, its C{--seed} and number; with C{--only} as well it is run again,
with C{--shrink} made smaller as long as it fails. At the end the relays have to be as they
were: descriptors, memory, nothing in the access log that was not told of, and no traceback.
The exit status is 1 after a failure.

C{--relay haproxy} runs the same through HAProxy, to try the sessions and not the relay. It
tells an RST, and a truncation of TLS, as an end: those are counted, and no failures.
"""

from __future__ import annotations

import argparse
import itertools
import random
import re
import sys
import time
from collections import Counter, deque
from collections.abc import Iterator

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
    compare,
    corners,
    generate,
    recorded,
    shrink,
)

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
    @return: the session of that number; corners come first.
    """
    kinds = list(KINDS.values())
    kind, turn = kinds[number % len(kinds)], number // len(kinds)
    known = corners(kind)
    if turn < len(known):
        return known[turn]
    return generate(seed, number, kind)


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
        self.numbers: dict[Session, int] = {}
        self.pending: deque[tuple[float, Session, Run]] = deque()  # their records
        self.failures: Counter[str] = Counter()
        self.smallest: dict[str, Session] = {}
        self.failed: list[Session] = []
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
        name = re.sub(r"\d+(\.\d+)?", "N", what.partition(": {")[0])
        if session is None:
            print(f"FAILED {what}", flush=True)
            self.failures[name] += 1
            return
        name = f"{session.kind}: {name}"
        self.failures[name] += 1
        self.failed.append(session)
        if self.failures.total() <= TOLD:
            number = self.numbers.get(session, "?")
            print(
                f"FAILED --seed {self.seed} --only {number}: {session}\n    {what}", flush=True
            )
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
        else:
            self.numbers.pop(session, None)
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
            self.numbers.pop(session, None)
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

    def jobs(
        self, numbers: Iterator[int], seconds: float
    ) -> Iterator[tuple[Session, list[Lane]]]:
        end = time.monotonic() + seconds
        for number in numbers:
            if time.monotonic() > end:
                return
            one = session(self.seed, number)
            if one.kind in self.lanes:
                self.numbers[one] = number
                yield one, self.lanes[one.kind]

    def run(self, numbers: Iterator[int], seconds: float) -> None:
        self.runner.run(self.jobs(numbers, seconds), self.done, self.tick)
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

    def fails(self, session: Session) -> bool:
        """
        @return: it fails again, in one of some runs.
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

        self.runner.run([(session, self.lanes[session.kind])] * 4, done)
        return bool(found)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("::")[0])
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--seed", default=str(random.randrange(1 << 30)))
    parser.add_argument("--only", type=int, metavar="N", help="the session of this number")
    parser.add_argument("--at-once", type=int, default=60, help="sessions; 60 by default")
    parser.add_argument("--kinds", default="", help="with commas; all by default")
    parser.add_argument("--relay", choices=["nodenet", "haproxy"], default="nodenet")
    parser.add_argument("--shrink", action="store_true", help="what fails")
    args = parser.parse_args()
    names = args.kinds.split(",") if args.kinds else list(KINDS)
    if args.only is not None:
        names = [session(args.seed, args.only).kind]
    # HAProxy is not asked for UNIX sockets here.
    args.kinds = [KINDS[name] for name in names if args.relay != "haproxy" or name != "unix"]
    print(f"--seed {args.seed}", flush=True)
    soak = Soak(args)
    try:
        if args.only is None:
            soak.run(itertools.count(), 60 * args.minutes)
        else:
            print(session(args.seed, args.only))
            soak.run(iter([args.only]), 60)
        soak.line()
        for name, count in soak.failures.most_common():
            print(f"{count} times: {name}")
            if name in soak.smallest:
                print(f"    {soak.smallest[name]}")
        if args.shrink:
            for one in dict.fromkeys([*soak.smallest.values()][:20]):
                again = soak.fails(one)
                less = shrink(one, soak.fails) if again else one
                print(f"{one}\n    {f'fails as: {less}' if again else 'does not fail again'}")
        soak.back()
    finally:
        soak.runner.close()
        soak.ground.close()
    return int(bool(soak.failures))


if __name__ == "__main__":
    sys.exit(main())
