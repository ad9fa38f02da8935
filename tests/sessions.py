"""
Random sessions between two ends, over a direct connection and through a relay: what each
end sees must be the same.

A session is data: one list of steps, each of one end, the client or the server. An end
does its steps in order, and reads all the time unless it has paused; a step that is
C{after} waits until all before it, of both ends, are done. At last each end ends, reads
until the other has, and closes.

What "the same" is
==================

For each session L{truth} says what an end may see, from the steps alone; the direct run has
to agree with it too, so that it is the kernel's and OpenSSL's truth and not one made up
here. Where it leaves one possibility, which is mostly, direct and relayed runs are equal by
that. An end sees a number of bytes, and then C{end}, C{error} or nothing more, as it has left
(C{gone}).

Always
    what came is a prefix of what the other end has written; and C{end} comes only after all
    of it, when the other has ended in order: by a FIN, with TLS by a close_notify. So a part
    never looks whole. A pause changes nothing.

Neither leaves early
    each gets all and C{end}; with a half-close of one as well, whatever follows it. When both
    end at once, too.

The other resets
    C{error}. How much comes before it is a race between data and RST, also on a direct
    connection; but what the end has waited for has come, and so has what was written a while
    ago (L{SETTLED}) and is little (L{LITTLE}): then it is in a queue that an RST does not
    clear. When the other had ended before it: C{end}, if this end has waited for that;
    C{end} after all, or C{error}, if not.

The other's TLS is truncated (C{cut}: a FIN, no close_notify)
    all that was written, and then C{error}. A FIN does not overtake data, so that there is no
    race here, and a relay has to deliver all before it resets. What the one who cuts sees of
    the other, which gives up then, is a race, unless it had waited for its end.

The other closes without waiting for this one (C{close}: a FIN, and an RST for whatever comes)
    all and C{end}, if it has read all that this one writes: then nothing comes. Otherwise a
    race: C{end} after all, or C{error}. With TLS this one's close_notify is something that
    comes, too; it does no harm when the other's FIN is on its way before it, after little.

Who resets or closes itself
    has seen a prefix, with at least what it waited for.

The access log tells what the relay has read, and L{recorded} holds it to the rule that all
that was read from one side is delivered before the reset that follows, without a race: what an
end has got that did not leave early is what the record says, to the byte.

Over UNIX sockets there is no RST: sessions there have none.

The ends
========

TLS is C{ssl.SSLObject} over a plain socket: C{SSLSocket.unwrap} waits for the other's
close_notify, so that nobody could end and read on. Half of the sessions are TLS 1.2.

An RST is told once, by C{recv} or by C{send}. After C{ECONNRESET} of a C{send}, what had
come can be read still, and then what looks like an end is none. C{EPIPE} is what an RST is
called after the other's FIN: the end is one.

An end that sees an error closes, and does not do the rest of its steps.
"""

from __future__ import annotations

import contextlib
import dataclasses
import heapq
import itertools
import json
import os
import random
import re
import selectors
import shutil
import socket
import ssl
import struct
import subprocess
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from errno import EPIPE, errorcode
from typing import Any

from tests.certificates import Authority
from tests.processes import LIMIT, Twistd

#: Seconds without any progress after which a run is stuck.
STUCK = 15
#: Milliseconds after which what was written has gone through, and bytes which every queue
#: has room for.
SETTLED, LITTLE = 200, 32_000
#: Seconds that a relay may need more than the ends, on a machine with much to do.
LATE = 3
#: What all ends send, from places of their own: longer than a read, and not a power of two.
PERIOD = (1 << 20) + 7
POOL = memoryview(random.Random(1).randbytes(PERIOD) * 2)
#: Bytes of a read or a write.
PIECE = 256 * 1024

CLIENT, SERVER = "client", "server"
OTHER = {CLIENT: SERVER, SERVER: CLIENT}
#: Steps that end a connection without waiting for the other end.
EARLY = ("reset", "close", "cut")


@dataclasses.dataclass(frozen=True)
class Kind:
    """
    A relay: what is spoken on each side.
    """

    name: str
    inside: bool = False  # the client speaks TLS
    out: bool = False  # the server does
    options: tuple[str, ...] = ()
    unix: bool = False
    bulk: float = 0.06  # the part of writes that are of MBs

    def secure(self, side: str) -> bool:
        return self.inside if side == CLIENT else self.out


KINDS = {
    each.name: each
    for each in [
        Kind("plain", options=("--no-splice",)),
        Kind("spliced", bulk=0.2),
        Kind("tls-in", inside=True, bulk=0.03),
        Kind("tls-out", out=True, bulk=0.03),
        Kind("tls-both", inside=True, out=True, bulk=0.03),
        Kind("unix", unix=True),
    ]
}


@dataclasses.dataclass(frozen=True)
class Step:
    """
    C{write}: so many bytes; C{await}: until all has come that the other has written in steps
    before; C{end}: a FIN, with close_notify; C{hear}: wait for the other's end; C{sleep}: do
    nothing for so many milliseconds; C{pause}: go on, and do not read for so long; C{reset}:
    an RST; C{close}: end, and read no more; C{cut}: a FIN without close_notify.
    """

    side: str
    do: str
    size: int = 0
    after: bool = False

    def __str__(self) -> str:
        size = f" {self.size}" if self.size else ""
        return f"{'then ' if self.after else ''}{self.side} {self.do}{size}"


