"""
Credentials for C{Stream.setSecure}: a key, a certificate, whom to trust.

Source: Node v0.3.1, C{require('crypto').createCredentials}.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from secrets import token_bytes
from typing import Any, TypeVar

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from OpenSSL import SSL, crypto, version

__all__ = ["Credentials", "CredentialsError", "createCredentials"]

_VERSIONS = {
    "1.0": SSL.TLS1_VERSION,
    "1.1": SSL.TLS1_1_VERSION,
    "1.2": SSL.TLS1_2_VERSION,
    "1.3": SSL.TLS1_3_VERSION,
}
#: The ciphers of TLS 1.2 and before; the choice of Twisted's C{CertificateOptions}.
_CIPHERS = (
    "ECDH+AESGCM:ECDH+CHACHA20:DH+AESGCM:DH+CHACHA20:ECDH+AES256:DH+AES256:"
    "ECDH+AES128:DH+AES:RSA+AESGCM:RSA+AES:!aNULL:!MD5:!DSS"
)
#: Before 24.3 pyOpenSSL's contexts take only its own classes of certificates and keys;
#: from then on they take cryptography's, and warn of their own.
_TAKES_CRYPTOGRAPHY = [int(part) for part in version.__version__.split(".")[:2]] >= [24, 3]
_PEM = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----.+?-----END \1-----", re.DOTALL)
_T = TypeVar("_T")

PEM = str | bytes


class CredentialsError(ValueError):
    """
    Details of credentials are wrong: C{"key and cert: do not match"}.

    @ivar details: their names, as L{createCredentials} takes them.
    @ivar reason: what is wrong with them.
    """

    def __init__(self, details: tuple[str, ...], reason: str) -> None:
        super().__init__(details, reason)
        self.details = details
        self.reason = reason

    def __str__(self) -> str:
        return f"{' and '.join(self.details)}: {self.reason}"


class Credentials:
    """
    What a secure stream is and whom it trusts. May be used for any number of
    streams, as a client and as a server.

    @ivar context: the pyOpenSSL context. It asks for the peer's certificate, as a
        client does: a server that trusts nobody must turn this off.
    @ivar trusting: whether there are CAs in it, so that a server asks for the
        peer's certificate.
    @ivar verifyMode: pyOpenSSL's C{VERIFY_*} of a side that asks for a certificate.
    """

    def __init__(
        self,
        *,
        key: PEM | None = None,
        cert: PEM | Iterable[PEM] | None = None,
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
        @param ciphers: an OpenSSL cipher string, for TLS 1.2 and before.
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
        @raise CredentialsError: one of them is wrong; it says which.
        """
        self.rejectUnauthorized = _ofType("rejectUnauthorized", rejectUnauthorized, bool)
        self.servername = servername and _hostname(_ofType("servername", servername, str))
        self.handshakeTimeout = _milliseconds("handshakeTimeout", handshakeTimeout)
        self.contexts = _contexts(contexts or {})
        self.protocols = _protocols(ALPNProtocols)
        self.trusting = ca is not None
        self.verifyMode = SSL.VERIFY_PEER
        if rejectUnauthorized:
            self.verifyMode |= SSL.VERIFY_FAIL_IF_NO_PEER_CERT
        self.context = context = SSL.Context(SSL.TLS_METHOD)
        context.set_options(SSL.OP_NO_COMPRESSION | SSL.OP_CIPHER_SERVER_PREFERENCE)
        context.set_options(SSL.OP_NO_RENEGOTIATION)  # type: ignore[attr-defined]
        context.set_mode(SSL.MODE_RELEASE_BUFFERS)  # idle connections need none
        context.set_min_proto_version(_lowestVersion(secureProtocol))
        context.set_verify(self.verifyMode, verified)
        context.set_verify_depth(9)
        # Sessions are in tickets, which the clients keep. OpenSSL does not look at the
        # certificate of one that is taken up again, and takes it up before the client's
        # name is known: so there are none where any name asks for certificates.
        context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
        if any(one.trusting for one in (self, *self.contexts.values())):
            context.set_options(SSL.OP_NO_TICKET)
        context.set_session_id(token_bytes(16))
        if self.contexts:
            context.set_tlsext_servername_callback(self._nameAsked)
        if self.protocols:
            # Without a callback the handshake goes on and nothing is chosen.
            context.set_alpn_protos(self.protocols)
            context.set_alpn_select_callback(self._protocolsOffered)
        self._identify(key, cert, passphrase)
        self._trust(ca, crl)
        # The last: some versions of pyOpenSSL take a context for used after this, and
        # let nobody change it.
        self._choose(ciphers)

    def _identify(
        self, key: PEM | None, cert: PEM | Iterable[PEM] | None, passphrase: PEM | None
    ) -> None:
        if passphrase is not None:
            _ofType("passphrase", passphrase, str, bytes)
        if key is not None:
            _ofType("key", key, str, bytes)
        if key is None and cert is None:
            return
        if key is None or cert is None:
            raise CredentialsError(("key" if key is None else "cert",), "missing")
        certificate, *chain = _load("cert", cert, "CERTIFICATE", _forContext)
        private = _privateKey(key, passphrase)
        try:
            self.context.use_certificate(certificate)
        except SSL.Error as e:
            why = _reason(e)
            if why.endswith("key too small"):
                raise CredentialsError(("key",), f"too small ({why})") from None
            raise CredentialsError(("cert",), why) from None
        for each in chain:
            self.context.add_extra_chain_cert(each)
        try:
            self.context.use_privatekey(private)
            self.context.check_privatekey()
        except SSL.Error:
            raise CredentialsError(("key", "cert"), "do not match") from None

    def _trust(self, ca: PEM | Iterable[PEM] | None, crl: PEM | Iterable[PEM] | None) -> None:
        store = self.context.get_cert_store()
        if ca is None:
            self.context.set_default_verify_paths()
        else:
            for each in _load("ca", ca, "CERTIFICATE", lambda one: one):
                store.add_cert(crypto.X509.from_cryptography(each))
                self.context.add_client_ca(_forContext(each))
        if crl is not None:
            for each in _load("crl", crl, "X509 CRL", lambda one: one):
                store.add_crl(each)
            store.set_flags(
                crypto.X509StoreFlags.CRL_CHECK | crypto.X509StoreFlags.CRL_CHECK_ALL
            )

    def _choose(self, ciphers: str | None) -> None:
        text = _CIPHERS if ciphers is None else _ofType("ciphers", ciphers, str)
        try:
            self.context.set_cipher_list(text.encode())
        except SSL.Error as e:
            raise CredentialsError(("ciphers",), _reason(e)) from None

    def _protocolsOffered(self, connection: object, offered: list[bytes]) -> Any:
        """
        OpenSSL: the client speaks these protocols.
        """
        for name in self.protocols:
            if name in offered:
                return name
        return SSL.NO_OVERLAPPING_PROTOCOLS

    def _nameAsked(self, connection: Any) -> None:
        """
        OpenSSL: the client of a L{nodenet._net.tls.Connection} may have asked for a name.
        """
        connection.session.use(connection, self.forName(connection.get_servername()))

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
    L{Credentials}. C{None} is like leaving a detail out.

    @raise CredentialsError: one of the details is wrong, or unknown; it says which.
    """
    given = {**(details or {}), **more}
    unknown = sorted(str(name) for name in given if name not in _DETAILS)
    if unknown:
        raise CredentialsError(tuple(unknown), "unknown")
    return Credentials(**{name: one for name, one in given.items() if one is not None})


_DETAILS = frozenset(Credentials.__init__.__kwdefaults__ or ())


def verified(connection: Any, certificate: object, number: int, depth: int, valid: int) -> bool:
    """
    OpenSSL: one certificate of the chain of a L{nodenet._net.tls.Connection}'s peer has been
    looked at.
    """
    accepted: bool = connection.session.verified(number, bool(valid))
    return accepted


def _load(
    what: str, pem: PEM | Iterable[PEM], kind: str, make: Callable[[Any], _T]
) -> list[_T]:
    """
    All objects of a kind in one PEM or several.
    """
    load: Callable[[bytes], Any] = (
        x509.load_pem_x509_crl if kind == "X509 CRL" else x509.load_pem_x509_certificate
    )
    if isinstance(pem, (str, bytes)) or not isinstance(pem, Iterable):
        pem = [pem]
    found = []
    for each in pem:
        if not isinstance(each, (str, bytes)):
            raise _wrongType(what, "str or bytes, or several", each)
        for block in _PEM.finditer(_bytes(each)):
            if block[1].decode() == kind:
                try:
                    found.append(make(load(block[0] + b"\n")))
                except ValueError:
                    raise CredentialsError((what,), f"not a {kind}") from None
    if not found:
        raise CredentialsError((what,), f"no {kind} in PEM")
    return found


def _privateKey(pem: PEM, passphrase: PEM | None) -> Any:
    secret = None if passphrase is None else _bytes(passphrase)
    try:
        try:
            key: Any = load_pem_private_key(_bytes(pem), secret)
        except TypeError:
            if secret is None:
                why = "encrypted, and the passphrase is missing"
                raise CredentialsError(("key",), why) from None
            key = load_pem_private_key(_bytes(pem), None)  # it needs none
        return _forContext(key)
    except CredentialsError:
        raise
    except Exception:  # the libraries raise what they like
        why = "not a private key in PEM"
        if secret is not None and b"ENCRYPTED" in _bytes(pem):
            why = "cannot be decrypted with the passphrase"
        raise CredentialsError(("key",), why) from None


def _forContext(thing: Any) -> Any:
    """
    @param thing: cryptography's certificate or private key.
    @return: what this version's C{SSL.Context} takes for it.
    """
    isKey = not isinstance(thing, x509.Certificate)
    # Also where cryptography's is taken: this refuses keys that TLS has no use for.
    own = (
        crypto.PKey.from_cryptography_key(thing)
        if isKey
        else crypto.X509.from_cryptography(thing)
    )
    return thing if _TAKES_CRYPTOGRAPHY else own


def _lowestVersion(name: str) -> int:
    match = re.fullmatch(
        r"TLSv1(?:[._]([0-3]))?(?:_method)?", _ofType("secureProtocol", name, str)
    )
    if match is None:
        raise CredentialsError(("secureProtocol",), f"unknown: {name!r:.60}")
    return _VERSIONS[f"1.{match[1] or 0}"]


def _hostname(name: str) -> str:
    try:
        return name.encode("idna").decode()
    except UnicodeError as e:
        raise CredentialsError(("servername",), str(e)) from None


def _contexts(contexts: Any) -> dict[str, Credentials]:
    if not isinstance(contexts, Mapping) or not all(
        isinstance(name, str) and isinstance(one, Credentials) for name, one in contexts.items()
    ):
        raise CredentialsError(("contexts",), "must be a dict of names and Credentials")
    return {name.lower(): one for name, one in contexts.items()}


def _protocols(names: Any) -> list[bytes]:
    if isinstance(names, (str, bytes)) or not isinstance(names, Iterable):
        raise _wrongType("ALPNProtocols", "several str", names)
    encoded = []
    for name in names:
        if not isinstance(name, str):
            raise _wrongType("ALPNProtocols", "several str", name)
        encoded.append(name.encode())
        if not 1 <= len(encoded[-1]) <= 255:  # RFC 7301
            raise CredentialsError(("ALPNProtocols",), "each must have 1 to 255 bytes")
    return encoded


def _milliseconds(what: str, msecs: Any) -> float | None:
    if msecs is None:
        return None
    number = isinstance(msecs, (int, float)) and not isinstance(msecs, bool)
    if not number or not math.isfinite(msecs) or msecs < 0:
        raise CredentialsError((what,), f"must be milliseconds, 0 or more, not {msecs!r:.60}")
    return float(msecs)


def _ofType(what: str, value: Any, *types: type) -> Any:
    if not isinstance(value, types):
        raise _wrongType(what, " or ".join(each.__name__ for each in types), value)
    return value


def _wrongType(what: str, wanted: str, value: object) -> CredentialsError:
    # Not the value itself: it may be a secret.
    return CredentialsError((what,), f"must be {wanted}, not {type(value).__name__}")


def _reason(error: SSL.Error) -> str:
    """
    @return: what OpenSSL says, C{"no cipher match"}.
    """
    try:
        return str(error.args[0][0][2])
    except (IndexError, TypeError):
        return "OpenSSL refuses it"


def _bytes(pem: PEM) -> bytes:
    return pem.encode("utf-8", "replace") if isinstance(pem, str) else pem
