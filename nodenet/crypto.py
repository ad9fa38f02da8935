"""
Credentials for C{Stream.setSecure}: a key, a certificate, whom to trust.

Source: Node v0.3.1, C{require('crypto').createCredentials}.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from OpenSSL import SSL, crypto
from twisted.internet.ssl import AcceptableCiphers, CertificateOptions, TLSVersion

__all__ = ["Credentials", "createCredentials"]

_VERSIONS = {
    "1.0": SSL.TLS1_VERSION,
    "1.1": SSL.TLS1_1_VERSION,
    "1.2": SSL.TLS1_2_VERSION,
    "1.3": SSL.TLS1_3_VERSION,
}
_PEM = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----.+?-----END \1-----", re.DOTALL)
_T = TypeVar("_T")

PEM = str | bytes

#: What to tell the credentials for the name that a connection's client asks for.
#: (A context cannot be given its callback when it is in use.)
asked: WeakKeyDictionary[SSL.Connection, Callable[[Credentials], None]] = WeakKeyDictionary()


class Credentials:
    """
    What a secure stream is and whom it trusts. May be used for any number of
    streams, as a client and as a server.

    @ivar context: the pyOpenSSL context.
    @ivar trusting: whether there are CAs in it, so that a server asks for the
        peer's certificate.
    """

    def __init__(
        self,
        *,
        key: PEM | None = None,
        cert: PEM | None = None,
        ca: PEM | Iterable[PEM] | None = None,
        passphrase: PEM | None = None,
        ciphers: str | None = None,
        secureProtocol: str = "TLSv1.2",
        crl: PEM | Iterable[PEM] | None = None,
        rejectUnauthorized: bool = False,
        servername: str | None = None,
        contexts: Mapping[str, Credentials] | None = None,
        ALPNProtocols: Iterable[str] = (),
        handshakeTimeout: float | None = None,
    ) -> None:
        """
        @param key: a private key, in PEM like all that follow.
        @param cert: its certificate, then those of the chain to the root, if any.
        @param ca: the CAs to trust, in one string or several; by default a client
            trusts the system's, and a server asks for no certificate.
        @param passphrase: of an encrypted C{key}.
        @param ciphers: an OpenSSL cipher string.
        @param secureProtocol: the lowest version: C{'TLSv1'}, C{'TLSv1.1'},
            C{'TLSv1.2'} or C{'TLSv1.3'}; C{'TLSv1_2_method'} means the same.
        @param crl: lists of revoked certificates, one of each CA in a chain.
        @param rejectUnauthorized: do not go on with a peer for whom C{verifyPeer}
            would be C{False}.
        @param servername: on a client, the name to ask for (SNI) and to find in the
            certificate; the host that was connected to by default.
        @param contexts: on a server, other credentials for clients that ask for a
            name: C{{'a.example': ..., '*.b.example': ...}}.
        @param ALPNProtocols: names of protocols, the best one first.
        @param handshakeTimeout: milliseconds; 0: no limit. 10 s for a server, no
            limit for a client by default.
        @raise ValueError: one of them is wrong; the message says which.
        """
        self.rejectUnauthorized = rejectUnauthorized
        self.servername = servername and _named("servername", _ascii, servername)
        self.handshakeTimeout = handshakeTimeout
        self.contexts = {name.lower(): other for name, other in (contexts or {}).items()}
        # Twisted takes this for a floor under ours, set below.
        options: dict[str, Any] = {"insecurelyLowerMinimumTo": TLSVersion.TLSv1_0}
        if (key is None) != (cert is None):
            raise ValueError(f"{'key' if key is None else 'cert'}: missing")
        if key is not None and cert is not None:
            chain = _load("cert", cert, "CERTIFICATE", crypto.X509.from_cryptography)
            options["privateKey"] = _privateKey(key, passphrase)
            options["certificate"], *options["extraCertChain"] = chain
        if ciphers is not None:
            options["acceptableCiphers"] = _named(
                "ciphers", AcceptableCiphers.fromOpenSSLCipherString, ciphers
            )
        match = re.fullmatch(r"TLSv1(?:[._]([0-3]))?(?:_method)?", secureProtocol)
        if match is None:
            raise ValueError(f"secureProtocol: unknown: {secureProtocol!r}")
        try:
            self.context = CertificateOptions(**options).getContext()
        except SSL.Error:
            raise ValueError("key and cert: do not match") from None
        except ValueError as e:
            raise ValueError(f"ciphers: {e}") from None
        if self.contexts:
            self.context.set_tlsext_servername_callback(self._nameAsked)
        self.protocols = [name.encode() for name in ALPNProtocols]
        if self.protocols:
            self.context.set_alpn_protos(self.protocols)
            self.context.set_alpn_select_callback(self._protocolsOffered)
        self.context.set_min_proto_version(_VERSIONS[f"1.{match[1] or 0}"])
        self.trusting = ca is not None
        store = self.context.get_cert_store()
        if ca is None:
            self.context.set_default_verify_paths()
        else:
            for each in _load("ca", ca, "CERTIFICATE", crypto.X509.from_cryptography):
                store.add_cert(each)
                self.context.add_client_ca(each)
        if crl is not None:
            for each in _load("crl", crl, "X509 CRL", lambda one: one):
                store.add_crl(each)
            store.set_flags(
                crypto.X509StoreFlags.CRL_CHECK | crypto.X509StoreFlags.CRL_CHECK_ALL
            )

    def _protocolsOffered(self, connection: object, offered: list[bytes]) -> Any:
        """
        OpenSSL: the client speaks these protocols.
        """
        for name in self.protocols:
            if name in offered:
                return name
        return SSL.NO_OVERLAPPING_PROTOCOLS

    def _nameAsked(self, connection: SSL.Connection) -> None:
        """
        OpenSSL: the client may have asked for a name.
        """
        asked[connection](self.forName(connection.get_servername()))

    def forName(self, name: bytes | None) -> Credentials:
        """
        @param name: that a client has asked for.
        @return: the credentials to show it.
        """
        asked = (name or b"").decode("ascii", "replace").lower()
        wild = "*." + asked.partition(".")[2]
        return self.contexts.get(asked) or self.contexts.get(wild) or self


def createCredentials(details: Mapping[str, Any] | None = None, **more: Any) -> Credentials:
    """
    Make credentials of a dict, as in Node, or of keyword arguments; see
    L{Credentials}.

    @raise ValueError: one of the details is wrong; the message says which.
    """
    return Credentials(**{**(details or {}), **more})


def _load(
    what: str, pem: PEM | Iterable[PEM], kind: str, make: Callable[[Any], _T]
) -> list[_T]:
    """
    All objects of a kind in one PEM or several.
    """
    load: Callable[[bytes], Any] = (
        x509.load_pem_x509_crl if kind == "X509 CRL" else x509.load_pem_x509_certificate
    )
    found = []
    for each in [pem] if isinstance(pem, (str, bytes)) else pem:
        for block in _PEM.finditer(_bytes(each)):
            if block[1].decode() == kind:
                try:
                    found.append(make(load(block[0] + b"\n")))
                except ValueError:
                    raise ValueError(f"{what}: not a {kind}") from None
    if not found:
        raise ValueError(f"{what}: no {kind} in PEM")
    return found


def _privateKey(pem: PEM, passphrase: PEM | None) -> crypto.PKey:
    secret = None if passphrase is None else _bytes(passphrase)
    try:
        try:
            key: Any = load_pem_private_key(_bytes(pem), secret)
        except TypeError:
            if secret is None:
                raise ValueError("encrypted, and the passphrase is missing") from None
            key = load_pem_private_key(_bytes(pem), None)  # it needs none
        return crypto.PKey.from_cryptography_key(key)
    except Exception as e:
        if secret is not None and b"ENCRYPTED" in _bytes(pem):
            raise ValueError("key: cannot be decrypted with the passphrase") from None
        why = str(e) if str(e).startswith("encrypted") else "not a private key in PEM"
        raise ValueError(f"key: {why}") from None


def _named(what: str, call: Callable[[Any], Any], argument: Any) -> Any:
    try:
        return call(argument)
    except Exception as e:  # the libraries raise what they like
        raise ValueError(f"{what}: {e}") from None


def _ascii(name: str) -> str:
    return name.encode("idna").decode()


def _bytes(pem: PEM) -> bytes:
    return pem.encode() if isinstance(pem, str) else pem
