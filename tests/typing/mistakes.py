"""
A user's program, for type checkers: each line that says so is an error, and no other.
"""

from __future__ import annotations

from nodenet import net

stream = net.Stream()
server = net.createServer()


def silent() -> None: ...
def told(number: int) -> None: ...


stream.on("conect", lambda: None)  # error
stream.on("close", lambda: None)  # error
stream.on("data", lambda: None)  # error
stream.once("timeout", lambda late: None)  # error
server.on("data", lambda data: None)  # error
server.on("connection", lambda: None)  # error
server.listen(8124, 5)  # error
server.listen(8124, "localhost", lambda: None, 5)  # error
server.listen(8124, backlog="5")  # error
stream.connect(8124, 5)  # error
stream.connect(8124, "localhost", lambda: None, 5)  # error
stream.connect(8124, prot=5)  # error
net.createConnection(8124, "localhost", halfOpen=True)  # error
net.createServer(5)  # error
text: str = stream.write("x")  # error
stream.write(5)  # error
stream.write("x", 5.5)  # error
stream.write("x", lambda sent: None)  # error
stream.write("x", "utf8", 3, lambda: None, 4)  # error
stream.write("x", enc="utf8")  # error
stream.end(5)  # error
stream.end("x", lambda: None)  # error
stream.on("close")(silent)  # error
stream.once("end")(told)  # error
stream.on("conect")(silent)  # error
server.once("connection")(silent)  # error
stream.off("close")  # error
server.prependListener("close")  # error
stream.removeListener("clse", silent)  # error
stream.prependOnceListener("fd", silent)  # error
stream.on("end", silent).on("end", told)  # error
server.on("connection", lambda stream: stream.wrte("x"))  # error
server.on("connection", told)  # error
server.off("listening", told)  # error
server.listen(8124, lambda server: None)  # error
net.createServer(silent)  # error
net.createServer(lambda stream: None, lambda stream: None)  # error
net.createServer(reactor=5)  # error
net.createServer(allowHalfOpn=True)  # error
net.createConnection(8124, reactor=silent)  # error
net.createConnection()  # error
net.Stream(5)  # error
stream.connect(5.5)  # error
stream.makeConnection(5)  # error
number: str = net.NetError(1, "read").errno  # error
print(net.NetError(1, "read").adress)  # error
