"""
L{nodenet.crypto}, and what C{Stream.setSecure} refuses.
"""

from __future__ import annotations

import contextlib
import gc
import itertools
import pickle
import weakref

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509 import Name, NameAttribute, ObjectIdentifier
from cryptography.x509.oid import NameOID
from OpenSSL import SSL, crypto
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.trial.unittest import SynchronousTestCase

from nodenet import net
from nodenet._net.certificate import certificateOf
from nodenet._net.tls import Session
from nodenet.crypto import Credentials, CredentialsError, createCredentials
from nodenet.errors import NodeError
from tests.certificates import Authority


class CredentialsTests(SynchronousTestCase):
    """
    C{createCredentials}.
    """

    def setUp(self):
        self.authority = Authority()
        self.key, self.cert, _ = self.authority.issue("localhost")

    def refuses(self, message, **details):
        """
        @param message: C{"<detail> and <detail>: <how the reason begins>"}.
        """
        error = self.assertRaises(CredentialsError, createCredentials, details)
        wrong, _, reason = message.partition(": ")
        self.assertEqual(error.details, tuple(wrong.split(" and ")))
        self.assertEqual(error.reason[: len(reason)], reason)
        self.assertEqual(str(error), f"{wrong}: {error.reason}")

    def test_pemIsTextOrBytesAndDetailsADictOrKeywords(self):
        for details in (
            {"key": self.key, "cert": self.cert, "ca": self.authority.pem},
            {"key": self.key.encode(), "cert": self.cert.encode(), "ca": [self.authority.pem]},
            {"key": self.key, "cert": self.cert + self.authority.pem},
        ):
            self.assertIsInstance(createCredentials(details), Credentials)
            self.assertIsInstance(createCredentials(**details), Credentials)
        self.assertTrue(createCredentials(ca=self.authority.pem * 2).trusting)
        self.assertFalse(createCredentials().trusting)

    def test_whatIsWrongIsNamed(self):
        other, _, _ = self.authority.issue("localhost")
        secret = self.authority.issue("localhost", passphrase=b"secret")[0]
        junk = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
        self.refuses("key: missing", cert=self.cert)
        self.refuses("cert: missing", key=self.key)
        self.refuses("key: ", key="junk", cert=self.cert)
        self.refuses("cert: no CERTIFICATE in PEM", key=self.key, cert="junk")
        self.refuses("cert: ", key=self.key, cert=junk)
        self.refuses("ca: no CERTIFICATE in PEM", ca="junk")
        self.refuses("ca: ", ca=[self.authority.pem, junk])
        self.refuses("crl: no X509 CRL in PEM", crl="junk")
        self.refuses("key and cert: do not match", key=other, cert=self.cert)
        self.refuses(
            "key: encrypted, and the passphrase is missing", key=secret, cert=self.cert
        )
        self.refuses(
            "key: cannot be decrypted with the passphrase",
            key=secret, cert=self.cert, passphrase="wrong",
        )  # fmt: skip
        for name in "a..b", "a" * 70:
            self.refuses("servername: ", servername=name)
        self.refuses("ciphers: ", ciphers="NO-SUCH-CIPHER")
        self.refuses("secureProtocol: unknown: 'SSLv3'", secureProtocol="SSLv3")

    def test_whatIsOfAWrongTypeIsNamed(self):
        for name in "key", "passphrase":
            pem = {"key": self.key, "cert": self.cert}
            for wrong in 5, [self.key], object():
                self.refuses(f"{name}: must be str or bytes, not ", **{**pem, name: wrong})
        for name in "cert", "ca", "crl":
            for wrong in 5, [5], [self.cert, None], object():
                self.refuses(
                    f"{name}: must be str or bytes, or several, not ",
                    **{"key": self.key, "cert": self.cert, name: wrong},
                )
        for name in "ciphers", "secureProtocol", "servername":
            self.refuses(f"{name}: must be str, not int", **{name: 5})
        for wrong in 1, "no":
            self.refuses("rejectUnauthorized: must be bool, not ", rejectUnauthorized=wrong)
        for wrong in {"a": 5}, {5: createCredentials()}, 5, ["a"]:
            self.refuses("contexts: must be a dict of names and Credentials", contexts=wrong)
        for wrong in "h2", b"h2", [b"h2"], 5:
            self.refuses("ALPNProtocols: must be several str, not ", ALPNProtocols=wrong)
        for wrong in "", "x" * 256:
            self.refuses("ALPNProtocols: each must have 1 to 255 bytes", ALPNProtocols=[wrong])
        for wrong in "x", True, -1, float("nan"), float("inf"):
            self.refuses(
                "handshakeTimeout: must be milliseconds, 0 or more, not ",
                handshakeTimeout=wrong,
            )

    def test_noSecretIsInTheReason(self):
        for details in {"passphrase": ["hush"]}, {"key": ["hush"]}, {"key": "hush"}:
            error = self.assertRaises(
                CredentialsError,
                createCredentials,
                {"key": self.key, "cert": self.cert, **details},
            )
            self.assertNotIn("hush", str(error))

    def test_whatIsNoDetailIsNamed(self):
        self.refuses("certs and keys: unknown", keys=self.key, certs=self.cert)

    def test_noneIsLeavingItOut(self):
        names = Credentials.__init__.__kwdefaults__
        createCredentials(dict.fromkeys(names))

    def test_aKeyThatOpenSSLFindsTooSmallIsCalledThat(self):
        self.authority.makeKey = lambda: rsa.generate_private_key(65537, 1024)
        self.refuses("key: too small", **self.authority.credentials("localhost"))

    def test_theErrorSurvivesAPickle(self):
        error = CredentialsError(("key", "cert"), "do not match")
        again = pickle.loads(pickle.dumps(error))
        self.assertEqual((again.details, again.reason), (error.details, error.reason))
        self.assertIsInstance(again, ValueError)

    def test_anEncryptedKeyWithItsPassphrase(self):
        key, cert, _ = self.authority.issue("localhost", passphrase=b"secret")
        for passphrase in "secret", b"secret":
            createCredentials(key=key, cert=cert, passphrase=passphrase)
        createCredentials(key=self.key, cert=self.cert, passphrase="needless")

    def test_theVersionsHaveTwoSpellings(self):
        for name in "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3", "TLSv1_2_method":
            createCredentials(secureProtocol=name)


