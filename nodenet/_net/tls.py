"""
The TLS of one connection: its handshake, and whether the peer is who it should be.
"""

from __future__ import annotations

from collections.abc import Callable
from socket import socket
from typing import Any

from OpenSSL import SSL
from service_identity import CertificateError, VerificationError
from service_identity.pyopenssl import verify_hostname, verify_ip_address
from twisted.internet.interfaces import (
    IOpenSSLClientConnectionCreator,
    IOpenSSLServerConnectionCreator,
)
from zope.interface import implementer

from nodenet._address import isIP
from nodenet.crypto import Credentials, verified

__all__ = ["Session"]

#: Milliseconds that a server gives a client to shake hands.
HANDSHAKE_TIMEOUT = 10_000

#: What OpenSSL means by the number of a failed verification (x509_vfy.h).
_REASONS = {
    2: "unable to get issuer certificate",
    3: "unable to get certificate revocation list",
    7: "certificate signature failure",
    9: "certificate is not yet valid",
    10: "certificate has expired",
    11: "certificate revocation list is not yet valid",
    12: "certificate revocation list has expired",
    18: "self-signed certificate",
    19: "self-signed certificate in certificate chain",
    20: "unable to get local issuer certificate",
    21: "unable to verify the first certificate",
    22: "certificate chain too long",
    23: "certificate revoked",
    24: "invalid CA certificate",
    26: "unsuitable certificate purpose",
    27: "certificate not trusted",
    28: "certificate rejected",
    66: "certificate key too weak",
    68: "certificate signature algorithm too weak",
    79: "invalid CA certificate",
}


class Connection(SSL.Connection):
    """
    pyOpenSSL's, which the callbacks of L{Credentials} ask for its session. (Its app
    data would do, but from 26.4 on Twisted puts its own protocol there.)
    """

    session: Session


@implementer(IOpenSSLClientConnectionCreator, IOpenSSLServerConnectionCreator)
class Session:
    """
    The TLS of one connection.

    @ivar secure: the handshake is done.
    @ivar error: why the peer's certificate is not valid, in words; C{None} if it
        is.
    """

    def __init__(self, credentials: Credentials, isClient: bool, host: str | None) -> None:
        """
        @param host: that a client has connected to.
        """
        self.credentials = credentials
        self.isClient = isClient
        name = (credentials.servername or host) if isClient else None
        # The zone of an address says which way to take, not who is there.
        self.host = name and name.partition("%")[0].encode("idna").decode().rstrip(".")
        self.secure = False
        self.error: str | None = None
        self._timer: Any = None  # of the handshake
        limit = credentials.handshakeTimeout
        self.handshakeTimeout = (
            (0 if isClient else HANDSHAKE_TIMEOUT) if limit is None else limit
        )

    def startTimer(self, reactor: Any, timedOut: Callable[[], Any]) -> None:
        """
        Call C{timedOut} when the handshake has taken too long.
        """
        if self.handshakeTimeout:
            self._timer = reactor.callLater(self.handshakeTimeout / 1000, timedOut)

    def stopTimer(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None and timer.active():
            timer.cancel()

    def serverConnectionForTLS(self, tls: object) -> SSL.Connection:
        """
        Twisted: make the connection object.
        """
        return self.makeConnection(None)

    clientConnectionForTLS = serverConnectionForTLS

    def makeConnection(self, sock: socket | None) -> SSL.Connection:
        """
        @param sock: what it reads and writes; C{None}: memory (C{bio_read}, C{bio_write}).
        @return: a connection that has not begun the handshake.
        """
        credentials = self.credentials
        connection = Connection(credentials.context, sock)
        connection.session = self
        if not (self.isClient or credentials.trusting):
            connection.set_verify(SSL.VERIFY_NONE)
        if self.isClient and self.host is not None and not isIP(self.host):
            connection.set_tlsext_host_name(self.host.encode())
        return connection

    def use(self, connection: SSL.Connection, credentials: Credentials) -> None:
        """
        The client has asked for a name: go on with the credentials for it, in all.
        """
        # OpenSSL asks on a client too, of the name that it has itself asked for.
        if self.isClient or credentials is self.credentials:
            return
        self.credentials = credentials
        connection.set_context(credentials.context)
        # A connection keeps the mode of its first context.
        if credentials.trusting:
            connection.set_verify(credentials.verifyMode, verified)
        else:
            connection.set_verify(SSL.VERIFY_NONE)

    def verified(self, number: int, valid: bool) -> bool:
        """
        One certificate of the peer's chain has been looked at.

        @param number: what is wrong with it, of OpenSSL's x509_vfy.h.
        @return: whether to go on.
        """
        if not valid and self.error is None:
            self.error = _REASONS.get(number, f"verification error {number}")
        return valid or not self.credentials.rejectUnauthorized

    def handshakeCompleted(self, connection: SSL.Connection) -> None:
        """
        The chain has been seen to; now whether it is of whom we want.
        """
        self.secure = True
        if self.error is not None:
            return
        certificate = connection.get_peer_certificate()
        if certificate is None:
            self.error = "the peer sent no certificate"
        elif self.host is not None:
            verify = verify_ip_address if isIP(self.host) else verify_hostname
            try:
                verify(connection, self.host)
            except (CertificateError, VerificationError, ValueError):  # no name at all
                self.error = f"certificate is not for {self.host}"
