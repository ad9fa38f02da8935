"""
A user's program on Node of today, for type checkers: each line that says so is an error, and
no other.
"""

from __future__ import annotations

from nodenet.node import events, net, stream
from nodenet.node.abort import AbortController, AbortSignal
from nodenet.node.process import exitOnUncaught


def silent() -> None: ...
def told(number: int) -> None: ...
def both(one: str, other: str) -> None: ...


socket = net.Socket()
server = net.createServer()
readable = stream.Readable()
writable = stream.Writable()
duplex = stream.PassThrough()

socket.on("conect", silent)  # error
socket.on("data")  # error
socket.on("data", silent)  # error
socket.on("close", silent)  # error
socket.on("end", told)  # error
socket.once("timeout", lambda late: None)  # error
socket.on("lookup", lambda error: None)  # error
socket.prependListener("error", silent)  # error
socket.prependOnceListener("ready", told)  # error
socket.off("drop", told)  # error
socket.removeListener("close", both)  # error
socket.on("connectionAttempt", told)  # error
socket.on("connectionAttemptFailed", silent)  # error
socket.on("unpipe", told)  # error
socket.on("end", silent).on("end", told)  # error
server.on("data", told)  # error
server.on("connection", silent)  # error
server.on("connection", told)  # error
server.on("connection", lambda socket: socket.wrte("x"))  # error
server.on("close", told)  # error
server.on("drop", silent)  # error
server.on("drop", lambda data: data["remote"])  # error
readable.on("finish", silent)  # error
readable.on("readable", told)  # error
readable.once("close", told)  # error
readable.off("dta", told)  # error
writable.on("data", told)  # error
writable.on("pipe", silent)  # error
writable.once("finish", told)  # error
duplex.on("connect", silent)  # error
duplex.on("close", told)  # error
net.connect({"prot": 8124})  # error
net.connect({"port": 8124, "host": 5})  # error
net.connect(prot=8124)  # error
net.connect(8124, 5)  # error
net.connect(8124, "localhost", told)  # error
net.connect(8124, "localhost", silent, 5)  # error
net.connect(8.5)  # error
net.connect(8124, timeout="5")  # error
net.connect(8124, signal=5)  # error
net.connect(8124, signal=AbortController())  # error
net.connect(8124, family="6")  # error
net.connect(8124, lookup=silent)  # error
net.connect(8124, onread=silent)  # error
net.createConnection(silent)  # error
socket.connect(8124, timeout=5)  # error
socket.connect({"port": [8124]})  # error
socket.connect(path=5)  # error
net.createServer(silent)  # error
net.createServer(told)  # error
net.createServer({"allowHalfOpn": True})  # error
net.createServer({"allowHalfOpen": True}, silent)  # error
net.createServer(noDelay=5)  # error
net.createServer(reactor=5)  # error
server.listen({"prt": 8124})  # error
server.listen(8124, "localhost", "5")  # error
server.listen(8124, 5.5)  # error
server.listen(8124, backlog="5")  # error
server.listen(8124, told)  # error
server.listen(8124, "localhost", 5, silent, 5)  # error
server.close(told)  # error
server.getConnections(silent)  # error
server.maxConnections = "5"  # error
server.blockList = ["127.0.0.1"]  # error
server.pause()  # error
socket.write(5)  # error
socket.write("x", 5)  # error
socket.write("x", silent)  # error
socket.write("x", "utf8", silent)  # error
socket.write("x", "utf8", told, 5)  # error
socket.end(5)  # error
socket.end("x", silent)  # error
socket.end(silent)  # error
socket.setTimeout("5")  # error
socket.setTimeout(5, told)  # error
socket.setNoDelay("no")  # error
socket.setEncoding(5)  # error
socket.remotePort.lower()  # error
socket.bytesRead.lower()  # error
socket.bytesRead = 5  # error
socket.address()["prt"]  # error
opening: bool = socket.readyState  # error
socket.timeout.lower()  # error
net.SocketAddress({"adress": "::1"})  # error
net.SocketAddress(port=[5])  # error
net.BlockList().addSubnet("10.0.0.0", "8")  # error
net.BlockList().check(5)  # error
socket.pipe(net.Socket(), end="no")  # error
socket.setSecure()  # error
net.Socket(hidhWaterMark=5)  # error
net.Socket("3")  # error
net.Socket({"fd": "3"})  # error
net.isIP("::1").lower()  # error
stream.Readable(red=silent)  # error
stream.Readable(read=silent)  # error
stream.Readable({"highWaterMark": "5"})  # error
stream.Readable.from_(5.5)  # error
stream.Writable(write=told)  # error
stream.Writable(final=silent)  # error
stream.Transform(transform=silent)  # error
writable.write(b"x", silent)  # error
writable.end(b"x", 5)  # error
readable.read("5")  # error
readable.write("x")  # error
writable.read()  # error
readable.map()(5)  # error
readable.take("5")  # error
readable.filter(bool, concurency=5)  # error
stream.pipeline(readable, duplex, silent).wrte()  # error
stream.pipeline(readable, 5.5, writable)  # error
stream.pipeline(readable, writable, ending=True)  # error
stream.finished(readable, both)  # error
stream.finished(5)  # error
stream.finished(readable, readble=True)  # error
stream.addAbortSignal(5, readable)  # error
events.once(5, "x")  # error
events.once(server, "listening", signal=5)  # error
events.on(server, "connection", {"closing": ["close"]})  # error
events.on(server, "connection", highWaterMark="5")  # error
events.EventEmitter({"captureRejection": True})  # error
events.EventEmitter().on("mine", 5)  # error
events.EventEmitter().on({}, silent)  # error
events.EventEmitter().setMaxListeners("5")  # error
AbortSignal.timeout("5")  # error
AbortSignal.any(5)  # error
AbortController().signal.addEventListener("abort", silent)  # error
exitOnUncaught(5)  # error
