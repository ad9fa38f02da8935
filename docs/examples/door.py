"""
A door that opens to whoever has knocked at some ports, in their order.
Usage: python door.py PORT KNOCK..., then: python knock.py localhost KNOCK... PORT
"""

import sys
from collections.abc import Callable
from functools import partial

from twisted.internet import task

from nodenet.node import net
from nodenet.node.events import once
from nodenet.timers import setTimeout

# Milliseconds until knocks are forgotten.
MEMORY = 10_000

knocks: dict[str, int] = {}  # address: how many were right so far


def knocked(address: str, index: int) -> None:
    right = knocks.get(address, 0)
    if index == right:
        knocks[address] = right + 1
        if right == 0:
            setTimeout(lambda: knocks.pop(address, None), MEMORY)
    else:
        knocks.pop(address, None)


async def listen(port: str, connection: Callable[[net.Socket, str], object]) -> net.Server:
    def accepted(socket: net.Socket) -> None:
        socket.on("error", lambda error: print(f"{socket.remoteAddress}: {error}"))
        connection(socket, socket.remoteAddress or "")

    server = net.createServer(accepted).listen(port)
    await once(server, "listening")
    print(f"listening on {server.address()['port']}")
    return server


async def main(reactor: object, door: str, *ports: str) -> None:
    def entering(socket: net.Socket, address: str) -> None:
        if knocks.get(address) == len(ports):
            socket.end("Come in.\n").resume()
        else:
            socket.resetAndDestroy()

    def knocking(index: int, socket: net.Socket, address: str) -> None:
        knocked(address, index)
        socket.end().resume()

    server = await listen(door, entering)
    for index, port in enumerate(ports):
        await listen(port, partial(knocking, index))
    await once(server, "close")


task.react(main, sys.argv[1:])
