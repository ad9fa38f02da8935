"""
A user's program on Node of today, for type checkers: all of this is right.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint
from twisted.internet.task import Clock

from nodenet.node import events, net, stream
from nodenet.node.abort import AbortController, AbortSignal, addAbortListener
from nodenet.node.errors import AbortError, AggregateError, CodedError, SystemCallError
from nodenet.node.events import EventEmitter, errorMonitor
from nodenet.node.process import busy, exitOnUncaught


def connected(socket: net.Socket) -> None:
    socket.pipe(socket).on("close", closed)
    socket.on("data", lambda data: print(len(data))).setEncoding("utf8").resume()
    socket.on("unpipe", lambda source, info: print(source, info))


def dial(endpoint: TCP4ClientEndpoint) -> net.Socket:
    return net.createConnection(endpoint, lambda: print("connected"))


def closed(hadError: bool) -> None:
    print(hadError)


def failed(error: SystemCallError) -> None:
    print(error.code.lower(), error.errno + 1, error.syscall, error.address, error.port)


def told(error: Exception) -> None:
    if isinstance(error, AggregateError):
        print(len(error.errors))
    elif isinstance(error, CodedError):
        print(error.message.lower(), error.code)


def written(error: Exception | None) -> None:
    print(error)


def byAName(hostname: str, options: dict[str, Any], callback: Callable[..., object]) -> None:
    callback(None, [{"address": "127.0.0.1", "family": 4}])


class Mine(EventEmitter):
    """
    An emitter has any events.
    """

    def tell(self) -> Mine:
        self.emit("mine", 1)
        return self.on(("any", "thing"), print).once("mine", lambda number: print(number))


class Upper(stream.Transform):
    """
    Hooks may be methods.
    """

    def _transform(self, chunk: bytes, encoding: str, callback: Callable[..., None]) -> None:
        callback(None, chunk.upper())


class Counter(stream.Readable):
    """
    A readable with an event of its own.
    """

    count = 0

    def _read(self, size: int) -> None:
        self.count += 1
        self.push(str(self.count) if self.count < 9 else None)

    def tell(self) -> Counter:
        EventEmitter.on(self, "mine", print)
        return self.on("readable", self.take0).off("readable", self.take0).pause()

    def take0(self) -> None:
        print(self.read(), self.read(5))


async def serve() -> None:
    async with net.createServer(connected) as server:
        await events.once(server.listen(0), "listening")
        port: int = server.address()["port"]
        async with net.connect(port=port, host="localhost") as socket:
            async for chunk in socket:
                socket.write(chunk)
        async for args in events.on(server, "connection", {"close": ["close"]}):
            connected(args[0])
        waiting: Deferred[list[Any]] = events.once(server, "x", signal=AbortSignal.timeout(5))
        print(await waiting, server.getConnections(lambda error, count: print(count + 1)))


async def pipe(source: stream.Readable, signal: AbortSignal) -> list[Any]:
    last: net.Socket = stream.pipeline(source, Upper(), net.Socket(), lambda: print("done"))
    stream.pipeline(source, last, lambda error: print(error), signal=signal).end()
    stream.pipeline([source, last], lambda error, value: print(error, value))
    await stream.pipeline(source, Upper(), last, end=False)
    await stream.promises.pipeline(sys.stdin, Upper(), last, {"signal": signal})
    off: Callable[[], None] = stream.finished(last, written)
    off()
    stream.finished(last, {"readable": False}, lambda: None)()
    await stream.finished(last, writable=False)
    await stream.promises.finished(last, {"cleanup": True})
    first: bool = await source.some(lambda chunk: len(chunk) > 3, concurrency=2)
    print(first, await source.reduce(lambda sum, chunk: sum + len(chunk), 0))
    return await source.map(lambda chunk: chunk * 2).filter(bool).take(3).toArray()


async def lines() -> AsyncIterator[bytes]:
    yield b"1\n"


server = net.createServer({"allowHalfOpen": True, "noDelay": True}, connected)
server.listen({"port": 0, "host": "::", "ipv6Only": True}, lambda: print("listening"))
server.listen(8124, "localhost", 64, lambda: print("listening")).ref().unref()
server.listen(8124, 64).listen("/tmp/echo.sock", lambda: None).listen(None, lambda: None)
server.listen(port="8124", exclusive=True, callback=lambda: None).listen(lambda: None)
server.on("connection", connected).once("error", failed).on("listening", lambda: None)
server.on("drop", lambda data: print(data["remoteAddress"].upper(), data["remotePort"] + 1))
server.on("newListener", lambda name, listener: print(name)).on(errorMonitor, print)
server.maxConnections = 5
server.blockList = net.BlockList()
server.close(lambda: print("closed")).close()
net.Server(connected, pauseOnConnect=True, reactor=Clock()).listen()

client = net.connect({"port": 8124, "lookup": byAName, "family": 4}, lambda: None)
client.on("lookup", lambda error, address, family, host: print(error, address, family, host))
client.on("connectionAttempt", lambda address, port, family: print(address, port, family))
client.on("connectionAttemptFailed", lambda address, port, family, error: print(error))
client.once("ready", client.resume).on("connect", lambda: None).on("timeout", client.destroy)
client.prependListener("error", told).prependOnceListener("error", failed).off("close", closed)
client.removeListener("close", closed).addListener("end", lambda: client.end())
client.setTimeout(1000.5, lambda: None).setNoDelay().setKeepAlive(True, 1000).ref().unref()
queued: bool = client.write("x", "latin1", written)
client.write(b"x", written)
client.write(memoryview(b"x"))
client.end(b"x", written).end("x", "hex").end(written).end().destroy(Exception()).destroySoon()
client.resetAndDestroy().connect(8124, "localhost", lambda: None).connect("/tmp/echo.sock")
client.connect(path="/tmp/echo.sock", callback=lambda: None).connect({"port": 1}, lambda: None)
address: str | None = client.remoteAddress
sizes: int = client.bytesRead + client.bytesWritten + client.writableLength
print(client.address()["family"].lower(), client.readyState == "opening", client.errored)
if client.timeout is not None:
    print(client.timeout + 1)
net.connect(8124, "localhost", lambda: None, timeout=5, keepAlive=True)
net.createConnection("/tmp/echo.sock", lambda: None)
net.connect(8124, signal=AbortController().signal)
net.Socket(fd=3, allowHalfOpen=True).pipe(net.Socket({"highWaterMark": 5}), end=False).cork()
net.Socket(onread={"buffer": bytearray(9), "callback": lambda size, buffer: size < 9})
print(net.isIP("::1") + 1, net.SocketAddress(address="::1", family="ipv6").port + 1)

source = stream.Readable(read=lambda size: None, highWaterMark=5, encoding="utf8")
source.on("data", print).on("readable", lambda: None).once("end", lambda: None)
source.unpipe().wrap(client).iterator(destroyOnReturn=False)
stream.Readable.from_(lines()).pipe(
    stream.Writable(write=lambda chunk, encoding, callback: callback(None))
).on("finish", lambda: None).on("pipe", lambda source: None).once("drain", lambda: None)
stream.Writable({"objectMode": True, "final": lambda callback: callback()}).write({"a": 1})
one, other = stream.duplexPair(allowHalfOpen=False)
one.on("data", print).on("finish", other.destroy).setDefaultEncoding("utf8").end("x")
stream.Duplex.from_(lines()).on("close", lambda: None)
stream.addAbortSignal(AbortSignal.any([AbortSignal.abort()]), Upper()).push(b"x")
stream.compose(Upper(), stream.PassThrough()).write(b"x")
subscription = addAbortListener(AbortSignal.abort(), lambda *event: print(event))
subscription.dispose()
Mine(captureRejections=True).tell().setMaxListeners(0).listeners("mine")
events.setMaxListeners(5, client, AbortSignal.abort())
print(busy(), exitOnUncaught(reactor).failure, AbortError().cause)
