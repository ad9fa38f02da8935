"""
Echo as one writes it by hand for Twisted.

TIMEOUT and TLS in the environment: see C{echo_nodenet.py}.
"""

import os

from twisted.internet import epollreactor

epollreactor.install()

from twisted.internet import reactor  # noqa: E402
from twisted.internet.endpoints import serverFromString  # noqa: E402
from twisted.internet.protocol import Factory, Protocol  # noqa: E402
from twisted.protocols.policies import TimeoutMixin  # noqa: E402

timeout = float(os.environ.get("TIMEOUT", 0))
pem = os.environ.get("TLS")


class Echo(Protocol):
    def dataReceived(self, data):
        self.transport.write(data)


class TimeoutEcho(Protocol, TimeoutMixin):
    def connectionMade(self):
        self.setTimeout(timeout)

    def dataReceived(self, data):
        self.resetTimeout()
        self.transport.write(data)

    def connectionLost(self, reason):
        self.setTimeout(None)


def listening(port):
    print(f"Listening on 127.0.0.1:{port.getHost().port}", flush=True)


kind = f"ssl:0:privateKey={pem}" if pem else "tcp:0"
endpoint = serverFromString(reactor, f"{kind}:interface=127.0.0.1:backlog=511")
factory = Factory.forProtocol(TimeoutEcho if timeout else Echo)
factory.noisy = False
endpoint.listen(factory).addCallback(listening)
reactor.run()
