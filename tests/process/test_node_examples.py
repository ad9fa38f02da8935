"""
The programs of C{docs/examples}, in JavaScript and in Python, among themselves and with
programs of others.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.processes import LIMIT, ROOT
from tests.programs import Program, find, until

EXAMPLES = Path(ROOT) / "docs" / "examples"
HOST = "127.0.0.1"
#: What runs a language's programs. Python's output is not to wait for more.
RUNNERS = {"js": ("node",), "py": (sys.executable, "-u")}
LANGUAGES = {"js": "JavaScript", "py": "Python"}


def reset(skt: socket.socket) -> None:
    """
    Close a connection with an RST.
    """
    skt.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    skt.close()


def readAll(skt: socket.socket) -> bytes:
    """
    @return: all that comes until the peer's end.
    """
    return b"".join(iter(lambda: skt.recv(1 << 16), b""))


def memory(pid: int) -> int:
    """
    @return: what a process has had resident at most. Bytes.
    """
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found is not None
    return int(found[1]) * 1024


def descriptors(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))


class Running(Program):
    """
    An example that serves.

    @ivar where: where it listens: ports, or a path.
    """

    def __init__(self, language: str, name: str, *args: str, listens: int = 1) -> None:
        runner, *flags = RUNNERS[language]
        program = str(EXAMPLES / f"{name}.{language}")
        environ = {**os.environ, "PYTHONPATH": ROOT}
        super().__init__(runner, *flags, program, *args, env=environ)
        self.listens = listens

    @property
    def where(self) -> list[Any]:  # type: ignore[override]
        found = re.findall(r"^listening on (\S+)$", self.text(), re.M)
        return [int(each) if each.isdigit() else each for each in found]

    def begun(self) -> bool:
        return self.process.poll() is not None or len(self.where) == self.listens


class ExampleCase(SynchronousTestCase):
    """
    How examples are run.
    """

    def setUp(self) -> None:
        self.folder = tempfile.mkdtemp(prefix="nodenet-")
        self.addCleanup(shutil.rmtree, self.folder)

    def serve(self, language: str, name: str, *args: str, listens: int = 1) -> Running:
        program = Running(language, name, *args, listens=listens)
        self.addCleanup(program.remove)
        until(program.begun, program.text)
        self.assertEqual(len(program.where), listens, program.text())
        return program

    def run_(
        self, language: str, name: str, *args: str, status: int = 0
    ) -> subprocess.CompletedProcess[str]:
        """
        Run one to its end, which has that status.
        """
        runner, *flags = RUNNERS[language]
        done = subprocess.run(
            [find(runner), *flags, str(EXAMPLES / f"{name}.{language}"), *args],
            env={**os.environ, "PYTHONPATH": ROOT},
            capture_output=True,
            text=True,
            timeout=LIMIT,
            check=False,
        )
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done

    def call(self, name: str, *args: str, status: int = 0, input: bytes = b"") -> bytes:
        """
        Run somebody else's program.

        @return: its output.
        """
        done = subprocess.run(
            [find(name), *args], input=input, capture_output=True, timeout=LIMIT, check=False
        )
        self.assertEqual(done.returncode, status, done.stderr)
        return done.stdout

    def connect(self, where: Any, receive: int = 0) -> socket.socket:
        """
        @param receive: bytes of its receive buffer; 0: as the kernel likes.
        """
        skt = socket.socket(socket.AF_UNIX if isinstance(where, str) else socket.AF_INET)
        self.addCleanup(skt.close)
        skt.settimeout(LIMIT)
        if receive:
            skt.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
        skt.connect(where if isinstance(where, str) else (HOST, where))
        return skt

    def listen(self, answer: Callable[[socket.socket], None], path: str = "") -> int:
        """
        Call C{answer} with each connection, in a thread of its own.

        @param path: of a UNIX socket; TCP by default.
        @return: the port.
        """
        listener = socket.socket(socket.AF_UNIX if path else socket.AF_INET)
        listener.bind(path or (HOST, 0))
        listener.listen()
        self.addCleanup(listener.close)
        self.addCleanup(listener.shutdown, socket.SHUT_RDWR)

        def one(skt: socket.socket) -> None:
            with contextlib.suppress(OSError), skt:
                skt.settimeout(LIMIT)
                answer(skt)

        def all() -> None:
            with contextlib.suppress(OSError):
                while True:
                    skt, _ = listener.accept()
                    threading.Thread(target=one, args=(skt,), daemon=True).start()

        threading.Thread(target=all, daemon=True).start()
        return 0 if path else int(listener.getsockname()[1])


def closedPort() -> int:
    with socket.socket() as skt:
        skt.bind((HOST, 0))
        return int(skt.getsockname()[1])


def each(**bases: Any) -> Iterator[tuple[str, Any]]:
    """
    @param bases: tests of one program, which is in C{language}.
    @return: name and class of these in each language.
    """
    for name, base in bases.items():
        for language, its in LANGUAGES.items():
            yield f"{its}{name}", (base, {"language": language})


def eachPair(**bases: Any) -> Iterator[tuple[str, Any]]:
    """
    @param bases: tests of two programs, one in C{language}, which serves, one in C{other}.
    @return: name and class of these in each two languages.
    """
    for name, base in bases.items():
        for language, its in LANGUAGES.items():
            for other, others in LANGUAGES.items():
                yield (
                    f"{others}To{its}{name}",
                    (base, {"language": language, "other": other}),
                )


class Member:
    """
    Somebody in a chat.
    """

    def __init__(self, skt: socket.socket) -> None:
        self.skt = skt
        self.lines = skt.makefile("r", encoding="utf-8", newline="\n")
        greeting = self.hears()
        found = re.fullmatch(r"\* you are (\S+), one of (\d+)", greeting)
        assert found is not None, greeting
        self.name, self.count = found[1], int(found[2])

    def says(self, text: str) -> None:
        self.skt.sendall(text.encode())

    def hears(self) -> str:
        return self.lines.readline().rstrip("\n")


class Chat:
    language = ""

    def setUp(self: Any) -> None:
        super().setUp()  # type: ignore[misc]
        self.chat = self.serve(self.language, "chat", "0")

    def member(self: Any, **settings: Any) -> Member:
        return Member(self.connect(*self.chat.where, **settings))

    def test_whatOneWritesAllOthersRead(self: Any) -> None:
        one, two = self.member(), self.member()
        self.assertEqual(one.hears(), f"* {two.name} comes")
        three = self.member()
        self.assertEqual([each.count for each in (one, two, three)], [1, 2, 3])
        for member in one, two:
            self.assertEqual(member.hears(), f"* {three.name} comes")
        two.says("good morning\r\nall\n")
        one.says("and you\n")
        for member in one, three:
            self.assertEqual(member.hears(), f"{two.name}: good morning")
            self.assertEqual(member.hears(), f"{two.name}: all")
        for member in two, three:
            self.assertEqual(member.hears(), f"{one.name}: and you")

    def test_netcatTalksToIt(self: Any) -> None:
        one = self.member()
        said = self.call("nc", "-N", HOST, str(*self.chat.where), input=b"from nc\n")
        name = re.fullmatch(rb"\* you are (\S+), one of 2\n", said)
        self.assertIsNotNone(name, said)
        heard = [one.hears() for _ in range(3)]
        who = name[1].decode()
        self.assertEqual(heard, [f"* {who} comes", f"{who}: from nc", f"* {who} goes"])

    def test_aLineInPiecesIsOne(self: Any) -> None:
        one, two = self.member(), self.member()
        one.hears()
        for piece in "grün ist die Hoffnung\n".encode().partition(b"\xbc"):
            two.skt.sendall(piece)
            self.chatTakes(two)
        self.assertEqual(one.hears(), f"{two.name}: grün ist die Hoffnung")

    def chatTakes(self: Any, member: Member) -> None:
        """
        Wait until the chat has read all that a member has sent.
        """
        port, own = *self.chat.where, member.skt.getsockname()[1]
        ends = re.compile(rf":{port:04X} \S*:{own:04X} 01 \S*:(\w+) ")

        def read() -> bool:
            found = ends.search(Path("/proc/net/tcp6").read_text())
            return found is not None and int(found[1], 16) == 0

        until(read)

    def test_whoVanishesByResetIsGone(self: Any) -> None:
        one, two, three = self.member(), self.member(), self.member()
        two.lines.close()  # it would keep the descriptor
        reset(two.skt)
        self.chat.until(f"{two.name}: read ECONNRESET\n")
        three.says("still here\n")
        heard = [one.hears() for _ in range(4)]
        self.assertEqual(heard[2:], [f"* {two.name} goes", f"{three.name}: still here"])

    def test_whoDoesNotReadIsDropped(self: Any) -> None:
        slow, writer = self.member(receive=4096), self.member()
        line = "x" * 4000 + "\n"
        stop = threading.Event()

        def write() -> None:
            while not stop.is_set():
                writer.says(line)

        thread = threading.Thread(target=write, daemon=True)
        thread.start()
        self.addCleanup(thread.join, LIMIT)
        self.addCleanup(stop.set)
        self.assertEqual(writer.hears(), f"* {slow.name} goes")
        self.assertIn(f"{slow.name}: reads too slowly\n", self.chat.text())

    def test_aLineWithoutEndIsNotKept(self: Any) -> None:
        one, two = self.member(), self.member()
        with contextlib.suppress(ConnectionError):
            two.says("x" * 100_000)
        self.assertEqual([one.hears() for _ in range(2)][1], f"* {two.name} goes")
        self.assertIn(f"{two.name}: line too long\n", self.chat.text())


class HTTP:
    language = ""

    def setUp(self: Any) -> None:
        super().setUp()  # type: ignore[misc]
        self.root = os.path.join(self.folder, "root")
        os.mkdir(self.root)
        self.big = os.urandom(1 << 20) * 8
        Path(self.folder, "secret").write_text("secret")
        Path(self.root, "big").write_bytes(self.big)
        Path(self.root, "a b").write_text("text\n")
        self.server = self.serve(self.language, "httpserver", self.root, "0")
        [self.port] = self.server.where
        self.url = f"http://{HOST}:{self.port}"

    def test_curlGetsFiles(self: Any) -> None:
        self.assertEqual(self.call("curl", "-s", f"{self.url}/a%20b"), b"text\n")
        self.assertEqual(self.call("curl", "-s", f"{self.url}/big"), self.big)

    def test_whatIsNotThere(self: Any) -> None:
        for path in "/nothing", "/", "/../secret", "/..%2fsecret", "/%00", "//../secret":
            said = self.call("curl", "-si", "--path-as-is", self.url + path)
            self.assertEqual(said, b"HTTP/1.0 404 Not Found\r\n\r\nNot found\n", path)
        said = self.call("curl", "-si", "-d", "x=y", f"{self.url}/big")
        self.assertEqual(said, b"HTTP/1.0 404 Not Found\r\n\r\nNot found\n")

    def test_aClientThatEndsWithItsRequest(self: Any) -> None:
        request = b"GET /big HTTP/1.0\r\n\r\n"
        said = self.call("nc", "-N", HOST, str(self.port), input=request)
        self.assertEqual(said.partition(b"\r\n\r\n")[2], self.big)

    def test_oneByteAtATimeWhileOthersAreServed(self: Any) -> None:
        slow = self.connect(self.port)
        slow.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in b"GET /a%20b HTTP/1.0\r\nHost: x\r\n":
            slow.send(bytes([byte]))
        said = self.call("ab", "-q", "-n", "200", "-c", "20", f"{self.url}/a%20b")
        self.assertRegex(said, rb"Complete requests: +200\nFailed requests: +0\n")
        for byte in b"\r\n":
            slow.send(bytes([byte]))
        said = readAll(slow)
        self.assertEqual(said, b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\ntext\n")

    def test_aRequestWithoutEndIsNotKept(self: Any) -> None:
        skt = self.connect(self.port)
        with contextlib.suppress(ConnectionError):
            skt.sendall(b"GET / HTTP/1.0\r\n" + b"x" * 1_000_000)
            skt.shutdown(socket.SHUT_WR)
        self.server.until("no request\n")

    def test_whoeverGoesLeavesNothingOpen(self: Any) -> None:
        self.call("curl", "-s", f"{self.url}/big")
        pid = self.server.process.pid
        before = descriptors(pid)
        clients = [self.connect(self.port, receive=4096) for _ in range(20)]
        for client in clients:
            client.sendall(b"GET /big HTTP/1.0\r\n\r\n")
            client.recv(10)
        self.assertGreater(descriptors(pid), before + 20)
        for client in clients[:10]:
            reset(client)
        for client in clients[10:]:
            client.close()
        until(lambda: descriptors(pid) <= before, lambda: str(descriptors(pid)))
        self.assertEqual(self.call("curl", "-s", f"{self.url}/a%20b"), b"text\n")

    def test_aResetAfterTheAnswerIsNoMatter(self: Any) -> None:
        before = descriptors(self.server.process.pid)
        for _ in range(3):
            skt = self.connect(self.port)
            skt.sendall(b"GET /a%20b HTTP/1.0\r\n\r\n")
            self.assertTrue(readAll(skt).endswith(b"\r\n\r\ntext\n"))
            reset(skt)
        until(lambda: descriptors(self.server.process.pid) <= before)
        self.assertEqual(self.call("curl", "-s", f"{self.url}/a%20b"), b"text\n")
        # Where it listens; and that a client has gone, if it went before all was done.
        said = [line for line in self.server.text().splitlines() if "ECONNRESET" not in line]
        self.assertEqual(len(said), 1, said)

    def test_aFileIsReadNoFasterThanItIsTaken(self: Any) -> None:
        with open(os.path.join(self.root, "huge"), "wb") as file:
            file.truncate(1 << 30)
        self.call("curl", "-s", f"{self.url}/big")
        before = memory(self.server.process.pid)
        clients = [self.connect(self.port) for _ in range(5)]
        for client in clients:
            client.sendall(b"GET /huge HTTP/1.0\r\n\r\n")
        for client in clients:
            client.recv(1 << 16)
        self.assertEqual(self.call("curl", "-s", f"{self.url}/big"), self.big)
        self.assertLess(memory(self.server.process.pid) - before, 64 << 20)


class Door:
    language = other = ""

    def setUp(self: Any) -> None:
        super().setUp()  # type: ignore[misc]
        self.door = self.serve(self.language, "door", "0", "0", "0", "0", listens=4)

    def knock(self: Any, *ports: int) -> list[str]:
        """
        @return: what each answers.
        """
        said = self.run_(self.other, "knock", HOST, *map(str, ports)).stdout.splitlines()
        self.assertEqual([each.partition(": ")[0] for each in said], list(map(str, ports)))
        return [each.partition(": ")[2] for each in said]

    def test_itOpensToWhoeverKnocksInOrder(self: Any) -> None:
        door, one, two, three = self.door.where
        self.assertEqual(
            self.knock(door, one, two, three, door),
            ["ECONNRESET", "open", "open", "open", "open Come in."],
        )

    def test_itStaysShutToOthers(self: Any) -> None:
        door, one, two, three = self.door.where
        self.assertEqual(
            self.knock(one, three, two, door, one, two, two, three, door)[3::5],
            ["ECONNRESET", "ECONNRESET"],
        )

    def test_whatOtherPortsAnswer(self: Any) -> None:
        def silent(skt: socket.socket) -> None:
            readAll(skt)
            skt.recv(1)
            threading.Event().wait(LIMIT / 2)

        ports = closedPort(), self.listen(silent), self.listen(lambda skt: skt.sendall(b"hi\n"))
        self.assertEqual(self.knock(*ports), ["ECONNREFUSED", "ABORT_ERR", "open hi"])


class Proxy:
    language = ""

    def proxy(self: Any, port: int, *texts: str) -> Running:
        return self.serve(self.language, "proxy", "0", HOST, str(port), *texts)

    def test_theTextIsReplacedWhereverItIsCut(self: Any) -> None:
        def answer(skt: socket.socket) -> None:
            skt.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            got = b""
            while not got.endswith(b"!"):
                got += skt.recv(1)
            for byte in got:
                skt.send(bytes([byte]))

        proxy = self.proxy(self.listen(answer), "banana", "Ananas")
        skt = self.connect(*proxy.where)
        skt.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in b"ban, bananas, bbanabanana\xff!":
            skt.send(bytes([byte]))
        self.assertEqual(readAll(skt), b"ban, Ananass, bbanaAnanas\xff!")

    def test_theRestComesAtTheEnd(self: Any) -> None:
        proxy = self.proxy(self.listen(lambda skt: skt.sendall(readAll(skt))), "abc", "")
        said = self.call("nc", "-N", HOST, str(*proxy.where), input=b"aabcab")
        self.assertEqual(said, b"aab")

    def test_theEndOfOneWayIsNotTheEndOfTheOther(self: Any) -> None:
        data = os.urandom(1 << 20) * 4
        proxy = self.proxy(self.listen(lambda skt: skt.sendall(readAll(skt)[::-1])))
        said = self.call("socat", "-t20", "-", f"TCP:{HOST}:{proxy.where[0]}", input=data)
        self.assertEqual(said, data[::-1])

    def test_anUpstreamThatIsDead(self: Any) -> None:
        # A name that has two addresses, perhaps.
        proxy = self.serve(self.language, "proxy", "0", "localhost", str(closedPort()))
        for _ in range(3):
            with contextlib.suppress(ConnectionError):
                self.assertEqual(readAll(self.connect(*proxy.where)), b"")
        until(lambda: proxy.text().count(": ECONNREFUSED\n") >= 3, proxy.text)
        self.assertIsNone(proxy.process.poll())

    def test_aResetGoesOn(self: Any) -> None:
        """
        Whichever side it comes from.
        """
        gone = threading.Event()

        def answer(skt: socket.socket) -> None:
            if skt.recv(1) == b"r":
                reset(skt)
            else:
                with contextlib.suppress(ConnectionError):
                    readAll(skt)
                gone.set()

        proxy = self.proxy(self.listen(answer))
        skt = self.connect(*proxy.where)
        skt.sendall(b"r")
        with contextlib.suppress(ConnectionError):
            self.assertEqual(readAll(skt), b"")
        skt = self.connect(*proxy.where)
        skt.sendall(b"x")
        reset(skt)
        self.assertTrue(gone.wait(LIMIT))
        before = descriptors(proxy.process.pid)
        self.connect(*proxy.where).close()
        until(lambda: descriptors(proxy.process.pid) <= before)

    def test_nothingIsKeptForWhoDoesNotRead(self: Any) -> None:
        sent = [0]

        def answer(skt: socket.socket) -> None:
            skt.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)
            while True:
                sent[0] += skt.send(bytes(65536))

        proxy = self.proxy(self.listen(answer))
        skt = self.connect(*proxy.where, receive=65536)
        skt.recv(1)
        last = [-1, 0]

        def stalled() -> bool:
            # For ten looks, that is 0.2 s.
            last[:] = [sent[0], last[1] + 1 if sent[0] == last[0] else 0]
            return last[1] > 10

        until(stalled)
        self.assertLess(sent[0], 40 << 20)


class ProxiedHTTP:
    """
    curl, a proxy and a server.
    """

    language = other = ""

    def test_theyGoTogether(self: Any) -> None:
        data = os.urandom(1 << 20) * 20
        Path(self.folder, "file").write_bytes(data)
        server = self.serve(self.language, "httpserver", self.folder, "0")
        proxy = self.serve(self.other, "proxy", "0", HOST, str(*server.where))
        url = f"http://{HOST}:{proxy.where[0]}/file"
        # Some of which go away in the middle.
        for amount in 1, 100_000, 10_000_000:
            skt = self.connect(*proxy.where)
            skt.sendall(b"GET /file HTTP/1.0\r\n\r\n")
            skt.recv(amount)
            reset(skt)
        paths = [os.path.join(self.folder, f"got{i}") for i in range(3)]
        command = ["curl", "-sf", "--parallel"]
        for path in paths:
            command += ["-o", path, url]
        self.call(*command)
        for path in paths:
            self.assertTrue(Path(path).read_bytes() == data)

    def test_textIsReplaced(self: Any) -> None:
        Path(self.folder, "file").write_text("good morning\n")
        server = self.serve(self.language, "httpserver", self.folder, "0")
        proxy = self.serve(
            self.other, "proxy", "0", HOST, str(*server.where), "morning", "evening"
        )
        said = self.call("curl", "-s", f"http://{HOST}:{proxy.where[0]}/file")
        self.assertEqual(said, b"good evening\n")


class JSONLines:
    language = other = ""

    def setUp(self: Any) -> None:
        super().setUp()  # type: ignore[misc]
        self.path = os.path.join(self.folder, "socket")

    def test_eachRequestIsAnswered(self: Any) -> None:
        self.serve(self.language, "jsonserver", self.path)
        said = self.run_(
            self.other, "jsonclient", self.path, "sum", "[1, 2]", "[]", '"a"', "[-7.5]"
        ).stdout
        self.assertEqual(said, '[1, 2]: 3\n[]: 0\n"a": bad request\n[-7.5]: -7.5\n')
        said = self.run_(self.other, "jsonclient", self.path, "upper", '"grün"').stdout
        self.assertEqual(said, '"grün": GRÜN\n')

    def test_aThousandOfEachOfThreeClients(self: Any) -> None:
        self.serve(self.language, "jsonserver", self.path)
        params = [f'"{"x" * 90}{i}"' for i in range(1000)]
        expected = "".join(f"{each}: {each.strip(chr(34)).upper()}\n" for each in params)
        answers: list[str] = []

        def client() -> None:
            answers.append(
                self.run_(self.other, "jsonclient", self.path, "upper", *params).stdout
            )

        threads = [threading.Thread(target=client) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(LIMIT)
        self.assertTrue(answers == [expected] * 3)

    def test_aServerThatGoesTooEarly(self: Any) -> None:
        def answer(skt: socket.socket) -> None:
            readAll(skt)
            skt.sendall(b'{"id": 0, "result": 1}\n')

        self.listen(answer, self.path)
        done = self.run_(self.other, "jsonclient", self.path, "sum", "[1]", "[2]", status=1)
        self.assertEqual(done.stdout, "[1]: 1\n")
        self.assertIn("1 without an answer", done.stderr)

    def test_noServer(self: Any) -> None:
        done = self.run_(self.other, "jsonclient", self.path, "sum", "[1]", status=1)
        self.assertIn(f"connect ENOENT {self.path}", done.stderr)


class JSONServer:
    language = ""

    def setUp(self: Any) -> None:
        super().setUp()  # type: ignore[misc]
        self.path = os.path.join(self.folder, "socket")
        self.server = self.serve(self.language, "jsonserver", self.path)

    def test_aLineInTwoPieces(self: Any) -> None:
        skt = self.connect(self.path)
        skt.sendall(b'{"id": 1, "method": "sum", "par')
        # Another one is answered meanwhile.
        said = self.call("nc", "-N", "-U", self.path, input=b"nonsense\n5\nnull\n")
        same = rb'\{"id": ?null, ?"error": ?"bad request"\}\n'
        self.assertRegex(said, rb"^" + same * 3 + rb"$")
        skt.sendall(b'ams": [1, 2]}\n')
        self.assertRegex(skt.recv(1000), rb'^\{"id": ?1, ?"result": ?3\}\n$')

    def test_whoVanishesLeavesNothingOpen(self: Any) -> None:
        before = descriptors(self.server.process.pid)
        for _ in range(20):
            skt = self.connect(self.path)
            skt.sendall(b'{"id": 1, "method": "sum", "params": [1]}\n' * 2000)
            skt.close()  # with answers that nobody has read: the server sees a reset
        until(lambda: descriptors(self.server.process.pid) <= before)
        said = self.call("nc", "-N", "-U", self.path, input=b"[]\n")
        self.assertIn(b"bad request", said)

    def test_noRequestIsReadWhileAnswersWait(self: Any) -> None:
        skt = self.connect(self.path)
        skt.setblocking(False)
        request = b'{"id": 1, "method": "sum", "params": [1]}\n' * 1000
        sent, waited = 0, 0
        while waited < 20:
            try:
                sent += skt.send(request)
                waited = 0
            except BlockingIOError:
                waited += 1
                threading.Event().wait(0.02)
            self.assertLess(sent, 20 << 20)

    def test_itsFileGoesWithIt(self: Any) -> None:
        skt = self.connect(self.path)
        self.assertEqual(self.server.stop(), 0)
        self.assertEqual(skt.recv(1), b"")
        self.assertFalse(os.path.exists(self.path))

    def test_theSecondOneCannotListen(self: Any) -> None:
        done = self.run_(self.language, "jsonserver", self.path, status=1)
        self.assertIn(f"listen EADDRINUSE: address already in use {self.path}", done.stderr)


for _name, (_base, _settings) in (
    *each(ChatTests=Chat, HTTPTests=HTTP, ProxyTests=Proxy, JSONServerTests=JSONServer),
    *eachPair(DoorTests=Door, ProxiedHTTPTests=ProxiedHTTP, JSONLinesTests=JSONLines),
):
    globals()[_name] = type(_name, (_base, ExampleCase), {**_settings, "__module__": __name__})
