"""
Random programs of sockets and servers, which Node 20 and nodenet both run: for each socket,
what has happened must be the same, in the same order.

C{python -m tests.node.netprograms [count [first]]} compares seeds; C{netprograms.js} is the
same for Node.
"""

from __future__ import annotations

import json
import random
import re
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred, DeferredSemaphore, gatherResults
from twisted.internet.task import deferLater, react
from twisted.internet.threads import deferToThread

from nodenet.node import net, stream
from nodenet.node._inspect import className, text
from nodenet.node.abort import AbortController
from nodenet.node.errors import codedError, messageOf, nameOf
from nodenet.timers import nextTick
from tests.node.harness import NODE, iterate
from tests.oracle.harness import reserve

__all__ = ["different", "make", "run"]

HOST = "127.0.0.1"
#: Programs that run at the same time.
TOGETHER = 40
#: Of one process of Node's.
BATCH = 250
EVENTS = [
    "lookup",
    "connectionAttempt",
    "connectionAttemptFailed",
    "connect",
    "ready",
    "end",
    "drain",
    "finish",
    "pause",
    "resume",
    "timeout",
    "error",
    "close",
]

Op = list[Any]
Traces = dict[str, list[str]]


# Making one


def make(seed: int) -> dict[str, Any]:
    """
    @return: a program, as JSON. C{server}, C{clients} and C{peers} (who are accepted) have
        C{options}, what each C{listens} to, the C{reactions} to an event, and what is done
        C{atOnce}; C{steps} are (socket, operation, arguments) or C{['quiet']}, until
        nothing happens any more.
    """
    return _Maker(random.Random(seed)).program()


_ENDING = {"destroy", "destroySoon", "reset", "abort", "iterate"}


