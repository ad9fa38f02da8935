"""
Knocks at ports, one after the other, and tells what each answers.
Usage: python knock.py HOST PORT...
"""

import sys

from twisted.internet import task

from nodenet.node import net
from nodenet.node.abort import AbortSignal

# Milliseconds to wait for an answer.
PATIENCE = 2000


async def knock(host: str, port: str) -> str:
    signal = AbortSignal.timeout(PATIENCE)
    socket = net.connect({"host": host, "port": port, "signal": signal}).setEncoding("utf8")
    socket.end()  # nothing to say
    said = ""
    try:
        async for chunk in socket:
            said += chunk
        return f"open {said.rstrip()}".rstrip()
    except Exception as error:
        # ECONNREFUSED, ECONNRESET, ABORT_ERR for no answer, ...
        return str(getattr(error, "code", error))


async def main(reactor: object, host: str, *ports: str) -> None:
    for port in ports:
        print(f"{port}: {await knock(host, port)}")


task.react(main, sys.argv[1:])
