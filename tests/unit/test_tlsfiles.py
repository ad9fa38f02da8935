"""
Tests for L{nodenet.service.tlsfiles}.
"""

from __future__ import annotations

import os

from OpenSSL import SSL
from twisted.logger import LogLevel, globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase

from nodenet.service.settings import TLSFiles
from nodenet.service.tlsfiles import ReloadedCredentials
from tests.certificates import Authority

AUTHORITY = Authority()
#: Keys and certificates.
PAIRS = [AUTHORITY.issue(name)[:2] for name in ("one.example", "two.example")]


class Stream:
    """
    One that says what it was secured with.
    """

    def setSecure(self, credentials):
        self.credentials = credentials


class TLSFilesCase(SynchronousTestCase):
    def setUp(self):
        self.events = []
        globalLogPublisher.addObserver(self.events.append)
        self.addCleanup(globalLogPublisher.removeObserver, self.events.append)
        folder = os.path.abspath(self.mktemp())
        os.makedirs(folder)
        self.files = TLSFiles(*(os.path.join(folder, name) for name in ("key", "cert", "ca")))
        self.put(self.files.ca, AUTHORITY.pem)
        self.putPair(0)

    def put(self, path, text):
        with open(path, "w", encoding="ascii") as file:
            file.write(text)

    def putPair(self, index):
        key, cert = PAIRS[index]
        self.put(self.files.key, key)
        self.put(self.files.cert, cert)

    def make(self, files=None, prefix="--tls-", **details):
        return ReloadedCredentials(files or self.files, prefix, details)

    def secured(self, credentials):
        """
        @return: what a stream is secured with.
        """
        stream = Stream()
        credentials(stream)
        return stream.credentials

    def name(self, credentials):
        """
        @return: of the certificate that a stream would show.
        """
        connection = SSL.Connection(self.secured(credentials).context)
        return connection.get_certificate().get_subject().CN

    def logged(self):
        return [
            (event["log_level"], event["log_format"].format(**event)) for event in self.events
        ]


class ReadingTests(TLSFilesCase):
    """
    The files are read.
    """

    def test_aStreamIsSecuredWithWhatIsInThem(self):
        made = self.make()
        self.assertEqual(self.name(made), "one.example")
        self.assertIs(self.secured(made), self.secured(made))
        self.assertIs(self.secured(made).trusting, True)
        self.assertEqual(self.events, [])

    def test_thoseThatAreNotNamedAreNotRead(self):
        files = TLSFiles(self.files.key, self.files.cert)
        self.assertIs(self.secured(self.make(files)).trusting, False)
        self.secured(self.make(TLSFiles()))

    def test_theOtherDetailsAreTheirs(self):
        made = self.secured(self.make(servername="some.example", rejectUnauthorized=True))
        self.assertEqual((made.servername, made.rejectUnauthorized), ("some.example", True))

    def refused(self, text, *args, **kwargs):
        error = self.assertRaises(ValueError, self.make, *args, **kwargs)
        self.assertEqual(str(error), text)

    def test_oneThatCannotBeReadIsNamed(self):
        for name in "key", "cert", "ca":
            self.putPair(0)
            path = getattr(self.files, name)
            os.unlink(path)
            self.refused(f"--tls-{name} {path}: No such file or directory")
            self.put(self.files.ca, AUTHORITY.pem)

    def test_theMessageNamesTheOption(self):
        os.unlink(self.files.key)
        self.refused(
            f"--upstream-key {self.files.key}: No such file or directory", prefix="--upstream-"
        )

    def test_oneThatIsNoPEMIsNamed(self):
        self.put(self.files.cert, "nothing\n")
        self.refused(f"--tls-cert {self.files.cert}: no CERTIFICATE in PEM")

    def test_twoThatDoNotMatchAreNamed(self):
        self.put(self.files.key, PAIRS[1][0])
        self.refused(
            f"--tls-key {self.files.key} and --tls-cert {self.files.cert}: do not match"
        )

    def test_aDetailThatIsOfNoFileIsNamed(self):
        self.refused("secureProtocol: unknown: 'TLSv9'", secureProtocol="TLSv9")


class ReloadingTests(TLSFilesCase):
    """
    C{reload}.
    """

    def test_streamsToComeHaveWhatIsInThemNow(self):
        made = self.make(rejectUnauthorized=True)
        before = self.secured(made)
        self.putPair(1)
        self.assertEqual(self.name(made), "one.example")
        made.reload()
        self.assertEqual(self.name(made), "two.example")
        self.assertIsNot(self.secured(made), before)
        self.assertIs(self.secured(made).rejectUnauthorized, True)
        self.assertEqual(self.logged(), [(LogLevel.info, "TLS files read again")])

    def test_whereTheyAreUnusableTheOldOnesStay(self):
        made = self.make()
        self.put(self.files.key, PAIRS[1][0])  # half of the new ones are there
        made.reload()
        self.assertEqual(self.name(made), "one.example")
        why = f"--tls-key {self.files.key} and --tls-cert {self.files.cert}: do not match"
        self.assertEqual(
            self.logged(),
            [(LogLevel.error, f"TLS files unusable, the old ones stay in use: {why}")],
        )
        self.putPair(1)
        made.reload()
        self.assertEqual(self.name(made), "two.example")
