"""
L{nodenet._transports.resolver} against a name server of the tests' own: through the
system's resolver, in a process with an /etc/resolv.conf of its own, and through
Twisted's.
"""

from __future__ import annotations

import contextlib  # not its names: a "suppress" of a module is trial's
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from typing import Any, ClassVar

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from nodenet._transports.resolver import THREADS
from tests.helpers import need
from tests.node.harness import NODE

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
#: Seconds until a program that does not answer is killed.
LIMIT = 30

#: Looks up each line of stdin. Answers with lines of JSON: the name, its addresses or the
#: error's code, and the seconds it took.
PROGRAM = """
import json, sys
from twisted.internet import reactor, stdio
from twisted.protocols.basic import LineReceiver
from nodenet._transports import resolver

class Asker(LineReceiver):
    delimiter = b"\\n"

    def lineReceived(self, line):
        name, began = line.decode(), reactor.seconds()
        def done(result):
            answer = result if isinstance(result, list) else result.value.code
            self.sendLine(json.dumps([name, answer, reactor.seconds() - began]).encode())
        resolver.resolve(reactor, name).addBoth(done)

resolver.FRESH = float(sys.argv[1])
if sys.argv[2:]:
    from twisted.names.client import Resolver
    reactor.installResolver(Resolver(servers=[("127.0.0.1", int(sys.argv[2]))]))
stdio.StandardIO(Asker())
reactor.run()
"""

#: Connects to a name, and says what has come of its look-up.
PYTHON = [
    sys.executable,
    "-c",
    """
import sys
from twisted.internet import reactor
from nodenet.node import net

def looked(error, address, family, host):
    print(error and error.message or address, error and error.code or family)
    socket.destroy()

host, family, hints = [*sys.argv[1:], 0, 0][:3]
socket = net.connect(
    port=1, host=host, family=int(family), hints=int(hints), autoSelectFamily=False
)
socket.on("lookup", looked)
socket.on("error", lambda error: None)
socket.on("close", lambda hadError: reactor.stop())
reactor.run()
""",
]
#: The same in Node.
JAVASCRIPT = [
    NODE or "",
    "-e",
    """
const [host, family = 0, hints = 0] = process.argv.slice(1);
const socket = require('net').connect({
  port: 1, host, family: Number(family), hints: Number(hints), autoSelectFamily: false
});
socket.on('lookup', (error, address, family) => {
  console.log(error ? error.message : address, error ? error.code : family);
  socket.destroy();
});
socket.on('error', () => {});
""",
]

#: Runs a program with three files of /etc replaced, for it alone.
WITH_FILES = """
for name in resolv.conf hosts nsswitch.conf; do
    [ ! -e /etc/$name ] || mount --bind "$1/$name" /etc/$name || exit
done
shift
exec "$@"
"""


