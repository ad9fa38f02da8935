"""
A user's program, for type checkers: all of this is right.
"""

from __future__ import annotations

from twisted.internet import reactor
from twisted.internet.endpoints import TCP4ClientEndpoint
from twisted.internet.interfaces import IReactorTime, ITransport
from twisted.internet.task import Clock

from nodenet import net, timers
from nodenet.crypto import createCredentials
from nodenet.endpoints import serverFromString
from nodenet.events import EventEmitter
from nodenet.splice import Splicer


def connected(stream: net.Stream) -> None:
    stream.write("hello\r\n")
    stream.pipe(stream)
    stream.on("data", lambda data: print(len(data))).on("close", closed)


def closed(hadError: bool) -> None:
    print(hadError)


def failed(error: net.NetError) -> None:
    number: int = error.errno
    address: str | None = error.address
    port: int | None = error.port
    print(error.code.lower(), number, error.syscall.lower(), address, port)


def told(error: Exception) -> None:
    if isinstance(error, net.NetError) and error.code == "ECONNREFUSED":
        print(error.address)


def dial(endpoint: TCP4ClientEndpoint) -> net.Stream:
    return net.createConnection(endpoint, lambda: print("connected"))


class Logged(net.Stream):
    """
    It has an event of its own.
    """

    def tell(self) -> Logged:
        self.emit("mine", 1)
        EventEmitter.on(self, "mine", print)
        self.setMaxListeners(0).tell()
        return self.once("end", lambda: print("end")).off("close", closed)


def onReactors(clock: Clock, given: IReactorTime, transport: ITransport) -> None:
    for stream in net.Stream(reactor=clock), net.Stream(reactor=given), net.Stream():
        stream.makeConnection(transport)
    net.createServer(connected, reactor=clock).listen()
    timers.setTimeout(print, 5, "now", reactor=clock)
    timers.nextTick(print, reactor=reactor)
    print(serverFromString(reactor, "tcp:8124"))


server = net.createServer({"allowHalfOpen": True}, connected)
server.on("listening", lambda: print(server.address()["port"])).on("error", failed)
server.listen(8124, "localhost", lambda: print("listening"))
net.createServer(connected, allowHalfOpen=True).listen(port=0, host="::1", backlog=5)
net.createServer().listen(lambda: None)
net.createServer().listen("/tmp/echo.sock", callback=lambda: None)
net.createServer().listen(path="/tmp/echo.sock")


@server.on("connection")
def another(stream: net.Stream) -> None:
    stream.setSecure(createCredentials(key="...", cert="..."))


@server.once("error")
async def failedToo(error: net.NetError) -> None:
    print(error.code)


client = net.createConnection(8124, "localhost", lambda: print("connected"), reactor=reactor)


@client.once("data")
def first(data: bytes) -> None:
    print(data.hex())


@client.on("timeout")
def idle(*late: object) -> None:
    client.destroy()


client.on("data", first).prependListener("error", told).on("error", failed)
client.on("fd", lambda fd: print(fd + 1)).on("drain", idle).on("secure", idle)
client.prependOnceListener("newListener", lambda type, listener: print(type.upper()))
client.removeListener("data", first).addListener("connect", client.resume)
net.createConnection(8124, lambda: None)
net.createConnection(port=8124, host="localhost", callback=lambda: None, allowHalfOpen=True)
net.createConnection("/tmp/echo.sock")
queued: bool = client.write(b"x", lambda: print("gone"))
client.write("x", "utf8", callback=lambda: None)
client.write("x", "utf8", lambda: None)
client.write(bytearray(b"x"), 3)
client.write(memoryview(b"x"), 3, lambda: None)
client.write("x", "utf8", 3, lambda: None)
client.write("x", fileDescriptor=3)
client.end("x", "utf8")
net.Stream({"allowHalfOpen": True}).connect(port=8124)
net.Stream(fd=3, type="tcp4").connect(8124, callback=lambda: None)
client.pipe(net.Stream(), splice=Splicer()).end("bye")
client.setTimeout(1000)
Logged().tell().connect(path=b"/tmp/echo.sock")
EventEmitter.on(client, "mine", print)