class _Maker:
    def __init__(self, r: random.Random) -> None:
        self.r = r
        self.big = r.random() < 0.1
        self.unix = r.random() < 0.15

    def often(self, odds: float) -> bool:
        return self.r.random() < odds

    def program(self) -> dict[str, Any]:
        r = self.r
        clients = ["client0"] + (["client1"] if self.often(0.25) else [])
        peers = ["peer0", "peer1"]
        server: dict[str, Any] = {"options": self.both()}
        if self.often(0.1):
            server["options"]["pauseOnConnect"] = True
        if self.often(0.05):
            server["options"]["keepAlive"] = True
        if len(clients) > 1 and self.often(0.3):
            server["maxConnections"] = 1
        made = {
            "server": server,
            "clients": {name: self.client(name) for name in clients},
            "peers": {name: self.socket(name) for name in peers},
        }
        if "maxConnections" in server:
            # Whether what was written has come when one is dropped is a matter of chance.
            for its in made["clients"].values():
                its["atOnce"] = []
        names = ["client0", "client0", "peer0", "peer0"]
        steps: list[Op] = [["quiet"]] if self.often(0.8) else []
        for _ in range(r.randint(2, 12)):
            if self.often(0.1):
                steps.append(self.serverOp())
            elif len(clients) > 1 and self.often(0.2):
                steps.append(["server", "dial", "client1"])
                names = [*names, "client1", "peer1"]
            elif self.often(0.05):
                who = r.choice(names)
                steps += [["quiet"], [who, "timeout", 15], ["sleep", 40], [who, "timeout", 0]]
            elif self.often(0.08):
                steps.append(["tick"])
            else:
                name = r.choice(names)
                steps.append([name, *self.op(name)])
            if self.often(0.6):
                steps.append(["quiet"])
        if any(step[1:2] == ["pipe"] for step in steps) or "pipe" in json.dumps(made):
            # How an echo is cut into pieces is a matter of chance.
            for its in made["clients"].values():
                its["options"].pop("highWaterMark", None)
        return {
            "unix": self.unix,
            "big": self.big,
            "quiet": {"msecs": 10 if self.big else 2, "rounds": 4 if self.big else 3},
            **made,
            "steps": steps,
        }

    def both(self) -> dict[str, Any]:
        # Or it is a matter of chance when what is small goes out.
        options: dict[str, Any] = {"noDelay": True}
        if self.often(0.35):
            options["allowHalfOpen"] = True
        if self.often(0.25):
            options["highWaterMark"] = self.r.choice([0, 1, 5, 1000, 20000])
        return options

    def client(self, name: str) -> dict[str, Any]:
        r = self.r
        its = self.socket(name)
        options = self.both()
        for option in "readable", "writable":
            if self.often(0.02):
                options[option] = False
        its["options"] = options
        its["connect"] = self.way()
        if self.often(0.08):
            its["signal"] = True
        if self.often(0.08):
            its["onread"] = {"size": r.choice([1, 10, 70000]), "stops": r.choice([0, 1, 2])}
            if self.big:
                its["onread"]["size"] = 60000
        return its

    def way(self) -> dict[str, Any]:
        r = self.r
        kinds = ["server"] * 8 + ["refused", "nowhere"]
        if not self.unix:
            kinds += ["named", "named", "fails"]
        to = r.choice(kinds)
        how: dict[str, Any] = {"to": to, "dict": self.often(0.5), "local": {}}
        if to in ("named", "fails"):
            how["dict"] = True
            how["when"] = r.choice(["sync", "tick"])
            how["several"] = self.often(0.7)
            how["addresses"] = r.choice(
                [[HOST], ["127.0.0.2", HOST], ["127.0.0.2", "127.0.0.3"], [HOST, "127.0.0.2"]]
            )
        if self.often(0.1):
            how["local"] = {"localAddress": HOST}
        return how

    def socket(self, name: str) -> dict[str, Any]:
        r = self.r
        its: dict[str, Any] = {"listens": [], "reactions": {}, "atOnce": []}
        if self.often(0.5):
            its["listens"] = [r.choice(["data", "data", "readable"])]
        if self.often(0.1):
            its["takes"] = r.choice([1, 3, 1000])
            if self.big:  # not bytes by the million
                its["takes"] = 10_000
        if self.often(0.35):
            for _ in range(r.randint(1, 2)):
                event = r.choice(
                    [
                        "connect",
                        "end",
                        "end",
                        "data",
                        "data",
                        "finish",
                        "drain",
                        "error",
                        "close",
                        "close",
                        "ready",
                        "readable",
                        "connectionAttempt",
                        "lookup",
                        "connectionAttemptFailed",
                    ]
                )
                ops = [self.op(name) for _ in range(r.randint(1, 2))]
                if event == "connectionAttempt":
                    # Node's net.js fails with a TypeError then.
                    ops = [each for each in ops if each[0] not in _ENDING]
                its["reactions"][event] = ops
        if self.often(0.35):
            its["atOnce"] = [self.op(name) for _ in range(r.randint(1, 3))]
        return its

    def data(self) -> dict[str, Any]:
        r = self.r
        sizes = [1, 1, 2, 3, 10, 10, 100, 5000, 16384, 20000]
        if self.big:
            # What the kernel takes at once, and what it never does.
            sizes += [100_000, 8_000_000]
        n = r.choice(sizes)
        if self.often(0.3):
            return {"s": r.choice(["s", "\u20ac", "t"]), "n": min(n, 20000)}
        return {"b": r.choice("abcdef"), "n": n}

    def op(self, name: str) -> Op:
        r = self.r
        client = name.startswith("client")
        ops: list[tuple[int, Callable[[], Op]]] = [
            (10, self.write),
            (6, self.end),
            (3, lambda: ["destroy", r.choice([None, None, "broken"])]),
            (1, lambda: ["destroySoon"]),
            (2, lambda: ["reset"]),
            (3, lambda: ["pause"]),
            (4, lambda: ["resume"]),
            (3, lambda: ["read", r.choice([None, None, 0, 1, 3, 100])]),
            (1, lambda: ["unshift", self.data()]),
            (1, lambda: ["setEncoding", r.choice(["utf8", "hex", "latin1"])]),
            (4, lambda: ["on", r.choice(["data", "data", "readable"])]),
            (2, lambda: ["off", r.choice(["data", "readable"])]),
            (1, lambda: ["cork"]),
            (1, lambda: ["uncork"]),
            (1, lambda: ["noDelay", True]),
            (1, lambda: ["keepAlive", self.often(0.5), r.choice([0, 1000, 2500])]),
            (1, lambda: ["ref"]),
            (1, lambda: ["unref"]),
            (1, lambda: ["unpipe"]),
            (1, lambda: ["finished", r.choice([{}, {"readable": False}, {"error": False}])]),
            (1, lambda: ["iterate", r.choice([1, 2, 99])]),
            # Never round in a circle, which would not end.
            (
                0 if name == "client1" else 2,
                lambda: ["pipe", "client1" if client else name, self.pipeOptions()],
            ),
        ]
        if not self.unix:
            ops.append((1, lambda: ["address"]))
        if client:
            ops += [(3, lambda: ["connect", self.way()]), (1, lambda: ["abort"])]
        [chosen] = r.choices([op for _, op in ops], [weight for weight, _ in ops])
        return chosen()

    def pipeOptions(self) -> Any:
        return {"end": False} if self.often(0.2) else None

    def write(self) -> Op:
        data: Any = self.data()
        if self.often(0.02):
            data = None
        encoding = None
        if data and "s" in data and self.often(0.3):
            encoding = self.r.choice(["utf8", "latin1", "utf16le", "wrong"])
        return ["write", data, encoding, self.often(0.5)]

    def end(self) -> Op:
        return ["end", self.data() if self.often(0.3) else None, self.often(0.4)]

    def serverOp(self) -> Op:
        op = self.r.choice(
            ["serverClose", "serverCount", "serverCount", "serverMax", "serverListen"]
        )
        args: list[Any] = []
        if op == "serverClose":
            args = [self.often(0.7)]
        elif op == "serverMax":
            args = [self.r.choice([0, 1, 2])]
        return ["server", op, *args]


