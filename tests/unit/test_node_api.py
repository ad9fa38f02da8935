"""
Names and members of L{nodenet.node} that no scenario of L{tests.node} meets: other names of
the same thing, what an object knows of itself, and what Twisted asks of it.
"""

from __future__ import annotations

import errno
import os
import warnings
from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from nodenet.node import errors, events, net, process, stream
from nodenet.node.abort import (
    AbortController,
    AbortSignal,
    Event,
    EventTarget,
    Subscription,
    addAbortListener,
)
from nodenet.node.errors import undefined


def settle(clock: Any) -> None:
    for _ in range(20):
        clock.advance(0)


class EventsTests(SynchronousTestCase):
    """
    L{nodenet.node.events}
    """

    def test_theClassHasTheModulesNames(self) -> None:
        EventEmitter: Any = events.EventEmitter
        self.assertIs(EventEmitter.EventEmitter, EventEmitter)
        self.assertIs(EventEmitter.errorMonitor, events.errorMonitor)
        self.assertIs(EventEmitter.captureRejectionSymbol, events.captureRejectionSymbol)
        self.assertIs(EventEmitter.usingDomains, False)

    def test_captureRejectionSymbolIsTheNameOfTheMethod(self) -> None:
        clock = Clock()
        heard: list[Any] = []

        class Captures(events.EventEmitter):
            pass

        async def fails(number: int) -> None:
            raise error

        error = ValueError()
        setattr(Captures, events.captureRejectionSymbol, lambda self, *args: heard.append(args))
        self.patch(events, "queueMicrotask", lambda f, *args: clock.callLater(0, f, *args))
        self.patch(events, "nextTick", lambda f, *args: clock.callLater(0, f, *args))
        Captures(captureRejections=True).on("x", fails).emit("x", 1)
        settle(clock)
        self.assertEqual(heard, [(error, "x", 1)])

    def test_captureRejectionsIsTheDefaultOfThoseMadeFromNowOn(self) -> None:
        self.assertIs(events.EventEmitter.captureRejections, False)
        self.addCleanup(setattr, events.EventEmitter, "captureRejections", False)
        events.EventEmitter.captureRejections = True
        self.assertTrue(events.EventEmitter()._capture)
        with self.assertRaises(errors.ERR_INVALID_ARG_TYPE):
            events.EventEmitter.captureRejections = 1  # type: ignore[assignment]

    def test_addListenerIsOn(self) -> None:
        emitter = events.EventEmitter()
        self.assertIs(emitter.addListener("x", print), emitter)
        self.assertEqual(emitter.listeners("x"), [print])

    def test_onReturnsAnEventIterator(self) -> None:
        iterator = events.on(events.EventEmitter(), "x")
        self.assertIsInstance(iterator, events.EventIterator)
        self.assertIs(iterator.__aiter__(), iterator)

    def test_theWarningOfManyListenersSaysWhoseTheyAre(self) -> None:
        emitter = events.EventEmitter().setMaxListeners(1)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            emitter.on("x", print).on("x", print)
        [warning] = [each.message for each in caught]
        assert isinstance(warning, events.MaxListenersExceededWarning)
        self.assertIs(warning.emitter, emitter)
        self.assertIs(warning.target, emitter)
        self.assertEqual((warning.type, warning.count), ("x", 2))
        self.assertEqual((warning.name, warning.code), ("MaxListenersExceededWarning", None))
        self.assertIn("2 x listeners added to [EventEmitter]", warning.message)


class AbortTests(SynchronousTestCase):
    """
    L{nodenet.node.abort}
    """

    def test_anEventKnowsWhereItHappens(self) -> None:
        event = Event("x", {"cancelable": True})
        self.assertEqual((event.type, event.target, event.cancelable), ("x", None, True))
        target = EventTarget()
        target.addEventListener("x", lambda event: event.preventDefault())
        self.assertFalse(target.dispatchEvent(event))
        self.assertIs(event.target, target)
        self.assertEqual((event.defaultPrevented, event.stopped), (True, False))

    def test_addAbortListenerReturnsASubscription(self) -> None:
        signal = AbortController().signal
        subscription = addAbortListener(signal, print)
        self.assertIsInstance(subscription, Subscription)
        subscription.dispose()
        self.assertEqual(signal.listeners("abort"), [])

    def test_aListenerCanBeTakenOff(self) -> None:
        target = EventTarget()
        target.addEventListener("x", print)
        target.removeEventListener("x", print)
        self.assertEqual(target.listeners("x"), [])

    def test_onabortIsCalledAtTheEnd(self) -> None:
        heard: list[Any] = []
        controller = AbortController()
        controller.signal.onabort = heard.append
        controller.abort()
        controller.abort()
        self.assertEqual([each.type for each in heard], ["abort"])

    def test_aSignalTellsWhetherAndWhyItIsOver(self) -> None:
        signal = AbortSignal.abort("why")
        self.assertEqual((signal.aborted, signal.reason), (True, "why"))


