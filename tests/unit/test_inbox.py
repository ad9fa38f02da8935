"""
Tests for L{nodenet._net.inbox}.
"""

from __future__ import annotations

import contextlib
import os
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from nodenet._net.inbox import END, Inbox
from nodenet.encodings import Decoder


class HoldTests(SynchronousTestCase):
    """
    What has come while paused.
    """

    def setUp(self) -> None:
        self.inbox = Inbox()

    def taken(self) -> list[Any]:
        """
        @return: all that can be delivered.
        """
        return list(iter(self.inbox.next, None))

    def test_withoutAPauseNothingWaits(self) -> None:
        self.assertFalse(self.inbox.hold(b"now"))
        self.assertIsNone(self.inbox.next())
        self.assertTrue(self.inbox.idle)

    def test_pausedItWaitsUntilThatIsOverInOrder(self) -> None:
        self.inbox.paused = True
        for what in b"one", b"", END, b"two":
            self.assertTrue(self.inbox.hold(what))
        self.assertIsNone(self.inbox.next())
        self.inbox.paused = False
        self.assertEqual(self.taken(), [b"one", b"", END, b"two"])
        self.assertTrue(self.inbox.idle)

    def test_whatComesWhileSomethingWaitsWaitsBehindIt(self) -> None:
        self.inbox.paused = True
        self.inbox.hold(b"one")
        self.inbox.paused = False
        self.assertTrue(self.inbox.hold(b"two"))
        self.assertEqual(self.taken(), [b"one", b"two"])
        self.assertFalse(self.inbox.hold(b"three"))

    def test_aPauseInTheMidstHoldsTheRest(self) -> None:
        self.inbox.paused = True
        for what in b"one", b"two":
            self.inbox.hold(what)
        self.inbox.paused = False
        self.assertEqual(self.inbox.next(), b"one")
        self.inbox.paused = True
        self.assertIsNone(self.inbox.next())
        self.inbox.paused = False
        self.assertEqual(self.taken(), [b"two"])

    def test_whatIsPutBackIsNext(self) -> None:
        self.inbox.putBack(END)
        self.assertEqual(self.taken(), [END])
        self.inbox.paused = True
        self.inbox.hold(b"behind")
        self.inbox.putBack(END)
        self.inbox.paused = False
        self.assertEqual(self.taken(), [END, b"behind"])

    def test_closedItHoldsNothing(self) -> None:
        self.inbox.paused = True
        self.inbox.hold(b"lost")
        self.inbox.close()
        self.assertFalse(self.inbox.paused)
        self.assertEqual(self.taken(), [])
        self.assertFalse(self.inbox.hold(b"late"))


class DecodeTests(SynchronousTestCase):
    """
    C{setEncoding}.
    """

    def test_withoutADecoderBytesStayBytes(self) -> None:
        inbox = Inbox()
        self.assertEqual(inbox.decode(b"\xe2"), b"\xe2")
        self.assertEqual(inbox.decode(b""), b"")
        self.assertIsNone(inbox.rest())

    def test_aCharacterThatIsNotCompleteIsNothingYet(self) -> None:
        inbox = Inbox(Decoder("utf8"))
        self.assertEqual([inbox.decode(each) for each in (b"a\xe2", b"\x82")], ["a", None])
        self.assertEqual(inbox.decode(b"\xac"), "€")
        self.assertIsNone(inbox.rest())

    def test_whatStaysIncompleteComesAtTheEnd(self) -> None:
        inbox = Inbox(Decoder("utf8"))
        inbox.decode(b"\xe2\x82")
        self.assertEqual(inbox.rest(), "\ufffd")
        self.assertIsNone(inbox.rest())
        inbox = Inbox(Decoder("base64"))
        self.assertIsNone(inbox.decode(b"a"))
        self.assertEqual(inbox.rest(), "YQ==")


class DescriptorTests(SynchronousTestCase):
    """
    Descriptors that have come.
    """

    def descriptors(self, count: int) -> list[int]:
        """
        @return: new ones, which the test closes if nobody else does.
        """

        def close(fd: int) -> None:
            with contextlib.suppress(OSError):
                os.close(fd)

        fds = [os.open(os.devnull, os.O_RDONLY) for _ in range(count)]
        for fd in fds:
            self.addCleanup(close, fd)
        return fds

    def test_theyAreHandedOutInOrderAndStayOpen(self) -> None:
        inbox = Inbox()
        fds = self.descriptors(2)
        for fd in fds:
            inbox.addDescriptor(fd)
        self.assertEqual(list(iter(inbox.nextDescriptor, None)), fds)
        inbox.close()
        for fd in fds:
            os.fstat(fd)

    def test_notWhilePaused(self) -> None:
        inbox = Inbox()
        [fd] = self.descriptors(1)
        inbox.addDescriptor(fd)
        inbox.paused = True
        self.assertIsNone(inbox.nextDescriptor())
        inbox.paused = False
        self.assertEqual(inbox.nextDescriptor(), fd)
        self.assertIsNone(inbox.nextDescriptor())

    def test_whatNobodyHasTakenIsClosed(self) -> None:
        inbox = Inbox()
        mine, left = self.descriptors(2)
        for fd in mine, left:
            inbox.addDescriptor(fd)
        inbox.nextDescriptor()
        inbox.close()
        inbox.close()
        os.fstat(mine)
        self.assertRaises(OSError, os.fstat, left)


class IdleTests(SynchronousTestCase):
    """
    L{Inbox.idle}: a stream drops it then.
    """

    def test_itIsWhenNothingIsOn(self) -> None:
        inbox = Inbox()
        self.assertTrue(inbox.idle)
        inbox.paused = True
        self.assertFalse(inbox.idle)
        inbox.hold(b"x")
        inbox.paused = False
        self.assertFalse(inbox.idle)
        inbox.next()
        self.assertTrue(inbox.idle)
        inbox.decoder = Decoder("hex")
        self.assertFalse(inbox.idle)
        inbox.decoder = None
        inbox.addDescriptor(0)
        self.assertFalse(inbox.idle)
        inbox.nextDescriptor()
        self.assertTrue(inbox.idle)
