"""
redis and PostgreSQL with their clients, through C{twistd nodenet relay}.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import random
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading

from tests.certificates import Authority
from tests.processes import LIMIT
from tests.programs import ProgramCase, until

MB = 1 << 20


def digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


class RedisTests(ProgramCase):
    """
    redis-server, redis-cli and redis-benchmark.
    """

    #: What redis-cli is told to speak TLS.
    tls = ()

    def redis(self, *options):
        return self.program(
            "redis-server", "--bind", "127.0.0.1", "--save", "", "--dir", "@DIR@", *options
        )

    def plain(self):
        """
        @return: a relay to a server.
        """
        return self.relay(self.redis("--port", "@main@").where("main"))

    def inside(self):
        """
        @return: one that terminates TLS.
        """
        server = self.redis("--port", "@main@")
        self.tls = ["--tls", "--cacert", self.files["ca"]]
        return self.relay(server.where("main"), before=self.listener)

    def outside(self):
        """
        @return: one that speaks TLS to the server.
        """
        server = self.redis(
            "--port", "0", "--tls-port", "@main@", "--tls-auth-clients", "no",
            "--tls-cert-file", self.files["upstream-cert"],
            "--tls-key-file", self.files["upstream-key"],
        )  # fmt: skip
        options = ["--upstream-tls", "--upstream-ca", self.files["ca"]]
        return self.relay(server.where("main"), options=options)

    def cli(self, relay, *args, **settings):
        where = "-h", "127.0.0.1", "-p", str(relay.ports[0]), *self.tls
        return self.call("redis-cli", *where, *args, **settings)

    def commands(self, relay):
        """
        What one sets another gets, many at once too, and each has its record.
        """
        self.assertEqual(self.cli(relay, "set", "key", "value"), b"OK\n")
        self.assertEqual(self.cli(relay, "get", "key"), b"value\n")
        many = "".join(f"set key{n} {'x' * n}\nstrlen key{n}\n" for n in range(1, 500))
        got = self.cli(relay, input=many.encode())
        self.assertEqual(got.decode(), "".join(f"OK\n{n}\n" for n in range(1, 500)))
        # The key, and those of 1 to 499.
        self.assertEqual(self.cli(relay, "dbsize"), b"500\n")
        records = self.records(relay, 4)
        for each in records:
            self.assertGreater(each["bytesWritten"], 0, each)
            self.assertTrue(each["upstream"], each)
        self.assertNotIn("Traceback", relay.text())

    def bigValue(self, relay):
        """
        20 MB in and out.
        """
        path = self.write("value", random.Random(1).randbytes(20 * MB))
        with open(path, "rb") as file:
            self.assertEqual(self.cli(relay, "-x", "set", "big", stdin=file), b"OK\n")
        self.assertEqual(self.cli(relay, "strlen", "big"), b"%d\n" % (20 * MB))
        with open(path + "-got", "wb") as file:
            self.cli(relay, "--raw", "get", "big", stdout=file)
        with open(path + "-got", "rb+") as file:
            file.truncate(20 * MB)  # a newline comes after it
        self.assertEqual(digest(path + "-got"), digest(path))

        def moved():
            records = self.records(relay, 3)
            return [max(each[way] for each in records) for way in ("bytesRead", "bytesWritten")]

        for count in moved():
            self.assertGreater(count, 20 * MB)

    def benchmark(self, relay):
        """
        50 clients at once, one command at a time and 16 at once: none gets an error.
        """
        for pipeline in "1", "16":
            said = self.call(
                "redis-benchmark", "-h", "127.0.0.1", "-p", str(relay.ports[0]), *self.tls,
                "-n", "2000", "-c", "50", "-P", pipeline, "-t", "set,get,lrange_100",
                "--csv",
            ).decode()  # fmt: skip
            self.assertNotIn("rror", said)
            for name in "SET", "GET", "LRANGE_100":
                self.assertIn(f'"{name}', said)
        self.assertNotIn("Traceback", relay.text())

    def test_commandsGoThrough(self):
        self.commands(self.plain())

    def test_commandsGoThroughTLSToTheRelay(self):
        self.commands(self.inside())

    def test_commandsGoThroughTLSToTheServer(self):
        self.commands(self.outside())

    def test_aBigValueGoesThrough(self):
        self.bigValue(self.plain())

    def test_aBigValueGoesThroughTLSToTheRelay(self):
        self.bigValue(self.inside())

    def test_aBigValueGoesThroughTLSToTheServer(self):
        self.bigValue(self.outside())

    def test_theBenchmarkGetsNoError(self):
        self.benchmark(self.plain())

    def test_theBenchmarkGetsNoErrorOverTLSToTheRelay(self):
        self.benchmark(self.inside())

    def test_theBenchmarkGetsNoErrorOverTLSToTheServer(self):
        self.benchmark(self.outside())

    def subscribed(self, relay):
        """
        One that stays gets each message, in order, and its end is in the access log.
        """
        where = "-h", "127.0.0.1", "-p", str(relay.ports[0]), *self.tls
        path = os.path.join(self.folder, "messages")
        with open(path, "wb") as out:
            subscriber = self.background(
                "redis-cli", *where, "subscribe", "news", stdin=subprocess.DEVNULL, stdout=out
            )

        def got():
            with open(path) as file:
                return file.read()

        until(lambda: "subscribe\nnews\n1\n" in got(), got)
        many = "".join(f"publish news message{n}\n" for n in range(200))
        self.assertEqual(self.cli(relay, input=many.encode()), b"1\n" * 200)
        until(lambda: "message199\n" in got(), got)
        self.assertEqual(
            re.findall(r"message\nnews\nmessage(\d+)\n", got()), [str(n) for n in range(200)]
        )
        subscriber.kill()
        # The relay tells the server, which has no subscriber any more.
        until(lambda: self.cli(relay, "publish", "news", "late") == b"0\n")
        longest = max(self.records(relay, 2), key=lambda each: each["bytesWritten"])
        self.assertGreater(longest["bytesWritten"], 200 * len("message"))

    def test_aSubscriberThatStaysGetsAllMessages(self):
        self.subscribed(self.plain())

    def test_aSubscriberThatStaysGetsAllMessagesOverTLS(self):
        self.subscribed(self.inside())

    def test_aReplicaIsFilledAndFollows(self):
        """
        It says what it has, is sent all, and then each change: over a connection that stays.
        """
        main = self.redis(
            "--port", "@main@", "--repl-diskless-sync-delay", "0",
            "--enable-debug-command", "local",
        )  # fmt: skip
        for before, tls in ([], "no"), (self.listener, "yes"):
            relay = self.relay(main.where("main"), before=before)
            self.call(
                "redis-cli", "-p", str(main.ports["main"]),
                "eval", "for n = 1, 5000 do redis.call('set', 'key' .. n, n) end", "0",
            )  # fmt: skip
            replica = self.redis(
                "--port", "@main@", "--replicaof", "127.0.0.1", str(relay.ports[0]),
                "--tls-replication", tls, "--tls-ca-cert-file", self.files["ca"],
                "--enable-debug-command", "local",
                *(("--tls-cert-file", self.files["upstream-cert"],
                   "--tls-key-file", self.files["upstream-key"]) if before else ()),
            )  # fmt: skip

            def digests(servers=(main, replica)):
                return {
                    self.call("redis-cli", "-p", str(each.ports["main"]), "debug", "digest")
                    for each in servers
                }

            until(lambda replica=replica: "Finished with success" in replica.text())
            until(lambda: len(digests()) == 1, replica.text)
            self.call("redis-cli", "-p", str(main.ports["main"]), "set", "later", "on")
            until(lambda: len(digests()) == 1, replica.text)
            replica.stop()
            self.assertEqual(len(self.records(relay)), 1)


class PostgreSQLTests(ProgramCase):
    """
    PostgreSQL and psql, which find out in the clear that both speak TLS.
    """

    def setUp(self):
        super().setUp()
        # Nor does it run as root.
        self.who = {}
        folder = tempfile.mkdtemp(prefix="nodenet-")
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        if os.geteuid() == 0:
            user = pwd.getpwnam("nobody")
            os.chown(folder, user.pw_uid, user.pw_gid)
            self.who = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        data = os.path.join(folder, "data")
        self.call(
            "initdb", "-D", data, "-U", "test", "-A", "trust", "-E", "UTF8", "--locale=C",
            "--no-sync", cwd=folder, **self.who,
        )  # fmt: skip
        for name in "key", "cert":
            path = os.path.join(data, f"server.{name}")
            shutil.copy(self.files[f"upstream-{name}"], path)
            os.chmod(path, 0o600)
            if self.who:
                os.chown(path, self.who["user"], self.who["group"])
        with open(os.path.join(data, "pg_hba.conf"), "w") as file:
            file.write("hostssl all test 127.0.0.1/32 trust\n")
        settings = {
            "port": "@main@",
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "fsync": "off",
            "ssl": "on",
            "ssl_cert_file": "server.cert",
            "ssl_key_file": "server.key",
            "log_connections": "on",
        }
        server = self.program(
            "postgres", "-D", data,
            *(word for name, value in settings.items() for word in ("-c", f"{name}={value}")),
            ready="ready to accept connections", folder=folder, end=signal.SIGINT, **self.who,
        )  # fmt: skip
        self.server = server
        self.through = self.relay(server.where("main"))

    def uri(self, relay=None, **more):
        port = (relay or self.through).ports[0]
        words = {
            "host": "localhost",
            "hostaddr": "127.0.0.1",
            "port": port,
            "user": "test",
            "dbname": "postgres",
            "sslmode": "verify-full",
            "sslrootcert": self.files["ca"],
            **more,
        }
        return " ".join(f"{name}={value}" for name, value in words.items())

    def psql(self, *commands, **settings):
        args = [arg for command in commands for arg in ("-c", command)]
        return self.call(
            "psql", self.uri(), "-XAtq", "-v", "ON_ERROR_STOP=1", *args, **settings
        )

    def records(self, process=None, count=1):
        return super().records(process or self.through, count)

    def test_itsTLSIsVerifiedFromEndToEnd(self):
        """
        The certificate is the server's, though one has to ask for TLS in the clear.
        """
        said = self.psql("select ssl, version from pg_stat_ssl where pid = pg_backend_pid()")
        self.assertRegex(said.decode(), r"t\|TLSv1\.[23]\n")
        # Of another authority, it is refused: by the client.
        other = self.write("other", Authority("another").pem)
        self.call("psql", self.uri(sslrootcert=other), "-XAtqc", "select 1", status=2)
        for each in self.records(count=2):
            self.assertEqual(each["upstream"], self.server.where("main"))

    def test_whatItAnswersToAnOfferIsWhatTheClientGets(self):
        """
        One byte each, for TLS and for GSSAPI, as who is connected directly gets.
        """
        for offer in 80877103, 80877104:
            answers = []
            for port in self.server.ports["main"], self.through.ports[0]:
                with socket.create_connection(("127.0.0.1", port), LIMIT) as skt:
                    skt.sendall((8).to_bytes(4, "big") + offer.to_bytes(4, "big"))
                    answers.append(skt.recv(10))
            self.assertIn(answers[0], [b"S", b"G", b"N"])
            self.assertEqual(answers[0], answers[1])

    def test_copyOutGetsAllRows(self):
        self.psql(
            "create table rows as select n, md5(n::text) as text"
            " from generate_series(1, 200000) n"
        )
        path = os.path.join(self.folder, "rows")
        with open(path, "wb") as file:
            self.psql("copy (select * from rows order by n) to stdout", stdout=file)
        expected = hashlib.sha256()
        for n in range(1, 200001):
            expected.update(f"{n}\t{hashlib.md5(str(n).encode()).hexdigest()}\n".encode())
        self.assertEqual(digest(path), expected.hexdigest())
        size = os.path.getsize(path)
        # TLS adds to it.
        written = max(each["bytesWritten"] for each in self.records(count=2))
        self.assertGreater(written, size)

    def test_copyInPutsAllRows(self):
        rng = random.Random(2)
        texts = [rng.randbytes(40).hex() for _ in range(100_000)]
        path = self.write("rows", "".join(f"{n}\t{text}\n" for n, text in enumerate(texts)))
        self.psql("create table rows (n int, text text)")
        with open(path, "rb") as file:
            self.psql("copy rows from stdin", stdin=file)
        said = self.psql("select count(*), md5(string_agg(text, '' order by n)) from rows")
        self.assertEqual(
            said.decode(), f"100000|{hashlib.md5(''.join(texts).encode()).hexdigest()}\n"
        )
        read = max(each["bytesRead"] for each in self.records(count=3))
        self.assertGreater(read, os.path.getsize(path))

    def test_ctrlCCancelsTheQuery(self):
        """
        psql says so over a connection of its own, which says nothing else.
        """
        psql = self.background(
            "psql", self.uri(application_name="sleeper"), "-XAtq",
            "-c", "select pg_sleep(1000)",
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        sleeps = (
            "select count(*) from pg_stat_activity"
            " where application_name = 'sleeper' and wait_event = 'PgSleep'"
        )
        until(lambda: self.psql(sleeps) == b"1\n", self.server.text)
        psql.send_signal(signal.SIGINT)
        _, said = psql.communicate(timeout=LIMIT)
        self.assertIn(b"canceling statement due to user request", said)
        self.assertEqual(psql.returncode, 1)
        self.assertEqual(self.psql(sleeps), b"0\n")

    def test_aClientThatIsKilledLeavesNoBackend(self):
        psql = self.background(
            "psql", self.uri(application_name="copier"), "-XAtq",
            "-c", "copy (select repeat('x', 1000), generate_series(1, 100000000)) to stdout",
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        psql.stdout.read(MB)
        psql.kill()
        copies = "select count(*) from pg_stat_activity where application_name = 'copier'"
        until(lambda: self.psql(copies) == b"0\n", self.server.text)
        self.records()

    def test_noTransactionOfPgbenchFails(self):
        """
        Over connections that stay, and over one for each.
        """
        self.call("pgbench", "-i", "-q", self.uri())
        for options, count in ([], 1000), (["-C"], 100):
            said = self.call(
                "pgbench", "-n", "-S", "-c", "20", "-t", str(count // 20), *options, self.uri()
            ).decode()
            self.assertIn(f"actually processed: {count}/{count}", said)
            self.assertNotRegex(said, "failed transactions: [1-9]")
        self.assertGreaterEqual(len(self.records(count=120)), 120)

    def test_manyShortConnections(self):
        """
        Each gets its own answer.
        """
        where, wrong = self.server.where("main"), []

        def some(numbers):
            for number in numbers:
                try:
                    said = self.psql(f"select {number}")
                except Exception as error:  # in a thread: to be told of in the test
                    said = error
                if said != f"{number}\n".encode():
                    wrong.append((number, said))

        threads = [threading.Thread(target=some, args=(range(n, 60, 4),)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(3 * LIMIT)
        self.assertEqual(wrong, [])
        # The server leaves the last word of TLS unread: so it resets, to any proxy.
        for each in self.records(count=60):
            self.assertEqual((each["upstream"], each["attempts"]), (where, 1), each)
            self.assertGreater(each["bytesWritten"], 0, each)
        self.assertNotIn("Traceback", self.through.text())
