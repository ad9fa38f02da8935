"""
L{nodenet.node.stream.finished} and signals: what the scenarios in tests/node do not show.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import CancelledError
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from nodenet.node.abort import AbortController
from nodenet.node.errors import ERR_INVALID_ARG_TYPE, ERR_STREAM_PREMATURE_CLOSE, AbortError
from nodenet.node.stream import Readable, Writable, addAbortSignal, finished, promises


class FinishedTests(SynchronousTestCase):
    """
    It is told once that a stream is over.
    """

    def setUp(self) -> None:
        self.clock = Clock()
        self.log: list[Any] = []
        self.stream = Readable(reactor=self.clock, read=lambda size: None)

    def test_callbacksOfAnyShape(self) -> None:
        """
        With an error, without one, and with any number.
        """
        finished(self.stream, lambda: self.log.append("none"))
        finished(self.stream, lambda error: self.log.append(error))
        finished(self.stream, lambda *args: self.log.append(args))
        finished(self.stream, lambda error="default": self.log.append(error))
        self.stream.push(None)
        self.stream.resume()
        self.clock.advance(0)
        self.assertEqual(self.log, ["none", None, (), "default"])

    def test_deferred(self) -> None:
        done = finished(self.stream)
        self.stream.destroy()
        self.clock.advance(0)
        self.failureResultOf(done, ERR_STREAM_PREMATURE_CLOSE)

    def test_deferredWithOptions(self) -> None:
        done = finished(self.stream, {"cleanup": True})
        self.stream.push(None)
        self.stream.resume()
        self.clock.advance(0)
        self.assertIsNone(self.successResultOf(done))
        self.assertEqual(self.stream.eventNames(), [])

    def test_cancel(self) -> None:
        """
        To cancel takes the listeners off; the stream lives on.
        """
        done = promises.finished(self.stream)
        self.assertTrue(self.stream.listenerCount("close"))
        done.cancel()
        self.failureResultOf(done, CancelledError)
        self.assertEqual(self.stream.eventNames(), [])
        self.assertFalse(self.stream.destroyed)

    def test_wrongStream(self) -> None:
        self.failureResultOf(promises.finished(5), ERR_INVALID_ARG_TYPE)

    def test_cleanup(self) -> None:
        cleanup = finished(self.stream, self.log.append)
        cleanup()
        self.stream.destroy()
        self.clock.advance(0)
        self.assertEqual((self.log, self.stream.eventNames()), ([], []))

    def test_signal(self) -> None:
        controller = AbortController()
        finished(self.stream, {"signal": controller.signal}, self.log.append)
        controller.abort()
        self.assertIsInstance(self.log[0], AbortError)
        self.assertFalse(self.stream.destroyed)

    def test_signalIsLeft(self) -> None:
        """
        When the stream is over, nothing listens to the signal.
        """
        controller = AbortController()
        stream = addAbortSignal(
            controller.signal, Writable(reactor=self.clock, write=lambda *args: None)
        )
        self.assertEqual(len(controller.signal.listeners("abort")), 1)
        stream.destroy()
        self.clock.advance(0)
        self.assertEqual(controller.signal.listeners("abort"), [])
