"""
A user's program, for type checkers: each line that says so is an error, and no other.
"""

from __future__ import annotations

from nodenet import net

stream = net.Stream()
server = net.createServer()
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
