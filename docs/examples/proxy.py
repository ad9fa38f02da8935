"""
A TCP proxy that replaces one text by another, both ways.
Usage: python proxy.py PORT HOST HOSTPORT [OLD NEW]
"""

import sys
from collections.abc import Callable
from typing import Any

from twisted.internet import task

from nodenet.node import net
from nodenet.node.events import once
from nodenet.node.stream import PassThrough, Transform, pipeline


class Replace(Transform):
    def __init__(self, old: str, by: str) -> None:
        super().__init__()
        self.old = old.encode()
        self.by = by.encode()
        self.held = b""  # what may be the begin of an old text: its rest is in the next chunk

    def _transform(self, chunk: bytes, encoding: str, callback: Callable[..., Any]) -> None:
        *parts, last = (self.held + chunk).split(self.old)
        size = min(len(last), len(self.old) - 1)
        while not self.old.startswith(last[len(last) - size :]):
            size -= 1
        self.held = last[len(last) - size :]
        parts.append(last[: len(last) - size])
        callback(None, self.by.join(parts))

    def _flush(self, callback: Callable[..., Any]) -> None:
        callback(None, self.held)


async def main(
    reactor: object, port: str, host: str, hostPort: str, old: str = "", by: str = ""
) -> None:
    def change() -> Transform:
        return Replace(old, by) if old else PassThrough()

    def connection(client: net.Socket) -> None:
        name = f"{client.remoteAddress}:{client.remotePort}"
        upstream = net.connect({"host": host, "port": hostPort, "allowHalfOpen": True})

        def done(error: Any = None) -> None:
            if error:
                print(f"{name}: {error.code}")

        # When one stream fails, pipeline destroys the others.
        pipeline(client, change(), upstream, done)
        pipeline(upstream, change(), client, done)

    # Half-open on both sides: the end of one way is not the end of the other.
    server = net.createServer({"allowHalfOpen": True}, connection)
    server.listen(port)
    await once(server, "listening")
    print(f"listening on {server.address()['port']}")
    await once(server, "close")


task.react(main, sys.argv[1:])
