"""
Tests for L{nodenet.service.relay.kernel}: L{LateReset} on a fake stream. What the kernel itself
says is in C{tests/process/test_kernel.py}.
"""

from __future__ import annotations

import gc
import weakref

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from nodenet.service.relay import kernel
from nodenet.service.relay.kernel import LATER, SOON, LateReset, hasUnread, isReset


class Stream:
    """
    What a late reset asks of a stream.

    @ivar unacknowledged: bytes that the kernel has.
    """

    def __init__(self, queued=0, unacknowledged=0, fd=7):
        self.bufferSize = queued
        self.unacknowledged = unacknowledged
        self.fd = fd
        self.resets = 0

    def resetAndDestroy(self):
        self.resets += 1
        self.fd = None
        self.bufferSize = 0


class LateResetTests(SynchronousTestCase):
    """
    When it resets.
    """

    def setUp(self):
        self.clock = Clock()
        self.looks = []
        self.patch(kernel, "_count", self.count)

    def count(self, fd, request):
        self.looks.append(self.clock.seconds())
        self.assertEqual(fd, self.stream.fd)
        return self.stream.unacknowledged

    def make(self, **options):
        self.stream = Stream(**options)
        return LateReset(self.stream, self.clock)

    def run_(self, seconds):
        """
        Time passes, in small steps of which none is lost.
        """
        for _ in range(round(seconds * 1000)):
            self.clock.advance(0.001)

    def test_atOnceIfThePeerHasAll(self):
        self.make()
        self.assertEqual((self.stream.resets, self.clock.getDelayedCalls()), (1, []))

    def test_notWhileTheStreamHasSomething(self):
        self.make(queued=1)
        self.run_(10)
        self.assertEqual(self.stream.resets, 0)
        self.stream.bufferSize = 0
        self.run_(LATER / 1000)
        self.assertEqual((self.stream.resets, self.clock.getDelayedCalls()), (1, []))

    def test_notWhileTheKernelHasSomething(self):
        self.make(unacknowledged=1)
        self.run_(10)
        self.assertEqual(self.stream.resets, 0)
        self.stream.unacknowledged = 0
        self.run_(LATER / 1000)
        self.assertEqual((self.stream.resets, self.clock.getDelayedCalls()), (1, []))

    def test_theTimeBetweenTwoLooksDoublesUpToItsLimit(self):
        self.make(unacknowledged=1)
        for _ in range(10):
            [call] = self.clock.getDelayedCalls()
            self.clock.advance(call.getTime() - self.clock.seconds())
        between = [
            round(1000 * (later - sooner))
            for sooner, later in zip(self.looks, self.looks[1:], strict=False)
        ]
        self.assertEqual(between[0], SOON)
        self.assertEqual(between[:8], [5, 10, 20, 40, 80, 160, 320, 500])
        self.assertEqual(set(between[8:]), {LATER})

    def test_oneThatIsDestroyedMeanwhileIsLookedForNoMore(self):
        self.make(queued=1)
        self.stream.bufferSize, self.stream.fd = 0, None
        self.run_(1)
        self.assertEqual((self.looks, self.clock.getDelayedCalls()), ([], []))

    def test_oneWithoutADescriptorIsResetWhenItHasNothingQueued(self):
        self.make(queued=1, fd=None)
        self.run_(1)
        self.assertEqual(self.stream.resets, 0)
        self.stream.bufferSize = 0
        self.run_(1)
        self.assertEqual((self.stream.resets, self.looks), (1, []))

    def test_cancelledItDoesNothing(self):
        late = self.make(queued=1)
        self.run_(0.1)
        late.cancel()
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.stream.bufferSize = 0
        self.run_(1)
        self.assertEqual(self.stream.resets, 0)
        late.cancel()  # twice is let pass

    def test_afterwardsCancelIsLetPass(self):
        self.make().cancel()
        self.assertEqual(self.stream.resets, 1)

    def test_itIsFreedByReferenceCountsAlone(self):
        gc.disable()
        self.addCleanup(gc.enable)
        for cancel in False, True:
            late = self.make(queued=1)
            ref = weakref.ref(self.stream)
            if cancel:
                late.cancel()
            else:
                self.stream.bufferSize = 0
                self.run_(1)
            del late, self.stream
            self.assertIsNone(ref())


class ClosedTests(SynchronousTestCase):
    """
    Of a stream that has no descriptor there is nothing to ask.
    """

    def test_nothingIsKnown(self):
        self.assertIs(hasUnread(Stream(fd=None)), False)
        self.assertIs(isReset(Stream(fd=None)), False)
