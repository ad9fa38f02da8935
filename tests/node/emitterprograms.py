"""
Random programs on emitters, run by Node 20 and by nodenet:
C{python -m tests.node.emitterprograms [count] [first seed]}.
"""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path
from typing import Any

from nodenet.node.events import EventEmitter
from tests.node.harness import inNode

__all__ = ["different", "make", "run"]

TYPES = ["a", "b", "error", "newListener", "removeListener"]
ADDS = ["on", "once", "prependListener", "prependOnceListener"]
LISTENERS = 6


def _step(dice: random.Random, within: bool) -> list[Any]:
    ops = [*ADDS, *ADDS, "off", "off", "off", "emit", "emit", "emit", "emit", "offRaw"]
    ops += ["callRaw", "removeAll", "removeEvery"] + ["throw"] * within
    type = dice.choice([*TYPES, "a", "a", "b"])
    return [dice.choice(ops), type, dice.randrange(LISTENERS)]


def make(seed: int) -> dict[str, Any]:
    """
    @return: a program: C{steps}, and those of each of the C{listeners}, which do
        nothing after so many C{calls} (or there would be no end).
    """
    dice = random.Random(seed)
    return {
        "calls": 100,
        "listeners": [
            [_step(dice, True) for _ in range(dice.choice([0, 0, 0, 1, 2]))]
            for _ in range(LISTENERS)
        ],
        "steps": [_step(dice, False) for _ in range(dice.randrange(5, 40))],
    }


class _Run:
    """
    One run of a program with nodenet.
    """

    def __init__(self, program: dict[str, Any]) -> None:
        self.lines: list[str] = []
        self.emitter = EventEmitter().setMaxListeners(0)
        self.depth = 0
        self.calls = program["calls"]
        its = enumerate(program["listeners"])
        self.listeners = [self.listener(index, ops) for index, ops in its]

    def listener(self, index: int, ops: list[Any]) -> Any:
        def listener(*args: Any) -> None:
            self.calls -= 1
            if self.calls < 0:
                return
            shown = " ".join(str(each) for each in args if not callable(each))
            self.lines.append(f"listener {index} {shown}")
            if self.depth > 2:
                return
            self.depth += 1
            try:
                for each in ops:
                    self.step(*each)
            finally:
                self.depth -= 1

        return listener

    def step(self, op: str, type: str, n: int) -> None:
        if op == "throw":
            raise Exception(f"thrown {n}")
        e = self.emitter
        try:
            raw = e.rawListeners(type)
            if op == "emit":
                heard = "true" if e.emit(type, n) else "false"
                self.lines.append(f"emit {type} {heard}")
            elif op == "offRaw":
                if raw:
                    e.off(type, raw[n % len(raw)])
            elif op == "callRaw":
                if raw:
                    raw[n % len(raw)]("raw")
            elif op == "removeAll":
                e.removeAllListeners(type)
            elif op == "removeEvery":
                e.removeAllListeners()
            else:
                getattr(e, op)(type, self.listeners[n])
        except Exception as error:
            self.lines.append(f"caught {error}")

    def index(self, entry: Any) -> str:
        if hasattr(entry, "listener"):
            return f"once {self.listeners.index(entry.listener)}"
        return str(self.listeners.index(entry))

    def state(self) -> str:
        e = self.emitter
        return "; ".join(
            f"{name}: {','.join(map(self.index, e.rawListeners(name)))}"
            f" {e.listenerCount(name, self.listeners[0])}"
            f" {','.join(str(self.listeners.index(f)) for f in e.listeners(name))}"
            for name in e.eventNames()
        )


def run(program: dict[str, Any]) -> list[str]:
    """
    @return: what a program does with nodenet.
    """
    it = _Run(program)
    for each in program["steps"]:
        it.step(*each)
        it.lines.append(it.state())
    return it.lines


def different(seeds: range) -> list[tuple[int, list[str], list[str]]]:
    """
    @return: of the programs that Node and nodenet do not do alike the seed, what nodenet
        does, and what Node does.
    """
    programs = [make(seed) for seed in seeds]
    nodes = inNode(Path(__file__).with_suffix(".js"), programs)
    both = zip(seeds, map(run, programs), nodes, strict=True)
    return [(seed, ours, nodes) for seed, ours, nodes in both if ours != nodes]


def main(count: int = 1000, first: int = 0) -> None:
    """
    Run them, and show the first that differs.
    """
    found = different(range(first, first + count))
    for seed, ours, nodes in found[:1]:
        print(json.dumps(make(seed), indent=1))
        for our, node in zip(ours, nodes, strict=False):
            print(f"  {our}" if our == node else f"- {our}\n+ {node}")
            if our != node:
                break
    print(f"{count} programs, {len(found)} differ")
    raise SystemExit(bool(found))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
