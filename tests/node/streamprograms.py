"""
Random programs of streams, which Node 20 and nodenet both run: what has happened must be the
same, in the same order.

C{python -m tests.node.streamprograms [first [count]]} compares seeds; C{streamprograms.js} is
the same for Node.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from nodenet.node import stream as streams
from nodenet.timers import nextTick, queueMicrotask
from tests.node.harness import NODE, iterate

__all__ = ["compare", "make", "node", "run"]

JS = Path(__file__).with_suffix(".js")
EVENTS = ["data", "readable", "end", "close", "finish", "drain", "pause", "resume", "prefinish"]


def make(seed: int) -> dict[str, Any]:
    """
    @return: a program: C{streams} (C{name}, C{kind}, C{options}, C{hooks}, C{listens}) and
        C{steps}, as JSON.
    """
    r = random.Random(seed)
    objects = r.random() < 0.25
    names = [f"s{index}" for index in range(r.choice([1, 1, 2, 2, 3]))]
    made = [_stream(r, name, objects) for name in names]
    kinds = {each["name"]: each["kind"] for each in made}
    steps = [_step(r, kinds, objects) for _ in range(r.randint(3, 14))]
    program = {"streams": made, "steps": steps}
    if any(step[0] in ("iterate", "through") for step in steps):
        # How many microtasks a promise takes is not kept; that they come after ticks is.
        text = json.dumps(program).replace('"micro"', '"tick"')
        program = json.loads(text)
    return program


def _chunk(r: random.Random, objects: bool) -> Any:
    if objects:
        return r.choice([1, 2, "x", {"b": "y"}, "", 0, False])
    return r.choice(
        [
            {"b": "ab"},
            {"b": "c" * r.randint(1, 9)},
            "str",
            "\u20ac\u00e9",
            {"b": ""},
            "",
            "\U0001f600z",
        ]
    )


def _when(r: random.Random) -> str:
    return r.choice(["sync", "sync", "tick", "immediate", "micro"])


def _hook(r: random.Random) -> dict[str, Any]:
    spec: dict[str, Any] = {"when": _when(r)}
    if r.random() < 0.15:
        spec["fails"] = r.randint(0, 2)
        if r.random() < 0.3:
            spec["throws"] = True
    elif r.random() < 0.05:
        spec["never"] = True
    return spec


def _stream(r: random.Random, name: str, objects: bool) -> dict[str, Any]:
    kind = r.choice(["Readable", "Writable", "Duplex", "Transform", "PassThrough"])
    options: dict[str, Any] = {}
    hooks: dict[str, Any] = {}
    items: list[Any] | None = None
    if kind == "Readable" and r.random() < 0.3:
        items = [_chunk(r, objects) for _ in range(r.randint(0, 5))]
        if r.random() < 0.1:
            items.insert(r.randint(0, len(items)), None)
    if objects:
        options["objectMode"] = True
    if r.random() < 0.6:
        options["highWaterMark"] = r.choice([0, 1, 2, 3, 5, 10, 100])
    if r.random() < 0.15:
        options["autoDestroy"] = False
    if r.random() < 0.1:
        options["emitClose"] = False
    if r.random() < 0.1:
        options["decodeStrings"] = False
    if kind == "Duplex":
        if r.random() < 0.3:
            options["allowHalfOpen"] = False
        if r.random() < 0.1:
            options[r.choice(["readable", "writable"])] = False
    if kind != "Writable" and not objects and r.random() < 0.15:
        options["encoding"] = r.choice(["utf8", "hex", "utf16le", "base64"])
    if items is None and kind in ("Readable", "Duplex") and r.random() < 0.9:
        chunks = [_chunk(r, objects) for _ in range(r.randint(0, 6))]
        if r.random() < 0.8:
            chunks.append(None)
        hooks["read"] = {
            "chunks": chunks,
            "each": r.choice([0, 1, 1, 1, 2, 9]),
            "when": _when(r),
        }
        if r.random() < 0.05:
            hooks["read"]["throws"] = r.randint(1, 2)
    if kind in ("Writable", "Duplex"):
        if r.random() < 0.95:
            hooks["write"] = _hook(r)
        if r.random() < 0.25:
            hooks["writev"] = _hook(r)
        if r.random() < 0.35:
            hooks["final"] = _hook(r)
    if kind == "Transform":
        hooks["transform"] = {**_hook(r), "each": r.choice([0, 1, 1, 1, 2, 3])}
        if r.random() < 0.4:
            hooks["flush"] = _hook(r)
            if r.random() < 0.5:
                hooks["flush"]["data"] = _chunk(r, objects)
        if r.random() < 0.15:
            hooks["final"] = _hook(r)
    if items is None and r.random() < 0.25:
        hooks["destroy"] = _hook(r)
        if r.random() < 0.3:
            hooks["destroy"]["swallows"] = True
    if r.random() < 0.12:
        hooks["construct"] = _hook(r)
    listens = [
        event
        for event in EVENTS
        if r.random() < (0.3 if event in ("data", "readable") else 0.8)
    ]
    if r.random() < 0.7:
        listens += ["pipe", "unpipe"]
    made = {"name": name, "kind": kind, "options": options, "hooks": hooks}
    return {**made, "listens": listens, "items": items}


def _step(r: random.Random, kinds: dict[str, str], objects: bool) -> list[Any]:
    if r.random() < 0.25:
        return ["wait", r.choice(["tick", "tick", "micro", "immediate", "immediate"])]
    name = r.choice(list(kinds))
    kind = kinds[name]
    readable = kind != "Writable"
    writable = kind != "Readable"
    ops: list[list[Any]] = [
        ["destroy", name, r.choice([None, None, "broken"])],
        ["on", name, r.choice(["data", "readable", "end", "close", "finish", "drain"])],
        ["once", name, r.choice(["data", "readable", "end", "close"])],
        ["off", name, r.choice(["data", "readable"])],
        [
            "finished",
            name,
            r.choice([None, None, {"readable": False}, {"writable": False}, {"error": False}]),
        ],
    ]
    if readable:
        # Never round in a circle, which would not end.
        others = [each for each, its in kinds.items() if its != "Readable" and each > name]
        ops += [
            ["push", name, _chunk(r, objects)],
            ["push", name, _chunk(r, objects)],
            ["push", name, None],
            ["unshift", name, _chunk(r, objects)],
            ["read", name, r.choice([None, None, 0, 1, 2, 3, 7])],
            ["read", name, None],
            ["readAll", name],
            ["pause", name],
            ["resume", name],
            ["resume", name],
            ["on", name, "data"],
            ["on", name, "readable"],
            ["removeAll", name, r.choice(["data", "readable"])],
            ["iterate", name, r.choice([1, 2, 99, 99])],
        ]
        if not objects:
            ops.append(["setEncoding", name, r.choice(["utf8", "hex", "latin1"])])
        if others:
            other = r.choice(others)
            ops += [["pipe", name, other]] * 6 + [["unpipe", name, r.choice([other, None])]]
            ops += [["pipeline", name, [other]]] * 3
            ops += [["through", name, other]]
    if writable:
        ops += [
            ["write", name, _chunk(r, objects)],
            ["write", name, _chunk(r, objects)],
            ["writePlain", name, _chunk(r, objects)],
            ["writePlain", name, _chunk(r, objects)],
            ["writePlain", name, _chunk(r, objects)],
            ["end", name, None],
            ["end", name, _chunk(r, objects)],
            ["endPlain", name],
            ["endPlain", name],
            ["cork", name],
            ["uncork", name],
        ]
    return r.choice(ops)


def node(programs: list[dict[str, Any]]) -> list[list[Any]]:
    """
    @return: what happens in each of the programs in Node.
    """
    assert NODE is not None
    done = subprocess.run(
        [NODE, str(JS)],
        input=json.dumps(programs),
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.split("\n") if line]


def _decode(value: Any) -> Any:
    return value["b"].encode("latin-1") if isinstance(value, dict) and "b" in value else value


def show(value: Any) -> Any:
    if repr(value) == "undefined":
        return None
    if isinstance(value, BaseException):
        return f"<{getattr(value, 'code', None) or value}>"
    if isinstance(value, bytes):
        return "b:" + value.decode("latin-1")
    if isinstance(value, str):
        return "s:" + value
    if isinstance(value, list):
        return [show(each) for each in value]
    if isinstance(value, dict) and "chunk" in value:
        return show(value["chunk"])
    return value


class _Run:
    """
    One run of one program with nodenet.
    """

    def __init__(self, program: dict[str, Any]) -> None:
        self.clock = Clock()
        self.log: list[Any] = []
        self.streams: dict[str, Any] = {}
        self.listeners: dict[str, Any] = {}
        self.program = program
        self.steps = list(program["steps"])

    def when(self, when: str, f: Callable[[], Any]) -> None:
        if when == "sync":
            f()
        elif when == "tick":
            nextTick(f, reactor=self.clock)
        elif when == "micro":
            queueMicrotask(f, reactor=self.clock)
        else:
            self.clock.callLater(0, f)

    def say(self, label: str) -> Callable[..., None]:
        def said(*args: Any) -> None:
            # What is not given and what is None are not told apart.
            while args and args[-1] is None:
                args = args[:-1]
            self.log.append([label, *map(show, args)])

        return said

    def state(self, s: Any) -> list[Any]:
        r, w = s._readableState, s._writableState
        out = [s.destroyed, s.closed, show(s.errored)]
        if r is not None:
            out += [s.readable, s.readableLength, s.readableFlowing, s.readableEnded]
            out += [s.readableAborted, s.readableDidRead, s.isPaused(), r.reading]
            out += [r.needReadable, r.emittedReadable, r.readableListening, r.readingMore]
            out += [r.resumeScheduled, len(r.pipes)]
        if w is not None:
            out += [s.writable, s.writableLength, s.writableNeedDrain, s.writableEnded]
            out += [s.writableFinished, s.writableCorked, w.pendingcb, w.writing]
            out += [w.bufferedRequestCount, w.prefinished]
        return out

    def stream(self, d: dict[str, Any]) -> None:
        name, h = d["name"], d["hooks"]
        options: dict[str, Any] = {**d["options"], "reactor": self.clock}
        log = self.log
        me: Any = None

        def back(label: str, spec: dict[str, Any], after: Callable[..., Any]) -> Any:
            calls = 0

            def hook(*args: Any) -> None:
                nonlocal calls
                *args, callback = args  # type: ignore[assignment]
                log.append([name, label, *map(show, args)])
                calls += 1
                fails = "fails" in spec and calls > spec["fails"]
                error = Exception(label) if fails else None
                if error and spec.get("throws"):
                    raise error
                if not spec.get("never"):
                    self.when(spec["when"], lambda: after(args, callback, error, spec))

            return hook

        def plain(args: Any, callback: Any, error: Any, spec: Any) -> None:
            if error:
                callback(error)
            else:
                callback()

        def destroyed(args: Any, callback: Any, error: Any, spec: Any) -> None:
            callback(error or (None if spec.get("swallows") else args[0]))

        def transformed(args: Any, callback: Any, error: Any, spec: Any) -> None:
            if error:
                callback(error)
                return
            for _ in range(1, spec["each"]):
                me.push(args[0])
            if spec["each"]:
                callback(None, args[0])
            else:
                callback()

        def flushed(args: Any, callback: Any, error: Any, spec: Any) -> None:
            if error:
                callback(error)
            else:
                callback(None, _decode(spec.get("data")))

        if "read" in h:
            chunks = [_decode(each) for each in h["read"]["chunks"]]

            def read(n: int) -> None:
                log.append([name, "_read", n])

                def give() -> None:
                    for _ in range(h["read"]["each"]):
                        if not chunks:
                            break
                        given = me.push(chunks.pop(0))
                        log.append([name, "push", given])

                if h["read"].get("throws") and len(chunks) <= h["read"]["throws"]:
                    raise Exception("read")
                self.when(h["read"]["when"], give)

            options["read"] = read
        for hook, after in (
            ("write", plain),
            ("writev", plain),
            ("final", plain),
            ("construct", plain),
            ("destroy", destroyed),
            ("transform", transformed),
            ("flush", flushed),
        ):
            if hook in h:
                options[hook] = back(f"_{hook}", h[hook], after)
        if d["items"] is None:
            me = getattr(streams, d["kind"])(options)
        else:
            me = streams.Readable.from_([_decode(each) for each in d["items"]], options)
        self.streams[name] = me
        me.on("error", lambda e: log.append([name, "error", show(e), *self.state(me)]))

        def listen(event: str) -> None:
            def listener(*args: Any) -> None:
                its = [] if event in ("pipe", "unpipe") else map(show, args)
                log.append([name, event, *its, *self.state(me)])

            me.on(event, listener)

        for event in d["listens"]:
            listen(event)

    def step(self) -> None:
        while self.steps:
            op, name, *args = self.steps.pop(0)
            if op == "wait":
                self.when(name, self.step)
                return
            s = self.streams[name]
            try:
                result = getattr(self, f"do_{op}")(name, s, *args)
            except Exception as e:
                result = e
            self.log.append(["op", op, name, show(result), *self.state(s)])

    def do_push(self, name: str, s: Any, value: Any) -> Any:
        return s.push(_decode(value))

    def do_unshift(self, name: str, s: Any, value: Any) -> Any:
        return s.unshift(_decode(value))

    def do_read(self, name: str, s: Any, n: Any) -> Any:
        return s.read() if n is None else s.read(n)

    def do_readAll(self, name: str, s: Any) -> Any:
        got = []
        while (chunk := s.read()) is not None:
            shown = show(chunk)
            if shown is None:  # as JavaScript joins them
                shown = ""
            got.append(str(shown).lower() if isinstance(shown, bool) else str(shown))
        return ",".join(got)

    def do_pause(self, name: str, s: Any) -> None:
        s.pause()

    def do_resume(self, name: str, s: Any) -> None:
        s.resume()

    def do_setEncoding(self, name: str, s: Any, encoding: str) -> None:
        s.setEncoding(encoding)

    def do_on(self, name: str, s: Any, event: str) -> None:
        def extra(*args: Any) -> None:
            self.log.append([name, f"extra {event}", *map(show, args)])
            if event == "readable":
                self.log.append([name, "got", show(s.read())])

        s.on(event, self.listeners.setdefault(name + event, extra))

    def do_once(self, name: str, s: Any, event: str) -> None:
        s.once(event, lambda *args: self.log.append([name, f"once {event}", *map(show, args)]))

    def do_off(self, name: str, s: Any, event: str) -> None:
        listener = self.listeners.get(name + event)
        if listener:
            s.off(event, listener)

    def do_removeAll(self, name: str, s: Any, event: str) -> None:
        s.removeAllListeners(event)

    def do_pipe(self, name: str, s: Any, other: str) -> None:
        s.pipe(self.streams[other])

    def do_unpipe(self, name: str, s: Any, other: str | None) -> None:
        s.unpipe(*[self.streams[other]] if other else [])

    def do_write(self, name: str, s: Any, value: Any) -> Any:
        return s.write(_decode(value), self.say(f"{name} written"))

    def do_writePlain(self, name: str, s: Any, value: Any) -> Any:
        return s.write(_decode(value))

    def do_end(self, name: str, s: Any, value: Any) -> None:
        args = [] if value is None else [_decode(value)]
        s.end(*args, self.say(f"{name} ended"))

    def do_endPlain(self, name: str, s: Any) -> None:
        s.end()

    def do_cork(self, name: str, s: Any) -> None:
        s.cork()

    def do_uncork(self, name: str, s: Any) -> None:
        s.uncork()

    def do_destroy(self, name: str, s: Any, message: str | None) -> None:
        s.destroy(*[Exception(message)] if message else [])

    def do_finished(self, name: str, s: Any, options: Any) -> None:
        streams.finished(s, options or {}, self.say(f"{name} finished"))

    def do_pipeline(self, name: str, s: Any, others: list[str]) -> None:
        streams.pipeline(
            s, *[self.streams[each] for each in others], self.say(f"{name} pipeline")
        )

    def do_through(self, name: str, s: Any, other: str) -> None:
        async def through(chunks: Any) -> Any:
            async for chunk in chunks:
                yield chunk

        streams.pipeline(s, through, self.streams[other], self.say(f"{name} through"))

    def do_iterate(self, name: str, s: Any, most: int) -> None:
        async def loop() -> None:
            try:
                await iterate(
                    s, most, lambda chunk: self.log.append([name, "chunk", show(chunk)])
                )
                self.log.append([name, "loop over"])
            except Exception as e:
                self.log.append([name, "loop failed", show(e)])

        Deferred.fromCoroutine(loop())

    def start(self) -> None:
        for each in self.program["streams"]:
            self.stream(each)
        self.step()

    def run(self) -> list[Any]:
        self.clock.callLater(0, self.start)
        for _ in range(60):
            try:
                self.clock.advance(0)
            except Exception as e:
                self.log.append(["uncaught", show(e)])
        for name, s in self.streams.items():
            self.log.append(["last", name, *self.state(s)])
        return self.log


def run(program: dict[str, Any]) -> list[Any]:
    """
    @return: what happens in the program in nodenet.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _trim(_Run(program).run())