@dataclasses.dataclass(frozen=True)
class Session:
    steps: tuple[Step, ...]
    kind: str
    name: str = ""
    old: bool = False  # TLS 1.2

    def __str__(self) -> str:
        steps = "; ".join(map(str, self.steps)) or "nothing"
        return f"{self.name} [{self.kind}{', TLS 1.2' if self.old else ''}] {steps}"

    def before(self, i: int, j: int) -> bool:
        """
        @return: step C{i} is done when C{j} begins, whatever the race.
        """
        steps, side = self.steps, self.steps[j].side
        return i < j and (
            steps[i].side == side
            or any(step.after for step in steps[i + 1 : j + 1] if step.side == side)
        )

    def early(self, side: str) -> int | None:
        """
        @return: the index of the step by which this end leaves early.
        """
        for index, step in enumerate(self.steps):
            if step.side == side and step.do in EARLY:
                return index
        return None

    def find(self, side: str, do: str) -> list[int]:
        return [i for i, step in enumerate(self.steps) if (step.side, step.do) == (side, do)]

    def written(self, side: str, until: int | None = None) -> int:
        """
        @return: bytes that it writes, in all or in steps before that index.
        """
        steps = self.steps[:until]
        return sum(step.size for step in steps if (step.side, step.do) == (side, "write"))


def clean(steps: Iterable[Step], kind: Kind) -> tuple[Step, ...]:
    """
    @return: the steps without those that make no sense.
    """
    kept: list[Step] = []
    ended, left = set(), set()
    for step in steps:
        side = step.side
        over = side in ended or side in left
        if (
            (side in left and step.do not in ("await", "hear", "sleep", "pause"))
            or (step.do in ("write", "end", "cut") and over)
            or (step.do == "hear" and OTHER[side] not in ended | left)
            or (step.do == "cut" and not kind.secure(side))
            or (step.do in EARLY and kind.unix)
            or any(one.side == side and one.do in ("reset", "close") for one in kept)
        ):
            continue
        if step.do == "end":
            ended.add(side)
        if step.do in EARLY:
            left.add(side)
        kept.append(step)
    return tuple(kept)


def steps(text: str) -> tuple[Step, ...]:
    """
    @param text: as a session is shown: C{"client write 5; then server reset"}.
    """
    found = []
    for each in filter(None, (part.strip() for part in text.split(";"))):
        words = each.split()
        after = words[0] == "then"
        side, do, *size = words[after:]
        found.append(Step(side, do, int(size[0]) if size else 0, after))
    return tuple(found)


#: What chance finds seldom.
CORNERS = [
    "",
    "client end",
    "server end",
    "client end; server end",
    "client close",
    "server close",
    "client close; server close",
    "client reset",
    "server reset",
    "client reset; server reset",
    "client cut",
    "server cut",
    "client cut; server cut",
    "client write 7; client end; then server hear; then server sleep 200; server write 11",
    "server write 7; server end; then client hear; then client sleep 200; client write 11",
    "client write 7; client end; then server await; server write 300000; server end",
    "client write 3000000; client end; server hear; server write 3000000",
    "server write 3000000; server end; client hear; client write 3000000",
    "client write 3000000; server write 3000000; client end; server end",
    "server pause 300; client write 3000000; client end; then server write 10",
    "client pause 300; server write 3000000; server end; then client write 10",
    "client pause 300; server pause 300; client write 1000000; server write 1000000",
    "client write 10; then client sleep 200; then client reset",
    "server write 10; then server sleep 200; then server reset",
    "client write 10; then server await; then client reset",
    "server write 10; then client await; then server reset",
    "server pause 400; client write 20000; then client sleep 200; then client reset",
    "client pause 400; server write 20000; then server sleep 200; then server reset",
    "server pause 400; client write 3000000; client reset",
    "client pause 400; server write 3000000; server reset",
    "client write 3000000; client reset",
    "server write 3000000; server reset",
    "server write 2000000; client write 300000; server reset",
    "client write 2000000; server write 300000; client reset",
    "client end; then server hear; then server write 10; then client await; then server reset",
    "client end; then server hear; then server sleep 200; then server reset",
    "server end; then client hear; then client write 10; then server await; then client reset",
    "server end; then client hear; then client reset",
    "client end; then server hear; then client reset",
    "server end; then client hear; then server reset",
    "client write 500; client cut",
    "server write 500; server cut",
    "server pause 300; client write 400000; client cut",
    "client pause 300; server write 400000; server cut",
    "client write 3000000; client cut",
    "server write 3000000; server cut",
    "server write 3000000; client write 3000000; server cut",
    "server write 3000000; client write 3000000; client cut",
    "client end; then server hear; then server write 70000; server cut",
    "server end; then client hear; then client write 70000; client cut",
    "server write 20000; client await; client close",
    "client write 20000; server await; server close",
    "client write 20000; then server await; server write 400000; server close",
    "client write 400000; server close",
    "server write 400000; client close",
]


def corners(kind: Kind, old: bool = False) -> list[Session]:
    """
    @return: those of L{CORNERS} that there are with such a relay.
    """
    found: dict[tuple[Step, ...], Session] = {}
    for number, text in enumerate(CORNERS):
        those = steps(text)
        if clean(those, kind) == those:
            found[those] = Session(those, kind.name, f"corner {number}", old)
    return list(found.values())