class StreamTests(SynchronousTestCase):
    """
    L{nodenet.node.stream}
    """

    def test_asIndexedPairsCounts(self) -> None:
        clock = Clock()
        source = stream.Readable.from_(["a", "b"], reactor=clock)
        pairs = source.asIndexedPairs().toArray()
        settle(clock)
        self.assertEqual(self.successResultOf(pairs), [[0, "a"], [1, "b"]])

    def test_withoutAListenerOfReadableTheDataFlow(self) -> None:
        clock = Clock()
        heard: list[Any] = []
        source = stream.Readable(read=lambda size: None, reactor=clock)
        source.on("data", heard.append).on("readable", settle)
        source.push(b"x")
        self.assertEqual((source.readableFlowing, heard), (False, []))
        source.removeListener("readable", settle)  # before its tick: it is not called
        settle(clock)
        self.assertEqual((source.readableFlowing, heard), (True, [b"x"]))

    def test_anyStreamCanBeDestroyed(self) -> None:
        class Others(events.EventEmitter):
            destroyed = False
            heard: Any = undefined

            def destroy(self, error: Any) -> None:
                self.destroyed, self.heard = True, error

            def write(self, chunk: Any) -> None: ...

        ours = stream.PassThrough(reactor=Clock())
        ours.on("error", lambda error: None)
        error = ValueError()
        others = Others()
        for each in ours, others:
            stream.destroy(each, error)
            stream.destroy(each, ZeroDivisionError())  # it is destroyed
        self.assertIs(ours.errored, error)
        self.assertIs(others.heard, error)
        stream.destroy(None)

    def test_aWritableCannotBePiped(self) -> None:
        clock = Clock()
        heard: list[Any] = []
        writable = stream.Writable(reactor=clock).on("error", heard.append)
        self.assertIsNone(writable.pipe())
        settle(clock)
        self.assertEqual([each.code for each in heard], ["ERR_STREAM_CANNOT_PIPE"])

    def test_hooksAreCalledInOrder(self) -> None:
        clock = Clock()
        log: list[Any] = []

        class Logs(stream.Transform):
            def _construct(self, callback: Any) -> None:
                log.append("_construct")
                callback()

            def _transform(self, chunk: Any, encoding: str, callback: Any) -> None:
                log.append(("_transform", chunk, encoding))
                callback()

            def _flush(self, callback: Any) -> None:
                log.append("_flush")
                callback()

            def _destroy(self, error: Any, callback: Any) -> None:
                log.append(("_destroy", error))
                callback(error)

        Logs(reactor=clock).resume().end("x")
        settle(clock)
        wanted = ["_construct", ("_transform", b"x", "buffer"), "_flush", ("_destroy", None)]
        self.assertEqual(log, wanted)

    def test_writesThatWaitedGoToWritevTogether(self) -> None:
        clock = Clock()
        log: list[Any] = []

        class Logs(stream.Writable):
            def _writev(self, chunks: Any, callback: Any) -> None:  # type: ignore[override]
                log.append([each["chunk"] for each in chunks])
                callback()

            def _final(self, callback: Any) -> None:
                log.append("_final")
                callback()

        writable = Logs(reactor=clock)
        writable.cork()
        writable.write("a")
        writable.write("b")
        writable.uncork()
        writable.end()
        settle(clock)
        self.assertEqual(log, [[b"a", b"b"], "_final"])