# Running it


def show(value: object) -> str:
    """
    @return: a value as both languages print it.
    """
    if value is None or repr(value) == "undefined":
        return "null"
    if isinstance(value, (bytes, bytearray, memoryview)):
        return f"bytes {_runs(bytes(value).decode('latin-1'))}"
    if isinstance(value, str):
        return f"text {_runs(value)}"
    if isinstance(value, BaseException):
        errors = getattr(value, "errors", None)
        several = f" [{', '.join(map(show, errors))}]" if errors else ""
        code = getattr(value, "code", None)
        known = nameOf(value) if code is None else f"{nameOf(value)} {code}"
        return f"<{known}: {messageOf(value)}{several}>"
    if isinstance(value, dict):
        shown = [
            f"{key}: {show(its)}"
            for key, its in value.items()
            if not key.endswith("Port") and key != "port"
        ]
        return f"{{{', '.join(shown)}}}"
    if isinstance(value, (bool, int, float)):
        return text(value)
    return className(value)


def _runs(value: str) -> str:
    if len(value) < 100:
        return value
    found = list(islice(re.finditer(r"(.)\1*", value, re.DOTALL), 12))
    said = [f"{each[1]}*{_count(each[0])}" if len(each[0]) > 3 else each[0] for each in found]
    return " ".join(said) + (" ..." if found[-1].end() < len(value) else "")


def _count(run: str) -> str:
    # How much of so much has come before an RST is a matter of chance.
    return "many" if len(run) > 100_000 else str(len(run))


def _decode(value: Any) -> Any:
    if value is None:
        return None
    if "b" in value:
        return (value["b"] * value["n"]).encode("latin-1")
    return value["s"] * value["n"]


def _bits(*all: Any) -> str:
    return "".join("-" if each is None else str(int(bool(each))) for each in all)


class _Pieces:
    """
    What is cut into pieces by chance.
    """

    def __init__(self, what: str, chunk: Any) -> None:
        self.what = what
        self.all = chunk if isinstance(chunk, str) else bytes(chunk)

    def __str__(self) -> str:
        return f"{self.what} {show(self.all)}"