def generate(seed: object, number: int, kind: Kind) -> Session:
    """
    @return: a session, the same for the same arguments.
    """
    dice = random.Random(f"{seed}/{number}/{kind.name}")

    def size() -> int:
        chance = dice.random()
        if chance < kind.bulk:
            return dice.randrange(1_000_000, 4_000_000)
        if chance < kind.bulk + 0.14:
            return dice.randrange(100_000, 400_000)
        return dice.randrange(1, dice.choice([2, 2000, 2000, 70_000]))

    def step(side: str = "", *does: str) -> Step:
        side = side or dice.choice([CLIENT, SERVER])
        do = dice.choice(
            does or ["write"] * 6 + ["await"] * 3 + ["sleep", "pause", "end", "hear"]
        )
        number = {"write": size, "sleep": lambda: dice.choice([1, 20, SETTLED])}
        number["pause"] = lambda: dice.randrange(1, 300)
        return Step(side, do, number.get(do, lambda: 0)(), dice.random() < 0.35)

    those = [step() for _ in range(dice.randrange(9))]
    fates = ["", "", "", "reset", "reset", "cut", "cut", "close"]
    for side in dice.choice([CLIENT, SERVER]), *([CLIENT, SERVER] * (dice.random() < 0.1)):
        fate = dice.choice(fates)
        if not fate:
            continue
        place = dice.choice([len(those), dice.randrange(len(those) + 1)])
        last = [Step(side, fate, after=dice.random() < 0.5)]
        if dice.random() < 0.5:
            last.insert(0, Step(side, "sleep", SETTLED, True))
        if dice.random() < 0.3:
            last.insert(0, Step(OTHER[side], dice.choice(["await", "hear"]), after=True))
        those[place:place] = last
    old = (kind.inside or kind.out) and dice.random() < 0.5
    return Session(clean(those, kind), kind.name, f"--seed {seed} --only {number}", old)


def numbered(seed: object, kind: Kind) -> Iterator[Session]:
    """
    @return: sessions of a kind. Their numbers are as L{tests.process.soak} counts, where the
        kinds take turns.
    """
    for number in itertools.count(list(KINDS).index(kind.name), len(KINDS)):
        yield generate(seed, number, kind)


def gist(session: Session, what: str) -> str:
    """
    @return: what is wrong with a session, in words that other sessions have too.
    """
    return f"{session.kind}: " + re.sub(r"\d+(\.\d+)?", "N", what.partition(": {")[0])


@dataclasses.dataclass
class Seen:
    """
    What an end has seen.
    """

    got: int = 0
    how: str = ""  # end, error, gone or stuck
    why: str = ""
    wrong: int | None = None  # where it is not what the other sends

    def __str__(self) -> str:
        why = f" ({self.why})" if self.why else ""
        return f"{self.got} bytes, {self.how}{why}"


@dataclasses.dataclass(frozen=True)
class Truth:
    """
    What an end may see.
    """

    least: int
    most: int
    hows: frozenset[str]

    def wrong(self, seen: Seen) -> str:
        """
        @return: what is wrong with it, or nothing.
        """
        if seen.wrong is not None:
            return f"byte {seen.wrong} is not the one that was sent"
        if seen.how not in self.hows:
            return f"{seen}, instead of {' or '.join(sorted(self.hows))}"
        if seen.got > self.most:
            return f"{seen}, and no more than {self.most} were sent"
        if seen.how == "end" and seen.got != self.most:
            return f"{seen}: a part of {self.most} bytes that looks whole"
        if seen.got < self.least:
            return f"{seen}: at least {self.least} had to come"
        return ""


def truth(session: Session, side: str) -> Truth:
    """
    @return: what this end may see.
    """
    other = OTHER[side]
    mine, theirs = session.early(side), session.early(other)
    how = theirs is not None and session.steps[theirs].do
    whole = session.written(other)
    ends = session.find(other, "end")

    def sure(index: int) -> bool:
        # It came whatever the other did.
        disturbs = how == "reset" or (how == "close" and not quiet(session, other))
        inTime = mine is None or index < mine
        return inTime and (theirs is None or not disturbs or session.before(index, theirs))

    awaited = max(
        (session.written(other, i) for i in session.find(side, "await") if sure(i)), default=0
    )
    if ends and any(ends[0] < i and sure(i) for i in session.find(side, "hear")):
        return Truth(whole, whole, frozenset({"end"}))
    if mine is not None:
        hows = {"gone", "error"}
        if session.steps[mine].do == "cut":
            hows = {"error"}
        if how not in ("reset", "cut") or ends:
            hows.add("end")
        return Truth(awaited, whole, frozenset(hows))
    if theirs is None:
        return Truth(whole, whole, frozenset({"end"}))
    if how == "cut":
        return Truth(whole, whole, frozenset({"error"}))
    if how == "close":
        if quiet(session, other):
            return Truth(whole, whole, frozenset({"end"}))
        return Truth(awaited, whole, frozenset({"end", "error"}))
    writes = session.find(other, "write")
    settled = any(
        step.do == "sleep"
        and step.size >= SETTLED
        and all(session.before(i, k) for i in writes)
        and session.before(k, theirs)
        for k, step in enumerate(session.steps)
    )
    if settled and whole - awaited <= LITTLE:
        awaited = whole
    return Truth(awaited, whole, frozenset({"end", "error"} if ends else {"error"}))


def quiet(session: Session, side: str) -> bool:
    """
    @return: this end closes, and nothing comes to it any more that could disturb what it has
        sent.
    """
    index, other = session.early(side), OTHER[side]
    if index is None or session.steps[index].do != "close":
        return False
    ends = session.find(other, "end")
    if ends and any(ends[0] < i < index for i in session.find(side, "hear")):
        return True
    writes = session.find(other, "write")
    awaits = [i for i in session.find(side, "await") if i < index]
    if writes and (not awaits or awaits[-1] < writes[-1]):
        return False
    kind = KINDS[session.kind]
    return not (kind.inside or kind.out) or session.written(side) <= LITTLE


