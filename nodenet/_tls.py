"""
TLS on one stream: Twisted's, with Node's view of the peer.
"""

from __future__ import annotations

from datetime import datetime
from socket import socket
from typing import Any

from cryptography.x509 import Name
from OpenSSL import SSL
from service_identity import CertificateError, VerificationError
from service_identity.pyopenssl import verify_hostname, verify_ip_address
from twisted.internet.interfaces import (
    IHalfCloseableProtocol,
    IOpenSSLClientConnectionCreator,
    IOpenSSLServerConnectionCreator,
)
from twisted.protocols.policies import ProtocolWrapper
from twisted.protocols.tls import TLSMemoryBIOFactory, TLSMemoryBIOProtocol
from twisted.python.failure import Failure
from zope.interface import implementer

from nodenet._address import isIP
from nodenet._transport import BufferWire
from nodenet.crypto import Credentials, verified
from nodenet.timers import nextTick

__all__ = ["Session", "certificateOf"]

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
#: OpenSSL's short names of what names are made of; of any other, the numbers stand there.
_SHORT = {
    "2.5.4.3": "CN",
    "2.5.4.4": "SN",
    "2.5.4.5": "serialNumber",
    "2.5.4.6": "C",
    "2.5.4.7": "L",
    "2.5.4.8": "ST",
    "2.5.4.9": "street",
    "2.5.4.10": "O",
    "2.5.4.11": "OU",
    "2.5.4.12": "title",
    "2.5.4.13": "description",
    "2.5.4.15": "businessCategory",
    "2.5.4.16": "postalAddress",
    "2.5.4.17": "postalCode",
    "2.5.4.20": "telephoneNumber",
    "2.5.4.41": "name",
    "2.5.4.42": "GN",
    "2.5.4.43": "initials",
    "2.5.4.44": "generationQualifier",
    "2.5.4.45": "x500UniqueIdentifier",
    "2.5.4.46": "dnQualifier",
    "2.5.4.65": "pseudonym",
    "2.5.4.97": "organizationIdentifier",
    "0.9.2342.19200300.100.1.1": "UID",
    "0.9.2342.19200300.100.1.25": "DC",
    "1.2.840.113549.1.9.1": "emailAddress",
    "1.2.840.113549.1.9.2": "unstructuredName",
    "1.3.6.1.4.1.311.60.2.1.1": "jurisdictionL",
    "1.3.6.1.4.1.311.60.2.1.2": "jurisdictionST",
    "1.3.6.1.4.1.311.60.2.1.3": "jurisdictionC",
}
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


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
    @ivar raw: the transport below.
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
        self.host = name and name.encode("idna").decode()
        self.secure = False
        self.error: str | None = None
        self.raw: Any = None
        self.timer: Any = None  # of the handshake
        limit = credentials.handshakeTimeout
        self.handshakeTimeout = (
            (0 if isClient else HANDSHAKE_TIMEOUT) if limit is None else limit
        )

    def start(self, transport: Any, protocol: Any, reactor: Any) -> TLS:
        """
        @param transport: the connection; its protocol becomes TLS's.
        @param protocol: what is to be secured.
        @return: the transport of C{protocol} from now on.
        """
        self.raw = transport
        factory = TLSMemoryBIOFactory(self, self.isClient, None, reactor)  # type: ignore[arg-type]
        tls = TLS(factory, protocol, False)
        transport.protocol = tls
        tls.makeConnection(transport)
        return tls

    def unsent(self) -> bool:
        """
        @return: whether the transport below still has data that the kernel has not.
        """
        return bool(
            getattr(self.raw, "dataBuffer", b"") or getattr(self.raw, "_tempDataBuffer", None)
        )

    def stopTimer(self) -> None:
        timer, self.timer = self.timer, None
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
            except (CertificateError, VerificationError):
                self.error = f"certificate is not for {self.host}"


@implementer(IHalfCloseableProtocol)
class TLS(TLSMemoryBIOProtocol):
    """
    Twisted's, which holds no writes back for a turn (as its BufferingTLSTransport
    does), and for which the peer's close_notify is the end of the peer's side
    only, as a FIN is: Twisted's answers it by its own, and drops what has not been
    sent.
    """

    _peerEnded = False

    def _flushReceiveBIO(self) -> None:
        while not (self._lostTLSConnection or self._peerEnded):
            try:
                data = self._tlsConnection.recv(2**15)
            except SSL.WantReadError:
                break
            except SSL.ZeroReturnError:
                self._peerEnded = True
                IHalfCloseableProtocol(self.wrappedProtocol).readConnectionLost()
            except SSL.Error:
                self._tlsShutdownFinished(Failure())
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


class TLSWire(BufferWire):
    """
    The wire of a secure stream.
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


def certificateOf(connection: SSL.Connection) -> dict[str, str]:
    """
    The peer's certificate in the forms of Node v0.3.

    @return: C{subject}, C{issuer}, C{valid_from}, C{valid_to} and C{fingerprint} (SHA-1);
        empty if the peer sent none.
    """
    certificate = connection.get_peer_certificate()
    if certificate is None:
        return {}
    names = certificate.to_cryptography()
    return {
        "subject": _oneline(names.subject),
        "issuer": _oneline(names.issuer),
        "valid_from": _date(certificate.get_notBefore()),
        "valid_to": _date(certificate.get_notAfter()),
        "fingerprint": certificate.digest("sha1").decode(),
    }


def _oneline(name: Name) -> str:
    """
    As OpenSSL's X509_NAME_oneline: C{/C=UK/O=node.js/CN=localhost}. What is not ASCII is
    escaped UTF-8, however the certificate encodes it.
    """
    parts = []
    for attribute in name:
        oid, value = attribute.oid.dotted_string, attribute.value
        data = value.encode() if isinstance(value, str) else value
        text = "".join(chr(c) if 32 <= c < 127 else f"\\x{c:02X}" for c in data)
        parts.append(f"/{_SHORT.get(oid, oid)}={text}")
    return "".join(parts)


def _date(asn1: bytes | None) -> str:
    """
    As OpenSSL's ASN1_TIME_print: "Nov  6 09:52:22 2029 GMT".
    """
    date = datetime.strptime((asn1 or b"").decode(), "%Y%m%d%H%M%SZ")
    return f"{_MONTHS[date.month - 1]} {date.day:2d} {date:%H:%M:%S %Y} GMT"
