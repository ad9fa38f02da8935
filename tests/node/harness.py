"""
What the scenarios share, for nodenet: a port of C{harness.js}.

A scenario is three files: C{scenarios/<area>/<name>.js}, its twin C{<name>.py} with a
function (or coroutine function) C{scenario(h)}, and C{<name>.txt}, which is what Node 20
has logged. Each logs lines through C{h.actor(name)}; they are compared actor by
actor. What nobody catches, and Node's warnings, are lines of the actor C{process}.
C{python -m tests.node.record} writes the traces anew.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import re
import shutil
import subprocess
import threading
import warnings
from collections.abc import Callable
from inspect import iscoroutine
from pathlib import Path
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater
from twisted.logger import globalLogPublisher

from nodenet.node._inspect import className, text
from nodenet.node._streams.microtasks import later, settled
from nodenet.node.errors import messageOf, nameOf, undefined
from tests.oracle.harness import HOST, Harness

__all__ = [
    "NODE",
    "ODD",
    "SCENARIOS",
    "Play",
    "attempt",
    "following",
    "inNode",
    "iterate",
    "names",
    "node",
    "play",
    "show",
]

SCENARIOS = Path(__file__).parent / "scenarios"
#: Seconds that Node may take for a scenario.
LIMIT = 20
#: What is given in place of what is right; C{odd} of C{harness.js}.
ODD = (
    undefined,
    None,
    True,
    False,
    0,
    -0.0,
    1,
    -1,
    1.5,
    float("nan"),
    float("inf"),
    2**31,
    2**32,
    2**53,
    "",
    "x",
    "80",
    " 80 ",
    "0x50",
    "0b11",
    "1e2",
    "1_0",
    "Infinity",
    "-1",
    "65536",
    [],
    [1],
    {},
    lambda: None,
    b"x",
)


def _node() -> str | None:
    path = shutil.which("node")
    if path is None:
        return None
    version = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)
    return path if re.match(r"v20\.", version.stdout) else None


#: Node 20, if it is here.
NODE = _node()


def names() -> list[str]:
    """
    @return: all scenarios, as C{'events/once'}.
    """
    found = sorted(SCENARIOS.glob("*/*.js"))
    return [str(each.relative_to(SCENARIOS).with_suffix("")) for each in found]


def show(value: object) -> str:
    """
    @return: a value as both languages print it.
    """
    if isinstance(value, (bytes, bytearray, memoryview)):
        return f"bytes {json.dumps(bytes(value).decode('latin-1'), ensure_ascii=False)}"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, BaseException):
        code = getattr(value, "code", None)
        return f"<{nameOf(value)}{'' if code is None else f' {code}'}: {messageOf(value)}>"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(show, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {show(its)}' for key, its in value.items())}}}"
    if repr(value) == "undefined":
        return "null"
    if callable(value):
        return "function"
    if value is None or isinstance(value, (bool, int, float)) or repr(value)[:7] == "Symbol(":
        return text(value)
    return className(value)


def attempt(log: Callable[..., None], label: str, call: Callable[[], object]) -> None:
    """
    Log what a call returns, or what it raises.
    """
    try:
        log(label, "->", call())
    except Exception as e:
        log(label, "threw", e)


async def following(iterator: Any, default: object) -> Any:
    """
    As C{anext(iterator, default)}, which asks a Deferred for a C{throw} that it has not by
    Twisted 24.3.
    """
    try:
        return await anext(iterator)
    except StopAsyncIteration:
        return default


async def iterate(stream: Any, most: int, came: Callable[[Any], object]) -> None:
    """
    As JavaScript's loop over a stream, whose C{await} is never at once.

    @param most: chunks after which it is left.
    @param came: called with each.
    """
    n = 0
    iterator = stream.__aiter__()
    while True:
        try:
            chunk = await settled(stream, iterator.__anext__())
            await later(stream)  # that of the generator's yield
        except StopAsyncIteration:
            await later(stream)
            break
        came(chunk)
        n += 1
        if n == most:
            await settled(stream, iterator.aclose())
            break


class Play(Harness):
    """
    One run of one scenario.

    @ivar host: C{'127.0.0.1'}.
    """

    host = HOST

    def left(self) -> list[Any]:
        """
        @return: what is left to do. A look-up in a thread is no descriptor.
        """
        running = [each for each in threading.enumerate() if each.name == "nodenet look-up"]
        return super().left() or running or list(reactor.threadCallQueue)

    def actor(self, name: str) -> Callable[..., None]:
        """
        @return: what logs a line for this actor.
        """
        lines = self.traces.setdefault(name, [])

        def log(*parts: object) -> None:
            if not self._finished:
                lines.append(self._line(parts))

        return log

    def _line(self, parts: tuple[object, ...]) -> str:
        line = " ".join(each if isinstance(each, str) else show(each) for each in parts)
        line = line.replace("\n", "\\n").replace(self.dir, "DIR")
        return line.replace(str(self.port), "PORT")

    def logged(self, event: Any) -> None:
        """
        A log's event: what nobody has caught.
        """
        failure = event.get("log_failure", event.get("failure"))  # Twisted 24.3's old log
        if failure is not None:
            self.actor("process")("uncaught", failure.value)

    def warned(self, message: Any, *about: Any, **more: Any) -> None:
        """
        A warning.
        """
        if hasattr(message, "name"):
            self.actor("process")("warning", f"{message.name}: {message}")

    def text(self) -> str:
        """
        @return: the traces, as they are in a file.
        """
        return "".join(
            "".join(f"{line}\n" for line in [f"[{name}]", *lines])
            for name, lines in sorted(self.traces.items())
        )


async def play(name: str) -> tuple[str, list[Any]]:
    """
    Run a scenario to its end with nodenet.

    @return: its traces, and what was left to do.
    """
    scenario = importlib.import_module(
        f"tests.node.scenarios.{name.replace('/', '.')}"
    ).scenario
    # trial starts a test before the reactor, which then adds descriptors of its own.
    await deferLater(reactor, 0)
    h = Play()
    globalLogPublisher.addObserver(h.logged)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.showwarning = h.warned  # type: ignore[assignment]
            try:
                result = scenario(h)
                if iscoroutine(result):
                    Deferred.fromCoroutine(result).addErrback(
                        lambda failure: h.actor("process")("uncaught", failure.value)
                    )
            except Exception as e:
                h.actor("process")("uncaught", e)
            left = await h.over()
            gc.collect()  # a Deferred that has failed tells the log when it goes
    finally:
        h.close()
        globalLogPublisher.removeObserver(h.logged)
    return h.text(), left


def node(name: str) -> str:
    """
    Run a scenario with Node.

    @return: its traces.
    """
    assert NODE is not None
    source = SCENARIOS / f"{name}.js"
    # As Node's own tests have it, on the first line.
    flags = re.match(r"// Flags: (.*)", source.read_text("utf-8"))
    h = Harness()
    try:
        done = subprocess.run(
            [NODE, *(flags[1].split() if flags else ()), str(source)],
            env={**os.environ, "SCENARIO_PORT": str(h.port), "SCENARIO_DIR": h.dir},
            capture_output=True,
            text=True,
            timeout=LIMIT,
            check=False,
        )
    finally:
        h._reserved.close()
        shutil.rmtree(h.dir)
    if done.stderr:
        raise AssertionError(f"{name}: {done.stderr}")
    return done.stdout


def recorded(name: str) -> Path:
    """
    @return: the file with what Node has logged.
    """
    return SCENARIOS / f"{name}.txt"


def inNode(script: Path, programs: Any) -> Any:
    """
    @param script: in JavaScript, which reads programs and prints what they do, as JSON.
    @return: what they do.
    """
    assert NODE is not None
    done = subprocess.run(
        [NODE, "--no-warnings", str(script)],
        input=json.dumps(programs),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return json.loads(done.stdout)
