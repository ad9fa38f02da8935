"""
Echo with C{nodenet.node.net}: as C{echo_node.js}, with C{pipe}; with the argument C{loop}, with
C{async for}.
"""

import sys

import nodenet.reactor

nodenet.reactor.install()

from twisted.internet import reactor  # noqa: E402
from twisted.internet.defer import Deferred  # noqa: E402

from nodenet.node import net  # noqa: E402
from nodenet.node.events import once  # noqa: E402


def pipe(socket):
    socket.on("error", lambda error: None)
    socket.pipe(socket)


def loop(socket):
    Deferred.fromCoroutine(echo(socket))


async def echo(socket):
    async for chunk in socket:
        if not socket.write(chunk):
            await once(socket, "drain")


server = net.createServer(loop if sys.argv[1:] == ["loop"] else pipe)
server.listen(
    0,
    "127.0.0.1",
    lambda: print("Listening on 127.0.0.1:{port}".format(**server.address()), flush=True),
)
reactor.run()