class Client(SSL.Connection):
    """
    pyOpenSSL's client, in memory.
    """

    def __init__(self, name=None, offers=()):
        super().__init__(SSL.Context(SSL.TLS_METHOD))
        self.set_connect_state()
        if name is not None:
            self.set_tlsext_host_name(name)
        if offers:
            self.set_alpn_protos(list(offers))


def shakeHands(*ends):
    """
    @param ends: two connections in memory.
    """
    shaking = set(ends)
    for end in itertools.islice(itertools.cycle(ends), 20):
        try:
            end.do_handshake()
            shaking.discard(end)
        except SSL.WantReadError:
            pass
        with contextlib.suppress(SSL.WantReadError):
            ends[end is ends[0]].bio_write(end.bio_read(1 << 20))
    assert not shaking


class SessionTests(SynchronousTestCase):
    """
    L{Session}: what a connection is told, in memory.
    """

    def setUp(self):
        self.authority = Authority()

    def server(self, *, credentials=None, **more):
        """
        @return: a session and its connection.
        """
        credentials = credentials or createCredentials(
            self.authority.credentials("localhost"), **more
        )
        session = Session(credentials, False, None)
        connection = session.makeConnection(None)
        connection.set_accept_state()
        return session, connection

    def client(self, **details):
        session = Session(createCredentials(details), True, "localhost")
        connection = session.makeConnection(None)
        connection.set_connect_state()
        return session, connection

    def test_aServerAsksForACertificateOnlyWithACA(self):
        ca, must = self.authority.pem, SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT
        for details, mode in (
            ({}, SSL.VERIFY_NONE),
            ({"rejectUnauthorized": True}, SSL.VERIFY_NONE),
            ({"ca": ca}, SSL.VERIFY_PEER),
            ({"ca": ca, "rejectUnauthorized": True}, must),
        ):
            self.assertEqual(self.server(**details)[1].get_verify_mode(), mode)
            wanted = must if "rejectUnauthorized" in details else SSL.VERIFY_PEER
            self.assertEqual(self.client(**details)[1].get_verify_mode(), wanted)

    def test_aNameIsServedAsItsOwnCredentialsSay(self):
        named = createCredentials(self.authority.credentials("b"), ca=self.authority.pem)
        plain = createCredentials(self.authority.credentials("c"), ALPNProtocols=["own"])
        more = {"contexts": {"b.example": named, "c.example": plain}}
        for name, credentials, mode, chosen in (
            (b"b.example", named, SSL.VERIFY_PEER, b""),
            (b"c.example", plain, SSL.VERIFY_NONE, b"own"),
            (b"d.example", None, SSL.VERIFY_NONE, b"all"),
            (None, None, SSL.VERIFY_NONE, b"all"),
        ):
            session, server = self.server(ALPNProtocols=["all"], **more)
            credentials = credentials or session.credentials
            client = Client(name, offers=[b"own", b"all"])
            shakeHands(client, server)
            self.assertIs(session.credentials, credentials)
            self.assertEqual(server.get_verify_mode(), mode)
            self.assertEqual(client.get_alpn_proto_negotiated(), chosen)

    def test_aClientKeepsToItsOwnCredentialsWhateverNamesTheyHave(self):
        """
        OpenSSL tells a client, too, which name was asked for.
        """
        other = createCredentials(ca=Authority("another").pem)
        session, client = self.client(ca=self.authority.pem, contexts={"localhost": other})
        # A server that answers to names, as OpenSSL tells a client of it only then.
        named = createCredentials(self.authority.credentials("localhost"))
        _, server = self.server(contexts={"localhost": named})
        shakeHands(client, server)
        session.handshakeCompleted(client)
        self.assertIsNone(session.error)

    def test_whatIsNoNameIsNobodysAndTheLastDotIsNone(self):
        for host, error in (
            ("2130706433", "certificate is not for 2130706433"),
            ("a b", "certificate is not for a b"),
            ("localhost.", None),
        ):
            trust = createCredentials(ca=self.authority.pem)
            session = Session(trust, True, host)
            client = session.makeConnection(None)
            client.set_connect_state()
            shakeHands(client, self.server()[1])
            session.handshakeCompleted(client)
            self.assertEqual(session.error, error)

    def test_aClientThatOffersProtocolsIsServedWithoutAny(self):
        for speaks, chosen in ([], b""), (["x"], b""), (["x", "h2"], b"h2"):
            _, server = self.server(ALPNProtocols=speaks)
            client = Client(offers=[b"h2", b"http/1.1"])
            shakeHands(client, server)
            self.assertEqual(client.get_alpn_proto_negotiated(), chosen)

    def test_anIdleConnectionHoldsNoBuffers(self):
        context = createCredentials().context
        self.assertTrue(context.set_mode(0) & SSL.MODE_RELEASE_BUFFERS)

    def test_credentialsThatNobodyUsesAreGone(self):
        session, server = self.server(
            ca=self.authority.pem, ALPNProtocols=["x"], contexts={"a": createCredentials()}
        )
        shakeHands(Client(b"localhost", [b"x"]), server)
        gone = weakref.ref(session.credentials)
        del session, server
        gc.collect()
        self.assertIsNone(gone())

    def test_pyOpenSSLHasNothingToWarnOf(self):
        session, client = self.client(ca=self.authority.pem, servername="localhost")
        shakeHands(client, self.server(ca=self.authority.pem)[1])
        session.handshakeCompleted(client)
        certificateOf(client)
        self.assertEqual([each["message"] for each in self.flushWarnings()], [])


