"""
C{Stream.setSecure} on real sockets.
"""

from __future__ import annotations

import gc
import json
import os
import socket
import ssl
import subprocess
import threading

from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import ExtendedKeyUsageOID
from twisted.internet import reactor
from twisted.internet.defer import gatherResults, inlineCallbacks
from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol, wrapClientTLS
from twisted.internet.ssl import Certificate, optionsForClientTLS, trustRootFromCertificates
from twisted.internet.threads import deferToThread

from nodenet import net
from nodenet._tls import Session
from nodenet.crypto import createCredentials
from nodenet.errors import NodeError
from tests.certificates import Authority
from tests.helpers import event, need, record, turns
from tests.process.test_net import NetCase

LIMIT = 20


class SecureCase(NetCase):
    """
    A server and a client that shake hands.
    """

    def setUp(self):
        self.authority = Authority()
        self.mine = self.authority.credentials("localhost", "127.0.0.1")

    def files(self, **pems):
        paths = {}
        for name, pem in pems.items():
            paths[name] = self.mktemp()
            os.makedirs(os.path.dirname(paths[name]), exist_ok=True)
            with open(paths[name], "w") as file:
                file.write(pem)
        return paths

    @inlineCallbacks
    def connect(self, server=None, client=None, host="127.0.0.1", before=True, listener=None):
        """
        @param server: credentials' details.
        @param before: C{setSecure} of the client is called before C{connect}.
        @return: fires with both streams, of which neither need be secure yet.
        """
        credentials = createCredentials(server or self.mine)

        def secure(stream):
            stream.setSecure(credentials)
            stream.on("error", lambda e: None)
            if listener is not None:
                listener(stream)

        listening = yield self.listening(listener=secure)
        port = listening.address()["port"]
        trust = createCredentials(client or {"ca": self.authority.pem})
        stream = net.Stream()
        stream.on("error", lambda e: None)

        @self.addCleanup
        def _():
            if stream.readyState != "closed":
                stream.destroy()
                return event(stream, "close")

        accepted = event(listening, "connection")
        if before:
            stream.setSecure(trust)
            stream.connect(port, host)
        else:
            stream.connect(port, host)
            yield event(stream, "connect")
            stream.setSecure(trust)
        [other] = yield accepted
        return stream, other

    @inlineCallbacks
    def secured(self, *args, **more):
        stream, other = yield self.connect(*args, **more)
        yield gatherResults([event(stream, "secure"), event(other, "secure")])
        return stream, other


