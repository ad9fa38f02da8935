"""
Tests for L{nodenet.stream}.
"""

from __future__ import annotations

import warnings
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from nodenet.errors import EndedError, NodeError
from nodenet.events import EventEmitter
from nodenet.stream import Stream

PIPE_EVENTS = ["data", "end", "close", "drain", "error"]


class Source(Stream):
    """
    What is piped from: notes the calls that are made of it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.readable = True
        self.calls: list[str] = []

    def pause(self) -> None:
        self.calls.append("pause")

    def resume(self) -> None:
        self.calls.append("resume")


class Dest(EventEmitter):
    """
    What is piped into: C{write} returns C{takes}, and raises after C{end}, as a
    stream does that still has something queued.
    """

    def __init__(self) -> None:
        super().__init__()
        self.writable = True
        self.takes: Any = True
        self._ended = False
        self.calls: list[Any] = []

    def write(self, data: Any) -> Any:
        if self._ended:
            raise EndedError(self)
        self.calls.append(data)
        return self.takes

    def end(self) -> None:
        self._ended = True
        self.calls.append("end")


class Both(Source, Dest):
    """
    What is piped into itself.
    """

    def __init__(self) -> None:
        Dest.__init__(self)
        self.readable = True


def count(emitter: EventEmitter) -> int:
    """
    @return: the number of all listeners.
    """
    return sum(len(emitter.listeners(type)) for type in PIPE_EVENTS)


class PipeCase(SynchronousTestCase):
    """
    A source and a dest.
    """

    def setUp(self) -> None:
        self.source = Source()
        self.dest = Dest()

    def assertNoListeners(self) -> None:
        """
        The pipe has gone.
        """
        self.assertEqual((count(self.source), count(self.dest)), (0, 0))


class DataTests(PipeCase):
    """
    What is read is written.
    """

    def test_pipeReturnsDest(self) -> None:
        self.assertIs(self.source.pipe(self.dest), self.dest)

    def test_whatIsReadIsWrittenAsItIs(self) -> None:
        self.source.pipe(self.dest)
        chunks = [b"one", "two", b"", bytearray(b"four")]
        for chunk in chunks:
            self.source.emit("data", chunk)
        self.assertEqual(len(self.dest.calls), 4)
        for written, chunk in zip(self.dest.calls, chunks, strict=True):
            self.assertIs(written, chunk)

    def test_nothingIsWrittenWhileDestIsNotWritable(self) -> None:
        self.source.pipe(self.dest)
        self.dest.writable = False
        self.source.emit("data", b"lost")
        self.dest.writable = True
        self.source.emit("data", b"kept")
        self.assertEqual(self.dest.calls, [b"kept"])
        self.assertEqual(self.source.calls, [])

    def test_oneSourceMayHaveSeveralPipes(self) -> None:
        other = Dest()
        self.source.pipe(self.dest)
        self.source.pipe(other)
        self.source.emit("data", b"both")
        self.dest.emit("close", False)
        self.source.emit("data", b"other")
        self.assertEqual(self.dest.calls, [b"both"])
        self.assertEqual(other.calls, [b"both", b"other"])

    def test_oneDestMayHaveSeveralPipes(self) -> None:
        other = Source()
        self.source.pipe(self.dest, end=False)
        other.pipe(self.dest)
        self.source.emit("data", b"one")
        self.source.emit("end")
        other.emit("data", b"two")
        other.emit("end")
        self.assertEqual(self.dest.calls, [b"one", b"two", "end"])

    def test_whatDestRaisesPropagates(self) -> None:
        def write(data: Any) -> None:
            raise ZeroDivisionError

        self.source.pipe(self.dest)
        self.patch(self.dest, "write", write)
        self.assertRaises(ZeroDivisionError, self.source.emit, "data", b"x")


class PauseTests(PipeCase):
    """
    The source is no faster than dest.
    """

    def test_writeThatReturnsFalsePausesTheSource(self) -> None:
        self.source.pipe(self.dest)
        self.source.emit("data", b"goes")
        self.assertEqual(self.source.calls, [])
        self.dest.takes = False
        self.source.emit("data", b"queued")
        self.assertEqual(self.source.calls, ["pause"])

    def test_onlyFalseItselfPauses(self) -> None:
        self.source.pipe(self.dest)
        for takes in None, 0, "", True:
            self.dest.takes = takes
            self.source.emit("data", b"x")
        self.assertEqual(self.source.calls, [])
        self.assertEqual(len(self.dest.calls), 4)

    def test_drainResumesTheSourceOnce(self) -> None:
        self.source.pipe(self.dest)
        self.dest.takes = False
        self.source.emit("data", b"x")
        self.dest.emit("drain")
        self.assertEqual(self.source.calls, ["pause", "resume"])
        self.dest.emit("drain")
        self.assertEqual(self.source.calls, ["pause", "resume"])

    def test_eachPauseHasItsResume(self) -> None:
        self.source.pipe(self.dest)
        self.dest.takes = False
        for _ in range(3):
            self.source.emit("data", b"x")
            self.dest.emit("drain")
        self.assertEqual(self.source.calls, ["pause", "resume"] * 3)

    def test_drainDoesNotLiftAPauseOfTheUsers(self) -> None:
        self.source.pipe(self.dest)
        self.source.pause()
        self.dest.emit("drain")
        self.assertEqual(self.source.calls, ["pause"])

    def test_drainOfOneDestDoesNotLiftThePauseForAnother(self) -> None:
        other = Dest()
        self.source.pipe(self.dest)
        self.source.pipe(other)
        self.dest.takes = False
        self.source.emit("data", b"x")
        other.emit("drain")
        self.assertEqual(self.source.calls, ["pause"])

    def test_drainDoesNotResumeASourceThatIsNoLongerReadable(self) -> None:
        self.source.pipe(self.dest)
        self.dest.takes = False
        self.source.emit("data", b"x")
        self.source.readable = False
        self.dest.emit("drain")
        self.assertEqual(self.source.calls, ["pause"])

    def test_drainThatComesWithinWriteFindsThePauseOfThatWriteLater(self) -> None:
        # A dest that drains at once, and says False all the same, drains again.
        def write(data: Any) -> bool:
            self.dest.emit("drain")
            return False

        self.source.pipe(self.dest)
        self.patch(self.dest, "write", write)
        self.source.emit("data", b"x")
        self.assertEqual(self.source.calls, ["pause"])
        self.dest.emit("drain")
        self.assertEqual(self.source.calls, ["pause", "resume"])

    def test_whatResumingReadsAtOnceMayPauseAgain(self) -> None:
        def resume() -> None:
            self.source.calls.append("resume")
            if self.source.calls.count("resume") == 1:
                self.source.emit("data", b"more")

        self.source.pipe(self.dest)
        self.patch(self.source, "resume", resume)
        self.dest.takes = False
        self.source.emit("data", b"x")
        self.dest.emit("drain")
        self.assertEqual(self.source.calls, ["pause", "resume", "pause"])
        self.dest.emit("drain")
        self.assertEqual(self.source.calls, ["pause", "resume", "pause", "resume"])


class EndTests(PipeCase):
    """
    The source has ended.
    """

    def test_endOfTheSourceEndsDest(self) -> None:
        self.source.pipe(self.dest)
        self.source.emit("data", b"x")
        self.source.emit("end")
        self.assertEqual(self.dest.calls, [b"x", "end"])

    def test_optionsMayKeepDestOpen(self) -> None:
        for options, keywords in [
            (({"end": False},), {}),
            ((), {"end": False}),
            ((), {"options": {"end": False}}),
            (({},), {"end": False}),
        ]:
            with self.subTest(options=options, keywords=keywords):
                source, dest = Source(), Dest()
                source.pipe(dest, *options, **keywords)  # type: ignore[arg-type]
                source.emit("end")
                self.assertEqual(dest.calls, [])
                self.assertEqual((count(source), count(dest)), (0, 0))

    def test_onlyFalseItselfKeepsDestOpen(self) -> None:
        for options in None, {}, {"end": True}, {"end": None}, {"end": 0}, {"other": False}:
            with self.subTest(options=options):
                source, dest = Source(), Dest()
                source.pipe(dest, options)
                source.emit("end")
                self.assertEqual(dest.calls, ["end"])

    def test_dictGoesBeforeKeyword(self) -> None:
        self.source.pipe(self.dest, {"end": True}, end=False)
        self.source.emit("end")
        self.assertEqual(self.dest.calls, ["end"])

    def test_endTakesTheListenersOff(self) -> None:
        self.source.pipe(self.dest)
        self.assertNotEqual(count(self.source), 0)
        self.assertNotEqual(count(self.dest), 0)
        self.source.emit("end")
        self.assertNoListeners()

    def test_listenersAreOffBeforeDestIsEnded(self) -> None:
        counts = []

        def end() -> None:
            counts.append((count(self.source), count(self.dest)))

        self.source.pipe(self.dest)
        self.patch(self.dest, "end", end)
        self.source.emit("end")
        self.assertEqual(counts, [(0, 0)])

    def test_destIsEndedOnce(self) -> None:
        self.source.pipe(self.dest)
        self.source.emit("end")
        self.source.emit("end")
        self.source.emit("close", False)
        self.assertEqual(self.dest.calls, ["end"])

    def test_aPipeLeavesTheListenersOfOthersAlone(self) -> None:
        for emitter in self.source, self.dest:
            for type in PIPE_EVENTS:
                emitter.on(type, lambda *args: None)
        self.source.pipe(self.dest)
        self.source.emit("end")
        self.assertEqual((count(self.source), count(self.dest)), (5, 5))

    def test_aSourceMayBePipedAgainAfterItsEnd(self) -> None:
        self.source.pipe(self.dest)
        self.source.emit("end")
        other = Dest()
        self.source.pipe(other)
        self.source.emit("data", b"again")
        self.assertEqual(self.dest.calls, ["end"])
        self.assertEqual(other.calls, [b"again"])

    def test_aThousandShortSourcesLeaveNoListenerOnOneLongDest(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            for number in range(1000):
                source = Source()
                source.pipe(self.dest, {"end": False})
                source.emit("data", number)
                source.emit(*[("end",), ("close", False)][number % 2])
                self.assertEqual(count(source), 0)
        self.assertEqual(count(self.dest), 0)
        self.assertEqual(self.dest.calls, list(range(1000)))


class CloseTests(PipeCase):
    """
    Either side has closed.
    """

    def test_closeOfTheSourceTakesTheListenersOff(self) -> None:
        for args in (), (False,), (True,):
            with self.subTest(args=args):
                self.source.pipe(self.dest)
                self.source.emit("close", *args)
                self.assertNoListeners()

    def test_closeOfTheSourceDoesNotEndDest(self) -> None:
        self.source.pipe(self.dest)
        self.source.emit("close", True)
        self.source.emit("end")
        self.assertEqual(self.dest.calls, [])

    def test_closeOfDestTakesTheListenersOff(self) -> None:
        for args in (), (False,), (True,):
            with self.subTest(args=args):
                self.source.pipe(self.dest)
                self.dest.emit("close", *args)
                self.assertNoListeners()
        self.source.emit("data", b"lost")
        self.source.emit("end")
        self.assertEqual(self.dest.calls, [])

    def test_closeOfDestLiftsThePause(self) -> None:
        self.source.pipe(self.dest)
        self.dest.takes = False
        self.source.emit("data", b"x")
        self.dest.emit("close", True)
        self.assertEqual(self.source.calls, ["pause", "resume"])
        self.assertNoListeners()

    def test_theListenersAreOffBeforeThePauseIsLifted(self) -> None:
        # or what resume() reads at once would be written to a dest that has closed
        def resume() -> None:
            self.source.emit("data", b"late")

        self.source.pipe(self.dest)
        self.patch(self.source, "resume", resume)
        self.dest.takes = False
        self.source.emit("data", b"x")
        self.dest.emit("close", False)
        self.assertEqual(self.dest.calls, [b"x"])

    def test_closeOfDestDoesNotLiftAPauseOfTheUsers(self) -> None:
        self.source.pipe(self.dest)
        self.source.pause()
        self.dest.emit("close", False)
        self.assertEqual(self.source.calls, ["pause"])

    def test_closeOfASourceThatIsPausedDoesNotResumeIt(self) -> None:
        self.source.pipe(self.dest)
        self.dest.takes = False
        self.source.emit("data", b"x")
        self.source.readable = False
        self.source.emit("close", False)
        self.dest.emit("drain")
        self.assertEqual(self.source.calls, ["pause"])
        self.assertNoListeners()


class EndedDestTests(PipeCase):
    """
    Someone else has ended dest.
    """

    def test_aDestThatWasEndedIsLeft(self) -> None:
        self.source.pipe(self.dest)
        self.dest.end()
        self.assertIs(self.source.emit("data", b"late"), True)
        self.assertNoListeners()
        self.source.emit("data", b"later")
        self.source.emit("end")
        self.assertEqual(self.dest.calls, ["end"])

    def test_theOtherPipesOfTheSourceGoOn(self) -> None:
        other = Dest()
        self.source.pipe(self.dest)
        self.source.pipe(other)
        self.dest.end()
        self.source.emit("data", b"one")
        self.source.emit("data", b"two")
        self.assertEqual(other.calls, [b"one", b"two"])

    def test_noPauseOutlivesADestThatWasEnded(self) -> None:
        # A source may have one more chunk to give after pause().
        self.source.pipe(self.dest)
        self.dest.takes = False
        self.source.emit("data", b"queued")
        self.dest.end()
        self.source.emit("data", b"late")
        self.dest.writable = False
        self.dest.emit("drain")
        self.dest.emit("close", False)
        self.assertEqual(self.source.calls, ["pause", "resume"])

    def test_theEndOfAnotherStreamBehindDestIsNotTakenForDests(self) -> None:
        # as below, and what is behind dest was ended
        def write(data: Any) -> bool:
            self.dest.emit("data", data)
            return True

        behind = Dest()
        behind.end()
        self.source.pipe(self.dest)
        self.patch(self.dest, "write", write)
        self.dest.on("data", behind.write)
        self.assertRaises(EndedError, self.source.emit, "data", b"x")
        self.assertNotEqual(count(self.source), 0)

    def test_aNodeErrorOfAListenerOnDestIsNotSwallowed(self) -> None:
        # dest hands on what it is given in write(), as a filter does; it was not
        # ended, so the misuse is another's.
        def write(data: Any) -> bool:
            self.dest.emit("data", data)
            return True

        def misuse(data: Any) -> None:
            raise NodeError("Stream already opened")

        self.source.pipe(self.dest)
        self.patch(self.dest, "write", write)
        self.dest.on("data", misuse)
        error = self.assertRaises(NodeError, self.source.emit, "data", b"x")
        self.assertEqual(str(error), "Stream already opened")


class SelfTests(SynchronousTestCase):
    """
    C{stream.pipe(stream)}: an echo.
    """

    def setUp(self) -> None:
        self.stream = Both()

    def test_anEchoWritesWhatItReads(self) -> None:
        self.assertIs(self.stream.pipe(self.stream), self.stream)
        self.stream.emit("data", b"x")
        self.stream.emit("end")
        self.assertEqual(self.stream.calls, [b"x", "end"])
        self.assertEqual(count(self.stream), 0)

    def test_anEchoPausesItself(self) -> None:
        self.stream.pipe(self.stream)
        self.stream.takes = False
        self.stream.emit("data", b"x")
        self.stream.emit("drain")
        self.assertEqual(self.stream.calls, [b"x", "pause", "resume"])

    def test_anEchoHearsItsCloseOnce(self) -> None:
        self.stream.pipe(self.stream)
        self.assertEqual(len(self.stream.listeners("close")), 1)
        self.stream.emit("close", False)
        self.assertEqual(count(self.stream), 0)

    def test_anEchoLeavesTheListenersOfOthersAlone(self) -> None:
        other = Dest()
        self.stream.pipe(self.stream)
        self.stream.pipe(other)
        before = len(self.stream.listeners("close"))
        self.assertEqual(before, 2)
        other.emit("close", False)
        self.assertEqual(len(self.stream.listeners("close")), 1)
        self.stream.emit("data", b"x")
        self.assertEqual(self.stream.calls, [b"x"])


class StreamTests(SynchronousTestCase):
    """
    The class itself.
    """

    def test_aStreamIsAnEmitter(self) -> None:
        seen: list[int] = []
        Stream().on("x", seen.append).emit("x", 1)
        self.assertEqual(seen, [1])