def compare(session: Session, runs: dict[str, Run]) -> list[str]:
    """
    @param runs: by how they went, C{"direct"} and through the relay.
    @return: what is wrong with what the ends have seen.
    """
    return [
        f"{name}, {side}: {wrong}"
        for name, run in runs.items()
        for side in (CLIENT, SERVER)
        if (wrong := truth(session, side).wrong(run.ends[side].seen))
    ]


def endings(session: Session) -> set[str]:
    """
    @return: what C{ended} may say.
    """
    names = {CLIENT: "client", SERVER: "upstream"}
    fins = {f"{name}-fin" for name in names.values()}
    early = {side: session.early(side) for side in names}
    left = [side for side, index in early.items() if index is not None]
    if not left:
        for side in names:
            ends, hears = session.find(side, "end"), session.find(OTHER[side], "hear")
            ended = session.find(OTHER[side], "end")
            if ends and hears and (not ended or hears[0] < ended[0]):
                return {f"{names[side]}-fin"}
        return fins
    found: set[str] = set()
    for side in left:
        index = early[side]
        assert index is not None
        do, name = session.steps[index].do, names[side]
        if do == "cut":
            found.add(f"{name}-truncated")
        elif do == "reset":
            found.add(f"{name}-reset")
            if session.find(side, "end"):
                found |= fins
        elif len(left) == 1 and quiet(session, side):
            found |= fins
        else:
            found |= {f"{name}-reset", *fins}
    if len(left) == 2:
        # Who is gone resets whatever comes, a truncation's answer too.
        found |= {f"{names[side]}-reset" for side in left}
    return found


def recorded(session: Session, run: Run, record: dict[str, Any], relay: Relay) -> list[str]:
    """
    @return: what is wrong with a record of the access log.
    """
    client, server = run.ends[CLIENT], run.ends[SERVER]
    wrong = []

    def must(right: bool, what: str) -> None:
        if not right:
            wrong.append(f"record, {what}: {record}")

    allowed, upstreams = endings(session), [relay.upstream]
    if not client.seen.got and not server.seen.got:
        # Nothing may have gone through before one of them had left.
        allowed |= {"connect-failed"} if session.find(SERVER, "reset") else set()
        upstreams += (
            [None] if session.early(CLIENT) is not None or session.find(SERVER, "reset") else []
        )
    must(record["ended"] in allowed, f"ended is not {' or '.join(sorted(allowed))}")
    broken = not record["ended"].endswith("-fin")
    why = [each for each in record["error"].split("; ") if each]
    tried = [f"{each}: ECONNREFUSED" for each in relay.dead]
    must(why[: len(tried)] == tried, f"error does not begin with {tried}")
    must((len(why) > len(tried)) == broken, "error is empty, or should be")
    must(record["upstream"] in upstreams, f"upstream is not {relay.upstream}")
    must(record["attempts"] == 1 + len(tried), f"attempts are not {1 + len(tried)}")
    for name, receiver, sender in (
        ("bytesRead", server, client),
        ("bytesWritten", client, server),
    ):
        got, count = receiver.seen.got, record[name]
        if session.early(receiver.side) is None:
            must(count == got, f"{name}: {got} were delivered")
        else:
            most = session.written(sender.side)
            must(got <= count <= most, f"{name} is not between {got} and {most}")
    # Time, by another clock of the same machine.
    slack = 0.05
    least = max(client.endedAt, server.endedAt) - run.readyAt
    longest = run.doneAt - run.startAt
    if not broken:
        must(least - slack <= record["duration"], f"less than {least:.3f} s")
    must(0 <= record["duration"] <= longest + LATE, f"not between 0 and {longest:.3f} s")
    first = record["firstByte"]
    if first is None:
        must(record["bytesWritten"] == 0, "firstByte is missing")
    else:
        began = (server.wroteAt or run.doneAt) - run.readyAt
        must(record["bytesWritten"] > 0 or broken, "firstByte without a byte")
        must(first <= record["duration"], "firstByte is after the end")
        must(first >= began - slack, f"firstByte is before {began:.3f} s")
    return wrong