class HandshakeTests(SecureCase):
    """
    What comes of a handshake.
    """

    @inlineCallbacks
    def test_connectThenSecureThenData(self):
        for before in True, False:
            stream, other = yield self.connect(before=before, listener=lambda c: c.write("hi"))
            seen = record(stream)
            stream.on("secure", lambda seen=seen: seen.append(("secure",)))
            yield event(stream, "data")
            self.assertEqual(seen[-2:], [("secure",), ("data", b"hi")])
            stream.destroy()
            yield event(other, "close")

    @inlineCallbacks
    def test_aValidPeerAndItsCertificateInNodesForms(self):
        ca = self.authority.pem
        stream, other = yield self.secured(
            {**self.mine, "ca": ca}, {**self.authority.credentials("me"), "ca": ca}
        )
        self.assertEqual([stream.verifyError(), other.verifyError()], [None, None])
        self.assertTrue(stream.verifyPeer() and other.verifyPeer())
        certificate = stream.getPeerCertificate()
        self.assertEqual(json.loads(json.dumps(certificate)), certificate)
        self.assertEqual(certificate["subject"], "/C=UK/O=node.js/CN=localhost")
        self.assertEqual(certificate["issuer"], "/CN=nodenet test CA")
        for name in "valid_from", "valid_to":
            self.assertRegex(
                certificate[name], r"^[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4} GMT$"
            )
        self.assertRegex(certificate["fingerprint"], r"^([0-9A-F]{2}:){19}[0-9A-F]{2}$")
        self.assertEqual(other.getPeerCertificate()["subject"], "/C=UK/O=node.js/CN=me")
        cipher = stream.getCipher()
        self.assertEqual((cipher["version"], other.getCipher()), ("TLSv1.3", cipher))

    @inlineCallbacks
    def test_aPeerWithoutACertificate(self):
        _, other = yield self.secured({**self.mine, "ca": self.authority.pem})
        self.assertEqual(other.getPeerCertificate(), {})
        self.assertFalse(other.verifyPeer())
        self.assertEqual(other.verifyError(), "the peer sent no certificate")

    @inlineCallbacks
    def invalid(self, why, server, client=None, **more):
        """
        It goes through, and is told; with C{rejectUnauthorized} it does not.
        """
        client = {"ca": self.authority.pem, **(client or {})}
        stream, other = yield self.secured(server, client, **more)
        self.assertFalse(stream.verifyPeer())
        self.assertEqual(stream.verifyError(), why)
        stream.destroy()
        yield event(other, "close")
        stream, other = yield self.connect(
            server, {**client, "rejectUnauthorized": True},
            listener=lambda c: c.write("secret"), **more,
        )  # fmt: skip
        seen = record(stream)
        yield event(stream, "close")
        self.assertEqual([each[0] for each in seen if each[0] != "connect"], ["error", "close"])
        self.assertEqual(seen[-1], ("close", True))
        return seen[-2][1]

    def test_expired(self):
        return self.invalid(
            "certificate has expired",
            self.authority.credentials("127.0.0.1", begins=-3, ends=-2),
        )

    def test_notYetValid(self):
        return self.invalid(
            "certificate is not yet valid",
            self.authority.credentials("127.0.0.1", begins=2, ends=3),
        )

    def test_wrongPurpose(self):
        return self.invalid(
            "unsuitable certificate purpose",
            self.authority.credentials("127.0.0.1", purposes=[ExtendedKeyUsageOID.CLIENT_AUTH]),
        )

    def test_unknownCA(self):
        return self.invalid(
            "unable to get local issuer certificate",
            Authority("another").credentials("127.0.0.1"),
        )

    def test_selfSigned(self):
        another = Authority("another")
        key = another.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        return self.invalid("self-signed certificate", {"key": key, "cert": another.pem})

    def test_revoked(self):
        key, cert, certificate = self.authority.issue("127.0.0.1")
        return self.invalid(
            "certificate revoked",
            {"key": key, "cert": cert},
            {"crl": self.authority.revoke(certificate)},
        )

    @inlineCallbacks
    def test_aRevokedIntermediate(self):
        between = Authority("between", self.authority)
        key, cert, _ = between.issue("127.0.0.1")
        _, _, another = between.issue("another")
        _, _, other = self.authority.issue("other")
        server = {"key": key, "cert": cert + between.pem}
        lists = between.revoke(another)
        stream, _ = yield self.secured(
            server, {"ca": self.authority.pem, "crl": [self.authority.revoke(other), lists]}
        )
        self.assertIsNone(stream.verifyError())
        stream.destroy()
        yield event(stream, "close")
        yield self.invalid(
            "certificate revoked",
            server,
            {"crl": [self.authority.revoke(between.certificate), lists]},
        )

    @inlineCallbacks
    def test_notForTheHost(self):
        error = yield self.invalid(
            "certificate is not for 127.0.0.1", self.authority.credentials("localhost")
        )
        self.assertIn("certificate is not for 127.0.0.1", str(error))
        yield self.invalid(
            "certificate is not for localhost",
            self.authority.credentials("127.0.0.1"),
            host="localhost",
        )

    @inlineCallbacks
    def test_servernameIsAskedForAndVerified(self):
        other = createCredentials(self.authority.credentials("b.example"))
        wild = createCredentials(self.authority.credentials("*.c.example"))
        server = {**self.mine, "contexts": {"b.example": other, "*.c.example": wild}}
        for name, subject in ("b.example", "b.example"), ("x.c.example", "*.c.example"):
            stream, _ = yield self.secured(
                server, {"ca": self.authority.pem, "servername": name}
            )
            self.assertEqual(
                stream.getPeerCertificate()["subject"], f"/C=UK/O=node.js/CN={subject}"
            )
            self.assertTrue(stream.verifyPeer())
            stream.destroy()
            yield event(stream, "close")
        stream, _ = yield self.secured(server, host="localhost")
        self.assertTrue(stream.verifyPeer())

    @inlineCallbacks
    def test_theCredentialsOfANameHoldInAll(self):
        """
        Whose certificate is asked for, too, and whether one must be.
        """
        strict = createCredentials(
            self.authority.credentials("b.example"),
            ca=self.authority.pem, rejectUnauthorized=True,
        )  # fmt: skip
        server = {**self.mine, "contexts": {"b.example": strict}}
        client = {"ca": self.authority.pem, "servername": "b.example"}
        got = []
        stream, other = yield self.connect(
            server, client, listener=lambda c: c.on("data", got.append)
        )
        stream.write("never")
        closed = event(stream, "close")
        [had_error] = yield event(other, "close")
        yield closed
        self.assertEqual((had_error, got), (True, []))
        me = self.authority.credentials("me")
        stream, other = yield self.secured(server, {**client, **me})
        self.assertTrue(other.verifyPeer())

    @inlineCallbacks
    def test_alpn(self):
        stream, other = yield self.secured(
            {**self.mine, "ALPNProtocols": ["two", "three"]},
            {"ca": self.authority.pem, "ALPNProtocols": ["one", "two"]},
        )
        self.assertEqual((stream.alpnProtocol, other.alpnProtocol), ("two", "two"))
        stream.destroy()
        yield event(stream, "close")
        stream, _ = yield self.secured()
        self.assertIsNone(stream.alpnProtocol)

    @inlineCallbacks
    def test_aServerThatRejectsClientsWithoutACertificate(self):
        server = {**self.mine, "ca": self.authority.pem, "rejectUnauthorized": True}
        stream, other = yield self.connect(server)
        seen = record(other)
        yield gatherResults([event(other, "close"), event(stream, "close")])
        self.assertEqual([each[0] for each in seen], ["error", "close"])
        self.assertEqual(seen[0][1].code, "EPROTO")

    @inlineCallbacks
    def test_theLowestVersionIsTLS12AndMayBeRaised(self):
        listening = yield self.listening(
            listener=lambda c: (c.on("error", lambda e: None), c.setSecure(credentials))
        )
        port = str(listening.address()["port"])

        def connects(version):
            done = subprocess.run(
                [need("openssl"), "s_client", "-connect", f"127.0.0.1:{port}", version,
                 "-cipher", "ALL:@SECLEVEL=0"],
                input=b"", capture_output=True, timeout=LIMIT,
            )  # fmt: skip
            return done.returncode == 0

        credentials = createCredentials(self.mine)
        for version, want in ("-tls1_1", False), ("-tls1_2", True), ("-tls1_3", True):
            self.assertEqual((yield deferToThread(connects, version)), want, version)
        credentials = createCredentials(self.mine, secureProtocol="TLSv1.3")
        self.assertFalse((yield deferToThread(connects, "-tls1_2")))

    @inlineCallbacks
    def test_optionsReachTheSocketBelow(self):
        stream, _ = yield self.secured()
        stream.setNoDelay(True)
        stream.setKeepAlive(True, 5000)
        raw = stream._session.raw.getHandle()
        self.assertTrue(raw.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        self.assertEqual(raw.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE), 5)
        self.assertEqual(stream.address()["address"], "127.0.0.1")


