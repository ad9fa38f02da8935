"""
A chat over TCP: what one writes, all others read.
Usage: python chat.py [PORT], then: nc localhost PORT
"""

import sys
from collections.abc import AsyncIterable, AsyncIterator

from twisted.internet import task

from nodenet.node import net
from nodenet.node.events import once

# Bytes. Whoever leaves so much unread is dropped: a chat can't wait for the slowest.
UNREAD = 256 * 1024
# Characters. Whoever writes a longer line is dropped, too.
LINE = 4096

clients: set[net.Socket] = set()


def say(text: str, author: net.Socket | None = None) -> None:
    for client in list(clients):
        if client is author:
            continue
        if client.writableLength > UNREAD:
            client.destroy(Exception("reads too slowly"))
        else:
            client.write(text)


async def lines(source: AsyncIterable[str]) -> AsyncIterator[str]:
    rest = ""
    async for chunk in source:
        *parts, rest = (rest + chunk).split("\n")
        for line in parts:
            yield line.rstrip()
        if len(rest) > LINE:
            raise Exception("line too long")


async def connection(client: net.Socket) -> None:
    name = f"{client.remoteAddress}:{client.remotePort}"
    clients.add(client)
    say(f"* {name} comes\n", client)
    client.write(f"* you are {name}, one of {len(clients)}\n")
    try:
        async for line in lines(client.setEncoding("utf8")):
            say(f"{name}: {line}\n", client)
    except Exception as error:
        print(f"{name}: {error}")
    finally:
        clients.discard(client)
        say(f"* {name} goes\n")


async def main(reactor: object, port: str = "0") -> None:
    server = net.createServer({"noDelay": True}, connection).listen(port)
    await once(server, "listening")
    print(f"listening on {server.address()['port']}")
    await once(server, "close")


task.react(main, sys.argv[1:])