class NetTests(SynchronousTestCase):
    """
    L{nodenet.node.net}
    """

    def setUp(self) -> None:
        self.clock = Clock()
        self.socket = net.Socket(reactor=self.clock)
        self.server = net.Server(reactor=self.clock)
        self.transport = StringTransport(peerAddress=IPv4Address("TCP", "1.2.3.4", 5))

    def test_createConnectionIsConnect(self) -> None:
        self.assertIs(net.createConnection, net.connect)

    def test_streamIsSocket(self) -> None:
        self.assertIs(net.Stream, net.Socket)

    def test_aSocketIsToldToTheListenersOfConnection(self) -> None:
        heard: list[Any] = []
        self.server.on("connection", heard.append)
        self.server.doStart()
        socket = self.server.buildProtocol(IPv4Address("TCP", "1.2.3.4", 5))
        self.assertEqual(heard, [])
        socket.makeConnection(self.transport)
        self.assertEqual(heard, [socket])

    def test_aServerKnowsItsOptions(self) -> None:
        server = self.server
        known = server.noDelay, server.keepAlive, server.keepAliveInitialDelay
        self.assertEqual(known, (False, False, 0))
        self.assertEqual((server.pauseOnConnect, server.allowHalfOpen), (False, False))
        self.assertEqual((server.highWaterMark, server.blockList), (16384, None))
        self.assertIsNone(server.maxConnections)
        server = net.Server(
            noDelay=True,
            keepAlive=True,
            keepAliveInitialDelay=2500,
            highWaterMark=5,
            pauseOnConnect=True,
            allowHalfOpen=True,
        )
        known = server.noDelay, server.keepAlive, server.keepAliveInitialDelay
        self.assertEqual(known, (True, True, 2))  # seconds
        self.assertEqual((server.pauseOnConnect, server.allowHalfOpen), (True, True))
        self.assertEqual(server.highWaterMark, 5)

    def test_aRejectedConnectionListenerDestroysTheSocket(self) -> None:
        error = ValueError()
        self.socket.on("error", lambda error: None)
        self.server.onRejection(error, "connection", self.socket)
        self.assertTrue(self.socket.destroyed)
        self.assertIs(self.socket.errored, error)

    def test_anyOtherRejectedListenerIsAnErrorOfTheServers(self) -> None:
        heard: list[Any] = []
        self.server.on("error", heard.append)
        error = ValueError()
        self.server.onRejection(error, "listening")
        self.assertEqual(heard, [error])

    def test_aServerListensWhileAPortOfSomebodyElsesDoes(self) -> None:
        heard: list[str] = []
        self.server.on("listening", lambda: heard.append("listening"))
        self.server.on("close", lambda: heard.append("close"))
        self.server.doStart()
        settle(self.clock)
        self.assertTrue(self.server.listening)
        self.server.doStop()
        settle(self.clock)
        self.assertFalse(self.server.listening)
        self.assertEqual(heard, ["listening", "close"])

    def test_twistedDoesNotLogOfTheFactory(self) -> None:
        self.assertIs(self.server.noisy, False)
        self.assertEqual(self.socket.logPrefix(), "nodenet")

    def test_aSocketHasItsTransportWhileItIsConnected(self) -> None:
        self.assertEqual((self.socket.transport, self.socket.connected), (None, 0))
        self.socket.makeConnection(self.transport)
        self.assertIs(self.socket.transport, self.transport)
        self.assertEqual(self.socket.connected, 1)
        self.socket.destroy()
        settle(self.clock)
        self.assertEqual(self.socket.connected, 0)

    def test_connectionMadeIsConnectAndReady(self) -> None:
        heard: list[str] = []
        self.socket.on("connect", lambda: heard.append("connect"))
        self.socket.on("ready", lambda: heard.append("ready"))
        made: list[str] = []
        connectionMade = self.socket.connectionMade

        def connectionMadeToo() -> None:
            made.append("made")
            connectionMade()

        self.socket.connectionMade = connectionMadeToo  # type: ignore[method-assign]
        self.socket.makeConnection(self.transport)
        self.assertEqual((made, heard), (["made"], ["connect", "ready"]))

    def test_thePeersFINIsEnd(self) -> None:
        heard: list[str] = []
        self.socket.makeConnection(self.transport)
        self.socket.on("end", lambda: heard.append("end")).resume()
        settle(self.clock)
        self.socket.writeConnectionLost()
        settle(self.clock)
        self.assertEqual(heard, [])  # that was ours
        self.socket.readConnectionLost()
        settle(self.clock)
        self.assertEqual(heard, ["end"])

    def test_aDescriptorThatComesIsClosed(self) -> None:
        ours, theirs = os.pipe()
        self.addCleanup(os.close, ours)
        self.socket.fileDescriptorReceived(theirs)
        self.assertEqual(os.read(ours, 1), b"")
        with self.assertRaises(OSError):
            os.fstat(theirs)

    def test_aSocketAddressIsFourOrSixteenBytes(self) -> None:
        self.assertEqual(net.SocketAddress(address="1.2.3.4").packed, b"\1\2\3\4")
        six = net.SocketAddress(address="::1", family="ipv6", port=5, flowlabel=6)
        self.assertEqual(six.packed, bytes(15) + b"\1")
        known = six.address, six.family, six.port, six.flowlabel
        self.assertEqual(known, ("::1", "ipv6", 5, 6))


