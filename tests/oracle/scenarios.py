"""
The scenarios that Node v0.3.3 was recorded with, ported line by line: those of an
emitter, of servers, and of a connection from its beginning to its end. Those of data
are in L{tests.oracle.scenarios_data}.

Each is a function of the L{Harness}, named as its trace.
"""

from __future__ import annotations

import os
import socket

from nodenet import constants, net
from nodenet.events import EventEmitter
from nodenet.timers import setTimeout
from tests.oracle.harness import HOST, Harness, attempt, js, typeof, watch


class ListenerError(Exception):
    """
    What a listener raises that nodenet is to log.
    """


def address_in_use(h: Harness) -> None:
    """The document's retry: EADDRINUSE, close, listen again once the port is free."""
    A, B = h.actor("first"), h.actor("second")
    first, second = net.createServer(), net.createServer()

    def listening() -> None:
        A("listening")

        @second.on("error")
        def retry(e: OSError) -> None:
            B("error EADDRINUSE", e.errno == constants.EADDRINUSE)
            first.close()
            setTimeout(lambda: second.listen(h.port, HOST), 50)
            second.close()

        second.on("close", lambda: B("close"))

        @second.on("listening")
        def relistened() -> None:
            B("listening")
            second.close()

        second.listen(h.port, HOST)

    first.listen(h.port, HOST, listening)
    first.on("close", lambda: A("close"))


def connect_callback(h: Harness) -> None:
    """
    connect(port, host, callback) and connect(path, callback): the callback is a
    'connect' listener.
    """
    T, U, path = h.actor("tcp"), h.actor("unix"), h.dir + "/cb.sock"
    server = net.createServer(lambda c: c.end())
    unix = net.createServer(lambda c: c.end())

    def overTCP() -> None:
        c = net.Stream()
        T(f"new [{c.readyState}]")
        c.connect(h.port, HOST, lambda: T(f"callback [{c.readyState}]"))
        c.on("connect", lambda: T("listener"))

        @c.on("close")
        def closed(e: bool) -> None:
            T("close", e)
            server.close()

    def overUNIX() -> None:
        c = net.Stream()
        c.connect(path, lambda: U(f"callback [{c.readyState}]"))

        @c.on("close")
        def closed(e: bool) -> None:
            U("close", e)
            unix.close()

    server.listen(h.port, HOST, overTCP)
    unix.listen(path, overUNIX)


def connect_listener_throws(h: Harness) -> None:
    """An exception from a 'connect' listener destroys the stream with it."""
    C = h.actor("client")
    server = net.createServer(lambda c: c.on("close", lambda _: server.close()))

    def dial() -> None:
        c = net.createConnection(h.port, HOST)

        @c.on("connect")
        def connected() -> None:
            C("connect")
            raise ListenerError("from listener")

        c.on("error", lambda e: C("error", e))
        c.on("close", lambda e: C("close", e))

    server.listen(h.port, HOST, dial)


def connect_missing_path(h: Harness) -> None:
    """A UNIX socket path that does not exist."""
    C = h.actor("client")
    c = net.createConnection(h.dir + "/missing.sock")
    watch(c, C, ["connect", "error", "close"])
    c.on("error", lambda e: C("errno is ENOENT", e.errno == constants.ENOENT))


def connect_refused(h: Harness) -> None:
    """A refused connection: 'error', then 'close' with had_error, and never 'connect'."""
    C = h.actor("client")
    c = net.createConnection(h.port, HOST)
    watch(c, C)
    c.on("error", lambda e: C("errno is ECONNREFUSED", e.errno == constants.ECONNREFUSED))


