"""
How fast is nodenet, beside plain Twisted, asyncio, uvloop and Node? Prints tables in
Markdown. What each says: C{README.md}.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median

HERE = Path(__file__).resolve().parent
README = HERE / "README.md"
MARK = "<!-- run.py --update writes what follows -->\n"

SERVER_CPU, LOAD_CPU = "0", "1"
TIMEOUT = "60"  # seconds

DAEMON = "`twistd nodenet`"
TWISTED, NODE, UVLOOP = "plain Twisted", "Node", "uvloop"
SERVERS = {
    DAEMON: [sys.executable, "-c", "from twisted.scripts.twistd import run; run()"],
    "nodenet": [sys.executable, str(HERE / "echo_nodenet.py")],
    TWISTED: [sys.executable, str(HERE / "echo_twisted.py")],
    "asyncio": [sys.executable, str(HERE / "echo_asyncio.py")],
    UVLOOP: [sys.executable, str(HERE / "echo_asyncio.py"), "uvloop"],
    NODE: ["node", str(HERE / "echo_node.js")],
}
#: of those, the ones whose idle timeouts are compared
TIMED = (DAEMON, "nodenet", TWISTED, NODE)
WITH = ", timeouts"


class Failed(Exception):
    """
    Why a figure cannot be had.
    """


@dataclass
class Run:
    """
    What is the same for all figures of a run.
    """

    work: Path
    rounds: int
    seconds: float
    idle: int  # connections to measure memory by
    tls: bool = False  # the generator can do it

    def load(self, kind: str, port: int, connections: int, size: int) -> float:
        """
        @return: how many times a second.
        """
        command = [self.work / "loadgen", kind, port, connections, size, self.seconds]
        done = subprocess.run(
            ["taskset", "-c", LOAD_CPU, *map(str, command)], capture_output=True, text=True
        )
        if done.returncode:
            raise Failed(done.stderr.strip())
        figures = json.loads(done.stdout)
        if figures["errors"]:
            raise Failed(f"{figures['errors']} connections were lost")
        if figures["busy"] > 0.97:
            print(f"(the load generator was {figures['busy']:.0%} busy)", file=sys.stderr)
        return float(figures["rate"])

    @contextmanager
    def server(self, label: str, tls: bool) -> Iterator[tuple[int, int]]:
        """
        @return: a server's process id and port.
        """
        name = label.removesuffix(WITH)
        environ = {**os.environ, "PYTHONPATH": str(HERE.parent)}
        pem = str(self.work / "tls.pem")
        if label.endswith(WITH):
            environ["TIMEOUT"] = TIMEOUT
        if tls:
            environ["TLS"] = pem
        command = ["taskset", "-c", SERVER_CPU, *SERVERS[name]]
        if name == DAEMON:
            command += ["--reactor=nodenet", "--nodaemon", "--pidfile=", "nodenet"]
            if label.endswith(WITH):
                command += ["--timeout", TIMEOUT]
            where = f"ssl:0:privateKey={pem}" if tls else "tcp:0"
            command += ["--listen", f"{where}:interface=127.0.0.1"]
        # A file: a pipe would have to be read while the server logs.
        with open(self.work / "log", "w+") as log:
            process = subprocess.Popen(command, env=environ, stdout=log, stderr=log)
            try:
                yield process.pid, self._port(process)
            finally:
                process.kill()
                process.wait()

    def _port(self, process: subprocess.Popen[bytes]) -> int:
        log = self.work / "log"
        for _ in range(1000):
            found = re.search(r"Listening on \S*:(\d+)$", log.read_text(), re.M)
            if found:
                return int(found[1])
            if process.poll() is not None:
                break
            time.sleep(0.01)
        raise Failed(log.read_text() or "it does not listen")

    def memory(self, pid: int, port: int) -> float:
        """
        @return: KiB of resident memory for each connection that has sent back one
            message, and is idle.
        """

        def resident() -> int:
            time.sleep(0.3)
            status = Path(f"/proc/{pid}/status").read_text()
            return int(re.search(r"VmRSS:\s+(\d+)", status)[1])  # type: ignore[index]

        def use(count: int) -> None:
            for _ in range(count):
                held.append(socket.create_connection(("127.0.0.1", port)))
                held[-1].sendall(b"x" * 64)
                assert held[-1].recv(64, socket.MSG_WAITALL) == b"x" * 64

        held: list[socket.socket] = []
        try:
            use(200)  # what is allocated once
            before = resident()
            use(self.idle)
            return (resident() - before) / self.idle
        finally:
            for each in held:
                each.close()


@dataclass
class Question:
    """
    One table.

    @ivar measure: of a server, by process id and port.
    @ivar bases: heading -> whom a server is compared with, by label.
    """

    title: str
    unit: str
    measure: Callable[[Run, int, int], float]
    labels: tuple[str, ...] = tuple(SERVERS)
    bases: tuple[tuple[str, Callable[[str], str]], ...] = (
        ("to plain Twisted", lambda label: TWISTED),
        ("to Node", lambda label: NODE),
        ("to uvloop", lambda label: UVLOOP),
    )
    tls: bool = False

    def answer(self, run: Run) -> str:
        """
        @return: the table. In each round every server is measured once, one after
            the other, so that what else the machine does meets them all; ratios are
            of the same round.
        """
        figures: dict[str, list[float]] = {label: [] for label in self.labels}
        missing: dict[str, str] = {}
        for each in range(run.rounds):
            for label in self.labels:
                print(f"{self.title}: round {each + 1}, {label}", file=sys.stderr)
                if label in missing:
                    continue
                try:
                    with run.server(label, self.tls) as (pid, port):
                        figures[label].append(self.measure(run, pid, port))
                except (Failed, OSError, AssertionError) as e:
                    missing[label] = str(e).strip().rpartition("\n")[2] or repr(e)
        lines = [
            f"### {self.title}\n",
            f"| server | {self.unit} | " + " | ".join(name for name, _ in self.bases) + " |",
            "|---|" + "---|" * (1 + len(self.bases)),
        ]
        for label, own in figures.items():
            if label in missing:
                lines.append(f"| {label} | {missing[label]} |" + " |" * len(self.bases))
                continue
            cells = [label, spread(own)]
            for _, base in self.bases:
                other = figures.get(base(label), [])
                same = base(label) == label or base(label) in missing
                cells.append(
                    "" if same else spread([a / b for a, b in zip(own, other, strict=True)])
                )
            lines.append("| " + " | ".join(cells) + " |")
        return "\n".join(lines) + "\n"


def spread(figures: list[float]) -> str:
    """
    @return: median (least to most).
    """
    digits = 0 if median(figures) >= 100 else 2
    middle, least, most = (
        f"{each:,.{digits}f}" for each in (median(figures), min(figures), max(figures))
    )
    return f"{middle} ({least} to {most})"


def echo(connections: int, size: int) -> Question:
    human = f"{size // 1024} KiB" if size >= 1024 else f"{size} B"
    # Large messages are about bytes, small ones about messages.
    unit, each = ("MB/s", size / 1e6) if size >= 65536 else ("round trips/s", 1)
    return Question(
        f"Echo: {connections:,} connection{'s' * (connections > 1)}, {human}",
        unit,
        lambda run, _, port: run.load("echo", port, connections, size) * each,
    )


QUESTIONS = {
    **{
        f"echo-{connections}-{size}": echo(connections, size)
        for size in (64, 1024, 65536)
        for connections in (1, 50, 1000)
    },
    "churn": Question(
        "Accept, echo 64 B once, close",
        "connections/s",
        lambda run, _, port: run.load("churn", port, 50, 64),
    ),
    "memory": Question(
        "Memory of an idle connection", "KiB", lambda run, pid, port: run.memory(pid, port)
    ),
    "timeouts": Question(
        "Idle timeouts: echo, 1,000 connections, 1 KiB",
        "round trips/s",
        lambda run, _, port: run.load("echo", port, 1000, 1024),
        tuple(label for name in TIMED for label in (name, name + WITH)),
        (("to without", lambda label: label.removesuffix(WITH)),),
    ),
    "tls": Question(
        "TLS echo: 50 connections, 1 KiB",
        "round trips/s",
        lambda run, _, port: run.load("tls", port, 50, 1024),
        tls=True,
    ),
}


def prepare(run: Run) -> None:
    """
    Build the load generator, with TLS where OpenSSL's headers are.
    """
    build = ["cc", "-O2", "-o", str(run.work / "loadgen"), str(HERE / "loadgen.c")]
    tls = subprocess.run([*build, "-DTLS", "-lssl", "-lcrypto"], capture_output=True)
    run.tls = tls.returncode == 0
    if not run.tls:
        subprocess.run(build, check=True)
        print("(no TLS: libssl-dev is not installed)", file=sys.stderr)
        return
    key, certificate, pem = (run.work / name for name in ("key.pem", "cert.pem", "tls.pem"))
    request = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=x"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*request, *files], check=True, capture_output=True)
    pem.write_bytes(key.read_bytes() + certificate.read_bytes())


def versions() -> str:
    """
    @return: when, what and on what.
    """
    parts = [date.today().isoformat(), f"Python {platform.python_version()}"]
    for name in ("nodenet", "Twisted", "uvloop"):
        try:
            parts.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            parts.append(f"no {name}")
    if shutil.which("node"):
        node = subprocess.run(["node", "--version"], capture_output=True, text=True).stdout
        parts.append(f"Node {node.strip().lstrip('v')}")
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    parts.append(f"Linux {platform.release()}")
    parts.append(f"{os.cpu_count()} CPUs" + (f", {model[1]}" if model else ""))
    return "; ".join(parts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a short run, of less worth")
    parser.add_argument("--only", metavar="NAME", help=f"one of {', '.join(QUESTIONS)}")
    parser.add_argument("--rounds", type=int, help="5 unless told otherwise (--quick: 3)")
    parser.add_argument("--update", action="store_true", help="write the tables to README.md")
    options = parser.parse_args()
    if options.update and options.only:
        parser.error("--update needs all tables")
    chosen = {n: q for n, q in QUESTIONS.items() if n.startswith(options.only or "")}
    if not chosen:
        parser.error(f"--only {options.only}: one of {', '.join(QUESTIONS)}")
    if not {0, 1} <= os.sched_getaffinity(0):
        parser.error("two CPUs are needed: one for the server, one for the load")
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    rounds = options.rounds or (3 if options.quick else 5)
    seconds, idle = (0.5, 1000) if options.quick else (2, 5000)
    with tempfile.TemporaryDirectory() as work:
        run = Run(Path(work), rounds, seconds, idle)
        prepare(run)
        report = f"{versions()}. {rounds} rounds of {seconds} s: median (least to most).\n"
        print(report)
        for question in chosen.values():
            if run.tls or not question.tls:
                table = question.answer(run)
                print(table, flush=True)
                report += f"\n{table}"
    if options.update:
        text = README.read_text()
        README.write_text(text[: text.index(MARK) + len(MARK)] + report)


if __name__ == "__main__":
    main()
