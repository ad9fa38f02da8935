"""
TLS on the socket: OpenSSL reads and writes the descriptor itself.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from contextlib import suppress
from itertools import accumulate, takewhile
from typing import Any, cast
from weakref import WeakKeyDictionary

from OpenSSL import SSL
from twisted.internet import main
from twisted.internet.interfaces import INegotiated, ISSLTransport
from twisted.internet.protocol import Protocol
from twisted.python.failure import Failure
from zope.interface import implementer

from nodenet._transports.direct import Direct, Transport
from nodenet._transports.failures import DONE, asOSError
from nodenet._transports.wire import READ_SIZE
from nodenet._twisted import need, newBuffer, tlsRecv, tlsSend

__all__ = ["TLSTransport"]

need(__name__)

#: What one record of TLS carries at most, in bytes (RFC 8446, 5.1).
RECORD = 16 * 1024

#: What OpenSSL says of a close_notify while a part of a message of the handshake, as of a
#: ticket, has come.
_IN_INIT = "shutdown while in init"
#: Seconds that the last word of a connection, a close_notify, may wait for a peer that reads
#: nothing.
PATIENCE = 10

# What records are decrypted into; one for each reactor, which serves one event at a time.
_buffers: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()


def _bufferOf(reactor: Any) -> Any:
    buffer = _buffers.get(reactor)
    if buffer is None:
        buffer = _buffers[reactor] = newBuffer(RECORD)
    return buffer


@implementer(ISSLTransport, INegotiated)
class TLSTransport(Transport):
    """
    Takes the socket over from a transport without TLS.

    What L{Direct} promises holds: C{send} hands over what the kernel takes, C{shutdown}
    ends our side only (by a close_notify), C{close} is close(2). The peer's close_notify is
    the end of its side; its FIN without one an error, L{TLSError<nodenet.errors.TLSError>}
    with the reason C{truncated}.

    The protocol's C{handshakeCompleted} is called before all data.
    """

    _patience: Any = None  # the call that ends the wait for the last word

    def __init__(
        self, raw: Direct, connection: SSL.Connection, isClient: bool, protocol: Any
    ) -> None:
        """
        @param raw: gives up its socket.
        @param connection: over that socket.
        """
        self._peer = raw.getPeer()
        self._connector = getattr(raw, "connector", None)  # which waits for the end
        skt, family = raw.giveUp()
        super().__init__(skt, family, None, protocol, raw.reactor)
        self._connection = connection
        self._buffer = _bufferOf(raw.reactor)
        self._handshaking = True
        self._reading = False
        # OpenSSL reads when it writes, and the other way round, to answer key updates.
        self._readWantsWrite = self._writeWantsRead = False
        # A close_notify has not gone out yet; the socket is closed when it has.
        self._closing = self._finishing = False
        if isClient:
            connection.set_connect_state()
        else:
            connection.set_accept_state()
        if self.family != socket.AF_UNIX:
            # The last flight of a handshake and the tickets are small writes in a row: the
            # second would wait for the peer's ACK, which is delayed by 40 ms.
            self.setTcpNoDelay(True)
        self.startReading()
        if isClient:
            # Who speaks first does so in a turn of its own: a quick peer may have the
            # handshake done before the stream knows of this transport.
            self.startWriting()

    def getPeer(self) -> Any:
        return self._peer

    def getHandle(self) -> SSL.Connection:  # type: ignore[override]
        return self._connection

    def getPeerCertificate(self) -> Any:
        return self._connection.get_peer_certificate()

    @property
    def negotiatedProtocol(self) -> bytes | None:
        """
        What ALPN has found.
        """
        return self._connection.get_alpn_proto_negotiated() or None

    # Reading

    def startReading(self) -> None:
        self._reading = True
        if not self._readWantsWrite:
            super().startReading()

    def stopReading(self) -> None:
        self._reading = False
        super().stopReading()

    def doRead(self) -> Any:
        if self._handshaking:
            return self._shakeHands()
        if self._writeWantsRead:
            # OpenSSL reads by itself when it writes.
            self._writeWantsRead = False
            self.startWriting()
            if not self._reading:
                super().stopReading()
                return None
        total = 0
        while True:
            try:
                data = tlsRecv(self._connection, self._buffer, RECORD)
            except SSL.WantReadError:
                return None
            except SSL.WantWriteError:
                self._readWantsWrite = True
                super().stopReading()
                self.startWriting()
                return None
            except SSL.ZeroReturnError:
                return self._readEnd()
            except SSL.Error as e:
                return asOSError(e, "read")
            self.protocol.dataReceived(data)
            # OpenSSL keeps nothing that has come: of what is in the kernel, the reactor
            # tells. More of it is likely behind a full record.
            size = len(data)
            total += size
            if size < RECORD or total >= READ_SIZE or not self._reading or self.disconnected:
                return None

    def _shakeHands(self) -> Any:
        """
        Go on with the handshake.

        @return: why it has failed, if it has.
        """
        try:
            self._connection.do_handshake()
        except SSL.WantReadError:
            self._moved()
            self.stopWriting()
            return None
        except SSL.WantWriteError:
            self._moved()
            self.startWriting()
            return None
        except SSL.Error as e:
            return asOSError(e, "handshake")
        self._moved()
        self._handshaking = False
        self.stopWriting()
        cast(Any, self.protocol).handshakeCompleted()
        return None

    def _moved(self) -> None:
        """
        The handshake has gone on: that is activity.
        """
        if self.owner is not None:
            self.owner.touch()

    # Writing

    def send(self, data: bytes | memoryview) -> int:
        size = len(data)
        if not size:  # which OpenSSL takes for an error
            return 0
        sent = 0
        try:
            if size <= RECORD:
                sent = tlsSend(self._connection, data)
            else:
                view = memoryview(data)
                while sent < size:
                    sent += tlsSend(self._connection, view[sent : sent + RECORD])
        except SSL.WantWriteError:
            pass
        except SSL.WantReadError:
            self._waitForRead()
        except SSL.Error as e:
            raise asOSError(e, "write") from None
        if not sent:
            raise BlockingIOError
        return sent

    def sendv(self, pieces: Sequence[bytes | memoryview]) -> int:
        # Many small ones would make a record each.
        several = list(takewhile(lambda size: size <= RECORD, accumulate(map(len, pieces))))
        if len(several) > 1:
            return self.send(b"".join(pieces[: len(several)]))
        return self.send(pieces[0])

    def writeSomeData(self, data: bytes) -> Any:
        try:
            return self.send(data) if data else 0
        except BlockingIOError:
            return 0
        except OSError as e:
            return e

    def _waitForRead(self) -> None:
        """
        Writing goes on when something has come, though the stream may be paused.
        """
        self._writeWantsRead = True
        super().stopWriting()
        super().startReading()

    def passesDescriptors(self) -> bool:
        return False

    def startWriting(self) -> None:
        if not self._writeWantsRead:
            super().startWriting()

    def doWrite(self) -> Any:
        if self.disconnected:
            return None
        if self._handshaking:
            return self._shakeHands()
        if self._readWantsWrite:
            self._readWantsWrite = False
            if self._reading:
                super().startReading()
        if self._closing:
            try:
                if not self._closeNotify():
                    return None
            except OSError as e:
                return e
            if self._finishing:
                return main.CONNECTION_DONE
            self._sendFIN()
        result = super().doWrite()
        if self._writeWantsRead:
            super().stopWriting()
        return result

    # The end

    def _closeNotify(self) -> bool:
        """
        @return: whether it has gone out.
        @raise OSError: the connection has failed.
        """
        try:
            self._connection.shutdown()
        except (SSL.WantWriteError, SSL.WantReadError):
            self._closing = True
            self.startWriting()
            return False
        except SSL.Error as e:
            error = asOSError(e, "shutdown")
            if getattr(error, "reason", None) != _IN_INIT:
                raise error from None
            self._closing = True
            self._waitForRead()
            return False
        self._closing = False
        return True

    def _sendFIN(self) -> None:
        # As Node and others do behind a close_notify: there are peers that wait for it.
        with suppress(OSError):  # the peer has gone
            self.socket.shutdown(socket.SHUT_WR)

    def shutdown(self) -> None:
        self.stopProducer()
        self._writeDisconnected = True
        if self._closeNotify():
            self._sendFIN()

    def _sayLastWord(self) -> bool:
        """
        @return: whether it has gone out, or never will; else the connection ends when it has,
            or when that takes too long.
        """
        try:
            self._finishing = not self._closeNotify()
        except OSError:
            self._finishing = False
        if self._finishing:
            self._patience = cast(Any, self.reactor).callLater(PATIENCE, self.lose, DONE)
        return not self._finishing

    def finish(self) -> None:
        self.stopReading()
        if self._sayLastWord():
            self.close()
        else:
            # The stream has had its end, and may have another connection by the time of ours.
            self.owner, self.protocol = None, Protocol()

    def _postLoseConnection(self) -> Any:
        # As finish, for somebody who uses the transport as Twisted's: the stream is told.
        return main.CONNECTION_DONE if self._sayLastWord() else None

    def _closeWriteConnection(self) -> None:
        self.shutdown()
        cast(Any, self.protocol).writeConnectionLost()

    def close(self) -> None:
        if self._connector is None:
            super().close()
        else:
            self.lose(DONE)

    def _forget(self) -> None:
        super()._forget()
        self._stopTimer()
        del self._connection  # whoever has this transport is not to keep OpenSSL's memory

    def _stopTimer(self) -> None:
        patience, self._patience = self._patience, None
        if patience is not None and patience.active():
            patience.cancel()

    def connectionLost(self, reason: Failure) -> None:
        if self.disconnected:
            return
        super().connectionLost(reason)
        self._stopTimer()
        del self._connection
        if self._connector is not None:
            self._connector.connectionLost(reason)
