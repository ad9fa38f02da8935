"""
A wire for transports that only buffer (fakes, others' TLS), and TLS over such.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, takewhile
from typing import Any, cast

from OpenSSL import SSL
from twisted.internet.interfaces import (
    IHalfCloseableProtocol,
    IPushProducer,
    ISSLTransport,
    ITCPTransport,
)
from twisted.protocols.policies import ProtocolWrapper
from twisted.protocols.tls import TLSMemoryBIOFactory, TLSMemoryBIOProtocol
from twisted.python.failure import Failure
from zope.interface import implementer

from nodenet._transports.failures import asOSError
from nodenet._transports.wire import CHUNK, Owner
from nodenet._twisted import need
from nodenet.timers import nextTick

__all__ = ["BufferWire", "BufferedTLS", "BufferedTLSWire"]

need(__name__)


@implementer(IPushProducer)
class BufferWire:
    """
    Such a transport is full from when it asks its producer to pause until it asks for more.
    It gets no more than C{CHUNK} bytes at a time, so that what waits does so in
    the stream's queue, where it is no copy.
    """

    __slots__ = ("_full", "_owner", "_registered", "_taken", "transport")

    buffers = True

    def __init__(self, transport: Any, owner: Owner) -> None:
        self.transport = transport
        self._owner = owner
        self._full = False
        self._taken = 0  # bytes that the transport has, but has not got rid of
        self._registered = hasattr(transport, "registerProducer")
        if self._registered:
            transport.registerProducer(self, True)

    def release(self) -> None:
        # Until then the transport would wait for us to end.
        if self._registered:
            self._registered = False
            self.transport.unregisterProducer()

    def _call(self, name: str, *args: Any) -> None:
        """
        Not every transport has everything.
        """
        method = getattr(self.transport, name, None)
        if method is not None:
            method(*args)

    def send(self, data: bytes | memoryview) -> int:
        size = len(data)
        sent = 0
        while sent < size and not self._full:
            chunk = data if size <= CHUNK else data[sent : sent + CHUNK]
            self.transport.write(bytes(chunk))
            if self._full:
                # Gone out when the transport asks for more: until then the stream
                # is to count it as queued.
                self._taken = len(chunk)
            else:
                sent += len(chunk)
        if size and not sent:
            raise BlockingIOError
        return sent

    def sendv(self, pieces: Sequence[bytes | memoryview]) -> int:
        if self._taken and not self._full:
            taken, self._taken = self._taken, 0
            return taken
        several = list(takewhile(lambda size: size <= CHUNK, accumulate(map(len, pieces))))
        if len(several) > 1:  # many small ones: TLS would make a record of each
            return self.send(b"".join(pieces[: len(several)]))
        return self.send(memoryview(pieces[0]))

    def passesDescriptors(self) -> bool:
        return False

    def wholeMessage(self) -> int:
        raise NotImplementedError  # never asked: see passesDescriptors

    def sendDescriptor(self, data: bytes | memoryview, fd: int) -> int:
        raise NotImplementedError  # likewise

    def pauseProducing(self) -> None:
        self._full = True

    def resumeProducing(self) -> None:
        if getattr(self.transport, "_lostTLSConnection", False):
            # Twisted's TLS has ended, drops what it is given and would wait for us:
            # the end of the connection is to find it in the stream's queue.
            self.release()
            return
        self._full = False
        self._owner.onWritable()

    def stopProducing(self) -> None:
        self._full = True

    def startWriting(self) -> None:
        """
        The transport calls of its own accord.
        """

    stopWriting = startWriting

    def startReading(self) -> None:
        self._call("resumeProducing")

    def stopReading(self) -> None:
        self._call("pauseProducing")

    def shutdown(self) -> None:
        self.release()
        # A TLS transport has the interfaces of the one below it, too.
        if ITCPTransport.providedBy(self.transport) and not ISSLTransport.providedBy(
            self.transport
        ):
            self.transport.loseWriteConnection()
        else:
            self.transport.loseConnection()

    def finish(self) -> None:
        self.release()
        self.transport.loseConnection()

    def close(self) -> None:
        self.release()
        if hasattr(self.transport, "abortConnection"):
            self.transport.abortConnection()
        else:
            self.transport.loseConnection()


@implementer(IHalfCloseableProtocol)
class BufferedTLS(TLSMemoryBIOProtocol):
    """
    Twisted's, which holds no writes back for a turn (as its BufferingTLSTransport
    does), and for which the peer's close_notify is the end of the peer's side
    only, as a FIN is: Twisted's answers it by its own, and drops what has not been
    sent.
    """

    _peerEnded = False

    @classmethod
    def over(cls, transport: Any, creator: Any, isClient: bool, protocol: Any) -> BufferedTLS:
        """
        @param transport: the connection; its protocol becomes TLS's.
        @param creator: makes the connection object, see C{TLSMemoryBIOFactory}.
        @param protocol: what is to be secured.
        @return: the transport of C{protocol} from now on.
        """
        reactor = getattr(transport, "reactor", None)
        factory = TLSMemoryBIOFactory(creator, isClient, cast(Any, None), reactor)
        tls = cls(factory, protocol, False)
        transport.protocol = tls
        tls.makeConnection(transport)
        return tls

    def _flushReceiveBIO(self) -> None:
        while not (self._lostTLSConnection or self._peerEnded):
            try:
                data = self._tlsConnection.recv(2**15)
            except SSL.WantReadError:
                break
            except SSL.ZeroReturnError:
                self._peerEnded = True
                IHalfCloseableProtocol(self.wrappedProtocol).readConnectionLost()
            except SSL.Error as e:
                if self._reason is None:
                    syscall = "read" if self._handshakeDone else "handshake"
                    self._reason = Failure(asOSError(e, syscall))
                self._tlsShutdownFinished(None)
            else:
                if not self._aborted:
                    ProtocolWrapper.dataReceived(self, data)
        if self._tlsConnection is None:
            return
        self._flushSendBIO()
        if self._peerEnded and self.disconnecting and not self._appSendBuffer:
            # We have ended before: this is the end of both.
            self._shutdownTLS()

    def readConnectionLost(self) -> None:
        """
        Twisted: the FIN below. After close_notify it says nothing new; without,
        something is missing.
        """
        if not self._peerEnded:
            self._tlsConnection.bio_shutdown()
            self._flushReceiveBIO()

    def writeConnectionLost(self) -> None:
        """
        Twisted: our own FIN below has gone.
        """


class BufferedTLSWire(BufferWire):
    """
    The wire of a stream over L{BufferedTLS}.
    """

    __slots__ = ()

    def close(self) -> None:
        # As without TLS: close(2), no close_notify. The peer is to see that this
        # was not the end. Not now: we may have been called by the TLS protocol, which
        # does not stand to lose its connection then.
        raw = self.transport.transport
        self.release()
        raw.pauseProducing()
        close = raw.close if hasattr(raw, "close") else raw.abortConnection
        nextTick(close, reactor=getattr(raw, "reactor", None))