class CertificateOfTests(SynchronousTestCase):
    """
    L{certificateOf}.
    """

    def test_namesAreInOneLineWithOpenSSLsShortNames(self):
        parts = [
            (NameOID.EMAIL_ADDRESS, "a@b.example", "emailAddress=a@b.example"),
            (NameOID.USER_ID, "me", "UID=me"),
            (NameOID.SURNAME, "\u00e9/\n", r"SN=\xC3\xA9/\x0A"),
            (ObjectIdentifier("1.2.3.4"), "x", "1.2.3.4=x"),
        ]
        name = Name([NameAttribute(oid, value) for oid, value, _ in parts])
        authority = Authority()
        authority.name = name
        _, _, certificate = authority.issue("localhost")

        class Connection:
            def get_peer_certificate(self):
                return crypto.X509.from_cryptography(certificate)

        got = certificateOf(Connection())
        self.assertEqual(got["issuer"], "".join(f"/{text}" for _, _, text in parts))
        self.assertEqual(got["subject"], "/C=UK/O=node.js/CN=localhost")


class MisuseTests(SynchronousTestCase):
    """
    Streams that are not secure.
    """

    def test_whatNeedsSecurityRaises(self):
        stream = net.Stream(reactor=Clock())
        stream.makeConnection(StringTransport())
        for method in stream.verifyPeer, stream.verifyError, stream.getPeerCertificate:
            error = self.assertRaises(NodeError, method)
            self.assertEqual(str(error), "Stream is not secure")
        self.assertRaises(NodeError, stream.getCipher)

    def test_secureTwice(self):
        stream = net.Stream()
        stream.setSecure()
        self.assertRaises(NodeError, stream.setSecure)

    def test_whatIsNoCredentials(self):
        self.assertRaises(TypeError, net.Stream().setSecure, {"key": "..."})

    def test_afterEnd(self):
        stream = net.Stream(reactor=Clock())
        stream.makeConnection(StringTransport())
        stream.end()
        self.assertRaises(NodeError, stream.setSecure)

    def test_aServerNeedsCredentials(self):
        server = net.createServer(reactor=Clock())
        stream = server.buildProtocol(None)
        stream.makeConnection(StringTransport())
        self.assertRaises(NodeError, stream.setSecure)

    def test_aTransportThatCannot(self):
        stream = net.Stream(reactor=Clock())
        stream.makeConnection(StringTransport())
        self.assertRaises(NodeError, stream.setSecure)