class ErrorsTests(SynchronousTestCase):
    """
    L{nodenet.node.errors}
    """

    def test_javaScriptsClassesArePythons(self) -> None:
        self.assertTrue(issubclass(errors.ERR_MISSING_ARGS, errors.CodedTypeError))
        self.assertTrue(issubclass(errors.CodedTypeError, TypeError))
        self.assertTrue(issubclass(errors.ERR_OUT_OF_RANGE, errors.CodedRangeError))
        self.assertTrue(issubclass(errors.CodedRangeError, OverflowError))
        self.assertTrue(issubclass(errors.CodedRangeError, errors.CodedError))

    def test_aCodedErrorTellsItsMessageAndCode(self) -> None:
        error = errors.codedError("gone", "EPIPE", cause=5)
        self.assertIs(type(error), errors.CodedError)
        said = error.message, error.code, error.name, error.cause
        self.assertEqual(said, ("gone", "EPIPE", "Error", 5))

    def test_anUnhandledErrorHasWhatWasEmitted(self) -> None:
        emitter = events.EventEmitter()
        error = self.assertRaises(errors.ERR_UNHANDLED_ERROR, emitter.emit, "error", 5)
        self.assertEqual(error.context, 5)

    def test_aSystemErrorTellsWhatFailedAndWhere(self) -> None:
        error = errors.systemError(errno.ECONNREFUSED, "connect", "1.2.3.4", 5, "6.7.8.9:0")
        self.assertIsInstance(error, errors.SystemCallError)
        said = error.errno, error.code, error.syscall, error.address, error.port, error.local
        wanted = (errno.ECONNREFUSED, "ECONNREFUSED", "connect", "1.2.3.4", 5, "6.7.8.9:0")
        self.assertEqual(said, wanted)
        text = "connect ECONNREFUSED 1.2.3.4:5 - Local (6.7.8.9:0)"
        self.assertEqual((error.message, error.name), (text, "Error"))

    def test_aLookupThatFailedTellsTheNameAndNoPort(self) -> None:
        error = errors.lookupError("nowhere")
        self.assertIsInstance(error, errors.LookupFailedError)
        said = error.hostname, error.port, error.message, error.name
        self.assertEqual(said, ("nowhere", None, "getaddrinfo ENOTFOUND nowhere", "Error"))
        also = error.code, error.syscall, error.address
        self.assertEqual(also, ("ENOTFOUND", "getaddrinfo", None))

    def test_anAggregateErrorHasThemAll(self) -> None:
        one, other = errors.codedError("one", "A"), errors.codedError("other", "B")
        error = errors.AggregateError([one, other], "both")
        self.assertEqual((error.errors, error.code), ([one, other], "A"))
        self.assertEqual((error.message, error.name), ("both", "AggregateError"))

    def test_undefinedIsWhatWasNotGiven(self) -> None:
        self.assertIsInstance(undefined, errors.Undefined)
        self.assertFalse(undefined)
        self.assertIsNot(undefined, None)

    def test_aSymbolIsEqualToItselfOnly(self) -> None:
        symbol = errors.Symbol("x")
        self.assertEqual(symbol.description, "x")
        self.assertNotEqual(symbol, errors.Symbol("x"))


class ProcessTests(SynchronousTestCase):
    """
    L{nodenet.node.process}
    """

    def test_theFirstFailureThatNobodyCaughtIsKept(self) -> None:
        clock: Any = Clock()
        clock.running = True
        clock.stop = lambda: setattr(clock, "running", False)
        uncaught = process.exitOnUncaught(clock)
        self.addCleanup(uncaught.cancel)
        self.assertIsInstance(uncaught, process.Uncaught)
        self.assertIsNone(uncaught.failure)
        first = Failure(ValueError())
        for each in first, Failure(ZeroDivisionError()):
            Logger().failure("uncaught", failure=each)
        settle(clock)
        self.assertIs(uncaught.failure, first)
        self.assertFalse(clock.running)
        self.assertEqual(len(self.flushLoggedErrors(ValueError, ZeroDivisionError)), 2)

    def test_aReactorThatDoesNotRunYetEndsAsSoonAsItDoes(self) -> None:
        clock: Any = Clock()
        clock.running = False
        begun: list[Any] = []
        clock.callWhenRunning = lambda *call: begun.append(call)
        clock.stop = lambda: setattr(clock, "running", False)
        uncaught = process.exitOnUncaught(clock)
        self.addCleanup(uncaught.cancel)
        Logger().failure("uncaught", failure=Failure(ValueError()))
        settle(clock)
        clock.running = True
        for function, *args in begun:
            function(*args)
        settle(clock)
        self.assertFalse(clock.running)
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)
