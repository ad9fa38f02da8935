"""
C{Stream.setSecure} on real sockets.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import socket
import ssl
import subprocess
import threading

from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import ExtendedKeyUsageOID
from OpenSSL._util import lib
from twisted.internet import reactor
from twisted.internet.defer import gatherResults, inlineCallbacks
from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol, wrapClientTLS
from twisted.internet.ssl import Certificate, optionsForClientTLS, trustRootFromCertificates
from twisted.internet.threads import deferToThread

from nodenet import net
from nodenet._net.tls import Session
from nodenet.crypto import createCredentials
from nodenet.errors import NodeError
from tests.certificates import Authority
from tests.helpers import event, need, record, turns
from tests.process.test_net import LARGE, NetCase, Producers, reset

LIMIT = 20
ANSWER = b"HTTP/1.0 200 OK\r\nContent-Length: 6\r\n\r\nserved"


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
        raw = stream.transport.getHandle()
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
    def test_whatOneFailsWithIsNotToldToTheNext(self):
        """
        OpenSSL has one queue of errors for all connections of a thread.
        """
        for ends in (lambda c: c.write(b"x")), (lambda c: c.end()):
            listening = yield self.listening(listener=self.secure)
            client = self.client(listening.address()["port"])
            client.on("error", lambda e: None)
            client.setSecure(createCredentials(ca=self.authority.pem))
            secure = event(client, "secure")
            [stream] = yield event(listening, "connection")
            stream.on("error", lambda e: None)
            yield gatherResults([secure, event(stream, "secure")])
            closed = event(stream, "close")
            client.resetAndDestroy()
            # Before it is told of the reset.
            ends(stream)
            yield closed
            self.assertEqual(lib.ERR_peek_error(), 0)

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
    def test_anEmptyWriteAndEndWhileConnectingWaitForTheHandshake(self):
        credentials = createCredentials(self.mine)
        server = yield self.listening(
            listener=lambda c: (c.on("error", lambda e: None), c.setSecure(credentials))
        )
        stream = self.client(server.address()["port"], "127.0.0.1")
        stream.setSecure(createCredentials(ca=self.authority.pem))
        stream.write(b"")
        stream.end()
        seen = record(stream)
        yield event(stream, "close")
        self.assertEqual(seen[-2:], [("end",), ("close", False)])

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
    def offers(self, *args, text, **server):
        """
        @param args: a client's that offers C{http/1.1} by ALPN.
        @param text: what it must print.
        @return: fires with what was chosen.
        """
        chosen = []
        credentials = createCredentials(self.mine, **server)

        def serve(stream):
            stream.setSecure(credentials)
            stream.on("error", lambda e: None)
            stream.on("secure", lambda: chosen.append(stream.alpnProtocol))
            stream.once("data", lambda data: stream.end(ANSWER))

        listening = yield self.listening(listener=serve)
        port = str(listening.address()["port"])
        done = yield deferToThread(
            subprocess.run, [arg.replace("PORT", port) for arg in args],
            input=b"GET / HTTP/1.0\r\n\r\n", capture_output=True, timeout=LIMIT,
        )  # fmt: skip
        self.assertIn(text, done.stdout, done.stderr)
        return chosen

    @inlineCallbacks
    def test_clientsThatOfferALPNAreServedWhateverTheServerSpeaks(self):
        ca = self.files(ca=self.authority.pem)["ca"]
        program = f"""
            var c = require('tls').connect({{ port: PORT, host: '127.0.0.1',
              ALPNProtocols: ['http/1.1'], ca: {json.dumps(self.authority.pem)} }});
            process.stdin.pipe(c); c.pipe(process.stdout);
        """
        clients = [
            [need("curl"), "-sS", "--cacert", ca, "https://127.0.0.1:PORT/"],
            [need("openssl"), "s_client", "-quiet", "-alpn", "http/1.1", "-connect",
             "127.0.0.1:PORT"],
            [need("node"), "-e", program],
        ]  # fmt: skip
        other = createCredentials(self.authority.credentials("b.example"))
        for args in clients:
            for speaks, chosen in ([], None), (["other"], None), (["http/1.1"], "http/1.1"):
                got = yield self.offers(*args, text=b"served", ALPNProtocols=speaks)
                self.assertEqual(got, [chosen], args)
        got = yield self.offers(
            *clients[1], "-servername", "b.example", text=b"served",
            ALPNProtocols=["http/1.1"], contexts={"b.example": other},
        )  # fmt: skip
        self.assertEqual(got, [None])

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
        server = self.process(
            need("openssl"), "s_server", "-accept", "127.0.0.1:0", "-naccept", "1",
            "-key", paths["key"], "-cert", paths["cert"],
        )  # fmt: skip

        def ready():
            """
            @return: the port.
            """
            line = b"-"
            while line and not line.startswith(b"ACCEPT"):
                line = server.stdout.readline()
            server.stdin.write(b"from openssl\n")
            server.stdin.flush()
            return int(line.rpartition(b":")[2])

        port = yield deferToThread(ready)
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


class Peer:
    """
    Python's TLS on a socket, for a thread. It keeps what came over the wire.
    """

    def __init__(self, skt, context, server=False, piece=1 << 20):
        """
        @param piece: bytes of TLS that are sent at once.
        """
        skt.settimeout(LIMIT)
        skt.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.skt, self.piece = skt, piece
        self.wire = b""
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_side=server)

    def call(self, method, *args):
        while True:
            try:
                return method(*args)
            except ssl.SSLWantReadError:
                self.flush()
                data = self.skt.recv(65536)
                self.wire += data
                if data:
                    self.incoming.write(data)
                else:
                    self.incoming.write_eof()
            finally:
                self.flush()

    def flush(self):
        data = self.outgoing.read()
        for start in range(0, len(data), self.piece):
            self.skt.sendall(data[start : start + self.piece])

    def handshake(self):
        self.call(self.tls.do_handshake)

    def send(self, data):
        self.call(self.tls.write, data)

    def read(self):
        """
        @return: what came next; empty: close_notify.
        """
        try:
            return self.call(self.tls.read, 65536)
        except ssl.SSLZeroReturnError:
            return b""

    def readAll(self):
        pieces = []
        while piece := self.read():
            pieces.append(piece)
        return b"".join(pieces)

    def end(self):
        """
        Our close_notify, which need not be the peer's.
        """
        with contextlib.suppress(ssl.SSLWantReadError):
            self.tls.unwrap()
        self.flush()


class PeerCase(SecureCase):
    """
    Streams whose peer is in a thread.
    """

    timeout = 15

    def setUp(self):
        super().setUp()
        self.listener = self.rawServer()
        self.listener.settimeout(LIMIT)
        self.trust = createCredentials(ca=self.authority.pem)
        self.serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        paths = self.files(**self.mine)
        self.serving.load_cert_chain(paths["cert"], paths["key"])
        self.asking = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.asking.check_hostname = False
        self.asking.verify_mode = ssl.CERT_NONE

    def accept(self, **more):
        """
        In a thread.

        @return: a server's peer, whose handshake is still to come.
        """
        return Peer(self.listener.accept()[0], self.serving, True, **more)

    def toServer(self, secure=True, **options):
        """
        @return: a client's stream to the thread.
        """
        client = self.client(self.listener.getsockname()[1], "127.0.0.1", **options)
        client.on("error", lambda e: None)
        if secure:
            client.setSecure(self.trust)
        return client

    @inlineCallbacks
    def fromClient(self, talk, **options):
        """
        @param talk: called in a thread with a client's peer, after its handshake.
        @return: fires with the stream that was accepted, and a Deferred of what C{talk}
            returns.
        """
        credentials = createCredentials(self.mine)
        server = yield self.listening(
            listener=lambda c: (c.on("error", lambda e: None), c.setSecure(credentials)),
            **options,
        )

        def run(skt):
            with skt:
                peer = Peer(skt, self.asking)
                peer.handshake()
                return talk(peer)

        accepted = event(server, "connection")
        talked = deferToThread(run, self.rawClient(server))
        [stream] = yield accepted
        return stream, talked


class ClearTextTests(PeerCase):
    """
    What goes in clear, and what must not.
    """

    def serve(self, clear):
        """
        @param clear: bytes that are expected before TLS.
        @return: what came in clear, all that came after it, and what that had inside.
        """
        skt, _ = self.listener.accept()
        with skt:
            skt.settimeout(LIMIT)
            got = bytearray()
            peer = Peer(skt, self.serving, True)
            try:
                while len(got) < clear:
                    piece = skt.recv(clear - len(got))
                    if not piece:
                        break
                    got += piece
                peer.handshake()
                inside = peer.readAll()
                peer.end()
            except (ssl.SSLError, OSError) as e:
                inside = repr(e)
            return bytes(got), peer.wire, inside

    @inlineCallbacks
    def test_whatWasWrittenWhileConnectingIsInsideWhenConnectMakesItSecure(self):
        client = self.toServer(secure=False)
        calls = []
        client.on("connect", lambda: client.setSecure(self.trust))
        self.assertFalse(client.write("PASSWORD", lambda: calls.append("PASSWORD")))
        client.on("secure", lambda: calls.append("secure"))
        client.on("secure", lambda: client.end("more"))
        _, wire, inside = yield deferToThread(self.serve, 0)
        self.assertNotIn(b"PASSWORD", wire)
        self.assertEqual(inside, b"PASSWORDmore")
        self.assertEqual(calls, ["secure", "PASSWORD"])
        self.assertEqual(client.bytesWritten, 12)

    @inlineCallbacks
    def test_andWhenItWasMadeSecureWhileConnecting(self):
        client = self.toServer(secure=False)
        client.write("PASSWORD")
        client.setSecure(self.trust)
        client.end("more")
        _, wire, inside = yield deferToThread(self.serve, 0)
        self.assertNotIn(b"PASSWORD", wire)
        self.assertEqual(inside, b"PASSWORDmore")

    @inlineCallbacks
    def test_whatAConnectListenerWroteBeforeGoesInClear(self):
        """
        As after STARTTLS.
        """
        client = self.toServer(secure=False)

        @client.on("connect")
        def connected():
            client.write("STARTTLS")
            client.setSecure(self.trust)
            client.end("secret")

        clear, wire, inside = yield deferToThread(self.serve, 8)
        self.assertEqual((clear, inside), (b"STARTTLS", b"secret"))
        self.assertNotIn(b"STARTTLS", wire)

    @inlineCallbacks
    def test_eachByteIsSentOnceWhenACallbackMakesItSecure(self):
        plain = os.urandom(6 << 20)
        client = self.toServer(secure=False)
        yield event(client, "connect")
        calls = []

        def secure():
            calls.append("B")
            client.setSecure(self.trust)
            client.on("secure", lambda: client.end("inside"))

        self.assertFalse(client.write(plain, lambda: calls.append("plain")))
        self.assertFalse(client.write("B", secure))
        self.assertFalse(client.write("C", lambda: calls.append("C")))
        closed = event(client, "close")
        clear, wire, inside = yield deferToThread(self.serve, len(plain) + 2)
        self.assertTrue(clear == plain + b"BC", clear[-10:])
        self.assertEqual(inside, b"inside")
        self.assertFalse(wire.startswith(b"C"))
        yield closed
        self.assertEqual(calls, ["plain", "B", "C"])
        self.assertEqual(client.bytesWritten, len(plain) + 8)

    @inlineCallbacks
    def test_alsoWhenItsCallbackWritesMore(self):
        """
        What is written after C{setSecure} goes inside, though it is in the same callback.
        """
        plain = os.urandom(6 << 20)
        client = self.toServer(secure=False)
        yield event(client, "connect")

        def secure():
            client.setSecure(self.trust)
            client.write("SECRET")
            client.end()

        client.write(plain)
        client.write("B", secure)
        client.write("C")
        clear, wire, inside = yield deferToThread(self.serve, len(plain) + 2)
        self.assertTrue(clear == plain + b"BC", clear[-10:])
        self.assertNotIn(b"SECRET", wire)
        self.assertEqual(inside, b"SECRET")


class TruncatedTests(PeerCase):
    """
    A peer that ends with its FIN, but no close_notify.
    """

    def cut(self, peer, data):
        peer.send(data)
        peer.skt.close()

    @inlineCallbacks
    def checked(self, stream, data, done, paused):
        """
        All that came, then the error.
        """
        seen = record(stream)
        closed = event(stream, "close")
        if paused:
            stream.on("secure", stream.pause)
        yield done
        yield turns(20)
        if paused:
            self.assertEqual([each for each in seen if each[0] != "connect"], [])
            stream.resume()
        yield closed
        got = b"".join(each[1] for each in seen if each[0] == "data")
        self.assertTrue(got == data, len(got))
        kinds = [each[0] for each in seen if each[0] not in ("connect", "data")]
        self.assertEqual(kinds, ["error", "close"])
        [(_, error), closing] = seen[-2:]
        self.assertEqual((error.code, getattr(error, "reason", None)), ("EPROTO", "truncated"))
        self.assertIsInstance(error, OSError)
        self.assertEqual(closing, ("close", True))

    @inlineCallbacks
    def client_(self, size, paused=False, version=ssl.TLSVersion.TLSv1_3):
        data = os.urandom(size)
        self.serving.maximum_version = version

        def serve():
            peer = self.accept()
            peer.handshake()
            self.cut(peer, data)

        client = self.toServer()
        yield self.checked(client, data, deferToThread(serve), paused)

    @inlineCallbacks
    def accepted(self, size, paused=False):
        data = os.urandom(size)

        def talk(peer):
            # The session tickets come before it: what was not read is a reset.
            self.assertEqual(peer.read(), b"go")
            self.cut(peer, data)

        stream, talked = yield self.fromClient(talk)
        stream.on("secure", lambda: stream.write("go"))
        yield self.checked(stream, data, talked, paused)

    def test_aClientIsTold(self):
        return self.client_(5)

    def test_aClientIsToldAfterManyRecords(self):
        return self.client_(300_000)

    def test_aClientIsToldInTLS12(self):
        return self.client_(300_000, version=ssl.TLSVersion.TLSv1_2)

    def test_aPausedClientIsToldWhenItGoesOn(self):
        return self.client_(5, paused=True)

    def test_aPausedClientIsToldAfterManyRecords(self):
        return self.client_(300_000, paused=True)

    def test_aServerIsTold(self):
        return self.accepted(5)

    def test_aServerIsToldAfterManyRecords(self):
        return self.accepted(300_000)

    def test_aPausedServerIsToldAfterManyRecords(self):
        return self.accepted(300_000, paused=True)


class TLSProducerTests(Producers, SecureCase):
    """
    Twisted's producers under TLS.
    """

    def pair(self):
        return self.secured()


class TLSWriteTests(SecureCase):
    """
    C{write} means the same under TLS.
    """

    timeout = 15

    @inlineCallbacks
    def test_itIsTrueWhenAllIsWithTheKernelAndFalseWhenNobodyReads(self):
        stream, other = yield self.secured()
        other.pause()
        calls = []
        self.assertTrue(stream.write(b"small", lambda: calls.append(1)))
        self.assertEqual((calls, stream.bytesWritten, stream.bufferSize), ([1], 5, 0))
        piece, count = bytes(1 << 16), 0
        while stream.write(piece):
            count += 1
            self.assertLess(count, 1000)
        self.assertTrue(0 < stream.bufferSize <= len(piece))
        self.assertFalse(stream.write(b"behind"))
        drains = []
        stream.on("drain", lambda: drains.append(stream.bufferSize))
        other.resume()
        yield event(stream, "drain")
        self.assertEqual(drains, [0])
        self.assertEqual(stream.bytesWritten, 5 + (count + 1) * len(piece) + 6)
        self.assertTrue(stream.write(b"again"))

    @inlineCallbacks
    def test_bothWaysAtOnceUnderBackPressure(self):
        stream, other = yield self.secured()
        got = [], []
        for each, into in (stream, got[0]), (other, got[1]):

            def data(piece, each=each, into=into):
                into.append(piece)
                if len(into) % 3 == 0:
                    each.pause()
                    reactor.callLater(0, lambda: each.readyState != "closed" and each.resume())

            each.on("data", data)
            self.assertFalse(each.write(LARGE))
        closed = gatherResults([event(stream, "close"), event(other, "close")])
        stream.end(b"one")
        other.end(b"other")
        self.assertEqual((yield closed), [(False,), (False,)])
        self.assertTrue(b"".join(got[0]) == LARGE + b"other")
        self.assertTrue(b"".join(got[1]) == LARGE + b"one")

    @inlineCallbacks
    def test_aDescriptorIsRefused(self):
        path, credentials = self.path(), createCredentials(self.mine)
        server = yield self.listening(path, listener=lambda c: c.setSecure(credentials))
        client = self.client(path)
        client.setSecure(createCredentials(ca=self.authority.pem, servername="localhost"))
        got = []
        accepted = event(server, "connection")
        [stream] = yield accepted
        stream.on("data", got.append)
        self.assertRaises(NodeError, client.write, b"x", 0)  # in the handshake
        yield event(client, "secure")
        self.assertRaises(NodeError, client.write, b"x", 0)
        self.assertRaises(NodeError, stream.write, b"x", 0)
        client.end(b"end")
        yield event(stream, "close")
        self.assertEqual(got, [b"end"])

    @inlineCallbacks
    def test_aDescriptorIsRefusedWhileConnecting(self):
        server = yield self.listening(self.path())
        client = self.client(server.address()["address"])
        client.setSecure(createCredentials(ca=self.authority.pem, servername="localhost"))
        self.assertRaises(NodeError, client.write, b"x", 0)
        self.assertEqual(client.bufferSize, 0)

    @inlineCallbacks
    def test_whatWasMadeSecureWhileConnectedIsNotSoInItsNextConnection(self):
        credentials = createCredentials(self.mine)
        server = yield self.listening(listener=lambda c: (c.setSecure(credentials), c.pipe(c)))
        client = self.client(server.address()["port"], "127.0.0.1")
        yield event(client, "connect")
        client.setSecure(createCredentials(ca=self.authority.pem))
        yield event(client, "secure")
        client.end()
        yield event(client, "close")
        plain = yield self.listening(listener=lambda c: c.pipe(c))
        client.connect(plain.address()["port"], "127.0.0.1")
        yield event(client, "connect")
        client.write("in clear")
        self.assertEqual((yield event(client, "data")), (b"in clear",))
        client.setSecure(createCredentials(ca=self.authority.pem))  # it may be, again
        client.on("error", lambda e: None)
        client.destroy()
        yield event(client, "close")

    @inlineCallbacks
    def test_aStreamThatHadEndedIsSecureInItsNextConnection(self):
        plain = yield self.listening(listener=lambda c: c.resume())
        client = self.client(plain.address()["port"], "127.0.0.1")
        client.end()
        yield event(client, "close")
        credentials = createCredentials(self.mine)
        server = yield self.listening(listener=lambda c: (c.setSecure(credentials), c.pipe(c)))
        client.setSecure(createCredentials(ca=self.authority.pem))
        client.connect(server.address()["port"], "127.0.0.1")
        yield event(client, "secure")
        client.write("ping")
        self.assertEqual((yield event(client, "data")), (b"ping",))
        client.end()
        yield event(client, "close")


class HalfCloseTests(PeerCase):
    """
    One side ends, the other goes on.
    """

    DATA = bytes(range(256)) * 1200

    @inlineCallbacks
    def answers(self, stream, talked):
        """
        The peer ends first, the stream answers all the same.
        """
        got = []
        stream.on("data", got.append)
        yield event(stream, "end")
        self.assertEqual((stream.readyState, got), ("writeOnly", [b"question"]))
        yield turns(3)
        stream.write(self.DATA)
        closed = event(stream, "close")
        stream.end(b"answer")
        self.assertTrue((yield talked) == self.DATA + b"answer")
        self.assertEqual((yield closed), (False,))

    def ask(self, peer):
        peer.send(b"question")
        peer.end()
        return peer.readAll()

    @inlineCallbacks
    def test_aServerEndsFirst(self):
        def serve():
            peer = self.accept()
            with peer.skt:
                peer.handshake()
                return self.ask(peer)

        yield self.answers(self.toServer(allowHalfOpen=True), deferToThread(serve))

    @inlineCallbacks
    def test_aClientEndsFirst(self):
        stream, talked = yield self.fromClient(self.ask, allowHalfOpen=True)
        yield self.answers(stream, talked)

    @inlineCallbacks
    def listens(self, stream, talked):
        """
        The stream ends first, and still hears the peer.
        """
        seen = record(stream)
        closed = event(stream, "close")
        stream.end(b"question")
        self.assertEqual((yield talked), b"question")
        self.assertEqual((yield closed), (False,))
        got = b"".join(each[1] for each in seen if each[0] == "data")
        self.assertTrue(got == self.DATA)
        self.assertEqual(seen[-2:], [("end",), ("close", False)])

    def answer(self, peer):
        question = peer.readAll()
        peer.send(self.DATA)
        peer.end()
        return question

    @inlineCallbacks
    def test_aStreamToAServerEndsFirst(self):
        def serve():
            peer = self.accept()
            with peer.skt:
                peer.handshake()
                return self.answer(peer)

        yield self.listens(self.toServer(), deferToThread(serve))

    @inlineCallbacks
    def test_anAcceptedStreamEndsFirst(self):
        stream, talked = yield self.fromClient(self.answer)
        yield self.listens(stream, talked)


class HardHandshakeTests(PeerCase):
    """
    Handshakes in pieces, and those that are broken off.
    """

    @inlineCallbacks
    def test_byteByByteToAClient(self):
        def serve():
            peer = self.accept(piece=1)
            with peer.skt:
                peer.handshake()
                got = peer.read()
                peer.send(b"hello")
                peer.end()
                return got + peer.readAll()

        client = self.toServer()
        served = deferToThread(serve)
        seen = record(client)
        client.write("written before")
        yield event(client, "close")
        self.assertEqual((yield served), b"written before")
        got = b"".join(each[1] for each in seen if each[0] == "data")
        self.assertEqual((got, seen[-2:]), (b"hello", [("end",), ("close", False)]))

    @inlineCallbacks
    def test_byteByByteToAServer(self):
        credentials = createCredentials(self.mine)
        server = yield self.listening(listener=lambda c: (c.setSecure(credentials), c.pipe(c)))

        def talk(skt):
            with skt:
                peer = Peer(skt, self.asking, piece=1)
                peer.handshake()
                peer.send(b"hello")
                peer.end()
                return peer.readAll()

        self.assertEqual((yield deferToThread(talk, self.rawClient(server))), b"hello")

    @inlineCallbacks
    def test_aServersPeerIsResetMidway(self):
        credentials = createCredentials(self.mine)
        server = yield self.listening(listener=lambda c: c.setSecure(credentials))
        peer = self.rawClient(server)
        [stream] = yield event(server, "connection")
        seen = record(stream)
        peer.sendall(b"\x16\x03\x01\x02\x00\x01")  # of a ClientHello
        yield turns(5)
        reset(peer)
        yield event(stream, "close")
        self.assertEqual([each[0] for each in seen], ["error", "close"])
        self.assertEqual((seen[0][1].code, seen[1][1]), ("ECONNRESET", True))

    @inlineCallbacks
    def test_aClientsPeerIsResetMidway(self):
        def serve():
            skt, _ = self.listener.accept()
            skt.settimeout(LIMIT)
            skt.recv(65536)
            skt.sendall(b"\x16\x03\x03")
            reset(skt)

        client = self.toServer()
        seen = record(client)
        client.write("never")
        closed = event(client, "close")
        yield deferToThread(serve)
        yield closed
        self.assertEqual([each[0] for each in seen], ["connect", "error", "close"])
        self.assertEqual((seen[1][1].code, seen[2][1]), ("ECONNRESET", True))

    @inlineCallbacks
    def test_aPeerThatEndsMidwayIsAnError(self):
        credentials = createCredentials(self.mine)
        server = yield self.listening(listener=lambda c: c.setSecure(credentials))
        peer = self.rawClient(server)
        [stream] = yield event(server, "connection")
        seen = record(stream)
        peer.sendall(b"\x16\x03\x01\x02\x00\x01")
        peer.close()
        yield event(stream, "close")
        self.assertEqual([each[0] for each in seen], ["error", "close"])
        self.assertIn(seen[0][1].code, ("EPROTO", "ECONNRESET"))
        self.assertEqual(seen[1], ("close", True))


class Program:
    """
    A program that is talked to line by line, in a thread.
    """

    def __init__(self, case, *args):
        self.process = subprocess.Popen(
            args,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            bufsize=0,
        )
        timer = threading.Timer(LIMIT, self.process.kill)
        timer.start()
        self.said = b""

        @case.addCleanup
        def _():
            timer.cancel()
            self.process.kill()
            self.process.communicate()

    def until(self, *texts):
        """
        Read until the program has said one of them, and forget it.

        @return: which.
        """
        while True:
            for text in texts:
                if text in self.said:
                    self.said = self.said.partition(text)[2]
                    return text
            piece = os.read(self.process.stdout.fileno(), 65536)
            if not piece:
                raise AssertionError(f"{texts} not in {self.said[-2000:]!r}")
            self.said += piece

    def say(self, text):
        self.process.stdin.write(text)


class OpenSSLTests(PeerCase):
    """
    What C{openssl} can do that others cannot.
    """

    timeout = 30

    @inlineCallbacks
    def secureServer(self, listener):
        credentials = createCredentials(self.mine)
        server = yield self.listening(
            listener=lambda c: (
                c.on("error", lambda e: None),
                c.setSecure(credentials),
                listener(c),
            )
        )
        return server, "127.0.0.1:{port}".format(**server.address())

    def updates(self, program, done):
        """
        Keys are updated, by one side and by both, between lines that go to and fro.

        @param done: called with the number of an update; waits for it.
        """
        program.say(b"line 0\n")
        program.until(b"line 0\n")
        for number, command in enumerate([b"k\n", b"K\n", b"K\n", b"k\n", b"K\n"], 1):
            program.say(command)
            done(number)
            line = b"line %d " % number + b"x" * 4000 + b"\n"
            program.say(line)
            program.until(line)

    @inlineCallbacks
    def test_aClientUpdatesTheKeys(self):
        secure = []
        server, where = yield self.secureServer(
            lambda c: (c.on("secure", lambda: secure.append(1)), c.pipe(c))
        )
        program = Program(
            self, need("openssl"), "s_client", "-connect", where, "-tls1_3", "-brief"
        )
        yield deferToThread(self.updates, program, lambda n: program.until(b"KEYUPDATE"))
        self.assertEqual((secure, server.connections), ([1], 1))

    @inlineCallbacks
    def test_aServerUpdatesTheKeys(self):
        paths = self.files(**self.mine)
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        program = Program(
            self, need("openssl"), "s_server", "-accept", f"127.0.0.1:{port}", "-naccept", "1",
            "-tls1_3", "-key", paths["key"], "-cert", paths["cert"],
        )  # fmt: skip
        yield deferToThread(program.until, b"ACCEPT")
        client = self.client(port, "127.0.0.1")
        client.setSecure(self.trust)
        secure = []
        client.on("secure", lambda: secure.append(1))
        client.pipe(client)
        yield event(client, "secure")

        def done(number):
            # It looks at its terminal first.
            tick = b"tick %d\n" % number
            reactor.callFromThread(client.write, tick)
            program.until(tick)

        yield deferToThread(self.updates, program, done)
        self.assertEqual((secure, client.readyState), ([1], "open"))

    @inlineCallbacks
    def test_keysAreUpdatedWhileMuchIsUnderway(self):
        server, where = yield self.secureServer(lambda c: c.pause())
        accepted = event(server, "connection")
        program = Program(
            self, need("openssl"), "s_client", "-connect", where, "-tls1_3", "-brief"
        )
        [stream] = yield accepted
        yield event(stream, "secure")
        self.assertFalse(stream.write(LARGE))
        yield deferToThread(program.say, b"K\n")
        count = 0

        def read():
            nonlocal count
            while count < len(LARGE):
                piece = os.read(program.process.stdout.fileno(), 1 << 20)
                if not piece:
                    raise AssertionError(count)
                count += len(piece)

        stream.resume()
        drained = event(stream, "drain")
        yield deferToThread(read)
        yield drained
        self.assertEqual(stream.readyState, "open")
        got = event(stream, "data")
        yield deferToThread(program.say, b"after\n")
        self.assertEqual((yield got), (b"after\n",))

    @inlineCallbacks
    def test_renegotiationIsRefused(self):
        secure, got = [], []
        server, where = yield self.secureServer(
            lambda c: (c.on("secure", lambda: secure.append(1)), c.on("data", got.append))
        )
        accepted = event(server, "connection")
        program = Program(self, need("openssl"), "s_client", "-connect", where, "-tls1_2")
        [stream] = yield accepted
        yield event(stream, "secure")
        closed = event(stream, "close")

        def talk():
            program.until(b"Verify return code")
            program.say(b"R\n")
            program.until(b"RENEGOTIATING")
            # Either end breaks it off, or the server has said no and goes on.
            return program.until(b"no renegotiation", b"handshake failure", b"closed")

        yield deferToThread(talk)
        program.process.kill()
        yield closed
        self.assertEqual((secure, got), ([1], []))
        # Others are served.
        other = self.client(server.address()["port"], "127.0.0.1")
        other.setSecure(self.trust)
        yield event(other, "secure")

    @inlineCallbacks
    def test_aClientThatEnds(self):
        seen = []
        server, where = yield self.secureServer(lambda c: record(c, seen))
        accepted = event(server, "connection")
        running = deferToThread(
            subprocess.run,
            [need("openssl"), "s_client", "-connect", where, "-quiet", "-no_ign_eof"],
            input=b"hello", capture_output=True, timeout=LIMIT,
        )  # fmt: skip
        [stream] = yield accepted
        yield event(stream, "close")
        done = yield running
        self.assertEqual(
            (done.returncode, seen), (0, [("data", b"hello"), ("end",), ("close", False)])
        )

    @inlineCallbacks
    def test_aServerThatEndsFirst(self):
        server, where = yield self.secureServer(lambda c: c.end(b"x" * 300_000))
        accepted = event(server, "connection")
        program = Program(self, need("openssl"), "s_client", "-connect", where, "-quiet")
        [stream] = yield accepted
        closed = event(stream, "close")

        def read():
            count = 0
            while piece := os.read(program.process.stdout.fileno(), 1 << 20):
                count += piece.count(b"xxx") and piece.count(b"x")
            return count

        count = yield deferToThread(read)
        self.assertGreaterEqual(count, 300_000)
        self.assertEqual((yield closed), (False,))


class ResumptionTests(PeerCase):
    """
    Sessions that clients take up again, with the ticket of an earlier connection.
    """

    @inlineCallbacks
    def serve(self, **more):
        """
        @param more: details of the server's credentials.
        @return: fires with the server's address, and the list that gets verifyError() of
            each connection.
        """
        verified = []
        credentials = createCredentials(self.mine, **more)

        def listener(stream):
            stream.setSecure(credentials)
            stream.on("error", lambda e: verified.append(e.code))
            stream.on("secure", lambda: verified.append(stream.verifyError()))
            stream.once("data", lambda data: stream.end(b"served"))

        listening = yield self.listening(listener=listener)
        return f"127.0.0.1:{listening.address()['port']}", verified

    @inlineCallbacks
    def openssl(self, where, *args):
        """
        @return: fires with whether a session was taken up again.
        """
        done = yield deferToThread(
            subprocess.run,
            [need("openssl"), "s_client", "-connect", where, "-ign_eof", *args],
            input=b"hello\n", capture_output=True, timeout=LIMIT,
        )  # fmt: skip
        self.assertIn(b"served", done.stdout, done.stderr)
        return b"Reused, TLS" in done.stdout

    @inlineCallbacks
    def resumes(self, where, *args, then=()):
        """
        @param args: of the first of two clients.
        @param then: of the second, besides.
        @return: fires with whether the second takes up the session of the first.
        """
        session = self.mktemp()
        os.makedirs(os.path.dirname(session), exist_ok=True)
        self.assertFalse((yield self.openssl(where, *args, "-sess_out", session)))
        # In TLS 1.2 a client may have got none.
        have = ("-sess_in", session) if os.path.exists(session) else ()
        return (yield self.openssl(where, *args, *then, *have))

    @inlineCallbacks
    def test_opensslResumesWithBothVersions(self):
        where, _ = yield self.serve()
        for version in "-tls1_2", "-tls1_3":
            self.assertTrue((yield self.resumes(where, version)), version)

    @inlineCallbacks
    def test_nodeResumesWithBothVersions(self):
        where, _ = yield self.serve()
        program = """
            var tls = require('tls');
            function connect(options, session, done) {
              var got, reused, c = tls.connect({ ...options, session: session });
              c.on('secureConnect', function () { reused = c.isSessionReused(); });
              c.on('session', function (s) { got = s; });
              c.on('data', function () {});
              c.on('close', function () { done(got, reused); });
              c.write('hello');
            }
            ['TLSv1.2', 'TLSv1.3'].forEach(function (version) {
              var options = { port: PORT, host: '127.0.0.1', rejectUnauthorized: false,
                              minVersion: version, maxVersion: version };
              connect(options, undefined, function (session, first) {
                connect(options, session, function (_, again) {
                  console.log(version + ' ' + first + ' ' + again);
                });
              });
            });
        """.replace("PORT", where.partition(":")[2])
        done = yield deferToThread(
            subprocess.run, [need("node"), "-e", program], capture_output=True, timeout=LIMIT
        )
        self.assertEqual(
            sorted(done.stdout.split(b"\n")),
            [b"", b"TLSv1.2 false true", b"TLSv1.3 false true"],
            done.stderr,
        )

    @inlineCallbacks
    def test_pythonResumesWithBothVersions(self):
        where, _ = yield self.serve()
        host, _, port = where.partition(":")

        def connect(context, session):
            with (
                socket.create_connection((host, int(port)), LIMIT) as skt,
                context.wrap_socket(skt, session=session) as secure,
            ):
                secure.sendall(b"hello")
                self.assertEqual(secure.recv(100), b"served")
                return secure.session, secure.session_reused

        for version in ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            context.minimum_version = context.maximum_version = version
            session, reused = yield deferToThread(connect, context, None)
            self.assertFalse(reused)
            _, reused = yield deferToThread(connect, context, session)
            self.assertTrue(reused, version)

    @inlineCallbacks
    def test_nobodyResumesWhereCertificatesAreAskedFor(self):
        """
        OpenSSL does not look at the certificate of a session that is taken up again.
        """
        me = self.files(**self.authority.credentials("me"))
        for version in "-tls1_2", "-tls1_3":
            where, verified = yield self.serve(ca=self.authority.pem)
            args = version, "-cert", me["cert"], "-key", me["key"]
            self.assertFalse((yield self.resumes(where, *args)), version)
            self.assertEqual(verified, [None, None])
            self.assertFalse((yield self.resumes(where, version)), version)
            self.assertEqual(verified[2:], ["the peer sent no certificate"] * 2)

    @inlineCallbacks
    def test_nobodyResumesAcrossNamesOfWhichOneAsksForCertificates(self):
        """
        Else who is known to one name's CA would be taken for one that another's knows.
        """
        others = Authority("other clients' CA")
        contexts = {
            name: createCredentials(self.authority.credentials(name), ca=ca)
            for name, ca in (
                ("a.example", self.authority.pem),
                ("b.example", others.pem),
                ("c.example", None),
            )
        }
        me = self.files(**self.authority.credentials("me"))
        cert = "-cert", me["cert"], "-key", me["key"]
        for version in "-tls1_2", "-tls1_3":
            where, verified = yield self.serve(contexts=contexts)
            for first, then, errors in (
                ("a", "b", [None, "unable to get local issuer certificate"]),
                ("c", "a", ["the peer sent no certificate", None]),
                ("a", "a", [None, None]),
            ):
                first, then = f"{first}.example", f"{then}.example"
                reused = yield self.resumes(
                    where, version, *cert, "-servername", first, then=("-servername", then)
                )
                self.assertEqual((reused, verified), (False, errors), (version, first, then))
                del verified[:]

    @inlineCallbacks
    def test_namesThatAskForNoCertificatesAreResumed(self):
        other = createCredentials(self.authority.credentials("b.example"))
        where, _ = yield self.serve(contexts={"b.example": other})
        for version in "-tls1_2", "-tls1_3":
            args = version, "-servername", "b.example"
            self.assertTrue((yield self.resumes(where, *args)), version)
