"""
Connects, sends 64 bytes, gets them back, closes; then again, until it is killed. (Who
listens counts.) Arguments: the port at 127.0.0.1, and how many at a time.
"""

import os
import sys

import nodenet.reactor

nodenet.reactor.install()

from twisted.internet import reactor  # noqa: E402

from nodenet import net  # noqa: E402

port, count = map(int, sys.argv[1:])
message = bytes(i * 31 % 256 for i in range(64))


def fail(error):
    print(error, file=sys.stderr, flush=True)
    os._exit(1)


def dial(*_):
    got = b""

    def take(data):
        nonlocal got
        got += data
        if got == message:
            stream.destroy()

    stream = net.createConnection(port, "127.0.0.1", lambda: stream.write(message))
    stream.on("data", take)
    stream.on("error", fail)
    stream.on("close", dial)


for _ in range(count):
    dial()
reactor.run()
