"""
L{nodenet.net.Server} on fakes: no network.
"""

from __future__ import annotations

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.error import CannotListenError
from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.trial.unittest import SynchronousTestCase

from nodenet import net
from nodenet.errors import NodeError


class Refusing(MemoryReactorClock):
    """
    A reactor on which nothing can listen.
    """

    def listenTCP(self, port, factory, backlog=50, interface=""):
        raise CannotListenError(interface, port, OSError(98, "Address already in use"))


class ServerCase(SynchronousTestCase):
    """
    A server on a fake reactor.
    """

    def setUp(self):
        self.reactor = MemoryReactorClock()

    def make(self, *args, **options):
        server = net.createServer(*args, reactor=self.reactor, **options)
        seen = []
        for type in "listening", "connection", "close", "error":
            server.on(type, lambda *args, type=type: seen.append((type, *args)))
        return server, seen

    def accept(self, server):
        stream = server.buildProtocol(None)
        if stream is not None:
            stream.makeConnection(StringTransport())
        return stream


class ListenTests(ServerCase):
    """
    C{listen} and C{close}.
    """

    def test_theArgumentsArePortHostCallback(self):
        calls = []

        def called():
            calls.append(1)

        for args, want in [
            ((), (0, "")),
            ((called,), (0, "")),
            ((8124,), (8124, "")),
            (("8124", called), (8124, "")),
            ((8124, "127.0.0.1", called), (8124, "127.0.0.1")),
            ((8124, "::1"), (8124, "::1")),
            ((8124, None, called), (8124, "")),
        ]:
            server, seen = self.make()
            self.assertIsNone(server.listen(*args))
            port, factory, _, interface = self.reactor.tcpServers[-1]
            self.assertEqual((port, interface), want)
            self.assertIs(factory, server)
            self.assertEqual(seen, [])
            self.reactor.advance(0)
            self.assertEqual(seen, [("listening",)])
        self.assertEqual(calls, [1] * 4)

    def test_aPathIsAUnixSocket(self):
        server, _ = self.make()
        server.listen("/tmp/echo.sock")
        self.assertEqual(self.reactor.unixServers[0][0], b"/tmp/echo.sock")
        self.assertEqual(server.address(), {"address": "/tmp/echo.sock"})

    def test_aNameIsLookedUpByTheReactorAndIPv4ComesFirst(self):
        self.resolving(IPv6Address("TCP", "::1", 0), IPv4Address("TCP", "127.0.0.1", 0))
        server, _ = self.make()
        server.listen(8124, "some.name")
        self.assertEqual(self.reactor.tcpServers[0][3], "127.0.0.1")

    def test_aNameWithoutAnIPv4AddressIsListenedOnByItsFirst(self):
        self.resolving(IPv6Address("TCP", "::1", 0), IPv6Address("TCP", "::2", 0))
        server, _ = self.make()
        server.listen(8124, "some.name")
        self.assertEqual(self.reactor.tcpServers[0][3], "::1")

    def test_localhostIsNotLookedUp(self):
        self.resolving()
        server, _ = self.make()
        server.listen(8124, "localhost")
        self.assertEqual(self.reactor.tcpServers[0][3], "127.0.0.1")

    def resolving(self, *addresses):
        class Resolver:
            def resolveHostName(self, receiver, name):
                receiver.resolutionBegan(None)
                for address in addresses:
                    receiver.addressResolved(address)
                receiver.resolutionComplete()

        self.reactor.nameResolver = Resolver()

    def test_misuse(self):
        server, _ = self.make()
        for call in server.close, server.address:
            self.assertRaises(NodeError, call)
        server.listen(1)
        e = self.assertRaises(NodeError, server.listen, 2)
        self.assertEqual(str(e), "Server already opened")
        server.close()
        e = self.assertRaises(NodeError, server.close)
        self.assertEqual(str(e), "Not running")
        self.assertRaises(ValueError, server.listen, 65536)
        self.assertRaises(TypeError, server.listen, 1.5)

    def test_closeBeforeListeningWasToldTellsCloseAlone(self):
        server, seen = self.make()
        server.listen(1)
        server.close()
        self.assertEqual(seen, [])
        self.reactor.advance(0)
        self.assertEqual(seen, [("close",)])

    def test_aClosedServerListensAgain(self):
        server, seen = self.make()
        server.listen(1)
        self.reactor.advance(0)
        server.close()
        server.listen(2)
        self.reactor.advance(0)
        self.assertEqual(seen, [("listening",), ("close",), ("listening",)])
        self.assertEqual(server.address()["port"], 2)

    def test_aPortInUseIsAnErrorEventAndTheDocumentsRetryWorks(self):
        self.reactor = Refusing()
        server, seen = self.make()
        server.listen(8124, "127.0.0.1")
        self.assertEqual(seen, [])
        self.reactor.advance(0)
        [(type, error)] = seen
        self.assertEqual((type, error.code, error.syscall), ("error", "EADDRINUSE", "bind"))
        self.assertRaises(NodeError, server.listen, 8124)
        self.reactor.__class__ = MemoryReactorClock
        server.close()
        server.listen(8124, "127.0.0.1")
        self.reactor.advance(0)
        self.assertEqual(seen[1:], [("close",), ("listening",)])

    def test_anUnheardErrorIsLogged(self):
        self.reactor = Refusing()
        net.createServer(reactor=self.reactor).listen(1)
        self.reactor.advance(0)
        self.assertEqual(len(self.flushLoggedErrors(OSError)), 1)

    def test_aNameThatIsClosedWhileLookedUpDoesNotListen(self):
        waiting = []
        self.reactor.nameResolver = type(
            "Resolver",
            (),
            {"resolveHostName": lambda self, receiver, *a: waiting.append(receiver)},
        )()
        server, seen = self.make()
        server.listen(1, "some.name")
        server.close()
        waiting[0].resolutionBegan(None)
        waiting[0].addressResolved(IPv4Address("TCP", "127.0.0.1", 0))
        waiting[0].resolutionComplete()
        self.reactor.advance(0)
        self.assertEqual((seen, self.reactor.tcpServers), ([("close",)], []))

    def test_aNameThatCannotBeIsAnErrorEvent(self):
        self.resolving(IPv4Address("TCP", "127.0.0.1", 0))
        for name in "a..b", "ü" * 300:
            server, seen = self.make()
            server.listen(1, name)
            self.reactor.advance(0)
            self.assertEqual((seen[0][0], seen[0][1].code), ("error", "ENOTFOUND"))

    def test_anUnknownNameIsAnErrorEvent(self):
        self.resolving()
        server, seen = self.make()
        server.listen(1, "no.such.name")
        self.reactor.advance(0)
        self.assertEqual((seen[0][0], seen[0][1].code), ("error", "ENOTFOUND"))


