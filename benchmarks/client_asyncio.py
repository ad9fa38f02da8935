"""
The client of C{client_nodenet.py} as an C{asyncio.Protocol}; with C{uvloop} as the first
argument, on that.
"""

import asyncio
import os
import sys

*kind, port, count = sys.argv[1:]
message = bytes(i * 31 % 256 for i in range(64))


class Client(asyncio.Protocol):
    got = b""

    def connection_made(self, transport):
        self.transport = transport
        transport.write(message)

    def data_received(self, data):
        self.got += data
        if self.got == message:
            self.transport.close()

    def connection_lost(self, exc):
        dial()


def dial():
    task = asyncio.get_running_loop().create_task(connect())
    tasks.add(task)  # the loop keeps none
    task.add_done_callback(tasks.discard)


async def connect():
    try:
        await asyncio.get_running_loop().create_connection(Client, "127.0.0.1", int(port))
    except OSError as e:
        print(e, file=sys.stderr, flush=True)
        os._exit(1)


async def main():
    for _ in range(int(count)):
        dial()
    await asyncio.Event().wait()


tasks = set()
if kind:
    import uvloop

    uvloop.run(main())
else:
    asyncio.run(main())
