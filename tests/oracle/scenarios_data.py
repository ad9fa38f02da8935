"""
The scenarios of data on its way, ported line by line as those in
L{tests.oracle.scenarios}: what is written, queued, encoded, piped and paused.
"""

from __future__ import annotations

import os
from typing import Any

from nodenet import net
from nodenet.timers import setTimeout
from tests.oracle.harness import HOST, Harness, js, typeof, watch

#: Bytes: more than the kernel takes at once.
LARGE = 8 * 1024 * 1024


def backpressure(h: Harness) -> None:
    """
    A write larger than the kernel will take returns false; 'drain' follows once, when
    the queue is empty.
    """
    S, C = h.actor("server"), h.actor("client")

    def serve(c: net.Stream) -> None:
        got = bytearray()
        c.on("data", got.extend)

        @c.on("end")
        def ended() -> None:
            S("received", len(got))
            server.close()

    server = net.createServer(serve)

    def dial() -> None:
        c = net.createConnection(h.port, HOST)
        drains = 0

        @c.on("connect")
        def connected() -> None:
            C("small ->", c.write("small"))
            C("large ->", c.write(b"x" * LARGE))
            C("queued ->", c.write("tail"))

            @c.on("drain")
            def drained() -> None:
                nonlocal drains
                drains += 1
                if drains == 1:
                    C("drain")
                    c.end()

        @c.on("close")
        def closed(e: bool) -> None:
            C("drains", drains)
            C("close", e)

    server.listen(h.port, HOST, dial)


def echo_pipe(h: Harness) -> None:
    """The document's own example: greet, then pipe the connection to itself."""
    S, C = h.actor("server"), h.actor("client")

    def serve(c: net.Stream) -> None:
        S(f"connection [{c.readyState}] connections={server.connections}")
        watch(c, S, ["end", "error", "close"])
        S("write ->", c.write("hello\r\n"))
        c.pipe(c)

    server = net.createServer(serve)
    server.on("listening", lambda: S("listening"))
    server.on("close", lambda: S("server close"))

    def dial() -> None:
        S(f"callback port ok={js(server.address()['port'] == h.port)}")
        c = net.createConnection(h.port, HOST)
        got = ""
        C(f"created [{c.readyState}]")
        c.setEncoding("utf8")
        watch(c, C, ["connect", "end", "error", "close"])
        c.on("connect", lambda: C("write ->", c.write("ping")))

        @c.on("data")
        def received(d: str) -> None:
            nonlocal got
            got += d
            if got == "hello\r\nping":
                C("got all")
                c.end()
                C(f"after end [{c.readyState}]")

        c.on("close", lambda _: server.close())

    server.listen(h.port, HOST, dial)


def encodings(h: Harness) -> None:
    """
    setEncoding: utf8 never splits a character, ascii and base64 give strings, no
    encoding gives a Buffer.
    """
    todo = ["utf8", "ascii", "base64", None]

    def following() -> None:
        if not todo:
            return
        enc = todo.pop(0)
        log = h.actor(enc or "null")

        def serve(c: net.Stream) -> None:
            parts: list[str] = []
            types: dict[str, int] = {}
            if enc:
                c.setEncoding(enc)

            @c.on("data")
            def received(d: Any) -> None:
                types[typeof(d)] = 1
                parts.append(d if enc else d.hex())

            @c.on("end")
            def ended() -> None:
                log(",".join(types))
                log(("|" if enc == "base64" else "").join(parts))
                server.close()
                following()

        server = net.createServer(serve)

        def dial() -> None:
            c = net.createConnection(h.port, HOST)
            b = ("plain text" if enc == "ascii" else "caf\u00e9 \u20ac").encode()
            c.setNoDelay(True)

            def step(i: int = 0) -> None:
                if i == len(b):
                    c.end()
                    return
                c.write(b[i : i + 1])
                setTimeout(step, 5, i + 1)

            c.on("connect", lambda: c.end(b) if enc == "base64" else step())

        server.listen(h.port, HOST, dial)

    following()


def pause_resume(h: Harness) -> None:
    """No 'data' between pause() and resume(); nothing is lost."""
    S = h.actor("server")

    def serve(c: net.Stream) -> None:
        paused, got = True, ""
        c.setEncoding("ascii")
        c.pause()

        @c.on("data")
        def received(d: str) -> None:
            nonlocal got
            if paused:
                S("data while paused")
            got += d

        def resume() -> None:
            nonlocal paused
            S("resume")
            paused = False
            c.resume()

        setTimeout(resume, 80)

        @c.on("end")
        def ended() -> None:
            S("end got", got)
            server.close()

        c.on("close", lambda e: S("close", e))

    server = net.createServer(serve)

    def dial() -> None:
        c = net.createConnection(h.port, HOST)

        @c.on("connect")
        def connected() -> None:
            c.write("one ")
            setTimeout(c.end, 20, "two")

    server.listen(h.port, HOST, dial)


