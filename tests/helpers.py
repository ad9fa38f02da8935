"""
What several tests need: transports in memory, events as Deferreds.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from typing import Any

from twisted.internet import reactor
from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionAborted, ConnectionDone, ConnectionLost
from twisted.internet.interfaces import IHalfCloseableProtocol, ITCPTransport
from twisted.internet.task import deferLater
from twisted.python.failure import Failure
from twisted.trial.unittest import SkipTest
from zope.interface import implementer


def need(program: str) -> str:
    """
    @return: the path of a program that a test talks to.
    @raise SkipTest: it is missing; on CI that is a failure.
    """
    path = shutil.which(program)
    if path is None:
        if os.environ.get("CI"):
            raise AssertionError(f"{program} is missing, and CI must have it")
        raise SkipTest(f"{program} is not installed")
    return path


def event(emitter: Any, type: str) -> Deferred[tuple[Any, ...]]:
    """
    @return: fires with the arguments of the next such event.
    """
    fired: Deferred[tuple[Any, ...]] = Deferred()
    emitter.once(type, lambda *args: fired.callback(args))
    return fired


def turns(count: int = 1) -> Deferred[None]:
    """
    @return: fires after so many turns of the reactor.
    """
    done = deferLater(reactor, 0)
    for _ in range(count - 1):
        done.addCallback(lambda _: deferLater(reactor, 0))
    return done


def record(stream: Any, into: list[Any] | None = None) -> list[Any]:
    """
    @return: a list that gets (type, *arguments) of each event of a stream.
    """
    seen: list[Any] = [] if into is None else into
    for type in "connect", "data", "end", "timeout", "drain", "error", "close":
        stream.on(type, lambda *args, type=type: seen.append((type, *args)))
    return seen


@implementer(ITCPTransport)
class MemoryTransport:
    """
    One end of a connection in memory, with half-close and a buffer that is full
    at C{limit} bytes. What is written arrives at the other end in a later turn of
    the reactor, in pieces of C{piece} bytes at most.
    """

    def __init__(self, limit: int = 64 * 1024, piece: int = 16 * 1024) -> None:
        self.limit, self.piece = limit, piece
        self.peer: MemoryTransport
        self.protocol: Any = None
        self.buffer = bytearray()
        self.producer: Any = None
        self.full = self.reading = self.closing = self.finished = self.losing = False
        self.connected = False
        self.scheduled = False

    def later(self, call: Callable[[], None]) -> None:
        reactor.callLater(0, call)

    def open(self, protocol: Any) -> None:
        self.protocol, self.connected, self.reading = protocol, True, True
        protocol.makeConnection(self)

    def _schedule(self) -> None:
        if not self.scheduled:
            self.scheduled = True
            self.later(self._move)

    def _move(self) -> None:
        self.scheduled = False
        peer = self.peer
        if not self.connected or not peer.connected or not peer.reading:
            return
        data = bytes(self.buffer[: self.piece])
        del self.buffer[: self.piece]
        if data:
            peer.protocol.dataReceived(data)
        if self.buffer:
            self._schedule()
            return
        if self.full:
            self.full = False
            if self.producer is not None:
                self.producer.resumeProducing()
        if self.closing and not self.finished and not self.buffer:
            self.finished = True
            if peer.connected:
                IHalfCloseableProtocol(peer.protocol).readConnectionLost()
        elif self.buffer:
            self._schedule()
        if self.losing and not self.buffer:
            self._lose(ConnectionDone())

    def _lose(self, reason: Exception) -> None:
        if self.connected:
            self.connected = False
            self.producer = None
            self.protocol.connectionLost(Failure(reason))

    # ITCPTransport, as far as streams ask for it

    def write(self, data: bytes) -> None:
        assert type(data) is bytes
        assert not self.closing
        if self.connected:
            self.buffer += data
            if len(self.buffer) > self.limit and self.producer is not None:
                self.full = True
                self.producer.pauseProducing()
            self._schedule()

    def writeSequence(self, data: Any) -> None:
        self.write(b"".join(data))

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        assert streaming
        self.producer = producer

    def unregisterProducer(self) -> None:
        self.producer = None

    def pauseProducing(self) -> None:
        self.reading = False

    def resumeProducing(self) -> None:
        self.reading = True
        self.peer._schedule()

    def loseWriteConnection(self) -> None:
        self.closing = True
        self._schedule()

    def abortConnection(self) -> None:
        """
        As a close(2): the peer gets what is underway, then EOF or a reset.
        """
        peer, broken = self.peer, bool(self.peer.buffer)

        def tell() -> None:
            if peer.connected and not self.finished and not broken:
                self.finished = True
                if self.buffer:
                    peer.protocol.dataReceived(bytes(self.buffer))
                if peer.connected:
                    IHalfCloseableProtocol(peer.protocol).readConnectionLost()
            elif broken:
                peer._lose(ConnectionLost())

        self.later(tell)
        self._lose(ConnectionAborted())

    def loseConnection(self) -> None:
        self.closing = self.losing = True
        if not self.buffer:
            self._lose(ConnectionDone())
        if self.finished:
            return
        if self.connected:
            self._schedule()
        else:
            self.finished = True
            self.later(self._ended)

    def _ended(self) -> None:
        if self.peer.connected:
            IHalfCloseableProtocol(self.peer.protocol).readConnectionLost()

    def getHost(self) -> IPv4Address:
        return IPv4Address("TCP", "10.0.0.1", 1)

    def getPeer(self) -> IPv4Address:
        return IPv4Address("TCP", "10.0.0.2", 2)

    def setTcpNoDelay(self, enabled: bool) -> None: ...

    def getTcpNoDelay(self) -> bool:
        return False

    def setTcpKeepAlive(self, enabled: bool) -> None: ...

    def getTcpKeepAlive(self) -> bool:
        return False


def inMemory(
    client: Any, server: Any, makeTransport: Callable[[], MemoryTransport] = MemoryTransport
) -> None:
    """
    Connect two protocols.
    """
    one, other = makeTransport(), makeTransport()
    one.peer, other.peer = other, one
    other.open(server)
    one.open(client)
