"""
Random programs of those who wait, by C{once}, C{on} and signals, run by Node 20 and by
nodenet: C{python -m tests.node.waitprograms [count] [first seed]}.
"""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater, react
from twisted.internet.threads import deferToThread
from twisted.python.failure import Failure

from nodenet.node import events
from nodenet.node.abort import AbortController
from nodenet.node.errors import messageOf
from nodenet.node.events import EventEmitter
from nodenet.timers import nextTick, queueMicrotask
from tests.node.harness import inNode

__all__ = ["different", "make", "run"]

OPS = ["emit", "emit", "emit", "error", "close", "once", "once", "on", "on", "return", "throw"]
OPS += ["next", "next", "next", "next", "abort", "tick", "tick", "microtask"]

Step = tuple[str, int, int]


def make(seed: int) -> list[list[Step]]:
    """
    @return: the steps of each turn of the event loop.
    """
    dice = random.Random(seed)
    return [
        [
            (dice.choice(OPS), dice.randrange(20), dice.randrange(6))
            for _ in range(dice.randrange(1, 7))
        ]
        for _ in range(dice.randrange(1, 6))
    ]


class _Run:
    """
    One run of a program with nodenet.
    """

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.emitter: Any = EventEmitter()
        self.emitter.pause = lambda: self.lines.append("pause")
        self.emitter.resume = lambda: self.lines.append("resume")
        self.controllers = [AbortController(), AbortController()]
        self.iterators: list[events.EventIterator] = []

    def say(self, label: str, waiting: Deferred[list[Any]]) -> None:
        def came(args: list[Any]) -> None:
            self.lines.append(f"{label} {','.join(map(str, args))}")

        def failed(failure: Failure) -> None:
            done = failure.check(StopAsyncIteration)
            self.lines.append(f"{label} {'done' if done else messageOf(failure.value)}")

        waiting.addCallbacks(came, failed)

    def step(self, op: str, n: int, k: int) -> None:
        e, log = self.emitter, self.lines.append
        options = {"signal": self.controllers[k].signal} if k < 2 else {}
        it: Any = self.iterators[n % len(self.iterators)] if self.iterators else None
        try:
            if op == "emit":
                log(f"emit {'true' if e.emit('x', n) else 'false'}")
            elif op == "close":
                e.emit("y", n)
            elif op == "error":
                e.emit("error", Exception(f"error {n}"))
            elif op == "once":
                waiting = events.once(e, "x" if n % 2 else "error", options)
                self.say(f"once {n}", waiting)
            elif op == "on":
                options = {**options, "close": ["y"], "highWaterMark": 2}
                self.iterators.append(events.on(e, "x", options))
            elif op == "abort":
                self.controllers[n % 2].abort()
            elif op == "tick":
                nextTick(self.tick, n, k)
            elif op == "microtask":
                queueMicrotask(log, f"microtask {n}")
            elif it is not None and op == "next":
                self.say(f"next {n}", it.__anext__())
            elif it is not None and op == "return":
                it.aclose()
            elif it is not None:
                it.athrow(Exception(f"thrown {n}"))
        except Exception as error:
            log(f"threw {messageOf(error)}")

    def tick(self, n: int, k: int) -> None:
        self.lines.append(f"tick {n}")
        self.step("emit", n, k)

    def state(self) -> str:
        e = self.emitter
        on = [f"{name} {e.listenerCount(name)}" for name in e.eventNames()]
        signals = [each.signal for each in self.controllers]
        aborts = [str(len(events.getEventListeners(each, "abort"))) for each in signals]
        return f"{','.join(on)}; {','.join(aborts)}"


async def run(program: list[list[Step]]) -> list[str]:
    """
    @return: what a program does with nodenet.
    """
    it = _Run()
    for steps in program:
        await deferLater(reactor, 0)
        for each in steps:
            it.step(*each)
        await deferLater(reactor, 0)
        it.lines.append(it.state())
    return it.lines


async def different(seeds: range) -> list[tuple[int, list[str], list[str]]]:
    """
    @return: of the programs that Node and nodenet do not do alike the seed, what nodenet
        does, and what Node does.
    """
    programs = [make(seed) for seed in seeds]
    nodes = await deferToThread(inNode, Path(__file__).with_suffix(".js"), programs)
    both = [(seed, await run(p), n) for seed, p, n in zip(seeds, programs, nodes, strict=True)]
    return [(seed, ours, node) for seed, ours, node in both if ours != node]


async def main(reactor: Any, count: str = "1000", first: str = "0") -> None:
    """
    Run them, and show the first that differs.
    """
    found = await different(range(int(first), int(first) + int(count)))
    for seed, ours, nodes in found[:1]:
        print(json.dumps(make(seed)), *ours, "-- Node:", *nodes, sep="\n")
    print(f"{count} programs, {len(found)} differ")
    raise SystemExit(bool(found))


if __name__ == "__main__":
    react(lambda reactor, *args: Deferred.fromCoroutine(main(reactor, *args)), sys.argv[1:])