class End:
    """
    One end of a connection.
    """

    def __init__(
        self, run: Run, side: str, skt: socket.socket, context: ssl.SSLContext | None
    ) -> None:
        skt.setblocking(False)
        if skt.family != socket.AF_UNIX:
            skt.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.run, self.side, self.skt = run, side, skt
        self.seen = Seen()
        self.todo = [i for i, step in enumerate(run.session.steps) if step.side == side]
        self.todo.append(-1)  # the end that all come to
        self.wrote = self.goal = 0  # bytes of our stream
        self.place = {CLIENT: 0, SERVER: 7919}
        self.shaking = context is not None
        self.ended = self.closed = self.notified = False
        self.failed = 0  # errno of a write
        self.pausedUntil = self.sleepsUntil = 0.0
        self.wroteAt = self.endedAt = 0.0
        self.mask = 0
        self.tls: ssl.SSLObject | None = None
        self.out = bytearray()  # of TLS
        if context is not None:
            self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
            self.tls = context.wrap_bio(
                self.incoming,
                self.outgoing,
                server_side=side == SERVER,
                server_hostname="127.0.0.1" if side == CLIENT else None,
            )

    def stream(self, side: str, start: int, most: int) -> memoryview:
        begin = (self.run.number * 65_537 + self.place[side] + start) % PERIOD
        return POOL[begin : begin + min(most, PIECE)]

    # Events

    def watch(self) -> None:
        """
        Wait for what there is to do.
        """
        mask = 0
        if not self.closed:
            if not self.seen.how and not self.pausedUntil:
                mask |= selectors.EVENT_READ
            if not self.failed and (self.out or self.wrote < self.goal):
                mask |= selectors.EVENT_WRITE
        if mask == self.mask:
            return
        selector = self.run.runner.selector
        # An RST would be told again and again to who asks for nothing.
        if not mask:
            selector.unregister(self.skt)
        elif not self.mask:
            selector.register(self.skt, mask, self)
        else:
            selector.modify(self.skt, mask, self)
        self.mask = mask

    def ready(self, mask: int) -> None:
        if mask & selectors.EVENT_READ and not self.closed:
            self.read()
        if mask & selectors.EVENT_WRITE and not self.closed:
            self.flush()
        self.run.advance()

    def read(self) -> None:
        try:
            data = self.skt.recv(PIECE)
        except BlockingIOError:
            return
        except OSError as e:
            self.over("error", errorcode.get(e.errno or 0, str(e)))
            return
        self.run.progress()
        if self.tls is not None:
            if data:
                self.incoming.write(data)
                self.decrypt()
            else:
                self.over("error", "truncated")
        elif data:
            self.take(data)
        elif self.failed and self.failed != EPIPE:
            self.over("error", errorcode[self.failed])
        else:
            self.over("end")

    def decrypt(self) -> None:
        assert self.tls is not None
        try:
            if self.shaking:
                self.tls.do_handshake()
                self.shaking = False
            while data := self.tls.read(PIECE):
                self.take(data)
            self.over("end")  # as long as we have not ended ourselves
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLZeroReturnError:
            self.over("end")
        except ssl.SSLError as e:
            self.over("error", str(e))
        self.flush()

    def take(self, data: bytes) -> None:
        seen, other = self.seen, OTHER[self.side]
        if seen.wrong is None and data != self.stream(other, seen.got, len(data)):
            expected = self.stream(other, seen.got, len(data))
            for index, (one, two) in enumerate(zip(data, expected, strict=True)):
                if one != two:
                    seen.wrong = seen.got + index
                    break
        seen.got += len(data)

    def over(self, how: str, why: str = "") -> None:
        if not self.seen.how:
            self.seen.how, self.seen.why = how, why

    def flush(self) -> None:
        """
        Write what can be.
        """
        if self.goal and not self.wroteAt:
            # Before: it may be there at once.
            self.wroteAt = time.monotonic()
        try:
            if self.tls is not None:
                while True:
                    self.out += self.outgoing.read()
                    if not self.out and self.wrote < self.goal and not self.shaking:
                        piece = self.stream(self.side, self.wrote, self.goal - self.wrote)
                        self.wrote += self.tls.write(piece)
                    elif self.out:
                        self.sent(self.skt.send(self.out))
                    else:
                        break
            else:
                while self.wrote < self.goal:
                    piece = self.stream(self.side, self.wrote, self.goal - self.wrote)
                    self.wrote += self.sent(self.skt.send(piece))
        except BlockingIOError:
            pass
        except OSError as e:
            self.failed = self.failed or e.errno or EPIPE
            self.out.clear()
            self.wrote = self.goal

    def sent(self, count: int) -> int:
        self.run.progress()
        if self.tls is not None:
            del self.out[:count]
        return count

    # Steps

    def step(self, now: float) -> bool:
        """
        Begin the next step, or go on with it.

        @return: it is done.
        """
        index = self.todo[0]
        if index < 0:
            return self.end()
        step = self.run.session.steps[index]
        if step.do == "write":
            if index not in self.run.begun:
                self.run.begun.add(index)
                self.goal += 0 if self.failed or self.ended else step.size
                self.flush()
            return bool(self.failed) or (self.wrote == self.goal and not self.out)
        if step.do == "await":
            return bool(self.seen.how) or self.seen.got >= self.run.session.written(
                OTHER[self.side], index
            )
        if step.do == "hear":
            return bool(self.seen.how)
        if step.do == "pause":
            self.pausedUntil = now + step.size / 1000
            self.run.runner.wake(self.pausedUntil, self)
        elif step.do == "sleep":
            if not self.sleepsUntil:
                self.sleepsUntil = now + step.size / 1000
                self.run.runner.wake(self.sleepsUntil, self)
            if now < self.sleepsUntil:
                return False
            self.sleepsUntil = 0
        elif step.do == "end":
            return self.end()
        elif step.do == "close":
            if not self.notify():
                return False
            if not self.ended:
                self.shut()
            if self.tls is not None and not self.seen.how:
                # Tickets and the other's last word: who closes before them resets.
                self.read()
            self.over("gone")
            self.close()
        elif step.do == "cut":
            self.shut()
        elif step.do == "reset":
            self.over("gone")
            self.reset()
        return True

    def notify(self) -> bool:
        """
        Write all, and the last word of TLS.

        @return: that is done.
        """
        if self.tls is not None and not self.notified and not self.failed and not self.ended:
            if self.wrote < self.goal or self.out:
                return False
            self.notified = True
            try:
                self.tls.unwrap()
            except ssl.SSLWantReadError:
                pass
            except ssl.SSLError as e:
                self.over("error", str(e))
            self.flush()
        return bool(self.failed) or not (self.out or self.wrote < self.goal)

    def end(self) -> bool:
        if not self.ended:
            if not self.notify():
                return False
            self.shut()
        return True

    def shut(self) -> None:
        self.ended = True
        # Before: it is told of at once.
        self.endedAt = time.monotonic()
        with contextlib.suppress(OSError):  # it was reset, as reading tells
            self.skt.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        if not self.closed and self.skt.family != socket.AF_UNIX:
            self.skt.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            self.out.clear()
            self.watch()
            self.skt.close()