class _Run:
    def __init__(self, program: dict[str, Any], directory: str, index: int, refused: int):
        self.program = program
        self.logs: dict[str, list[Any]] = {}
        self.lines = 0
        self.sockets: dict[str, Any] = {}
        self.names: dict[Any, str] = {}
        self.peers = 0
        self.closed: set[str] = set()
        self.listeners: dict[str, dict[str, Any]] = {}
        self.port: int | str = "none"
        self.ports: list[int] = []
        self.refused = refused
        self.path = f"{directory}/{index}"
        self.controller = AbortController()

    def log(self, actor: str, *parts: object) -> None:
        self.lines += 1
        self.logs.setdefault(actor, []).append(" ".join(map(str, parts)))

    def came(self, actor: str, what: str, chunk: Any) -> None:
        self.lines += 1
        all = self.logs.setdefault(actor, [])
        last = all[-1] if all else None
        if (
            isinstance(last, _Pieces)
            and last.what == what
            and isinstance(last.all, str) is isinstance(chunk, str)
        ):
            last.all += chunk if isinstance(chunk, str) else bytes(chunk)
        else:
            all.append(_Pieces(what, chunk))

    def state(self, s: Any) -> str:
        flags = _bits(
            s.destroyed,
            s.closed,
            s.pending,
            s.connecting,
            s.readable,
            s.writable,
            s.readableEnded,
            s.writableEnded,
            s.writableFinished,
            s.isPaused(),
            s.readableFlowing,
            s.errored,
        )
        state = [
            s.readyState,
            flags,
            show(s.timeout),
            s.remoteAddress or "-",
            s.localAddress or "-",
        ]
        if not self.program["big"]:
            size = s.bufferSize
            state += [
                s.bytesRead,
                s.bytesWritten,
                s.readableLength,
                s.writableLength,
                "-" if size is None else size,
                _bits(s.writableNeedDrain),
            ]
        return " ".join(map(str, state))

    def state1(self, name: str, s: Any) -> str:
        return _bits(s.listening) if name == "server" else self.state(s)

    def watch(self, name: str, s: Any, its: dict[str, Any], atOnce: list[Op]) -> None:
        self.sockets[name] = s
        self.names[s] = name
        reactions = dict(its["reactions"])

        def react(event: str) -> None:
            for op, *args in reactions.pop(event, ()):
                self.op(name, op, args)

        def listener(event: str) -> Callable[..., None]:
            def heard(*args: Any) -> None:
                self.log(name, event, *map(show, args), "|", self.state(s))
                if event == "close":
                    self.closed.add(name)
                react(event)

            return heard

        for event in EVENTS:
            s.on(event, listener(event))

        def data(chunk: Any) -> None:
            self.came(name, "data", chunk)
            react("data")

        def readable() -> None:
            takes = its.get("takes")
            while True:
                chunk = s.read(takes) if takes else s.read()
                if chunk is None:
                    break
                self.came(name, "got", chunk)
            if not self.program["big"]:
                self.log(name, "readable", self.state(s))
            react("readable")

        self.listeners[name] = {"data": data, "readable": readable}
        for event in its["listens"]:
            s.on(event, self.listeners[name][event])
        for op, *args in atOnce:
            self.op(name, op, args)

    def op(self, name: str, op: str, args: list[Any]) -> None:
        s = self.sockets.get(name)
        if s is None:
            self.log(name, op, "none")
            return
        try:
            call = getattr(self, op if op == "dial" or op.startswith("server") else f"do_{op}")
            value = call(s, name, *args)
            if value is s:
                result = "itself"
            elif isinstance(value, net.Socket):
                result = self.names[value]
            else:
                result = show(value)
        except Exception as e:
            result = f"threw {show(e)}"
        shown = json.dumps(args, separators=(",", ":"), ensure_ascii=False)
        self.log(name, "op", op, shown, "->", result, "|", self.state1(name, s))

    def say(self, name: str, label: str) -> Callable[..., None]:
        return lambda *args: self.log(name, label, *map(show, args))

    def do_write(self, s: Any, name: str, data: Any, encoding: Any, told: bool) -> Any:
        args = [_decode(data)]
        if encoding:
            args.append(encoding)
        if told:
            args.append(self.say(name, "written"))
        return s.write(*args)

    def do_end(self, s: Any, name: str, data: Any, told: bool) -> Any:
        args = [] if data is None else [_decode(data)]
        if told:
            args.append(self.say(name, "ended"))
        return s.end(*args)

    def do_destroy(self, s: Any, name: str, message: str | None) -> Any:
        return s.destroy(Exception(message)) if message else s.destroy()

    def do_destroySoon(self, s: Any, name: str) -> Any:
        return s.destroySoon()

    def do_reset(self, s: Any, name: str) -> Any:
        return s.resetAndDestroy()

    def do_pause(self, s: Any, name: str) -> Any:
        return s.pause()

    def do_resume(self, s: Any, name: str) -> Any:
        return s.resume()

    def do_read(self, s: Any, name: str, n: int | None) -> Any:
        return s.read() if n is None else s.read(n)

    def do_unshift(self, s: Any, name: str, data: Any) -> Any:
        return s.unshift(_decode(data))

    def do_setEncoding(self, s: Any, name: str, encoding: str) -> Any:
        return s.setEncoding(encoding)

    def do_on(self, s: Any, name: str, event: str) -> Any:
        return s.on(event, self.listeners[name][event])

    def do_off(self, s: Any, name: str, event: str) -> Any:
        return s.off(event, self.listeners[name][event])

    def do_cork(self, s: Any, name: str) -> Any:
        return s.cork()

    def do_uncork(self, s: Any, name: str) -> Any:
        return s.uncork()

    def do_noDelay(self, s: Any, name: str, on: bool) -> Any:
        return s.setNoDelay(on)

    def do_keepAlive(self, s: Any, name: str, on: bool, msecs: int) -> Any:
        return s.setKeepAlive(on, msecs)

    def do_ref(self, s: Any, name: str) -> Any:
        return s.ref()

    def do_unref(self, s: Any, name: str) -> Any:
        return s.unref()

    def do_timeout(self, s: Any, name: str, msecs: int) -> Any:
        return s.setTimeout(msecs, self.say(name, "late")) if msecs else s.setTimeout(0)

    def do_pipe(self, s: Any, name: str, other: str, options: Any) -> Any:
        if other not in self.sockets:
            return None
        return s.pipe(self.sockets[other], *([options] if options else []))

    def do_unpipe(self, s: Any, name: str) -> Any:
        return s.unpipe()

    def do_address(self, s: Any, name: str) -> Any:
        return s.address()

    def do_finished(self, s: Any, name: str, options: Any) -> None:
        stream.finished(s, options, self.say(name, "finished"))

    def do_abort(self, s: Any, name: str) -> None:
        self.controller.abort()

    def do_iterate(self, s: Any, name: str, most: int) -> None:
        actor = f"{name} loop"

        async def loop() -> None:
            try:
                await iterate(s, most, lambda chunk: self.came(actor, "chunk", chunk))
                self.log(actor, "over")
            except Exception as e:
                self.log(actor, show(e))

        Deferred.fromCoroutine(loop())

    def do_connect(self, s: Any, name: str, how: dict[str, Any]) -> Any:
        # While the last one is being closed, what comes first is a matter of chance.
        if name not in self.closed:
            return "not yet"
        self.closed.remove(name)
        return s.connect(*self.where(how), self.say(name, "listener"))

    def where(self, how: dict[str, Any]) -> list[Any]:
        if how["to"] == "server" and self.program["unix"]:
            return [{"path": self.path}] if how["dict"] else [self.path]
        if how["to"] in ("server", "refused"):
            port = self.port if how["to"] == "server" else self.refused
            if how["dict"]:
                return [{"port": port, "host": HOST, **how["local"]}]
            return [port, HOST]
        if how["to"] == "nowhere":
            return [f"{self.path}-no"]

        def lookup(host: str, options: Any, callback: Any) -> None:
            def answer() -> None:
                if how["to"] == "fails":
                    callback(codedError("no such", "ENOTFOUND"))
                elif options.get("all"):
                    callback(
                        None, [{"address": each, "family": 4} for each in how["addresses"]]
                    )
                else:
                    callback(None, how["addresses"][0], 4)

            if how["when"] == "sync":
                answer()
            else:
                nextTick(answer)

        return [
            {
                "port": self.port,
                "host": "some.name",
                "lookup": lookup,
                "autoSelectFamily": how["several"],
                **how["local"],
            }
        ]

    def dial(self, s: Any, name: str, other: str) -> Any:
        if other in self.sockets:
            return None
        its = self.program["clients"][other]
        options = dict(its["options"])
        if its.get("signal"):
            options["signal"] = self.controller.signal
        if its.get("onread"):
            calls = [0]

            def callback(n: int, buffer: Any) -> bool:
                self.came(other, "onread", buffer[:n])
                calls[0] += 1
                return bool(calls[0] != its["onread"]["stops"])

            options["onread"] = {
                "buffer": bytearray(its["onread"]["size"]),
                "callback": callback,
            }
        client = net.Socket(options)
        self.watch(other, client, its, [])
        try:
            client.connect(*self.where(its["connect"]), self.say(other, "listener"))
        except Exception as e:
            self.log(other, "connect threw", show(e))
        for op, *args in its["atOnce"]:
            self.op(other, op, args)
        return client

    def serverClose(self, s: Any, name: str, told: bool) -> Any:
        return s.close(self.say("server", "closed")) if told else s.close()

    def serverCount(self, s: Any, name: str) -> Any:
        return s.getConnections(self.say("server", "connections"))

    def serverMax(self, s: Any, name: str, n: int) -> None:
        s.maxConnections = n

    def serverListen(self, s: Any, name: str) -> Any:
        listener = self.say("server", "listener")
        if self.program["unix"]:
            return s.listen(self.path, listener)
        return s.listen(0, HOST, listener)

    async def run(self) -> Traces:
        its = self.program["server"]
        server = self.sockets["server"] = net.createServer(its["options"])
        if its.get("maxConnections"):
            server.maxConnections = its["maxConnections"]

        def listener(event: str) -> Callable[..., None]:
            return lambda *args: self.log(
                "server", event, *map(show, args), _bits(server.listening)
            )

        for event in "listening", "drop", "close", "error":
            server.on(event, listener(event))

        def listening() -> None:
            if not self.program["unix"]:
                self.port = server.address()["port"]
                self.ports.append(self.port)

        server.on("listening", listening)
        server.on("connection", self.accepted)
        if self.program["unix"]:
            server.listen(self.path)
        else:
            server.listen(0, HOST)
        await self.quiet()
        self.dial(None, "server", "client0")
        for name, *rest in self.program["steps"]:
            if name == "tick":
                done: Deferred[None] = Deferred()
                nextTick(done.callback, None)
                await done
            elif name in ("quiet", "sleep"):
                if rest:
                    await deferLater(reactor, rest[0] / 1000)
                await self.quiet()
                self.states("slept" if rest else "quiet")
            else:
                self.op(name, rest[0], rest[1:])
        await self.quiet()
        self.states("last")
        for name, each in self.sockets.items():
            if name != "server":
                each.destroy()
        server.close()
        await self.quiet()
        self.states("over")
        return {
            name: [self.same(str(line)) for line in lines] for name, lines in self.logs.items()
        }

    def same(self, line: str) -> str:
        for port in self.ports:
            line = line.replace(f":{port}", ":PORT").replace(f" {port} ", " PORT ")
        return line.replace(self.path, "PATH").replace(str(self.refused), "REFUSED")

    def accepted(self, s: Any) -> None:
        name = f"peer{self.peers}"
        self.peers += 1
        self.log("server", "connection")
        self.log(name, "accepted", self.state(s))
        its = self.program["peers"].get(name) or self.program["peers"]["peer0"]
        self.watch(name, s, its, its["atOnce"])

    async def quiet(self) -> None:
        before, same = -1, 0
        while True:
            same = same + 1 if self.lines == before else 0
            before = self.lines
            if same == self.program["quiet"]["rounds"]:
                return
            await deferLater(reactor, self.program["quiet"]["msecs"] / 1000)

    def states(self, label: str) -> None:
        for name, s in self.sockets.items():
            self.log(name, label, self.state1(name, s))