class TroubleTests(SecureCase):
    """
    Peers that do not behave. The server goes on.
    """

    @inlineCallbacks
    def test_plainTextAndJunk(self):
        listening = yield self.listening(listener=self.secure)
        for junk in b"GET / HTTP/1.1\r\n\r\n", bytes(range(256)) * 10:
            client = self.client(listening.address()["port"])
            client.on("error", lambda e: None)
            [stream] = yield event(listening, "connection")
            seen = record(stream)
            client.write(junk)
            yield event(stream, "close")
            self.assertEqual([each[0] for each in seen], ["error", "close"])
            self.assertEqual((seen[0][1].code, seen[1][1]), ("EPROTO", True))
            if client.readyState != "closed":
                yield event(client, "close")
        good = self.client(listening.address()["port"])
        good.setSecure(createCredentials(ca=self.authority.pem))
        yield event(good, "secure")

    def secure(self, stream, **more):
        stream.setSecure(createCredentials(self.mine, **more))

    @inlineCallbacks
    def test_aStalledHandshake(self):
        listening = yield self.listening(
            listener=lambda stream: self.secure(stream, handshakeTimeout=50)
        )
        client = self.client(listening.address()["port"])
        client.on("error", lambda e: None)
        [stream] = yield event(listening, "connection")
        seen = record(stream)
        yield event(stream, "close")
        self.assertEqual([each[0] for each in seen], ["error", "close"])
        self.assertEqual(seen[0][1].code, "ETIMEDOUT")

    def test_aServerWaitsTenSecondsForAHandshakeAClientForever(self):
        credentials = createCredentials(self.mine)
        self.assertEqual(Session(credentials, False, None).handshakeTimeout, 10_000)
        self.assertEqual(Session(credentials, True, None).handshakeTimeout, 0)

    @inlineCallbacks
    def test_anEndWithoutCloseNotifyIsAnError(self):
        stream, other = yield self.secured()
        seen = record(stream)
        other.write(b"cut off")
        yield event(stream, "data")
        other.destroy()
        yield event(stream, "close")
        self.assertEqual([each[0] for each in seen], ["data", "error", "close"])
        self.assertEqual(seen[-1], ("close", True))

    @inlineCallbacks
    def test_endBeforeTheHandshakeIsDoneDeliversAll(self):
        got = []
        stream, other = yield self.connect(listener=lambda c: c.on("data", got.append))
        stream.end(b"x" * 1_000_000)
        closed = gatherResults([event(stream, "close"), event(other, "close")])
        [[had_error], _] = yield closed
        self.assertEqual((len(b"".join(got)), had_error), (1_000_000, False))

    @inlineCallbacks
    def test_endWithNothingWrittenWaitsForTheHandshake(self):
        stream, other = yield self.connect()
        seen = record(other)
        stream.end()
        yield event(other, "close")
        self.assertEqual(seen, [("end",), ("close", False)])

    @inlineCallbacks
    def test_whatWasQueuedInClearBeforeGoesInClearAndNothingAfter(self):
        """
        As after STARTTLS.
        """
        plain, calls = os.urandom(6 << 20), []
        paths = self.files(**self.mine)
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)

        def serve():
            listener.settimeout(LIMIT)
            with listener.accept()[0] as skt:
                skt.settimeout(LIMIT)
                got = b""
                while len(got) < len(plain):
                    got += skt.recv(len(plain) - len(got))
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(paths["cert"], paths["key"])
                with context.wrap_socket(skt, server_side=True) as secure:
                    return got, secure.recv(100)

        client = self.client(listener.getsockname()[1])
        yield event(client, "connect")
        self.assertFalse(client.write(plain, lambda: calls.append("plain")))
        client.setSecure(createCredentials(ca=self.authority.pem))
        client.on("secure", lambda: calls.append("secure"))
        client.on("error", lambda e: None)
        self.assertFalse(client.write(b"secret", lambda: calls.append("secret")))
        got, secret = yield deferToThread(serve)
        self.assertTrue(got == plain)
        self.assertEqual(secret, b"secret")
        self.assertEqual([each for each in calls if each != "secure"], ["plain", "secret"])
        self.assertLess(calls.index("secure"), calls.index("secret"))
        self.assertEqual(client.bytesWritten, len(plain) + 6)

    @inlineCallbacks
    def test_aThousandConnectionsLeaveNothingBehind(self):
        credentials = createCredentials(self.mine)
        listening = yield self.listening(
            listener=lambda stream: (stream.setSecure(credentials), stream.pipe(stream))
        )
        port = listening.address()["port"]
        trust = createCredentials(ca=self.authority.pem)

        @inlineCallbacks
        def one():
            client = net.Stream()
            client.setSecure(trust)
            client.connect(port, "127.0.0.1")
            client.write(b"x")
            yield event(client, "data")
            client.end()
            yield event(client, "close")

        def count():
            del self.streams[:]
            gc.collect()
            kinds = [type(each).__name__ for each in gc.get_objects()]
            return (
                len(os.listdir("/proc/self/fd")),
                [kinds.count(name) for name in ("Stream", "Session", "TLSMemoryBIOProtocol")],
            )

        yield one()
        yield turns(5)
        before = count()
        for _ in range(50):
            yield gatherResults([one() for _ in range(20)])
        yield turns(5)
        self.assertEqual(count(), before)

    test_aThousandConnectionsLeaveNothingBehind.timeout = 120


