"""
How fast is nodenet, beside plain Twisted, asyncio, uvloop and Node, and its relay beside
HAProxy, nginx and others? Prints tables in Markdown. What each says: C{README.md}.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import resource
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
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
SETTLE = 0.3  # seconds in which a server comes to rest

DAEMON = "`twistd nodenet`"
TWISTED, NODE, UVLOOP = "plain Twisted", "Node", "uvloop"
TWISTD = [sys.executable, "-c", "from twisted.scripts.twistd import run; run()"]
NODENET = ["--reactor=nodenet", "--nodaemon", "--pidfile=", "nodenet"]
SERVERS = {
    DAEMON: [*TWISTD, *NODENET],
    "nodenet": [sys.executable, str(HERE / "echo_nodenet.py")],
    TWISTED: [sys.executable, str(HERE / "echo_twisted.py")],
    "asyncio": [sys.executable, str(HERE / "echo_asyncio.py")],
    UVLOOP: [sys.executable, str(HERE / "echo_asyncio.py"), "uvloop"],
    NODE: ["node", str(HERE / "echo_node.js")],
}
SECURE = {**SERVERS, "bare `ssl`": [sys.executable, str(HERE / "echo_ssl.py")]}
STREAMS = "asyncio streams"
TODAY = {
    "nodenet": SERVERS["nodenet"],
    "nodenet.node, `pipe`": [sys.executable, str(HERE / "echo_today.py")],
    "nodenet.node, `async for`": [sys.executable, str(HERE / "echo_today.py"), "loop"],
    STREAMS: [sys.executable, str(HERE / "echo_asyncio.py"), "streams"],
    NODE: SERVERS[NODE],
}
CLIENTS = {
    "nodenet": [sys.executable, str(HERE / "client_nodenet.py")],
    TWISTED: [sys.executable, str(HERE / "client_twisted.py")],
    "asyncio": [sys.executable, str(HERE / "client_asyncio.py")],
    UVLOOP: [sys.executable, str(HERE / "client_asyncio.py"), "uvloop"],
    NODE: ["node", str(HERE / "client_node.js")],
}
#: of SERVERS, the ones whose idle timeouts are compared
TIMED = (DAEMON, "nodenet", TWISTED, NODE)
WITH = ", timeouts"

RELAY, HAPROXY, PORTFORWARD = "`twistd nodenet relay`", "HAProxy", "`twistd portforward`"
# What is between @ is known when one is started; in their configuration, too.
LISTEN = "tcp:@PORT@:interface=127.0.0.1"
RELAY_COMMAND = [*TWISTD, *NODENET, "--listen", LISTEN, "relay"]
RELAY_COMMAND += ["--upstream", "127.0.0.1:@UPSTREAM@"]
HAPROXY_COMMAND = ["haproxy", "-db", "-f", "@WORK@/relay_haproxy.cfg"]
SOCAT_LISTEN = "TCP-LISTEN:@PORT@,bind=127.0.0.1,backlog=1024,fork"
PORTFORWARD_COMMAND = [*TWISTD, "--nodaemon", "--pidfile=", "portforward", "--port", LISTEN]
PORTFORWARD_COMMAND += ["--host", "127.0.0.1", "--dest_port", "@UPSTREAM@"]
RELAYS = {
    RELAY: RELAY_COMMAND,
    f"{RELAY}, no splice": [*RELAY_COMMAND, "--no-splice"],
    HAPROXY: HAPROXY_COMMAND,
    f"{HAPROXY}, always splice": ["env", "ALWAYS=1", *HAPROXY_COMMAND],
    "nginx": ["nginx", "-e", "stderr", "-c", "@WORK@/relay_nginx.conf"],
    "socat": ["socat", SOCAT_LISTEN, "TCP:127.0.0.1:@UPSTREAM@"],
    NODE: ["node", str(HERE / "relay_node.js"), "@PORT@", "@UPSTREAM@"],
    PORTFORWARD: PORTFORWARD_COMMAND,
}
#: of bulk: what is sent at once
BULK = 256 * 1024

#: for a message, or a connection; of tls-bulk, for BULK bytes
CPU = "CPU µs each"
Figures = tuple[float, ...]


class Failed(Exception):
    """
    Why a figure cannot be had.
    """


@dataclass
class Server:
    """
    One that runs, on a CPU of its own: the program that is measured, a client too.

    @ivar tls: it talks TLS.
    @ivar upstream: of a relay or a client: listens for its connections, which wait there
        until a measurement accepts them.
    """

    pid: int
    port: int = 0
    tls: bool = False
    upstream: socket.socket | None = None

    def family(self) -> list[int]:
        """
        @return: its process id, and those of all processes that it has started.
        """
        found = [self.pid]
        for pid in found:
            with suppress(OSError):  # it has ended
                found += map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
        return found

    def resident(self) -> int:
        """
        @return: KiB. Of what processes share each has its part; pages of files are left out,
            for who else maps them comes and goes.
        """
        time.sleep(SETTLE)
        rollups = (Path(f"/proc/{pid}/smaps_rollup").read_text() for pid in self.family())
        found = (re.search(r"Pss_Anon:\s+(\d+)", each) for each in rollups)
        return sum(int(each[1]) for each in found if each)

    def cpu(self) -> float:
        """
        @return: seconds that it has used, with those of its children that have ended.
        """
        time.sleep(SETTLE)
        # After the name, which may contain spaces.
        stats = (Path(f"/proc/{pid}/stat").read_text() for pid in self.family())
        ticks = (sum(map(int, each.rpartition(")")[2].split()[11:15])) for each in stats)
        return sum(ticks) / os.sysconf("SC_CLK_TCK")


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

    def load(self, kind: str, server: Server, connections: int, size: int) -> dict[str, float]:
        """
        @return: what the load generator says: C{rate}, how many times a second, C{cpu}, the
            server's microseconds for each, and C{total}.
        """
        command = [self.work / "loadgen", kind, server.port, connections, size, self.seconds]
        command.append(server.pid)
        fds = [] if server.upstream is None else [server.upstream.fileno()]
        done = subprocess.run(
            ["taskset", "-c", LOAD_CPU, *map(str, [*command, *fds])],
            capture_output=True,
            text=True,
            pass_fds=fds,
        )
        if done.returncode:
            raise Failed(done.stderr.strip())
        figures: dict[str, float] = json.loads(done.stdout)
        if figures["errors"]:
            raise Failed(f"{figures['errors']} connections were lost")
        if not figures["rate"]:
            raise Failed("nothing came back")
        if figures["busy"] > 0.97:
            print(f"(the load generator was {figures['busy']:.0%} busy)", file=sys.stderr)
        return figures

    def each(
        self, kind: str, server: Server, connections: int, size: int, worth: float = 1
    ) -> Figures:
        """
        @param worth: of a message, in the unit that is asked for.
        @return: how much a second; microseconds of CPU for each message.
        """
        figures = self.load(kind, server, connections, size)
        return figures["rate"] * worth, figures["cpu"]

    @contextmanager
    def client(self, label: str, count: int) -> Iterator[Server]:
        """
        @param count: connections at a time.
        """
        with socket.create_server(("127.0.0.1", 0), backlog=1024) as upstream:
            port = upstream.getsockname()[1]
            command = [*CLIENTS[label], str(port), str(count)]
            # It may end by itself when the generator has left it alone.
            with self._process(command, {}, lambda log: port, lasting=False) as server:
                server.upstream = upstream
                yield server

    @contextmanager
    def relay(self, label: str) -> Iterator[Server]:
        with socket.create_server(("127.0.0.1", 0), backlog=1024) as upstream:
            upstream.settimeout(10)
            with socket.create_server(("127.0.0.1", 0)) as free:
                port = free.getsockname()[1]
            known = {"WORK": self.work, "PORT": port, "UPSTREAM": upstream.getsockname()[1]}

            def fill(text: str) -> str:
                return re.sub("@([A-Z]+)@", lambda found: str(known[found[1]]), text)

            for name in ("relay_haproxy.cfg", "relay_nginx.conf"):
                (self.work / name).write_text(fill((HERE / name).read_text()))
            command = [fill(each) for each in RELAYS[label]]
            with self._process(command, {}, lambda log: bound(port)) as server:
                server.upstream = upstream
                yield server

    @contextmanager
    def echo(self, label: str, tls: bool = False) -> Iterator[Server]:
        name = label.removesuffix(WITH)
        pem = str(self.work / "tls.pem")
        environ = {}
        if label.endswith(WITH):
            environ["TIMEOUT"] = TIMEOUT
        if tls:
            environ["TLS"] = pem
        command = [*(TODAY.get(name) or SECURE[name])]
        if name == DAEMON:
            if label.endswith(WITH):
                command += ["--timeout", TIMEOUT]
            if tls:
                command += ["--tls-key", pem, "--tls-cert", pem]
            command += ["--listen", "tcp:0:interface=127.0.0.1"]
        with self._process(command, environ, listening) as server:
            server.tls = tls
            yield server

    def secureEcho(self, label: str) -> AbstractContextManager[Server]:
        return self.echo(label, tls=True)

    @contextmanager
    def _process(
        self,
        command: list[str],
        environ: dict[str, str],
        find: Callable[[str], int | None],
        lasting: bool = True,
    ) -> Iterator[Server]:
        """
        @param find: of what it has logged: its port, once it listens.
        @param lasting: it is a failure if it ends by itself.
        """
        environ = {**os.environ, "PYTHONPATH": str(HERE.parent), **environ}
        path = self.work / "log"
        # A file: a pipe would have to be read while the server logs.
        with open(path, "w") as log:
            process = subprocess.Popen(
                ["taskset", "-c", SERVER_CPU, *command], env=environ, stdout=log, stderr=log
            )
        server = Server(process.pid)
        try:
            for _ in range(1000):
                server.port = find(path.read_text()) or 0
                if server.port or process.poll() is not None:
                    break
                time.sleep(0.01)
            if not server.port:
                raise Failed(path.read_text() or "it does not listen")
            yield server
            if lasting and process.poll() is not None:
                raise Failed(path.read_text() or "it has ended")
        finally:
            _, *children = server.family()
            process.kill()
            process.wait()
            for pid in children:
                with suppress(ProcessLookupError):  # it went with its parent
                    os.kill(pid, signal.SIGKILL)

    def memory(self, server: Server) -> Figures:
        """
        @return: KiB of resident memory for each connection (of a relay: pair of them) that
            has sent back one message, and is idle.
        """
        idle = min(self.idle, 1000) if server.tls else self.idle
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE

        def use(count: int) -> None:
            for _ in range(count):
                client = socket.create_connection(("127.0.0.1", server.port))
                if server.tls:
                    client = context.wrap_socket(client)
                held.append(client)
                client.sendall(b"x" * 64)
                if server.upstream is not None:
                    held.append(server.upstream.accept()[0])
                    held[-1].sendall(held[-1].recv(64, socket.MSG_WAITALL))
                # Of TLS, one record; it knows no flags.
                flags = 0 if server.tls else socket.MSG_WAITALL
                assert client.recv(64, flags) == b"x" * 64

        held: list[socket.socket] = []
        try:
            use(200)  # what is allocated once
            before = server.resident()
            use(idle)
            return ((server.resident() - before) / idle,)
        finally:
            for each in held:
                each.close()

    def cpu(self, server: Server) -> Figures:
        """
        @return: seconds of CPU for each GB through a relay.
        """
        before = server.cpu()
        moved = self.load("bulk", server, 1, BULK)["total"] * BULK
        return ((server.cpu() - before) / (moved / 1e9),)


def listening(log: str) -> int | None:
    """
    @return: the port that a server has told.
    """
    found = re.search(r"Listening on \S*:(\d+)$", log, re.M)
    return int(found[1]) if found else None


def bound(port: int) -> int | None:
    """
    @return: the port, if anybody listens on it. To connect would have a relay connect, too.
    """
    there = f" 0100007F:{port:04X} 00000000:0000 0A " in Path("/proc/net/tcp").read_text()
    return port if there else None


@dataclass
class Question:
    """
    One table.

    @ivar units: of the figures that C{measure} returns; of those after the first, ratios
        are told without their spread.
    @ivar measure: of a server.
    @ivar bases: heading -> whom a server is compared with, by label.
    @ivar start: one, by label.
    """

    title: str
    units: tuple[str, ...]
    measure: Callable[[Run, Server], Figures]
    labels: tuple[str, ...] = tuple(SERVERS)
    bases: tuple[tuple[str, Callable[[str], str]], ...] = (
        ("to plain Twisted", lambda label: TWISTED),
        ("to Node", lambda label: NODE),
        ("to uvloop", lambda label: UVLOOP),
    )
    start: Callable[[Run, str], AbstractContextManager[Server]] = Run.echo

    def answer(self, run: Run) -> str:
        """
        @return: the table. In each round every server is measured once, one after
            the other, so that what else the machine does meets them all; ratios are
            of the same round.
        """
        figures: dict[str, list[Figures]] = {label: [] for label in self.labels}
        missing: dict[str, str] = {}
        for each in range(run.rounds):
            for label in self.labels:
                print(f"{self.title}: round {each + 1}, {label}", file=sys.stderr)
                if label in missing:
                    continue
                try:
                    with self.start(run, label) as server:
                        found = self.measure(run, server)
                    figures[label].append(found)
                except (Failed, OSError, AssertionError) as e:
                    missing[label] = str(e).strip().rpartition("\n")[2] or repr(e)
        headings = ["program"]
        for i, unit in enumerate(self.units):
            headings += [unit, *(f"CPU {name}" if i else name for name, _ in self.bases)]
        lines = [f"### {self.title}\n", row(headings), "|---" * len(headings) + "|"]
        for label, own in figures.items():
            if label in missing:
                lines.append(row([label, missing[label], *[""] * (len(headings) - 2)]))
                continue
            cells = [label]
            for i, mine in enumerate(zip(*own, strict=True)):
                cells.append(spread(mine))
                for _, base in self.bases:
                    if base(label) == label or base(label) in missing:
                        cells.append("")
                        continue
                    theirs = [each[i] for each in figures[base(label)]]
                    ratios = [a / b for a, b in zip(mine, theirs, strict=True)]
                    cells.append(f"{median(ratios):.2f}" if i else spread(ratios))
            lines.append(row(cells))
        return "\n".join(lines) + "\n"


def row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def spread(figures: Sequence[float]) -> str:
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
        (unit, CPU),
        lambda run, server: run.each("echo", server, connections, size, each),
    )


def secure(
    title: str, units: tuple[str, ...], measure: Callable[[Run, Server], Figures]
) -> Question:
    return Question(f"TLS {title}", units, measure, tuple(SECURE), start=Run.secureEcho)


def today(
    title: str, units: tuple[str, ...], measure: Callable[[Run, Server], Figures]
) -> Question:
    bases = (
        ("to nodenet", lambda label: "nodenet"),
        ("to Node", lambda label: NODE),
        ("to asyncio streams", lambda label: STREAMS),
    )
    return Question(f"nodenet.node: {title}", units, measure, tuple(TODAY), bases)


def client(count: int) -> Question:
    return Question(
        f"Client: connect, echo 64 B, close; {count} at a time",
        ("connections/s", CPU),
        lambda run, server: run.each("serve", server, count, 64),
        tuple(CLIENTS),
        start=lambda run, label: run.client(label, count),
    )


def relay(
    title: str, units: tuple[str, ...], measure: Callable[[Run, Server], Figures]
) -> Question:
    bases = (
        ("to HAProxy", lambda label: HAPROXY),
        ("to Node", lambda label: NODE),
        ("to portforward", lambda label: PORTFORWARD),
    )
    labels = tuple(RELAYS)
    return Question(f"Relay: {title}", units, measure, labels, bases, Run.relay)


QUESTIONS = {
    **{
        f"echo-{connections}-{size}": echo(connections, size)
        for size in (64, 1024, 65536)
        for connections in (1, 50, 1000)
    },
    "churn": Question(
        "Accept, echo 64 B once, close",
        ("connections/s", CPU),
        lambda run, server: run.each("churn", server, 50, 64),
    ),
    "client-1": client(1),
    "client-50": client(50),
    "memory": Question("Memory of an idle connection", ("KiB",), Run.memory),
    "today-echo": today(
        "echo, 50 connections, 1 KiB",
        ("round trips/s", CPU),
        lambda run, server: run.each("echo", server, 50, 1024),
    ),
    "today-churn": today(
        "accept, echo 64 B once, close",
        ("connections/s", CPU),
        lambda run, server: run.each("churn", server, 50, 64),
    ),
    "today-memory": today("memory of an idle connection", ("KiB",), Run.memory),
    "timeouts": Question(
        "Idle timeouts: echo, 1,000 connections, 1 KiB",
        ("round trips/s", CPU),
        lambda run, server: run.each("echo", server, 1000, 1024),
        tuple(label for name in TIMED for label in (name, name + WITH)),
        (("to without", lambda label: label.removesuffix(WITH)),),
    ),
    "tls-echo": secure(
        "echo: 50 connections, 1 KiB",
        ("round trips/s", CPU),
        lambda run, server: run.each("tls", server, 50, 1024),
    ),
    "tls-handshake": secure(
        "accept, handshake, echo 64 B once, close",
        ("connections/s", CPU),
        lambda run, server: run.each("handshake", server, 50, 64),
    ),
    "tls-bulk": secure(
        "echo: one stream",
        ("MB/s", CPU),
        lambda run, server: run.each("stream", server, 1, BULK, BULK / 1e6),
    ),
    "tls-memory": secure("memory of an idle connection", ("KiB",), Run.memory),
    "relay-bulk": relay(
        "one stream",
        ("MB/s",),
        lambda run, server: run.each("bulk", server, 1, BULK, BULK / 1e6)[:1],
    ),
    "relay-cpu": relay("CPU for one stream", ("s/GB",), Run.cpu),
    "relay-pingpong": relay(
        "50 connections, 1 KiB",
        ("round trips/s",),
        lambda run, server: run.each("echo", server, 50, 1024)[:1],
    ),
    "relay-churn": relay(
        "connect, echo 64 B once, close",
        ("connections/s", CPU),
        lambda run, server: run.each("churn", server, 50, 64),
    ),
    "relay-idle": relay("memory of an idle pair of connections", ("KiB",), Run.memory),
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
    # To sign is most of a handshake, and the server's part: the generator only verifies, which
    # with RSA is cheap. With ECDSA it would be the slower side.
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
    for name, option in (("Node", "-v"), ("HAProxy", "-v"), ("nginx", "-v"), ("socat", "-V")):
        with suppress(FileNotFoundError):
            done = subprocess.run([name.lower(), option], capture_output=True, text=True)
            found = re.search(r"\d+(\.\d+)+", done.stdout + done.stderr)
            parts.append(f"{name} {found[0] if found else ''}")
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
            if run.tls or question.start is not Run.secureEcho:
                table = question.answer(run)
                print(table, flush=True)
                report += f"\n{table}"
    if options.update:
        text = README.read_text()
        README.write_text(text[: text.index(MARK) + len(MARK)] + report)


if __name__ == "__main__":
    main()
