"""
Connections that begin with a PROXY header.

The header, and not a byte more, is taken from the socket: what comes behind it stays in the
kernel for whoever reads the connection then, be it a stream or OpenSSL, which reads the
descriptor itself.

Source: C{https://www.haproxy.org/download/2.6/doc/proxy-protocol.txt}, section 2: "the
receiver may apply a short timeout", and one that does not get a header "MUST abort the
connection".
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from twisted.internet.interfaces import IAddress, IReadDescriptor, ISSLTransport
from twisted.internet.protocol import Factory, Protocol
from twisted.python.failure import Failure
from zope.interface import implementer

from nodenet import net
from nodenet.service.proxyprotocol.header import MOST, Header, parse
from nodenet.timers import clearTimeout, setTimeout

__all__ = ["HEADER_TIMEOUT", "ProxiedFactory"]

#: Seconds in which a header must have come.
HEADER_TIMEOUT = 5


class ProxiedFactory(Factory):
    """
    A server that is told, at the beginning of each connection, whose it is.
    """

    noisy = False

    def __init__(
        self,
        reactor: Any,
        accepted: Callable[[net.Stream, Header], Any],
        trusts: Callable[[str | None], bool],
        refused: Callable[[str, Any, str], Any],
        full: Callable[[int], bool] = lambda waiting: False,
    ) -> None:
        """
        @param reactor: waits for the headers (C{IReactorFDSet}, C{IReactorTime}).
        @param accepted: a connection listener: gets each stream when its header is through,
            and the header. The stream's own addresses are still the proxy's. Whatever it
            raises, or its coroutine, destroys the stream, as it does of a C{net.Server}.
        @param trusts: of an IP address (C{None}: of a UNIX socket): whether it is of a
            proxy. All others are closed.
        @param refused: called with the reason (C{proxy-protocol-from}: it is not trusted;
            C{proxy-protocol}: it has sent no header), the peer's address and what else
            there is to say. One that leaves before its header is there is not refused: such
            are a proxy's checks whether we listen.
        @param full: whether there is no room for one more, beside so many whose header is not
            there yet; then it is refused (C{max-connections}).
        """
        self.reactor = reactor
        self.accepted = accepted
        self.trusts = trusts
        self.refused = refused
        self.full = full
        self._waiting: set[_Receiver] = set()

    def buildProtocol(self, addr: IAddress | None) -> Protocol | None:
        """
        Twisted: a connection has come in.
        """
        if not self.trusts(getattr(addr, "host", None)):
            self.refused("proxy-protocol-from", addr, "")
            return None
        if self.full(len(self._waiting)):
            self.refused("max-connections", addr, "")
            return None
        return _Receiver(self, addr, self._waiting)

    def stopFactory(self) -> None:
        """
        Twisted: nobody listens any more. Those whose header is not there yet are closed.
        """
        for receiver in list(self._waiting):
            receiver.abort()


class _Receiver(Protocol):
    """
    A connection until its header is there.
    """

    def __init__(self, factory: ProxiedFactory, address: Any, waiting: set[_Receiver]) -> None:
        """
        @param waiting: has the receiver from C{connectionMade} on until it is done.
        """
        self.proxied = factory
        self.address = address
        self.waiting = waiting
        self.data = b""  # of the header, taken from the socket
        self.timer: Any = None
        self.reader: _Reader | None = None

    def connectionMade(self) -> None:
        skt = _socketOf(self.transport, self)
        if skt is None:
            self.refuse("the connection has no socket of its own to take a header from")
            return
        # One descriptor has one reader: until the header is through, that is ours.
        transport: Any = self.transport
        transport.stopReading()
        self.waiting.add(self)
        reactor = self.proxied.reactor
        self.timer = setTimeout(
            self.refuse, HEADER_TIMEOUT * 1000, "no header in time", reactor=reactor
        )
        self.reader = _Reader(skt, self.readable, self.abort)
        reactor.addReader(self.reader)

    def readable(self, skt: socket.socket) -> None:
        """
        Take of the header what has come.
        """
        try:
            peeked = skt.recv(MOST, socket.MSG_PEEK)
            if not peeked:
                self.close()
                return
            parsed = parse(self.data + peeked)
            # What is of the header is taken at once: while it waited in the kernel, the
            # reactor would say again and again that there is something to be read.
            end = len(self.data) + len(peeked) if parsed is None else parsed[1]
            self.data += skt.recv(end - len(self.data))
        except ValueError as e:
            self.refuse(str(e))
        except BlockingIOError:
            pass
        except OSError:  # reset, before there was a header
            self.close()
        else:
            if parsed is not None and len(self.data) == end:
                self.handOver(parsed[0])

    def handOver(self, header: Header) -> None:
        """
        The connection is a stream's from now on.
        """
        self.stop()
        transport: Any = self.transport
        reactor = self.proxied.reactor
        stream = net.Stream(
            allowHalfOpen=True,
            reactor=reactor,
            acceptor=_Acceptor(self.proxied.accepted, header),
        )
        transport.protocol = stream
        # As a port does: a stream takes it that its transport reads.
        transport.startReading()
        stream.makeConnection(transport)

    def refuse(self, why: str) -> None:
        """
        @param why: for the log.
        """
        self.abort()
        self.proxied.refused("proxy-protocol", self.address, why)

    def close(self) -> None:
        """
        The peer has left: there is nobody to be told.
        """
        self.stop()
        transport: Any = self.transport
        transport.loseConnection()

    def abort(self) -> None:
        """
        Close with an RST, so that the peer does not take it for our end.
        """
        reader = self.reader
        self.stop()
        transport: Any = self.transport
        # The transport does so in a later turn, which may not come when all is to end.
        with suppress(OSError):  # it is closed already
            if reader is not None:
                linger = struct.pack("ii", 1, 0)
                reader.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        getattr(transport, "abortConnection", transport.loseConnection)()

    def stop(self) -> None:
        """
        Wait no more.
        """
        clearTimeout(self.timer)
        self.waiting.discard(self)
        reader, self.reader = self.reader, None
        if reader is not None:
            self.proxied.reactor.removeReader(reader)

    def connectionLost(self, reason: Failure) -> None:  # type: ignore[override]
        self.stop()


@implementer(IReadDescriptor)
class _Reader:
    """
    What the reactor calls in the transport's place, on the same descriptor.
    """

    def __init__(
        self,
        skt: socket.socket,
        readable: Callable[[socket.socket], None],
        lost: Callable[[], None],
    ) -> None:
        """
        @param readable: called when there is something to be read, or the end.
        @param lost: called when the reactor has given the descriptor up.
        """
        self.socket = skt
        self.readable = readable
        self.lost = lost

    def fileno(self) -> int:
        return self.socket.fileno()

    def doRead(self) -> None:
        self.readable(self.socket)

    def connectionLost(self, reason: Failure) -> None:
        self.lost()

    def logPrefix(self) -> str:
        return "nodenet"


class _Acceptor:
    """
    Who has accepted a stream: all that is left of a receiver then.
    """

    __slots__ = ("_call", "_header")

    def __init__(self, call: Callable[[net.Stream, Header], Any], header: Header) -> None:
        self._call = call
        self._header = header

    def accepted(self, stream: net.Stream) -> None:
        """
        It is connected.
        """
        try:
            result = self._call(stream, self._header)
        except Exception as e:
            stream.listenerFailed(e)
        else:
            if result is not None:
                stream.watchResult(result)

    def closed(self, stream: net.Stream) -> None:
        """
        It is so no longer, which who was called hears from the stream.
        """


def _socketOf(transport: Any, protocol: Protocol) -> socket.socket | None:
    """
    @return: the socket, of a transport that reads it for this protocol as it is; C{None} of
        a wrapper, of TLS or a policy, which may have read more than it has handed on.
    """
    if ISSLTransport.providedBy(transport):
        return None
    if getattr(transport, "protocol", None) is not protocol:
        return None
    handle = getattr(transport, "getHandle", lambda: None)()
    return handle if isinstance(handle, socket.socket) else None
