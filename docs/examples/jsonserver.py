"""
Answers requests, each a line of JSON, over a UNIX socket.
Usage: python jsonserver.py PATH, then: python jsonclient.py PATH sum 1 2 3
"""

import json
import sys
from collections.abc import AsyncIterator
from typing import Any

from twisted.internet import task

from nodenet.node import net
from nodenet.node.events import once
from nodenet.node.stream import pipeline

# Characters.
LINE = 1024 * 1024

methods: dict[str, Any] = {
    "sum": lambda numbers: sum(numbers),
    "upper": lambda text: text.upper(),
}


def answer(line: str) -> dict[str, Any]:
    id = None
    try:
        request = json.loads(line)
        id = request.get("id")
        return {"id": id, "result": methods[request["method"]](request["params"])}
    except Exception:
        return {"id": id, "error": "bad request"}


async def answers(source: net.Socket) -> AsyncIterator[str]:
    rest = ""
    # A loop destroys its stream at the end, and what waits to be written would be lost.
    async for chunk in source.iterator({"destroyOnReturn": False}):
        *lines, rest = (rest + chunk).split("\n")
        for line in lines:
            yield f"{json.dumps(answer(line))}\n"
        if len(rest) > LINE:
            raise Exception("line too long")


async def main(reactor: object, path: str) -> None:
    # Half-open: a client may end with its last request, and still wants the answers.
    def connection(client: net.Socket) -> None:
        # No request is read while the answers before it wait to be taken.
        pipeline(client.setEncoding("utf8"), answers, client, done)

    def done(error: Any = None) -> None:
        if error:
            print(error)

    server = net.createServer({"allowHalfOpen": True}, connection)
    server.listen(path)
    await once(server, "listening")
    print(f"listening on {server.address()}")
    # The socket's file goes with the server, which goes with the reactor.
    await once(server, "close")


task.react(main, sys.argv[1:])
