"""
The client of C{client_nodenet.py} as one writes it for Twisted.
"""

import os
import sys

from twisted.internet import epollreactor

epollreactor.install()

from twisted.internet import reactor  # noqa: E402
from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol  # noqa: E402
from twisted.internet.protocol import Protocol  # noqa: E402

port, count = map(int, sys.argv[1:])
message = bytes(i * 31 % 256 for i in range(64))


class Client(Protocol):
    got = b""

    def connectionMade(self):
        self.transport.write(message)

    def dataReceived(self, data):
        self.got += data
        if self.got == message:
            self.transport.loseConnection()

    def connectionLost(self, reason):
        dial()


def fail(failure):
    print(failure.value, file=sys.stderr, flush=True)
    os._exit(1)


def dial():
    endpoint = TCP4ClientEndpoint(reactor, "127.0.0.1", port)
    connectProtocol(endpoint, Client()).addErrback(fail)


for _ in range(count):
    dial()
reactor.run()