async def run(programs: list[dict[str, Any]], directory: str, refused: int) -> list[Traces]:
    """
    @param directory: for UNIX sockets.
    @param refused: a port on which nobody listens.
    @return: what each program does with nodenet.
    """
    turns = DeferredSemaphore(TOGETHER)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return await gatherResults(
            [
                turns.run(
                    lambda its: Deferred.fromCoroutine(its.run()),
                    _Run(program, directory, index, refused),
                )
                for index, program in enumerate(programs)
            ],
            consumeErrors=True,
        )


def node(programs: list[dict[str, Any]], directory: str, refused: int) -> list[Traces]:
    """
    @return: what each program does with Node.
    """
    assert NODE is not None
    given = {"dir": directory, "refused": refused, "together": TOGETHER, "programs": programs}
    done = subprocess.run(
        [NODE, str(Path(__file__).with_suffix(".js"))],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    if done.returncode or done.stderr:
        raise AssertionError(done.stderr)
    return list(map(json.loads, done.stdout.rstrip("\n").split("\n")))


async def different(seeds: range) -> list[tuple[int, Traces, Traces]]:
    """
    @return: of the programs that Node and nodenet do not do alike the seed, what nodenet
        does, and what Node does.
    """
    found: list[tuple[int, Traces, Traces]] = []
    for first in range(seeds.start, seeds.stop, BATCH):
        some = range(first, min(first + BATCH, seeds.stop))
        programs = [make(seed) for seed in some]
        ours, nodes = await _both(programs)
        for seed, our, its in zip(some, ours, nodes, strict=True):
            if our != its and not _isNodesOwnFault(its):
                # Once more, by itself: on a busy machine things come too late.
                [our], [its] = await _both([make(seed)])
                if our != its:
                    found.append((seed, our, its))
    return found


def _isNodesOwnFault(traces: Traces) -> bool:
    # net.js has failed with a TypeError: the program was not legal.
    every = [line for lines in traces.values() for line in lines]
    return "process" in traces or any("connect threw <TypeError: " in each for each in every)


async def _both(programs: list[dict[str, Any]]) -> tuple[list[Traces], list[Traces]]:
    directory = tempfile.mkdtemp(prefix="netprograms-")
    with reserve() as reserved:  # refused, as nobody listens
        refused = reserved.getsockname()[1]
        try:
            ours = await run(programs, directory, refused)
            nodes = await deferToThread(node, programs, directory, refused)
        finally:
            shutil.rmtree(directory)
    return ours, nodes


def first(ours: Traces, nodes: Traces) -> str:
    """
    @return: where two traces differ first.
    """
    out = []
    for name in sorted({*ours, *nodes}):
        one, other = ours.get(name, []), nodes.get(name, [])
        if one == other:
            continue
        out.append(f"[{name}]")
        for index in range(max(len(one), len(other))):
            our = one[index] if index < len(one) else "nothing more"
            its = other[index] if index < len(other) else "nothing more"
            if our == its:
                out.append(f"  {our}")
            else:
                out += [f"- {our}", f"+ {its}"]
                break
    return "\n".join(out)


async def main(reactor: Any, count: str = "1000", start: str = "0") -> None:
    """
    Run them, and show the first that differ: ours with C{-}, Node's with C{+}.
    """
    found = await different(range(int(start), int(start) + int(count)))
    for seed, ours, nodes in found[:3]:
        print(f"seed {seed}: {json.dumps(make(seed))}\n{first(ours, nodes)}")
    print(f"{count} programs, {len(found)} differ: {[seed for seed, _, _ in found][:50]}")
    raise SystemExit(bool(found))


if __name__ == "__main__":
    react(lambda reactor, *args: Deferred.fromCoroutine(main(reactor, *args)), sys.argv[1:])