def pipe_without_end(h: Harness) -> None:
    """pipe(dest, {end: false}) leaves dest open when the source ends."""
    S, C = h.actor("server"), h.actor("client")

    def serve(c: net.Stream) -> None:
        c.pipe(c, {"end": False})

        @c.on("end")
        def ended() -> None:
            S(f"end [{c.readyState}]")
            c.end("and the last word")

        @c.on("close")
        def closed(e: bool) -> None:
            S("close", e)
            server.close()

    server = net.createServer({"allowHalfOpen": True}, serve)

    def dial() -> None:
        c = net.createConnection(h.port, HOST)
        got: list[str] = []
        c.setEncoding("utf8")
        c.on("data", got.append)
        c.on("connect", lambda: c.end("mirror, "))

        @c.on("close")
        def closed(e: bool) -> None:
            C("".join(got))
            C("close", e)

    server.listen(h.port, HOST, dial)


def write_before_connect(h: Harness) -> None:
    """
    Writes made while connecting are queued, return false, and are flushed on connect,
    followed by 'drain'.
    """
    S, C = h.actor("server"), h.actor("client")

    def serve(c: net.Stream) -> None:
        got = ""
        c.setEncoding("utf8")

        @c.on("data")
        def received(d: str) -> None:
            nonlocal got
            got += d
            if got == "onetwo":
                S("got onetwo")
                c.end()

        c.on("close", lambda _: server.close())

    server = net.createServer(serve)

    def dial() -> None:
        c = net.createConnection(h.port, HOST)
        C("write one ->", c.write("one"))
        C("write two ->", c.write("two"))
        watch(c, C, ["connect", "drain", "end", "error", "close"])

    server.listen(h.port, HOST, dial)


def write_callbacks(h: Harness) -> None:
    """
    write(data, [encoding], callback): in order, each when its data has gone to the
    kernel.
    """
    S, C = h.actor("server"), h.actor("client")

    def serve(c: net.Stream) -> None:
        got = bytearray()
        c.on("data", got.extend)

        @c.on("end")
        def ended() -> None:
            S("received", len(got))
            server.close()

    server = net.createServer(serve)

    def dial() -> None:
        c = net.createConnection(h.port, HOST)
        c.write("abc", lambda: C("callback queued"))

        @c.on("connect")
        def connected() -> None:
            C("connect")
            setTimeout(write, 30)

        def write() -> None:
            C("return", c.write("def", "ascii", lambda: C("callback small")))
            C("return", c.write(b"x" * LARGE, lambda: C("callback large")))
            C("return", c.write("ghi", "utf8", tail))

        def tail() -> None:
            C("callback tail")
            c.end()

    server.listen(h.port, HOST, dial)


def write_encodings(h: Harness) -> None:
    """write(string, encoding) on the wire."""
    S = h.actor("server")

    def serve(c: net.Stream) -> None:
        got = bytearray()
        c.on("data", got.extend)

        @c.on("end")
        def ended() -> None:
            S(got.hex())
            server.close()

    server = net.createServer(serve)

    def dial() -> None:
        c = net.createConnection(h.port, HOST)

        @c.on("connect")
        def connected() -> None:
            c.write("\u00e9")  # default: utf8
            c.write("|")
            c.write("\u00e9", "utf8")
            c.write("|")
            c.write("abc", "ascii")
            c.write("|")
            c.write("\u00e9", "binary")
            c.write("|")
            c.write(bytes([0, 255, 10]))
            c.end()

    server.listen(h.port, HOST, dial)


def fd_passing(h: Harness) -> None:
    """write(data, encoding, fd) over a UNIX socket; the peer gets 'data' and 'fd'."""
    S, path, file = h.actor("server"), f"{h.dir}/fd.sock", f"{h.dir}/passed.txt"
    with open(file, "w") as passed:
        passed.write("contents of the passed file")
    fd = os.open(file, os.O_RDONLY)

    def serve(c: net.Stream) -> None:
        got: list[str] = []
        fds: list[int] = []
        c.setEncoding("utf8")
        c.on("data", got.append)
        c.on("fd", fds.append)

        def tell() -> None:
            S("data " + "".join(got))
            S(f"fds {len(fds)}")
            S("same number " + js(fds[0] == fd))
            S("read " + os.read(fds[0], 100).decode())
            for each in fd, fds[0]:
                os.close(each)
            server.close()

        c.on("end", lambda: setTimeout(tell, 20))

    server = net.createServer(serve)

    def dial() -> None:
        c = net.createConnection(path)

        @c.on("connect")
        def connected() -> None:
            c.write("take this", "utf8", fd)
            c.end()

    server.listen(path, dial)
