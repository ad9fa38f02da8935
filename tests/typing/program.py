"""
A user's program, for type checkers: all of this is right.
"""

from __future__ import annotations

from twisted.internet.endpoints import TCP4ClientEndpoint

from nodenet import net
from nodenet.crypto import createCredentials
from nodenet.events import EventEmitter
from nodenet.splice import Splicer


def connected(stream: net.Stream) -> None:
    stream.write("hello\r\n")
    stream.pipe(stream)
    stream.on("data", lambda data: print(len(data))).on("close", closed)


def closed(hadError: bool) -> None:
    print(hadError)


def failed(error: net.NetError) -> None:
    print(error.code, error.errno, error.syscall, error.address, error.port)


def dial(endpoint: TCP4ClientEndpoint) -> net.Stream:
    return net.createConnection(endpoint, lambda: print("connected"))


class Logged(net.Stream):
    def tell(self) -> Logged:
        return self.once("end", lambda: print("end")).off("close", closed)


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


client = net.createConnection(8124, "localhost", lambda: print("connected"))
net.createConnection(8124, lambda: None)
net.createConnection(port=8124, host="localhost", callback=lambda: None, allowHalfOpen=True)
net.createConnection("/tmp/echo.sock")
queued: bool = client.write(b"x", lambda: print("gone"))
client.write("x", "utf8", callback=lambda: None)
client.pipe(net.Stream(), splice=Splicer()).end("bye")
client.setTimeout(1000)
Logged().tell().connect(path=b"/tmp/echo.sock")
EventEmitter.on(client, "mine", print)