class EndTests(SecureCase):
    """
    How secure connections end.
    """

    @inlineCallbacks
    def test_thePeersEndWhileOursIsQueuedLosesNothing(self):
        stream, other = yield self.secured()
        got, calls = [], []
        stream.on("data", got.append)
        stream.pause()
        self.assertFalse(other.write(bytes(12 << 20), lambda: calls.append(1)))
        yield turns(20)
        stream.resume()
        stream.end()
        closed = yield gatherResults([event(stream, "close"), event(other, "close")])
        self.assertEqual((len(b"".join(got)), calls, closed), (12 << 20, [1], [(False,)] * 2))

    @inlineCallbacks
    def test_aPeerThatSendsItsFINWithCloseNotifyStillGetsTheAnswer(self):
        """
        As Node does.
        """
        listening = yield self.listening(
            listener=lambda c: (c.setSecure(createCredentials(self.mine)), c.pipe(c))
        )
        port = listening.address()["port"]
        program = f"""
            var c = require('tls').connect({{
              port: {port}, host: '127.0.0.1', ca: {json.dumps(self.authority.pem)} }});
            var n = 0; c.on('data', function (d) {{ n += d.length; }});
            c.end(Buffer.alloc(3000000));
            c.on('close', function (e) {{ console.log(JSON.stringify([n, e])); }});
        """
        done = yield deferToThread(
            subprocess.run, [need("node"), "-e", program], capture_output=True, timeout=LIMIT
        )
        self.assertEqual(json.loads(done.stdout), [3000000, False])

    @inlineCallbacks
    def test_pausedBeforeTheHandshakeItIsDoneAllTheSame(self):
        stream, other = yield self.connect(listener=lambda c: (c.pause(), c.write("x")))
        yield gatherResults([event(stream, "secure"), event(other, "secure")])
        seen = record(other)
        stream.write(b"held")
        yield turns(10)
        self.assertNotIn(("data", b"held"), seen)
        other.resume()
        yield event(other, "data")