def destroy(h: Harness) -> None:
    """
    destroy(): at once unreadable and unwritable, 'close' later with false, no further
    'data' or 'end'.
    """
    S, C = h.actor("server"), h.actor("client")

    def serve(c: net.Stream) -> None:
        watch(c, S, ["data", "end", "error", "close"])

        @c.on("data")
        def received(_: bytes) -> None:
            c.destroy()
            access = f"readable={js(c.readable)} writable={js(c.writable)}"
            S(f"after destroy [{c.readyState}] {access}")
            attempt(S, "write", lambda: c.write("x"))
            attempt(S, "destroy again", c.destroy)

        c.on("close", lambda _: server.close())

    server = net.createServer(serve)

    def dial() -> None:
        c = net.createConnection(h.port, HOST)
        watch(c, C, ["connect", "end", "close"])
        c.on("connect", lambda: c.write("go"))

    server.listen(h.port, HOST, dial)


def destroy_with_error(h: Harness) -> None:
    """destroy(exception): 'error' with that exception, directly followed by 'close' true."""
    C = h.actor("client")
    server = net.createServer(lambda c: c.on("close", lambda _: server.close()))

    def dial() -> None:
        c = net.createConnection(h.port, HOST)

        @c.on("connect")
        def connected() -> None:
            C("connect")
            c.destroy(Exception("boom"))
            C("after destroy")

        c.on("error", lambda e: C("error", e))
        c.on("close", lambda e: C("close", e))

    server.listen(h.port, HOST, dial)


def end_before_connect(h: Harness) -> None:
    """end() while connecting: what was queued goes out first, then the FIN."""
    S, C = h.actor("server"), h.actor("client")

    def serve(c: net.Stream) -> None:
        watch(c, S, ["data", "end", "error", "close"])
        c.on("close", lambda _: server.close())

    server = net.createServer(serve)

    def dial() -> None:
        c = net.createConnection(h.port, HOST)
        c.end("early")
        C(f"after end [{c.readyState}]")
        attempt(C, "write after end", lambda: c.write("x"))
        watch(c, C, ["connect", "end", "error", "close"])

    server.listen(h.port, HOST, dial)


def end_with_data(h: Harness) -> None:
    """end(data) is write(data) then end(); writing after it throws."""
    S, C = h.actor("server"), h.actor("client")

    def serve(c: net.Stream) -> None:
        c.end("goodbye\n")
        S(f"after end [{c.readyState}]")
        attempt(S, "write after end", lambda: c.write("more"))
        attempt(S, "end again", c.end)
        watch(c, S, ["end", "error", "close"])
        c.on("close", lambda _: server.close())

    server = net.createServer(serve)
    server.listen(h.port, HOST, lambda: watch(net.createConnection(h.port, HOST), C))


def events(h: Harness) -> None:
    """EventEmitter as the streams and servers have it."""
    L, e = h.actor("emitter"), EventEmitter()

    def a(*_: object) -> None:
        L("a")

    def b(*_: object) -> None:
        L("b")
        e.removeListener("x", c)

    def c(*_: object) -> None:
        L("c")

    def stop() -> None:
        L("t1")
        raise Exception("stop")

    e.on("newListener", lambda type, f: L("newListener", type, typeof(f)))
    e.on("x", a).on("x", b).on("x", c)
    L("emit ->", e.emit("x", 1))
    L("emit ->", e.emit("x", 1))
    L("listeners", len(e.listeners("x")))
    L("unheard ->", e.emit("nothing"))
    e.once("y", lambda n: L("once", n))
    e.emit("y", 1)
    L("second emit ->", e.emit("y", 2))
    e.removeAllListeners("x")
    L("after removeAll ->", e.emit("x"))
    attempt(L, "error unheard", lambda: e.emit("error", Exception("loud")))
    attempt(L, "error unheard, no object", lambda: e.emit("error"))
    e.on("error", lambda x: L("error", x))
    L("error heard ->", e.emit("error", Exception("quiet")))
    e.on("t", stop)
    e.on("t", lambda: L("t2"))
    attempt(L, "a listener throws", lambda: e.emit("t"))
    e.on("d", a)
    e.on("d", a)
    e.emit("d")
    e.removeListener("d", a)
    L("one left")
    e.emit("d")
    attempt(L, "not a function", lambda: e.on("x", "nope"))


