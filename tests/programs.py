"""
Real programs, for tests of a relay between them.
"""

from __future__ import annotations

import contextlib
import glob
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time

from tests.helpers import need
from tests.process.test_relay_end_to_end import TLSCase, freePort
from tests.processes import LIMIT

#: Where programs are that not everybody's PATH has.
ELSEWHERE = ["/usr/local/sbin", "/usr/sbin", *glob.glob("/usr/lib/postgresql/*/bin")]


def find(name):
    """
    @return: the path of a program, which is needed.
    """
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), *ELSEWHERE])
    return need(shutil.which(name, path=path) or name)


def until(probe, explain=lambda: ""):
    """
    Wait for it.

    @param explain: what to say when it does not come.
    @return: the first true value that C{probe} returns.
    """
    end = time.monotonic() + LIMIT
    while not (value := probe()):
        if time.monotonic() > end:
            raise AssertionError(f"waited for in vain: {explain()}")
        time.sleep(0.02)
    return value


def listens(port):
    """
    @return: whether anybody does. That is read, not tried: the try would be in its log.
    """
    with open("/proc/net/tcp") as file:
        return any(f":{port:04X} 00000000:0000 0A " in line for line in file)


class Program:
    """
    A running program, in a directory of its own that goes with it.

    In its arguments and files C{@DIR@} is that directory, and each other C{@NAME@} a free
    port.

    @ivar ports: these, by name.
    """

    def __init__(
        self, name, *args, files=(), folder=None, ports=(), end=signal.SIGTERM, **more
    ):
        """
        @param files: text by name.
        @param folder: its directory, where there is one already.
        @param ports: those that are given.
        @param end: the signal that ends it, with all that it has started.
        """
        path = find(name)
        self.folder = folder or tempfile.mkdtemp(prefix="nodenet-")
        self.ports = dict(ports)
        self.signal = end
        for file, text in dict(files).items():
            with open(os.path.join(self.folder, file), "w") as out:
                out.write(self.fill(text))
        command = [path, *map(self.fill, args)]
        with open(os.path.join(self.folder, "output"), "ab") as out:
            self.process = subprocess.Popen(
                command,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                **more,
            )

    def fill(self, text):
        return re.sub(r"@(\w+)@", self._named, text)

    def _named(self, match):
        name = match[1]
        if name == "DIR":
            return self.folder
        if name not in self.ports:
            self.ports[name] = freePort()
        return str(self.ports[name])

    def where(self, name):
        """
        @return: what --upstream is told of it.
        """
        return f"127.0.0.1:{self.ports[name]}"

    def text(self, name="output"):
        """
        @return: what is in its log, or in another of its files.
        """
        with open(os.path.join(self.folder, name), errors="replace") as file:
            return file.read()

    def until(self, text, name="output"):
        until(lambda: text in self.text(name), lambda: f"{text}: {self.text(name)}")

    def serves(self, ready):
        """
        Wait until it does, or is gone.
        """

        def settled():
            gone = self.process.poll() is not None
            up = all(map(listens, self.ports.values())) and ready in self.text()
            return gone or up

        until(settled, self.text)
        return self.process.poll() is None

    def stop(self):
        """
        @return: its exit status.
        """
        if self.process.poll() is None:
            self.process.send_signal(self.signal)
        try:
            return self.process.wait(LIMIT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()

    def remove(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


class ProgramCase(TLSCase):
    """
    Each test has its programs and a relay, which end with it, as their files do.
    """

    def setUp(self):
        super().setUp()
        self.addCleanup(shutil.rmtree, self.folder)
        #: For a relay that terminates TLS.
        self.listener = ["--tls-key", self.files["listener-key"]]
        self.listener += ["--tls-cert", self.files["listener-cert"]]

    def serve(self, answer, path=None):
        """
        Call C{answer} with each connection to an upstream, in a thread of its own.

        @param path: of a UNIX socket; over TCP by default.
        @return: the upstream.
        """
        upstream = self.upstream(path=path)

        def one(skt):
            with contextlib.suppress(OSError), skt:
                skt.settimeout(LIMIT)
                answer(skt)

        def all():
            with contextlib.suppress(OSError):  # closed by the test
                while True:
                    skt, _ = upstream.accept()
                    threading.Thread(target=one, args=(skt,), daemon=True).start()

        threading.Thread(target=all, daemon=True).start()
        return upstream

    def twistd(self, *args, **settings):
        process = super().twistd(*args, **settings)

        def remove():
            process.kill()
            shutil.rmtree(process.dir)

        self.addCleanup(remove)
        return process

    def program(self, name, *args, ready="", **settings):
        """
        Start one, and wait until it serves.

        @param ready: what it says then, besides that its ports listen.
        """
        for _ in range(3):  # somebody may have taken its port meanwhile
            program = Program(name, *args, **settings)
            self.addCleanup(program.remove)
            if program.serves(ready):
                return program
        raise AssertionError(f"{name} does not serve: {program.text()}")

    def call(self, name, *args, status=0, seconds=LIMIT, **settings):
        """
        Run one to its end, which is that status.

        @return: what it wrote.
        """
        if "input" not in settings:
            settings.setdefault("stdin", subprocess.DEVNULL)
        settings = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **settings}
        done = subprocess.run([find(name), *args], timeout=seconds, **settings)
        said = (done.stdout or b"")[-2000:] + (done.stderr or b"")[-2000:]
        self.assertEqual(done.returncode, status, f"{name} {args}: {said.decode()}")
        return done.stdout

    def background(self, name, *args, **settings):
        """
        Start one that does not serve.
        """
        process = subprocess.Popen([find(name), *args], **settings)

        def end():
            if process.poll() is None:
                process.kill()
            process.communicate()

        self.addCleanup(end)
        return process

    def nginx(self, http="", stream="", **more):
        """
        @param http: what is in http {}; its access log is C{access}, its root C{html}.
        @param stream: what is in stream {}.
        """
        find("nginx")
        folder = tempfile.mkdtemp(prefix="nodenet-")
        os.mkdir(os.path.join(folder, "html"))
        module = "/usr/lib/nginx/modules/ngx_stream_module.so"
        text = (
            (f"load_module {module};\n" if stream and os.path.exists(module) else "")
            + ("user root;\n" if os.geteuid() == 0 else "")
            + "daemon off; worker_processes 1; pid @DIR@/pid; error_log stderr notice;\n"
            + "events { worker_connections 2000; }\n"
            + "http {\n  access_log @DIR@/access; root @DIR@/html; server_tokens off;\n"
            + "".join(
                f"  {each}_temp_path @DIR@/{each};\n"
                for each in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
            )
            + f"{http}\n}}\n"
            + (f"stream {{\n{stream}\n}}\n" if stream else "")
        )
        return self.program(
            "nginx", "-p", "@DIR@", "-e", "stderr", "-c", "@DIR@/conf",
            files={"conf": text}, folder=folder, **more,
        )  # fmt: skip

    def haproxy(self, config, *args, **more):
        """
        @param config: its frontends and backends.
        """
        text = (
            "global\n  nbthread 1\ndefaults\n  mode tcp\n  timeout connect 5s\n"
            f"  timeout client 20s\n  timeout server 20s\n{config}\n"
        )
        return self.program("haproxy", "-f", "@DIR@/conf", *args, files={"conf": text}, **more)