class Run:
    """
    A session over one connection.
    """

    def __init__(self, runner: Runner, lane: Lane, session: Session, number: int) -> None:
        self.runner, self.lane, self.session, self.number = runner, lane, session, number
        self.ends: dict[str, End] = {}
        self.begun: set[int] = set()
        self.doneSteps = [False] * len(session.steps)
        self.firstOpen = 0  # no step before it is to be done
        self.peer = ""
        self.startAt = self.movedAt = time.monotonic()
        self.readyAt = self.doneAt = 0.0
        self.over = False

    def progress(self) -> None:
        self.movedAt = self.runner.now

    def advance(self) -> None:
        """
        Do all steps that can be done.
        """
        if self.over:
            return
        ends = list(self.ends.values())
        shaking = len(ends) < 2 or any(end.shaking for end in ends)
        if not shaking and not self.readyAt:
            self.readyAt = time.monotonic()
        again = True
        while again:
            again = False
            for end in ends:
                while self.readyAt and self.some(end):
                    again = True
                    self.progress()
                how = end.seen.how
                if not end.closed and (how == "error" or (how == "end" and not end.todo)):
                    end.close()
                    again = self.skip(end) or again
        for end in ends:
            end.watch()
        if len(ends) == 2 and all(end.closed for end in ends):
            self.finish()

    def skip(self, end: End) -> bool:
        """
        Leave the rest of its steps.

        @return: there were any, for which the other may have waited.
        """
        for index in end.todo:
            if index >= 0:
                self.doneSteps[index] = True
        left = bool(end.todo)
        end.todo.clear()
        return left

    def some(self, end: End) -> bool:
        """
        @return: one step was done.
        """
        if not end.todo:
            return False
        if end.closed or end.seen.how == "error":
            return self.skip(end)
        index = end.todo[0]
        if index >= 0 and self.session.steps[index].after:
            while self.firstOpen < index and self.doneSteps[self.firstOpen]:
                self.firstOpen += 1
            if self.firstOpen < index:
                return False
        if not end.step(self.runner.now):
            return False
        end.todo.pop(0)
        if index >= 0:
            self.doneSteps[index] = True
        return True

    def finish(self) -> None:
        self.over = True
        self.doneAt = time.monotonic()
        self.runner.finished(self)

    def give(self, why: str) -> None:
        """
        Give up.
        """
        for side in CLIENT, SERVER:
            if side not in self.ends:
                self.ends[side] = End(self, side, socket.socket(), None)
        for end in self.ends.values():
            if not end.seen.how or end.seen.how == "end":
                end.seen.how, end.seen.why = "stuck", why
            end.reset()
        self.finish()


class Lane:
    """
    A way for connections: where to connect, and where they come out. One after the other
    connects, so that it is known whose is the one that came out.
    """

    def __init__(
        self,
        listener: socket.socket,
        address: Any = None,
        contexts: Callable[[str, bool], ssl.SSLContext | None] = lambda side, old: None,
        name: str = "direct",
    ) -> None:
        listener.setblocking(False)
        self.listener = listener
        self.address = listener.getsockname() if address is None else address
        self.contexts, self.name = contexts, name
        self.waiting: deque[Run] = deque()
        self.connecting: Run | None = None
        self.count = 0

    def next(self) -> None:
        """
        Connect the next.
        """
        while self.connecting is None and self.waiting:
            run = self.connecting = self.waiting.popleft()
            run.startAt = time.monotonic()
            run.progress()
            if isinstance(self.address, str):
                skt = socket.socket(socket.AF_UNIX)
            else:
                skt = socket.socket()
                # An address of its own, that nobody else had.
                self.count += 1
                skt.bind((f"127.7.{self.count >> 8 & 255}.{self.count & 255}", 0))
                run.peer = "{}:{}".format(*skt.getsockname())
            try:
                # Over loopback it does not wait, unless the backlog is full.
                skt.settimeout(LIMIT)
                skt.connect(self.address)
            except OSError as e:
                run.give(f"not connected: {e}")
                self.connecting = None
                continue
            context = self.contexts(CLIENT, run.session.old)
            end = run.ends[CLIENT] = End(run, CLIENT, skt, context)
            if end.tls is not None:
                end.decrypt()
            run.advance()

    def ready(self, mask: int) -> None:
        try:
            skt, _ = self.listener.accept()
        except BlockingIOError:
            return
        run, self.connecting = self.connecting, None
        if run is None or run.over:
            skt.close()
        else:
            context = self.contexts(SERVER, run.session.old)
            end = run.ends[SERVER] = End(run, SERVER, skt, context)
            if end.tls is not None:
                end.decrypt()
            run.progress()
            run.advance()
        self.next()