def half_open_allowed(h: Harness) -> None:
    """
    allowHalfOpen == true: we may go on writing after the peer's FIN, and must end
    ourselves.
    """
    S, C = h.actor("server"), h.actor("client")

    def serve(c: net.Stream) -> None:
        watch(c, S, ["data", "end", "error", "close"])

        def answer() -> None:
            attempt(S, "write after end", lambda: c.write("still here"))
            c.end()
            S(f"after end [{c.readyState}]")

        c.on("end", lambda: setTimeout(answer, 30))
        c.on("close", lambda _: server.close())

    server = net.createServer({"allowHalfOpen": True}, serve)

    def dial() -> None:
        c = net.createConnection(h.port, HOST)
        watch(c, C)
        c.on("connect", lambda: c.end("question"))

    server.listen(h.port, HOST, dial)


def half_open_default(h: Harness) -> None:
    """
    allowHalfOpen == false: the peer's FIN ends our side too, before 'end' listeners
    run.
    """
    S, C = h.actor("server"), h.actor("client")

    def serve(c: net.Stream) -> None:
        watch(c, S, ["data", "end", "error", "close"])
        c.on("end", lambda: attempt(S, "write in end", lambda: c.write("late")))
        c.on("close", lambda _: server.close())

    server = net.createServer(serve)

    def dial() -> None:
        c = net.createConnection(h.port, HOST)
        watch(c, C)

        @c.on("connect")
        def connected() -> None:
            c.end("bye")
            C(f"after end [{c.readyState}]")

    server.listen(h.port, HOST, dial)


def max_connections(h: Harness) -> None:
    """
    maxConnections: connections above it are closed at once and never reach
    'connection'.
    """
    S, C = h.actor("server"), h.actor("clients")
    opened: list[net.Stream] = []
    closed: list[bool] = []
    server = net.createServer(lambda c: S(f"connection connections={server.connections}"))
    server.maxConnections = 2

    def dial() -> None:
        if len(opened) == 4:
            setTimeout(check, 60)
            return
        c = net.createConnection(h.port, HOST)
        c.on("connect", lambda: setTimeout(dial, 20))
        c.on("error", lambda _: None)
        c.on("close", closed.append)
        opened.append(c)

    def check() -> None:
        C("closed by server", len(closed))
        opened[0].end()
        setTimeout(oneMore, 60)

    def oneMore() -> None:
        S(f"after one left connections={server.connections}")
        net.createConnection(h.port, HOST)
        setTimeout(last, 60)

    def last() -> None:
        S(f"after one more connections={server.connections}")
        h.finish(0)

    server.listen(h.port, HOST, dial)


def ready_state(h: Harness) -> None:
    """readyState, readable and writable through a life with allowHalfOpen on both sides."""
    S, C = h.actor("server"), h.actor("client")

    def state(s: net.Stream) -> str:
        return f"{s.readyState} r={js(s.readable)} w={js(s.writable)}"

    def serve(c: net.Stream) -> None:
        S("connection", state(c))

        @c.on("end")
        def ended() -> None:
            S("end", state(c))
            setTimeout(end, 30)

        def end() -> None:
            c.end()
            S("after end", state(c))

        @c.on("close")
        def closed(_: bool) -> None:
            S("close", state(c))
            server.close()

    server = net.createServer({"allowHalfOpen": True}, serve)

    def dial() -> None:
        c = net.Stream({"allowHalfOpen": True})
        C("new", c.readyState)
        c.connect(h.port, HOST)
        C("connecting", c.readyState)

        @c.on("connect")
        def connected() -> None:
            C("connect", state(c))
            c.end()
            C("after end", state(c))

        c.on("end", lambda: C("end", state(c)))
        c.on("close", lambda _: C("close", state(c)))

    server.listen(h.port, HOST, dial)


def reconnect(h: Harness) -> None:
    """A closed Stream may be connected again."""
    C, rounds = h.actor("client"), 0
    server = net.createServer(lambda c: c.end("hi"))

    def dial() -> None:
        c = net.createConnection(h.port, HOST)
        c.setEncoding("utf8")
        watch(c, C, ["connect", "data", "end", "close"])

        @c.on("close")
        def closed(_: bool) -> None:
            nonlocal rounds
            rounds += 1
            if rounds < 3:
                c.connect(h.port, HOST)
            else:
                server.close()

    server.listen(h.port, HOST, dial)


