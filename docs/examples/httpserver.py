"""
Files over HTTP/1.0, by hand.
Usage: python httpserver.py FOLDER [PORT], then: curl http://localhost:PORT/NAME
"""

import os
import posixpath
import sys
from urllib.parse import unquote

from twisted.internet import task

from nodenet.node import net
from nodenet.node.events import once
from nodenet.node.stream import promises

# Characters that a request's head may have.
HEAD = 16384
# Milliseconds that nothing may move.
IDLE = 30_000


async def readHead(socket: net.Socket) -> str:
    head = ""
    # A loop that is left ends its stream, unless it is told not to.
    async for chunk in socket.iterator({"destroyOnReturn": False}):
        head += str(chunk, "latin1")
        if "\r\n\r\n" in head:
            return head
        if len(head) > HEAD:
            break
    raise Exception("no request")


async def answer(socket: net.Socket, folder: str) -> None:
    method, target, *_ = (await readHead(socket)).split(" ")
    if method != "GET":
        raise Exception(f"{method} is not known")
    # Joined to "/", so that no ".." leads out of the folder.
    name = folder + posixpath.normpath(posixpath.join("/", unquote(target)))
    if not os.path.isfile(name):
        raise Exception(f"{name} is no file")
    with open(name, "rb") as file:
        socket.resume()  # whatever else it sends: an end that nobody reads up to never comes
        socket.write(f"HTTP/1.0 200 OK\r\nContent-Length: {os.path.getsize(name)}\r\n\r\n")
        await promises.pipeline(file, socket)


async def main(reactor: object, folder: str, port: str = "0") -> None:
    async def connection(socket: net.Socket) -> None:
        name = f"{socket.remoteAddress}:{socket.remotePort}"
        socket.on("error", lambda error: None)  # told below, or too late to matter
        socket.setTimeout(IDLE, lambda: socket.destroy(Exception("timeout")))
        try:
            await answer(socket, folder)
        except Exception as error:
            print(f"{name}: {error}")
            if socket.bytesWritten:
                socket.destroy()
            else:
                socket.end("HTTP/1.0 404 Not Found\r\n\r\nNot found\n").resume()

    # Half-open: a client may end with its request, and still wants the answer.
    server = net.createServer({"allowHalfOpen": True}, connection).listen(port)
    await once(server, "listening")
    print(f"listening on {server.address()['port']}")
    await once(server, "close")


task.react(main, sys.argv[1:])
