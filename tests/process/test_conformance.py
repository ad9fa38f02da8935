"""
The conformance kit over every transport.
"""

from __future__ import annotations

import os

from twisted.internet import reactor
from twisted.internet.defer import gatherResults, inlineCallbacks, succeed
from twisted.internet.endpoints import clientFromString, connectProtocol, serverFromString
from twisted.trial.unittest import TestCase

from nodenet import net
from nodenet.crypto import createCredentials
from tests.certificates import Authority
from tests.conformance import Conformance
from tests.helpers import event, inMemory


class MemoryTests(Conformance, TestCase):
    """
    A transport that buffers, and does not stop at once when paused.
    """

    def pair(self, **options):
        client, server = net.Stream(options), net.Stream(options)
        inMemory(client, server)
        return succeed((client, server))


class Listening:
    """
    Over sockets: a server that listens, and a client that connects.
    """

    @inlineCallbacks
    def pair(self, **options):
        server = net.createServer(options)
        accepted = event(server, "connection")
        where = yield self.listen(server)
        client = net.Stream(options)
        connected = yield gatherResults([accepted, self.connect(client, where)])
        self.addCleanup(self.closed, server, client, connected[0][0])
        return client, connected[0][0]

    @inlineCallbacks
    def closed(self, server, *streams):
        for stream in streams:
            if stream.readyState != "closed":
                stream.destroy()
                yield event(stream, "close")
        yield self.stop(server)

    def connect(self, client, where):
        connected = event(client, "connect")
        client.connect(*where)
        return connected

    def stop(self, server):
        closed = event(server, "close")
        server.close()
        return closed


class TCPTests(Listening, Conformance, TestCase):
    """
    nodenet's own TCP transports.
    """

    @inlineCallbacks
    def listen(self, server):
        server.listen(0, "127.0.0.1")
        yield event(server, "listening")
        return (server.address()["port"], "127.0.0.1")


class TCP6Tests(Listening, Conformance, TestCase):
    """
    Likewise over IPv6.
    """

    @inlineCallbacks
    def listen(self, server):
        server.listen(0, "::1")
        yield event(server, "listening")
        return (server.address()["port"], "::1")


class UNIXTests(Listening, Conformance, TestCase):
    """
    nodenet's own UNIX transports.
    """

    @inlineCallbacks
    def listen(self, server):
        path = os.path.join(os.path.relpath(self.mktemp()) + ".sock")
        os.makedirs(os.path.dirname(path), exist_ok=True)
        server.listen(path)
        yield event(server, "listening")
        return (path,)


class EndpointTests(Listening, Conformance, TestCase):
    """
    Twisted's own transports, of its endpoints.
    """

    description = "tcp:0:interface=127.0.0.1"

    @inlineCallbacks
    def listen(self, server):
        self.port = yield serverFromString(reactor, self.description).listen(server)
        return self.port.getHost().port

    def connect(self, client, where):
        return connectProtocol(clientFromString(reactor, f"tcp:127.0.0.1:{where}"), client)

    def stop(self, server):
        return self.port.stopListening()


class Secure:
    """
    TLS over another's pair.
    """

    @inlineCallbacks
    def pair(self, **options):
        authority = Authority()
        client, server = yield super().pair(**options)
        secured = gatherResults([event(client, "secure"), event(server, "secure")])
        server.setSecure(createCredentials(authority.credentials("localhost")))
        client.setSecure(createCredentials(ca=authority.pem))
        yield secured
        return client, server


class TLSTests(Secure, TCPTests):
    """
    TLS over nodenet's own TCP transports.
    """


class TLSEndpointTests(Secure, EndpointTests):
    """
    TLS over Twisted's own transports.
    """