class NameServer:
    """
    A name server on the loopback, which answers as the test has it.

    @ivar answers: what to do about a name: its addresses, or one of C{lies}; nothing:
        be silent.
    @ivar delay: seconds until each answer.
    @ivar asked: the names that it was asked for, once for each query.
    """

    #: how an answer can be wrong: its flags, or what becomes of its bytes
    lies: ClassVar[dict[str, Any]] = {
        "no such name": 0x8183,
        "its failure": 0x8182,
        "a refusal": 0x8185,
        "a format error": 0x8181,
        "truncated": 0x8380,
        "no addresses": 0x8180,
        "garbage": lambda answer: answer[:2] + b"\x81\x80" + b"\xff" * 40,
        "the start only": lambda answer: answer[:7],
        "another's id": lambda answer: bytes([answer[0] ^ 255]) + answer[1:],
    }

    def __init__(self, address: str, port: int) -> None:
        """
        @raise OSError: it cannot listen there.
        """
        self.answers: dict[str, Any] = {}
        self.delay = 0.0
        self.asked: list[str] = []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self.socket.bind((address, port))
        except OSError:
            self.socket.close()
            raise
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self) -> None:
        while True:
            query, peer = self.socket.recvfrom(4096)
            if not query:
                return
            name, data = self._answer(query)
            self.asked.append(name)
            if data:
                threading.Timer(self.delay, self._send, (data, peer)).start()

    def _send(self, data: bytes, peer: Any) -> None:
        with contextlib.suppress(OSError):  # the test has ended
            self.socket.sendto(data, peer)

    def _answer(self, query: bytes) -> tuple[str, bytes]:
        """
        @return: the name that is asked for, and what to send; C{b''}: nothing.
        """
        labels, at = [], 12
        while length := query[at]:
            labels.append(query[at + 1 : at + 1 + length].decode())
            at += 1 + length
        question = query[12 : at + 5]
        [kind] = struct.unpack_from(">H", query, at + 1)
        name = ".".join(labels)
        wanted = self.answers.get(name)
        if wanted is None:
            return name, b""
        lie = self.lies[wanted] if isinstance(wanted, str) else 0x8180
        flags = lie if isinstance(lie, int) else 0x8180
        records = []
        for each in [] if isinstance(wanted, str) else wanted:
            number, family = (28, socket.AF_INET6) if ":" in each else (1, socket.AF_INET)
            if kind in (number, 255):  # or any
                data = socket.inet_pton(family, each)
                head = struct.pack(">HHHIH", 0xC00C, number, 1, 60, len(data))
                records.append(head + data)
        counts = struct.pack(">HHHHH", flags, 1, len(records), 0, 0)
        answer = query[:2] + counts + question + b"".join(records)
        return name, answer if isinstance(lie, int) else lie(answer)

    def close(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", self.socket.getsockname())
        self.thread.join(LIMIT)
        self.socket.close()


class Asker:
    """
    A process that looks names up.
    """

    def __init__(self, *args: object, wrap: tuple[str, ...] = ()) -> None:
        self.process = subprocess.Popen(
            [*wrap, sys.executable, "-c", PROGRAM, *map(str, args)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": ROOT},
        )
        self.limit = threading.Timer(LIMIT, self.process.kill)
        self.limit.start()

    def ask(self, *names: str) -> None:
        self.process.stdin.write("".join(f"{each}\n" for each in names).encode())
        self.process.stdin.flush()

    def answer(self) -> tuple[str, Any, float]:
        """
        @return: the next answer: name, addresses or code, seconds.
        """
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError(f"no answer: {self.process.communicate()[1]}")
        return tuple(json.loads(line))

    def find(self, name: str) -> Any:
        """
        @return: the addresses of a name, or the error's code.
        """
        self.ask(name)
        answered, result, _ = self.answer()
        assert answered == name, answered
        return result

    def findAtLast(self, name: str, addresses: list[str]) -> None:
        """
        Ask until these are the addresses: on a busy machine, even a quick answer may
        come so late that the last one has served.
        """
        while self.find(name) != addresses:
            pass

    def terminate(self) -> tuple[float, bytes]:
        """
        @return: the seconds from SIGTERM to the process's end, and its stderr.
        """
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        _, errors = self.process.communicate(timeout=LIMIT)
        return time.monotonic() - began, errors

    def close(self) -> None:
        self.limit.cancel()
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()


class ResolverTestsMixin:
    """
    What is so with any resolver.
    """

    def asker(self, fresh: float = 5, timeout: int = 5) -> Asker:
        """
        @param fresh: seconds without another look-up after an answer.
        @param timeout: seconds that the system's resolver gives the server.
        """
        asker = self.start(fresh, timeout)
        self.addCleanup(asker.close)
        return asker

    def hang(self, asker: Asker, count: int) -> None:
        """
        Ask for names that the server is silent about, and wait until it was asked.
        """
        names = {f"hangs{i}.test" for i in range(count)}
        asker.ask(*names)
        end = time.monotonic() + 3 * LIMIT
        while not names <= {*self.server.asked}:
            self.assertLess(time.monotonic(), end, "the server was not asked")
            time.sleep(0.01)

    def test_namesThatHangDelayNeitherAnotherNorTheEnd(self) -> None:
        self.server.answers["b.test"] = ["127.0.0.2"]
        asker = self.asker()
        self.hang(asker, 20)
        for name, address in [("b.test", "127.0.0.2"), *self.hosts.items()]:
            asker.ask(name)
            answered, result, seconds = asker.answer()
            self.assertEqual((answered, result), (name, [address]))
            self.assertLess(seconds, 2)
        seconds, errors = asker.terminate()
        self.assertLess(seconds, 2)
        self.assertEqual(errors, b"")

    def test_aNameThatDoesNotExist(self) -> None:
        self.server.answers["a.test"] = "no such name"
        self.assertEqual(self.asker().find("a.test"), "ENOTFOUND")

    def test_answersAreShared(self) -> None:
        self.server.answers["a.test"] = ["127.0.0.1"]
        asker = self.asker()
        asker.find("localhost")  # it is up
        self.server.delay = 0.5
        asker.ask(*["a.test"] * 10)
        results = [asker.answer()[1] for _ in range(10)]
        self.assertEqual(results, [["127.0.0.1"]] * 10)
        self.server.answers["a.test"] = ["127.0.0.2"]
        self.assertEqual(asker.find("a.test"), ["127.0.0.1"])
        self.assertLessEqual(len(self.server.asked), 2)  # once for each family

    def test_aServerThatChangesItsMindIsFollowed(self) -> None:
        asker = self.asker(fresh=0)
        for address in "127.0.0.1", "127.0.0.2", "127.0.0.1":
            self.server.answers["a.test"] = [address]
            asker.findAtLast("a.test", [address])

    def test_theLastAnswerServesWhenTheServerIsSlow(self) -> None:
        self.server.answers["a.test"] = ["127.0.0.1"]
        asker = self.asker(fresh=0)
        asker.find("a.test")
        self.server.answers["a.test"] = ["127.0.0.2"]
        self.server.delay = 0.8
        self.assertEqual(asker.find("a.test"), ["127.0.0.1"])
        self.server.answers["slow.test"] = ["127.0.0.3"]
        self.assertEqual(asker.find("slow.test"), ["127.0.0.3"])
        self.server.delay = 0
        asker.findAtLast("a.test", ["127.0.0.2"])

    def test_theLastAnswerServesWhenTheServerIsSilentOrLies(self) -> None:
        asker = self.asker(fresh=0, timeout=1)
        for i, lie in enumerate([None, *self.server.lies]):
            name = f"{i}.test"
            self.server.answers[name] = ["127.0.0.1"]
            self.assertEqual(asker.find(name), ["127.0.0.1"])
            self.server.answers[name] = lie
            asker.ask(name)
            self.assertEqual(asker.answer()[:2], (name, ["127.0.0.1"]), lie)
        asker.ask(*(f"{i}.test" for i in range(i + 1)))
        for _ in range(i + 1):
            _, result, seconds = asker.answer()
            self.assertEqual(result, ["127.0.0.1"])
            self.assertLess(seconds, 2)


class SystemResolverTests(ResolverTestsMixin, SynchronousTestCase):
    """
    C{getaddrinfo}, in a process that has files of its own in /etc.
    """

    hosts: ClassVar[dict[str, str]] = {"hosts.test": "127.0.0.9"}

    def setUp(self) -> None:
        need("unshare")
        if os.geteuid() != 0:
            raise SkipTest("needs root: a name server's port is 53, and files of /etc")
        done = subprocess.run(
            ["unshare", "-m", "mount", "--bind", "/etc/hosts", "/etc/hosts"],
            capture_output=True,
            check=False,
            timeout=LIMIT,
        )
        if done.returncode:  # even for root, in some containers
            raise SkipTest(f"no mount namespaces here: {done.stderr.decode()}")
        self.server = self.serve()
        self.addCleanup(self.server.close)

    def serve(self) -> NameServer:
        """
        @return: a server on port 53 of an address that nobody else has.
        """
        for last in range(1, 255):
            self.address = f"127.0.53.{last}"
            try:
                return NameServer(self.address, 53)
            except OSError as e:
                error = e
        raise SkipTest(f"no name server can listen: {error}")

    def start(self, fresh: float, timeout: int) -> Asker:
        return Asker(fresh, wrap=self.wrap(timeout))

    def wrap(self, timeout: int) -> tuple[str, ...]:
        """
        @return: what comes before a program, so that these files are in /etc.
        """
        etc = os.path.abspath(self.mktemp())
        os.makedirs(etc)
        for name, text in [
            (
                "resolv.conf",
                f"nameserver {self.address}\noptions timeout:{timeout} attempts:1\n",
            ),
            ("hosts", "".join(f"{ip} {name}\n" for name, ip in self.hosts.items())),
            ("nsswitch.conf", "hosts: files dns\n"),
        ]:
            with open(os.path.join(etc, name), "w") as file:
                file.write(text)
        return "unshare", "-m", "sh", "-c", WITH_FILES, "sh", etc

    def test_aFloodOfNamesThatHangDelaysNoAddressOfTheHostsFile(self) -> None:
        asker = self.asker()
        self.hang(asker, THREADS)
        asker.ask("more.test", "hosts.test")
        answered, result, seconds = asker.answer()
        self.assertEqual((answered, result), ("hosts.test", ["127.0.0.9"]))
        self.assertLess(seconds, 2)
        seconds, errors = asker.terminate()
        self.assertLess(seconds, 2)
        self.assertEqual(errors, b"")

    def test_bothFamilies(self) -> None:
        self.server.answers["a.test"] = ["127.0.0.1", "127.0.0.2", "::1"]
        self.assertEqual(sorted(self.asker().find("a.test")), ["127.0.0.1", "127.0.0.2", "::1"])

    def test_withoutALastAnswerItIsNotFound(self) -> None:
        asker = self.asker(timeout=1)
        names = [f"{i}.test" for i in range(len(self.server.lies))]
        self.server.answers.update(zip(names, self.server.lies, strict=True))
        asker.ask("silent.test", *names)
        for _ in range(len(names) + 1):
            self.assertEqual(asker.answer()[1], "ENOTFOUND")

    def test_aSilentServerIsToldFromANameThatIsNotThere(self) -> None:
        self.server.answers["gone.test"] = "no such name"
        for name, code in ("silent.test", "EAI_AGAIN"), ("gone.test", "ENOTFOUND"):
            said = f"getaddrinfo {code} {name} {code}\n"
            for program in PYTHON, JAVASCRIPT:
                self.assertEqual(self.run_([*program, name]), said, program[0])

    def test_hintsOfASocket(self) -> None:
        self.server.answers["a.test"] = ["127.0.0.1"]
        for program in PYTHON, JAVASCRIPT:
            said = self.run_([*program, "a.test", "6", str(int(socket.AI_V4MAPPED))])
            self.assertEqual(said, "::ffff:127.0.0.1 6\n", program[0])

    def run_(self, program: list[str]) -> str:
        """
        @return: what a program prints, to which these files are in /etc.
        """
        if NODE is None and program[1:2] == ["-e"]:
            return self.said
        wrap = self.wrap(timeout=1)
        done = subprocess.run(
            [*wrap, *program], cwd=ROOT, capture_output=True, text=True, timeout=LIMIT
        )
        self.assertEqual(done.stderr, "")
        self.said = done.stdout
        return done.stdout

    def test_itRecoversWithTheServer(self) -> None:
        asker = self.asker(timeout=1)
        self.assertEqual(asker.find("a.test"), "ENOTFOUND")
        self.server.answers["a.test"] = ["127.0.0.1"]
        self.assertEqual(asker.find("a.test"), ["127.0.0.1"])


class InstalledResolverTests(ResolverTestsMixin, SynchronousTestCase):
    """
    C{twisted.names}, installed on the reactor. It does not read /etc/hosts.
    """

    hosts: ClassVar[dict[str, str]] = {}

    def setUp(self) -> None:
        self.server = NameServer("127.0.0.1", 0)
        self.addCleanup(self.server.close)

    def start(self, fresh: float, timeout: int) -> Asker:
        return Asker(fresh, self.server.socket.getsockname()[1])