class Runner:
    """
    Many runs at once, in one thread.

    @param atOnce: how many sessions.
    """

    def __init__(self, atOnce: int = 50) -> None:
        self.atOnce = atOnce
        self.selector = selectors.DefaultSelector()
        self.timers: list[tuple[float, int, End]] = []
        self.number = 0
        self.open: set[Run] = set()
        self.lanes: set[Lane] = set()
        self.now = time.monotonic()
        self.done: Callable[[Session, dict[str, Run]], Any] = lambda session, runs: None
        self.groups: dict[int, tuple[Session, dict[str, Run]]] = {}

    def wake(self, when: float, end: End) -> None:
        self.number += 1
        heapq.heappush(self.timers, (when, self.number, end))

    def begin(self, session: Session, lanes: Iterable[Lane]) -> None:
        """
        Begin a session, once in each of these lanes.
        """
        self.number += 1
        runs: dict[str, Run] = {}
        self.groups[self.number] = session, runs
        number = self.number
        for lane in lanes:
            if lane not in self.lanes:
                self.lanes.add(lane)
                self.selector.register(lane.listener, selectors.EVENT_READ, lane)
            run = runs[lane.name] = Run(self, lane, session, number)
            self.open.add(run)
            lane.waiting.append(run)
        for run in list(runs.values()):
            run.lane.next()

    def finished(self, run: Run) -> None:
        self.open.discard(run)
        if run.lane.connecting is run:
            run.lane.connecting = None
        session, runs = self.groups[run.number]
        if all(each.over for each in runs.values()):
            del self.groups[run.number]
            self.done(session, runs)

    def run(
        self,
        jobs: Iterable[tuple[Session, Iterable[Lane]]],
        done: Callable[[Session, dict[str, Run]], Any],
        tick: Callable[[], Any] = lambda: None,
    ) -> None:
        """
        Run all of them.

        @param done: gets each session and its runs, by lane.
        @param tick: called ten times a second.
        """
        self.done = done
        jobs = iter(jobs)
        more, ticked = True, 0.0
        while more or self.groups:
            self.now = time.monotonic()
            while more and len(self.groups) < self.atOnce:
                try:
                    self.begin(*next(jobs))
                except StopIteration:
                    more = False
            if self.now - ticked > 0.1:
                ticked = self.now
                tick()
                self.unstick()
            wait = min(self.timers[0][0] - self.now, 0.1) if self.timers else 0.1
            for key, mask in self.selector.select(max(wait, 0)):
                self.now = time.monotonic()
                key.data.ready(mask & key.events)
            self.now = time.monotonic()
            while self.timers and self.timers[0][0] <= self.now:
                _, _, end = heapq.heappop(self.timers)
                if end.pausedUntil and end.pausedUntil <= self.now:
                    end.pausedUntil = 0
                end.run.advance()

    def unstick(self) -> None:
        for run in list(self.open):
            waits = run.lane.connecting is not run and not run.ends
            if not waits and self.now - run.movedAt > STUCK:
                steps = run.session.steps
                left = [str(steps[i]) for i, done in enumerate(run.doneSteps) if not done]
                run.give(f"nothing for {STUCK} s; to be done: {'; '.join(left) or 'the ends'}")
                run.lane.next()

    def close(self) -> None:
        self.selector.close()


class Ground:
    """
    Relays to run sessions through, and certificates for them.
    """

    def __init__(self) -> None:
        self.folder = tempfile.mkdtemp(prefix="nodenet-sessions-")
        self.files: dict[str, str] = {}
        self._contexts: dict[tuple[str, bool], ssl.SSLContext] = {}
        self._close: list[Callable[[], Any]] = []
        authority = Authority()
        for side in "listener", "upstream":
            key, cert, _ = authority.issue("localhost", "127.0.0.1")
            self.write(f"{side}-key", key)
            self.write(f"{side}-cert", cert)
        self.write("ca", authority.pem)

    def write(self, name: str, text: str) -> None:
        self.files[name] = os.path.join(self.folder, name)
        with open(self.files[name], "w") as file:
            file.write(text)

    def context(self, side: str, old: bool) -> ssl.SSLContext:
        context = self._contexts.get((side, old))
        if context is None:
            if side == SERVER:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(self.files["upstream-cert"], self.files["upstream-key"])
                context.num_tickets = 0
            else:
                context = ssl.create_default_context(cafile=self.files["ca"])
            if old:
                context.maximum_version = ssl.TLSVersion.TLSv1_2
            self._contexts[side, old] = context
        return context

    def listener(self, kind: Kind) -> socket.socket:
        if kind.unix:
            skt = socket.socket(socket.AF_UNIX)
            skt.bind(os.path.join(tempfile.mkdtemp(dir=self.folder), "up"))
            skt.listen(1024)
        else:
            skt = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self._close.append(skt.close)
        return skt

    def direct(self, kind: Kind) -> Lane:
        """
        @return: a way without a relay; with TLS, if there is some in the relay's.
        """

        def contexts(side: str, old: bool) -> ssl.SSLContext | None:
            return self.context(side, old) if kind.inside or kind.out else None

        return Lane(self.listener(kind), contexts=contexts)

    def lane(self, kind: Kind, address: Any, listener: socket.socket, name: str) -> Lane:
        """
        @param address: where a relay of this kind to this listener is.
        """

        def contexts(side: str, old: bool) -> ssl.SSLContext | None:
            return self.context(side, old) if kind.secure(side) else None

        return Lane(listener, address, contexts, name)

    def relay(self, kind: Kind, *options: str, dead: Sequence[str] = ()) -> tuple[Lane, Relay]:
        """
        @param dead: upstreams that are tried before the one that is there.
        @return: a way through C{twistd nodenet relay}.
        """
        listener = self.listener(kind)
        name = listener.getsockname()
        upstream = name if kind.unix else f"127.0.0.1:{name[1]}"
        path = os.path.join(tempfile.mkdtemp(dir=self.folder), "down")
        where = ["--path", path] if kind.unix else ["--port", "0", "--host", "127.0.0.1"]
        if kind.inside:
            where += ["--tls-key", self.files["listener-key"]]
            where += ["--tls-cert", self.files["listener-cert"]]
        more = ["--upstream-tls", "--upstream-ca", self.files["ca"]] if kind.out else []
        ups = [word for each in (*dead, upstream) for word in ("--upstream", each)]
        process = Twistd(
            *where, "relay", *ups, "--access-log", "access",
            # Looks for resets twice a second.
            "--timeout", "60", "--half-close-timeout", "8", *more, *kind.options, *options,
        )  # fmt: skip
        self._close.append(process.kill)
        ports = process.listening()
        address = path if kind.unix else ("127.0.0.1", ports[0])
        return self.lane(kind, address, listener, "relay"), Relay(process, upstream, dead)

    def haproxy(self, kind: Kind) -> Lane:
        """
        @return: a way through HAProxy instead.
        """
        program = shutil.which("haproxy")
        if program is None:
            raise RuntimeError("haproxy is not installed")
        listener = self.listener(kind)
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        pem = os.path.join(self.folder, "both.pem")
        with open(pem, "w") as file:
            for name in "listener-cert", "listener-key":
                with open(self.files[name]) as part:
                    file.write(part.read())
        config = os.path.join(self.folder, f"haproxy-{kind.name}.cfg")
        spliced = "--no-splice" not in kind.options
        ssl = f" ssl crt {pem}" if kind.inside else ""
        out = " ssl verify none" if kind.out else ""
        with open(config, "w") as file:
            file.write(
                "global\n  nbthread 1\n  maxconn 5000\n"
                "defaults\n  mode tcp\n  timeout connect 5s\n  timeout client 60s\n"
                "  timeout server 60s\n" + ("  option splice-auto\n" if spliced else "")
                + f"listen l\n  bind 127.0.0.1:{port}{ssl}\n"
                f"  server s 127.0.0.1:{listener.getsockname()[1]}{out}\n"
            )  # fmt: skip
        process = subprocess.Popen([program, "-db", "-f", config], stderr=subprocess.DEVNULL)
        self._close += [lambda: process.wait(LIMIT), process.kill]
        end = time.monotonic() + LIMIT
        listens = False
        while not listens and time.monotonic() < end:
            # Without a connection, which would come out.
            with open("/proc/net/tcp") as table:
                listens = f":{port:04X} 00000000:0000 0A" in table.read()
            time.sleep(0.02)
        return self.lane(kind, ("127.0.0.1", port), listener, "haproxy")

    def close(self) -> None:
        while self._close:
            self._close.pop()()
        shutil.rmtree(self.folder, ignore_errors=True)


