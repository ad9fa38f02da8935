"""
Sends requests, each a line of JSON, over a UNIX socket, and prints the answers.
Usage: python jsonclient.py PATH METHOD PARAMS..., a request for each PARAMS (JSON)
"""

import json
import sys
from collections.abc import AsyncIterable, AsyncIterator, Iterator

from twisted.internet import task

from nodenet.node import net
from nodenet.node.stream import Readable


def requests(method: str, all: tuple[str, ...]) -> Iterator[str]:
    for id, params in enumerate(all):
        yield f"{json.dumps({'id': id, 'method': method, 'params': json.loads(params)})}\n"


async def lines(source: AsyncIterable[str]) -> AsyncIterator[str]:
    rest = ""
    async for chunk in source:
        *parts, rest = (rest + chunk).split("\n")
        for line in parts:
            yield line
    if rest:
        raise Exception("the server went in the middle of an answer")


async def main(reactor: object, path: str, method: str, *all: str) -> None:
    socket = net.connect({"path": path}).setEncoding("utf8")
    # The next request is made when there is room for it; after the last, pipe ends the socket.
    Readable.from_(requests(method, all)).pipe(socket)
    left = len(all)
    async for line in lines(socket):
        answer = json.loads(line)
        print(f"{all[answer['id']]}: {answer.get('error') or answer['result']}")
        left -= 1
    if left:
        raise Exception(f"{left} without an answer")


task.react(main, sys.argv[1:])