def _trim(log: list[Any]) -> list[Any]:
    # Undefined at the end of arguments is null in JSON.
    return json.loads(json.dumps(log))  # type: ignore[no-any-return]


def compare(first: int, count: int) -> list[tuple[int, Any, Any]]:
    """
    @return: (seed, Node's, ours) of each program that differs.
    """
    seeds = range(first, first + count)
    programs = [make(seed) for seed in seeds]
    different = []
    for seed, program, theirs in zip(seeds, programs, node(programs), strict=True):
        ours = [_strip(line) for line in run(program)]
        theirs = [_strip(line) for line in theirs]
        if _sorted(program, ours) != _sorted(program, theirs):
            different.append((seed, theirs, ours))
    return different


def _sorted(program: dict[str, Any], log: list[Any]) -> list[Any]:
    # Of loops that run at the same time, which is the first is told by the number of
    # microtasks, too.
    if not any(step[0] in ("iterate", "through") for step in program["steps"]):
        return log
    loops = [
        line for line in log if line[1:2] and line[1] in ("chunk", "loop over", "loop failed")
    ]
    return [[line for line in log if line not in loops], sorted(loops, key=json.dumps)]


def _strip(line: list[Any]) -> list[Any]:
    if len(line) > 1 and isinstance(line[0], str) and " " in line[0]:
        while line and line[-1] is None:
            line = line[:-1]
    return line


def main(args: list[str]) -> None:
    first = int(args[0]) if args else 0
    count = int(args[1]) if len(args) > 1 else 500
    different = compare(first, count)
    for seed, theirs, ours in different[:3]:
        program = make(seed)
        print(f"--- seed {seed}")
        for each in program["streams"]:
            print(json.dumps(each))
        print(json.dumps(program["steps"]))
        for index in range(max(len(theirs), len(ours))):
            a = theirs[index] if index < len(theirs) else None
            b = ours[index] if index < len(ours) else None
            if a != b:
                print(f"  {index} node {json.dumps(a)}")
                print(f"  {index} ours {json.dumps(b)}")
                break
            print(f"    {json.dumps(a)}")
    print(f"{len(different)} of {count} differ: {[seed for seed, _, _ in different][:40]}")


if __name__ == "__main__":
    main(sys.argv[1:])
