"""
A stream under TLS.
"""

from __future__ import annotations

from errno import ETIMEDOUT
from types import NoneType
from typing import Any

from twisted.internet.interfaces import ISSLTransport

from nodenet._net.certificate import certificateOf
from nodenet._net.reading import Reading
from nodenet._net.tls import Session
from nodenet._transports import sockopts
from nodenet._transports.choose import canSecure, secure, wireFor
from nodenet.crypto import Credentials
from nodenet.errors import EndedError, NodeError, TLSError, errnoException
from nodenet.timers import theReactor

__all__ = ["Securing"]


class Securing(Reading):
    """
    A connection that can go on under TLS; what that has of its own is a L{Session}.
    """

    __slots__ = ()

    def setSecure(self, credentials: Credentials | None = None) -> None:
        """
        Go on under TLS: C{secure} follows, or C{error}. A server's stream, which has
        accepted the connection, is the TLS server; any other the client. Before C{connect},
        it holds for each connection that will be; later, for this one.

        What was written on the connection before goes out in clear first; all else is sent
        inside, with what was written before there was a connection.

        @param credentials: see L{nodenet.crypto.createCredentials}. A client's are by
            default those that trust the system's CAs.
        @raise NodeError: the stream is secure already, a server without
            credentials, or C{end} was called.
        """
        if self._credentials is not None:
            raise NodeError("Stream is secure already")
        if self._ended and self._state != "closed":
            raise EndedError(self)
        if not isinstance(credentials, (Credentials, NoneType)):
            raise TypeError(
                f"credentials must be of createCredentials, not {credentials!r:.60}"
            )
        if credentials is None:
            if self._acceptor is not None:
                raise NodeError("A server needs credentials")
            credentials = Credentials()
        if self._wire is None:
            self._credentials = credentials
            return
        if ISSLTransport.providedBy(self.transport):
            raise NodeError("Stream is secure already")
        if not canSecure(self.transport):
            raise NodeError("This stream's transport cannot be secured")
        outbox = self._outbox
        if outbox is not None and outbox.hasDescriptors:
            raise NodeError("A descriptor is still queued")
        if outbox is None and self.bufferSize:
            raise NodeError("Spliced data is still queued")
        self._credentials = credentials
        self._securedOnce = True
        self._send = None
        if outbox is not None:
            outbox.beginTLSBehind()
            if not outbox.takeTLS():
                self._updateReading()
                return
        self._startTLS()

    def _startTLS(self) -> None:
        assert self._credentials is not None and self._wire is not None
        raw = self.transport
        self._wire.release()
        session = Session(self._credentials, self._acceptor is None, self._host)
        self._session = session
        session.startTimer(theReactor(self._reactor), self._handshakeTimedOut)
        self.transport = secure(raw, session, self)
        self._wire = wireFor(self.transport, self)
        self._reading = False
        self._updateReading()
        if self._noDelay is not None:
            sockopts.setNoDelay(self.transport, self._noDelay)

    def _handshakeTimedOut(self) -> None:
        self.destroy(errnoException(ETIMEDOUT, "handshake"))

    def handshakeCompleted(self) -> None:
        """
        Twisted: TLS is established.
        """
        if self._wire is None:
            return
        session = self._session
        if session is not None:  # else it is the TLS of an endpoint
            session.stopTimer()
            session.handshakeCompleted(self.transport.getHandle())
            if session.error is not None and session.credentials.rejectUnauthorized:
                self.destroy(TLSError(session.error, "handshake"))
                return
        self._updateReading()
        self._updateSending()
        self._deliver("secure")
        if self._outbox is not None:
            self._flush()
        else:
            self._update()

    def _connection(self) -> Any:
        """
        @return: pyOpenSSL's view of a secure stream.
        """
        ready = self._alive and not self._handshaking
        handle = getattr(self.transport, "getHandle", lambda: None)() if ready else None
        if not hasattr(handle, "get_cipher_name"):
            raise NodeError("Stream is not secure")
        return handle

    def verifyPeer(self) -> bool:
        """
        @return: whether the peer's certificate is valid: its chain leads to a CA that
            the credentials trust, and a client has connected to whom it is for.
        @raise NodeError: the stream is not secure, or not by C{setSecure}.
        """
        return self.verifyError() is None

    def verifyError(self) -> str | None:
        """
        @return: why L{verifyPeer} is C{False}, in words; C{None} if it is C{True}.
        @raise NodeError: as L{verifyPeer}.
        """
        self._connection()
        if self._session is None:
            raise NodeError("Stream was not secured by setSecure()")
        return self._session.error

    def getPeerCertificate(self) -> dict[str, str]:
        """
        @return: C{subject}, C{issuer}, C{valid_from}, C{valid_to} and C{fingerprint}
            (SHA-1) of the peer's certificate; empty if it sent none.
        @raise NodeError: the stream is not secure.
        """
        return certificateOf(self._connection())

    def getCipher(self) -> dict[str, str]:
        """
        @return: C{name} of the cipher and C{version} of TLS.
        @raise NodeError: the stream is not secure.
        """
        connection = self._connection()
        return {
            "name": connection.get_cipher_name(),
            "version": connection.get_protocol_version_name(),
        }

    @property
    def alpnProtocol(self) -> str | None:
        """
        The protocol that ALPN has found, if any.

        @raise NodeError: the stream is not secure.
        """
        return self._connection().get_alpn_proto_negotiated().decode() or None