def server_close_keeps_connections(h: Harness) -> None:
    """
    close() stops accepting; 'close' does not wait for open connections, and they go on
    working.
    """
    S, C = h.actor("server"), h.actor("client")

    def serve(c: net.Stream) -> None:
        server.close()

        @c.on("data")
        def received(d: bytes) -> None:
            S("data after close", d.decode())
            c.end("still served")

        c.on("close", lambda e: S("connection close", e))

    server = net.createServer(serve)
    server.on("close", lambda: S("server close"))

    def dial() -> None:
        c = net.createConnection(h.port, HOST)
        c.setEncoding("utf8")
        watch(c, C, ["connect", "data", "end", "close"])
        c.on("connect", lambda: setTimeout(c.write, 60, "hello"))

    server.listen(h.port, HOST, dial)


def server_states(h: Harness) -> None:
    """Misuse of a server: close() when it isn't running, listen() when it is."""
    S = h.actor("server")
    server = net.createServer()
    attempt(S, "close before listen", server.close)

    @server.on("listening")
    def listening() -> None:
        S("listening")
        attempt(S, "listen again", lambda: server.listen(h.port + 1, HOST))
        server.close()

    @server.on("close")
    def closed() -> None:
        S("close")
        setTimeout(attempt, 10, S, "close again", server.close)

    server.listen(h.port, HOST)
    S("listen returned")


def timeout_idle(h: Harness) -> None:
    """
    'timeout' tells that the stream was idle; the connection is not severed; activity
    starts the clock again.
    """
    S, C = h.actor("server"), h.actor("client")

    def serve(c: net.Stream) -> None:
        fired = 0
        c.setTimeout(60)

        @c.on("timeout")
        def idle() -> None:
            nonlocal fired
            fired += 1
            S(f"timeout {fired} [{c.readyState}]")
            if fired == 1:
                c.write("wake")
            if fired == 2:
                c.setTimeout(0)
                setTimeout(later, 150)

        def later() -> None:
            S("no third timeout")
            c.end()

        @c.on("close")
        def closed(e: bool) -> None:
            S("close", e)
            server.close()

    server = net.createServer(serve)

    def dial() -> None:
        c = net.createConnection(h.port, HOST)
        watch(c, C, ["data", "end", "close"])

    server.listen(h.port, HOST, dial)


def timeout_reset(h: Harness) -> None:
    """Data received within the period postpones 'timeout'."""
    S = h.actor("server")

    def serve(c: net.Stream) -> None:
        chunks: list[bytes] = []
        c.setTimeout(120)
        c.on("data", chunks.append)

        @c.on("timeout")
        def idle() -> None:
            S(f"timeout after {len(chunks)} chunks")
            c.destroy()

        @c.on("close")
        def closed(e: bool) -> None:
            S("close", e)
            server.close()

    server = net.createServer(serve)

    def dial() -> None:
        c = net.createConnection(h.port, HOST)
        c.setNoDelay()

        def tick(n: int = 0) -> None:
            if n < 5:
                c.write(".")
                setTimeout(tick, 50, n + 1)

        c.on("connect", tick)

    server.listen(h.port, HOST, dial)


def unix_socket(h: Harness) -> None:
    """
    listen(path): a stale socket file is replaced, close() removes the file.

    In Node the first server is alive; nodenet does not steal from the living.
    """
    S, C, path = h.actor("server"), h.actor("client"), h.dir + "/echo.sock"
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(path)
    server = net.createServer(lambda c: c.pipe(c))
    server.on("close", lambda: S("close, file there", os.path.exists(path)))

    def dial() -> None:
        S("listening over stale file")
        c = net.createConnection(path)
        c.setEncoding("utf8")
        watch(c, C, ["connect", "data", "end", "close"])
        c.on("connect", lambda: c.write("over unix"))
        c.on("data", lambda _: c.end())
        c.on("close", lambda _: server.close())

    server.listen(path, dial)