class PeerTests(SecureCase):
    """
    C{openssl} and C{node}, as client and as server.
    """

    def process(self, *args, **more):
        process = subprocess.Popen(
            args,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            **more,
        )
        timer = threading.Timer(LIMIT, process.kill)
        timer.start()

        @self.addCleanup
        def _():
            timer.cancel()
            process.kill()
            process.communicate()

        return process

    @inlineCallbacks
    def echoes(self, *args, text=b"hello"):
        """
        @param args: of a client that sends its input and prints what comes back.
        """
        listening = yield self.listening(
            listener=lambda c: (c.setSecure(createCredentials(self.mine)), c.pipe(c))
        )
        port = str(listening.address()["port"])
        process = self.process(*(arg.replace("PORT", port) for arg in args))

        def talk():
            process.stdin.write(text)
            process.stdin.flush()
            got = b""
            while text not in got:
                piece = os.read(process.stdout.fileno(), 65536)
                if not piece:
                    break
                got += piece
            return got

        got = yield deferToThread(talk)
        self.assertIn(text, got)

    def test_opensslClient(self):
        ca = self.files(ca=self.authority.pem)["ca"]
        return self.echoes(
            need("openssl"), "s_client", "-quiet", "-connect", "127.0.0.1:PORT", "-CAfile", ca,
            "-verify_return_error", "-verify_ip", "127.0.0.1",
        )  # fmt: skip

    def test_nodeClient(self):
        program = f"""
            var c = require('tls').connect({{
              port: PORT, host: '127.0.0.1', ca: {json.dumps(self.authority.pem)} }});
            process.stdin.pipe(c); c.pipe(process.stdout);
        """
        return self.echoes(need("node"), "-e", program)

    @inlineCallbacks
    def test_nodeServer(self):
        program = f"""
            var s = require('tls').createServer({json.dumps(self.mine)}, function (c) {{
              var got = ''; c.on('data', function (d) {{ got += d; }});
              c.on('end', function () {{ c.end(); s.close(); }});
              c.write('from node');
            }});
            s.listen(0, '127.0.0.1', function () {{ console.log(s.address().port); }});
        """
        node = self.process(need("node"), "-e", program)
        port = int((yield deferToThread(node.stdout.readline)))
        yield self.talks(port, b"from node")

    @inlineCallbacks
    def talks(self, port, text):
        stream = net.Stream()
        stream.setSecure(createCredentials(ca=self.authority.pem))
        stream.connect(port, "127.0.0.1")
        got = []
        stream.on("data", got.append)
        yield event(stream, "secure")
        self.assertTrue(stream.verifyPeer())
        while text not in b"".join(got):
            yield event(stream, "data")
        stream.end(b"bye")
        [had_error] = yield event(stream, "close")
        self.assertFalse(had_error)

    @inlineCallbacks
    def test_opensslServer(self):
        paths = self.files(**self.mine)
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        server = self.process(
            need("openssl"), "s_server", "-accept", str(port), "-naccept", "1",
            "-key", paths["key"], "-cert", paths["cert"],
        )  # fmt: skip

        def ready():
            while True:
                line = server.stdout.readline()
                if b"ACCEPT" in line or not line:
                    break
            server.stdin.write(b"from openssl\n")
            server.stdin.flush()

        yield deferToThread(ready)
        yield self.talks(port, b"from openssl")


class EndpointTests(SecureCase):
    """
    Twisted's own TLS endpoints.
    """

    @inlineCallbacks
    def test_aStreamOnATLSEndpointIsSecure(self):
        credentials = createCredentials(self.mine)
        listening = yield self.listening(
            listener=lambda c: (c.setSecure(credentials), c.pipe(c))
        )
        trust = trustRootFromCertificates([Certificate.loadPEM(self.authority.pem)])
        endpoint = wrapClientTLS(
            optionsForClientTLS("localhost", trust),
            TCP4ClientEndpoint(reactor, "127.0.0.1", listening.address()["port"]),
        )
        stream = net.Stream()
        secure = event(stream, "secure")
        yield connectProtocol(endpoint, stream)
        yield secure
        self.assertEqual(stream.getPeerCertificate()["issuer"], "/CN=nodenet test CA")
        self.assertEqual(stream.getCipher()["version"], "TLSv1.3")
        self.assertRaises(NodeError, stream.setSecure)
        # It is the endpoint that has verified the peer.
        self.assertRaises(NodeError, stream.verifyPeer)
        stream.write(b"ping")
        self.assertEqual((yield event(stream, "data")), (b"ping",))
        stream.end()
        yield event(stream, "close")