class ConnectionTests(ServerCase):
    """
    C{connection}, C{connections} and C{maxConnections}.
    """

    def test_theListenerGetsAStreamThatIsOpen(self):
        streams = []
        server, _ = self.make({"allowHalfOpen": True}, streams.append)
        stream = self.accept(server)
        self.assertEqual((streams, stream.readyState), ([stream], "open"))
        self.assertTrue(stream.allowHalfOpen)
        self.assertEqual((stream.remoteAddress, stream.remotePort), ("192.168.1.1", 54321))

    def test_connectionsCountsThoseThatAreOpenAndDestroyTwiceCountsOnce(self):
        server, _ = self.make()
        one, other = self.accept(server), self.accept(server)
        self.assertEqual(server.connections, 2)
        one.destroy()
        one.destroy()
        self.assertEqual(server.connections, 1)
        other.readConnectionLost()
        self.assertEqual(server.connections, 0)

    def test_aboveMaxConnectionsThereIsNoStream(self):
        server, seen = self.make()
        server.maxConnections = 1
        first = self.accept(server)
        self.assertIsNone(self.accept(server))
        self.assertEqual(len(seen), 1)
        first.destroy()
        self.assertIsNotNone(self.accept(server))

    def test_aListenerThatRaisesDestroysThatConnectionAlone(self):
        server, _ = self.make()
        other = self.accept(server)
        server.on("connection", lambda stream: 1 / 0)
        stream = self.accept(server)
        self.assertEqual((stream.readyState, other.readyState), ("closed", "open"))
        self.assertEqual(server.connections, 1)
        self.reactor.advance(0)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    def test_aCoroutineThatFailsIsLogged(self):
        server, _ = self.make()

        @server.on("connection")
        async def listener(stream):
            raise ValueError

        stream = self.accept(server)
        self.assertEqual(stream.readyState, "closed")
        self.reactor.advance(0)
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)


class EndpointTests(ServerCase):
    """
    A server that an endpoint listens for, as far as fakes go.
    """

    def test_itSaysListeningAndCloseOfTheEndpointsPorts(self):
        server, seen = self.make()
        server.doStart()
        server.doStart()
        self.reactor.advance(0)
        self.assertEqual(seen, [("listening",)])
        server.doStop()
        self.reactor.advance(0)
        self.assertEqual(seen, [("listening",)])
        server.doStop()
        self.reactor.advance(0)
        self.assertEqual(seen, [("listening",), ("close",)])