class Relay:
    """
    A relay's process, and its access log.
    """

    def __init__(self, process: Twistd, upstream: str, dead: Sequence[str] = ()) -> None:
        self.process, self.upstream, self.dead = process, upstream, dead
        self.records: dict[str, list[dict[str, Any]]] = {}
        self._file = open(os.path.join(process.dir, "access"))  # noqa: SIM115
        self._rest = ""

    def poll(self) -> None:
        """
        Read the records that have come.
        """
        lines = (self._rest + self._file.read()).split("\n")
        self._rest = lines.pop()
        for line in lines:
            record = json.loads(line)
            self.records.setdefault(record["peer"], []).append(record)

    def wait(self, peer: str) -> None:
        """
        Wait until there is a record of this client, but not for ever.
        """
        end = time.monotonic() + LIMIT
        self.poll()
        while peer not in self.records and time.monotonic() < end:
            time.sleep(0.02)
            self.poll()

    def record(self, peer: str) -> tuple[dict[str, Any] | None, str]:
        """
        @return: the record of a client, which is taken away, and what is wrong, if there is
            not one.
        """
        self.wait(peer)
        found = self.records.pop(peer, [])
        if len(found) != 1:
            return None, f"{len(found)} records of {peer}: {found}"
        return found[0], ""

    def descriptors(self, type: str) -> int:
        """
        @param type: C{socket} or C{pipe}.
        """
        count = 0
        folder = f"/proc/{self.process.process.pid}/fd"
        for name in os.listdir(folder):
            with contextlib.suppress(OSError):  # closed meanwhile
                count += os.readlink(os.path.join(folder, name)).startswith(f"{type}:")
        return count

    def memory(self, name: str = "VmRSS") -> int:
        """
        @return: kB.
        """
        with open(f"/proc/{self.process.process.pid}/status") as file:
            for line in file:
                if line.startswith(name):
                    return int(line.split()[1])
        raise AssertionError(name)


def shrink(session: Session, fails: Callable[[Session], bool]) -> Session:
    """
    @return: the smallest session found that fails still.
    """

    def smaller(session: Session) -> Iterator[Session]:
        those = session.steps
        for index, step in enumerate(those):
            yield dataclasses.replace(session, steps=those[:index] + those[index + 1 :])
            for size in {1, step.size // 10, step.size // 2}:
                if 0 < size < step.size:
                    other = dataclasses.replace(step, size=size)
                    yield dataclasses.replace(
                        session, steps=(*those[:index], other, *those[index + 1 :])
                    )
            if step.after:
                other = dataclasses.replace(step, after=False)
                yield dataclasses.replace(
                    session, steps=(*those[:index], other, *those[index + 1 :])
                )
        if session.old:
            yield dataclasses.replace(session, old=False)

    kind = KINDS[session.kind]
    while True:
        for each in smaller(session):
            each = dataclasses.replace(each, steps=clean(each.steps, kind))
            if each != session and fails(each):
                session = each
                break
        else:
            return session
