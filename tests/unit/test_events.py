"""
Tests for L{nodenet.events}.
"""

from __future__ import annotations

import gc
import warnings
from functools import partial
from typing import Any

from twisted.internet.defer import Deferred, fail, succeed
from twisted.logger import LogLevel, globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase

from nodenet.errors import ListenerArgumentsError, NodeError
from nodenet.events import EventEmitter


class Loud(Exception):
    """
    What the listeners of these tests raise.
    """


class EmitterCase(SynchronousTestCase):
    """
    An emitter, and a list of what its listeners saw.
    """

    def setUp(self) -> None:
        self.emitter = EventEmitter()
        self.seen: list[Any] = []

    def says(self, word: str) -> Any:
        """
        @return: a listener that notes this word.
        """

        def listener(*args: Any) -> None:
            self.seen.append(word)

        return listener


class OnTests(EmitterCase):
    """
    C{on}, C{addListener} and C{emit}.
    """

    def test_listenersAreCalledInTheOrderTheyWereAdded(self) -> None:
        for word in "a", "b", "c":
            self.emitter.on("x", self.says(word))
        self.emitter.emit("x")
        self.assertEqual(self.seen, ["a", "b", "c"])

    def test_onReturnsTheEmitter(self) -> None:
        self.assertIs(self.emitter.on("x", self.says("a")), self.emitter)
        self.assertIs(self.emitter.on("x", self.says("b")), self.emitter)
        self.assertIs(self.emitter.on("x", self.says("c")), self.emitter)

    def test_addListenerIsAnotherNameOfOn(self) -> None:
        self.assertIs(self.emitter.addListener("x", self.says("a")), self.emitter)
        self.emitter.emit("x")
        self.assertEqual(self.seen, ["a"])

    def test_onWithoutListenerIsADecorator(self) -> None:
        def listener(value: int) -> None:
            self.seen.append(value)

        self.assertIs(self.emitter.on("x")(listener), listener)
        self.emitter.emit("x", 1)
        self.emitter.emit("x", 2)
        self.assertEqual(self.seen, [1, 2])

    def test_typeAndListenerMayBeGivenByKeyword(self) -> None:
        self.emitter.on(type="x", listener=self.says("a"))
        self.emitter.once(type="x", listener=self.says("b"))
        self.emitter.emit("x")
        self.assertEqual(self.seen, ["a", "b"])

    def test_whatIsNotCallableIsRefusedInNodesWords(self) -> None:
        for wrong in "nope", 1, None:
            error = self.assertRaises(NodeError, self.emitter.on, "x", wrong)
            self.assertEqual(str(error), "addListener only takes instances of Function")
        self.assertFalse(self.emitter.emit("x"))

    def test_aRefusedListenerIsNotToldToNewListener(self) -> None:
        self.emitter.on("newListener", self.says("newListener"))
        self.assertRaises(NodeError, self.emitter.on, "x", "nope")
        self.assertRaises(NodeError, self.emitter.once, "x", "nope")
        self.assertEqual(self.seen, [])

    def test_anyCallableIsAListener(self) -> None:
        self.emitter.on("x", self.seen.append)
        self.emitter.emit("x", 1)
        self.assertEqual(self.seen, [1])

    def test_theSameListenerTwiceIsCalledTwice(self) -> None:
        listener = self.says("a")
        self.emitter.on("x", listener).on("x", listener)
        self.emitter.emit("x")
        self.assertEqual(self.seen, ["a", "a"])

    def test_emitPassesItsArgumentsAndNothingElse(self) -> None:
        self.emitter.on("x", lambda *args: self.seen.append(args))
        self.emitter.emit("x")
        self.emitter.emit("x", 1, None, b"two")
        self.emitter.on("x", lambda *args: self.seen.append(args))
        self.emitter.emit("x", 3)
        self.assertEqual(self.seen, [(), (1, None, b"two"), (3,), (3,)])

    def test_emitTellsWhetherThereWasAListener(self) -> None:
        self.assertIs(self.emitter.emit("x"), False)
        self.emitter.on("x", self.says("a"))
        self.assertIs(self.emitter.emit("x"), True)
        self.emitter.on("x", self.says("b"))
        self.assertIs(self.emitter.emit("x"), True)

    def test_typesAreApart(self) -> None:
        self.emitter.on("x", self.says("x")).on("y", self.says("y"))
        self.emitter.emit("y")
        self.assertEqual(self.seen, ["y"])

    def test_emittersAreApart(self) -> None:
        other = EventEmitter()
        self.emitter.on("x", self.says("a"))
        self.assertFalse(other.emit("x"))
        self.assertEqual(self.seen, [])

    def test_listenersReturnValuesAreIgnored(self) -> None:
        self.emitter.on("x", lambda: False)
        self.assertIs(self.emitter.emit("x"), True)
        self.emitter.on("x", lambda: "text").on("x", self.says("c"))
        self.assertIs(self.emitter.emit("x"), True)
        self.assertEqual(self.seen, ["c"])


class DuringEmitTests(EmitterCase):
    """
    Listeners that come and go while their event is emitted.
    """

    def test_listenerAddedDuringEmitWaitsForTheNext(self) -> None:
        self.emitter.on("x", lambda: self.emitter.on("x", self.says("late")))
        self.emitter.emit("x")
        self.assertEqual(self.seen, [])
        self.emitter.emit("x")
        self.assertEqual(self.seen, ["late"])

    def test_listenerAddedDuringEmitToSeveralWaitsForTheNext(self) -> None:
        self.emitter.once("x", lambda: self.emitter.on("x", self.says("late")))
        self.emitter.on("x", self.says("b"))
        self.emitter.emit("x")
        self.assertEqual(self.seen, ["b"])
        self.emitter.emit("x")
        self.assertEqual(self.seen, ["b", "b", "late"])

    def test_listenerTakenOffDuringEmitIsCalledThisOnce(self) -> None:
        c = self.says("c")
        self.emitter.on("x", self.says("a"))
        self.emitter.on("x", lambda: self.emitter.removeListener("x", c))
        self.emitter.on("x", c)
        self.emitter.emit("x")
        self.assertEqual(self.seen, ["a", "c"])
        self.emitter.emit("x")
        self.assertEqual(self.seen, ["a", "c", "a"])
        self.assertEqual(len(self.emitter.listeners("x")), 2)

    def test_removeAllDuringEmitCountsFromTheNext(self) -> None:
        self.emitter.on("x", lambda: self.emitter.removeAllListeners("x"))
        self.emitter.on("x", self.says("b"))
        self.assertIs(self.emitter.emit("x"), True)
        self.assertEqual(self.seen, ["b"])
        self.assertIs(self.emitter.emit("x"), False)

    def test_theListThatSomebodyHasMayChangeDuringEmit(self) -> None:
        c = self.says("c")
        self.emitter.on("x", self.says("a"))
        self.emitter.on("x", lambda: self.emitter.removeListener("x", c))
        self.emitter.on("x", lambda: self.emitter.on("x", self.says("late")))
        self.emitter.on("x", c)
        live = self.emitter.listeners("x")
        self.emitter.emit("x")
        self.assertEqual(self.seen, ["a", "c"])
        self.assertEqual(len(live), 4)
        live[:] = [live.clear, self.says("b")]
        self.emitter.emit("x")
        self.assertEqual(self.seen, ["a", "c", "b"])
        self.assertIs(self.emitter.emit("x"), False)


class PrependTests(EmitterCase):
    """
    C{prependListener} and C{prependOnceListener}.
    """

    def test_itIsCalledBeforeTheOthers(self) -> None:
        e, says = self.emitter, self.says
        e.on("x", says("c")).prependListener("x", says("b")).prependListener("x", says("a"))
        e.emit("x")
        self.assertEqual(self.seen, ["a", "b", "c"])

    def test_itIsTheFirstOfALiveListToo(self) -> None:
        a, b = map(self.says, "ab")
        live = self.emitter.on("x", b).listeners("x")
        self.emitter.prependListener("x", a)
        self.assertEqual(live, [a, b])

    def test_onlyOneOfOnceIsCalledOnce(self) -> None:
        e, says = self.emitter, self.says
        e.on("x", says("b")).prependOnceListener("x", says("a"))
        e.emit("x")
        e.emit("x")
        self.assertEqual(self.seen, ["a", "b", "b"])

    def test_theyReturnTheEmitter(self) -> None:
        for method in self.emitter.prependListener, self.emitter.prependOnceListener:
            self.assertIs(method("x", self.says("a")), self.emitter)

    def test_newListenerIsToldTheListenerItself(self) -> None:
        a, b = map(self.says, "ab")
        self.emitter.on("newListener", lambda *args: self.seen.append(args))
        self.emitter.prependListener("x", a).prependOnceListener("x", b)
        self.assertEqual(self.seen, [("x", a), ("x", b)])

    def test_whatIsNotCallableIsRefused(self) -> None:
        for method in self.emitter.prependListener, self.emitter.prependOnceListener:
            self.assertRaises(NodeError, method, "x", 5)

    def test_tooManyWarnOfALeak(self) -> None:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            for _ in range(11):
                self.emitter.prependListener("x", self.says("a"))
        [warning] = caught
        self.assertEqual(warning.filename.rpartition("/")[2], "test_events.py")


class AskingTests(EmitterCase):
    """
    What can be asked of an emitter, as in Node v20.
    """

    def test_offIsAnotherNameOfRemoveListener(self) -> None:
        a = self.says("a")
        self.assertIs(self.emitter.on("x", a).off("x", a), self.emitter)
        self.assertIs(self.emitter.emit("x"), False)

    def test_listenerCountIsOfOneType(self) -> None:
        for count in range(4):
            self.assertEqual(self.emitter.listenerCount("x"), count)
            self.emitter.on("x", self.says("a")).once("y", self.says("b"))

    def test_listenerCountOfAListenerIsHowOftenItIsThere(self) -> None:
        a, b, stranger = map(self.says, "abc")
        self.emitter.on("x", a)
        self.assertEqual(self.emitter.listenerCount("x", a), 1)
        self.emitter.on("x", b).once("x", a)
        counts = [self.emitter.listenerCount("x", each) for each in (a, b, stranger)]
        self.assertEqual(counts, [2, 1, 0])
        self.assertEqual(self.emitter.listenerCount("y", a), 0)

    def test_toAskMakesNoLiveList(self) -> None:
        for listeners in 1, 2:
            self.emitter.on("x", self.says("a"))
            kind = type(self.emitter._events["x"])
            self.assertEqual(self.emitter.listenerCount("x"), listeners)
            self.assertEqual(len(self.emitter.rawListeners("x")), listeners)
            self.assertEqual(self.emitter.eventNames(), ["x"])
            self.assertIs(type(self.emitter._events["x"]), kind)
        self.assertEqual(self.emitter.rawListeners("y"), [])
        self.assertNotIn("y", self.emitter._events)

    def test_eventNamesAreThoseThatSomebodyListensTo(self) -> None:
        self.assertEqual(self.emitter.eventNames(), [])
        a = self.says("a")
        self.emitter.on("q", a).on("p", a).once("r", a).listeners("nobody")
        self.assertEqual(self.emitter.eventNames(), ["q", "p", "r"])
        self.emitter.off("q", a).on("q", a)
        self.assertEqual(self.emitter.eventNames(), ["p", "r", "q"])

    def test_maxListenersIsTenUnlessSet(self) -> None:
        self.assertEqual(self.emitter.getMaxListeners(), 10)
        self.assertIs(self.emitter.setMaxListeners(0), self.emitter)
        self.assertEqual(self.emitter.getMaxListeners(), 0)

    def test_rawListenersIsACopy(self) -> None:
        a, b = map(self.says, "ab")
        self.emitter.on("x", a)
        self.emitter.rawListeners("x").append(b)
        self.emitter.listeners("x")
        self.emitter.rawListeners("x").append(b)
        self.assertEqual(self.emitter.rawListeners("x"), [a])

    def test_rawListenersShowsTheWrapperOfOnce(self) -> None:
        a, b = map(self.says, "ab")
        self.emitter.once("x", a).on("x", b)
        wrapper, plain = self.emitter.rawListeners("x")
        self.assertEqual((wrapper.listener, plain), (a, b))
        wrapper()
        self.assertEqual((self.seen, self.emitter.rawListeners("x")), (["a"], [b]))

    def test_anEmitOfTheInstanceSeesAllEvents(self) -> None:
        def emit(type: str, *args: Any) -> bool:
            self.seen.append(type)
            return EventEmitter.emit(self.emitter, type, *args)

        self.emitter.emit = emit  # type: ignore[method-assign]
        self.emitter.on("newListener", lambda *args: None).on("x", lambda: None)
        self.emitter.emit("x")
        self.assertEqual(self.seen, ["newListener", "x"])


class OnceTests(EmitterCase):
    """
    C{once}.
    """

    def test_onceIsCalledOnce(self) -> None:
        self.emitter.once("x", self.seen.append)
        self.assertIs(self.emitter.emit("x", 1), True)
        self.assertIs(self.emitter.emit("x", 2), False)
        self.assertEqual(self.seen, [1])

    def test_onceReturnsTheEmitter(self) -> None:
        self.assertIs(self.emitter.once("x", self.says("a")), self.emitter)

    def test_onceWithoutListenerIsADecorator(self) -> None:
        def listener(value: int) -> None:
            self.seen.append(value)

        self.assertIs(self.emitter.once("x")(listener), listener)
        self.emitter.emit("x", 1)
        self.emitter.emit("x", 2)
        self.assertEqual(self.seen, [1])

    def test_onceRefusesWhatIsNotCallable(self) -> None:
        for wrong in "nope", None:
            error = self.assertRaises(NodeError, self.emitter.once, "x", wrong)
            self.assertIn("only takes instances of Function", str(error))
        self.assertEqual(self.emitter.listeners("x"), [])

    def test_onceIsOffBeforeItIsCalled(self) -> None:
        def again() -> None:
            self.seen.append("a")
            self.emitter.emit("x")

        self.emitter.once("x", again)
        self.emitter.emit("x")
        self.assertEqual(self.seen, ["a"])

    def test_onceIsCalledOnceThoughAnEarlierListenerEmitsAgain(self) -> None:
        def first(depth: int) -> None:
            if depth:
                self.emitter.emit("x", depth - 1)

        self.emitter.on("x", first)
        self.emitter.once("x", self.seen.append)
        self.emitter.emit("x", 1)
        self.assertEqual(self.seen, [0])

    def test_onceThatRaisesIsOff(self) -> None:
        def loud() -> None:
            raise Loud

        self.emitter.once("x", loud)
        self.assertRaises(Loud, self.emitter.emit, "x")
        self.assertIs(self.emitter.emit("x"), False)

    def test_onceKeepsItsPlaceInTheOrder(self) -> None:
        self.emitter.on("x", self.says("a"))
        self.emitter.once("x", self.says("b"))
        self.emitter.on("x", self.says("c"))
        self.emitter.emit("x")
        self.emitter.emit("x")
        self.assertEqual(self.seen, ["a", "b", "c", "a", "c"])

    def test_theSameListenerOnceTwiceIsCalledTwice(self) -> None:
        listener = self.says("a")
        self.emitter.once("x", listener).once("x", listener)
        self.emitter.emit("x")
        self.emitter.emit("x")
        self.assertEqual(self.seen, ["a", "a"])

    def test_onceTakesOffItselfAndNotTheSameListenerOfOn(self) -> None:
        listener = self.says("a")
        self.emitter.on("x", listener).once("x", listener)
        self.emitter.emit("x")
        self.assertEqual(self.emitter.listeners("x"), [listener])


class RemoveTests(EmitterCase):
    """
    C{removeListener} and C{removeAllListeners}.
    """

    def test_removeListenerReturnsTheEmitter(self) -> None:
        listener = self.says("a")
        self.emitter.on("x", listener)
        self.assertIs(self.emitter.removeListener("x", listener), self.emitter)
        self.assertIs(self.emitter.removeListener("x", listener), self.emitter)

    def test_theOnlyListenerIsTakenOff(self) -> None:
        listener = self.says("a")
        self.emitter.on("x", listener).removeListener("x", listener)
        self.assertIs(self.emitter.emit("x"), False)
        self.assertEqual(self.seen, [])

    def test_oneOfSeveralIsTakenOff(self) -> None:
        a, b, c = map(self.says, "abc")
        self.emitter.on("x", a).on("x", b).on("x", c).removeListener("x", b)
        self.emitter.emit("x")
        self.assertEqual(self.seen, ["a", "c"])

    def test_ofOneAddedTwiceOneIsTakenOff(self) -> None:
        listener = self.says("a")
        self.emitter.on("x", listener).on("x", listener).removeListener("x", listener)
        self.emitter.emit("x")
        self.assertEqual(self.seen, ["a"])

    def test_theFirstSuchIsTakenOff(self) -> None:
        a, b = map(self.says, "ab")
        self.emitter.on("x", a).on("x", b).on("x", a).removeListener("x", a)
        self.emitter.emit("x")
        self.assertEqual(self.seen, ["b", "a"])

    def test_theLastOfAListLeavesNoListener(self) -> None:
        a, b = map(self.says, "ab")
        self.emitter.on("x", a).on("x", b)
        self.emitter.removeListener("x", a).removeListener("x", b)
        self.assertIs(self.emitter.emit("x"), False)

    def test_aStrangerIsLetPass(self) -> None:
        self.emitter.on("x", self.says("a"))
        self.emitter.removeListener("x", self.says("a"))
        self.emitter.removeListener("y", self.says("a"))
        self.emitter.on("x", self.says("b"))
        self.emitter.removeListener("x", self.says("b"))
        self.emitter.emit("x")
        self.assertEqual(self.seen, ["a", "b"])

    def test_removeListenerFindsOneThatOnceWrapped(self) -> None:
        a, b = map(self.says, "ab")
        self.emitter.once("x", a).removeListener("x", a)
        self.assertIs(self.emitter.emit("x"), False)
        self.emitter.on("x", b).once("x", a).removeListener("x", a)
        self.emitter.emit("x")
        self.assertEqual(self.seen, ["b"])

    def test_removeListenerOfAStrangerLeavesWhatOnceWrapped(self) -> None:
        a, b = map(self.says, "ab")
        self.emitter.once("x", a).removeListener("x", b)
        self.assertIs(self.emitter.emit("x"), True)
        self.emitter.once("x", a).once("x", b).removeListener("x", b)
        self.emitter.emit("x")
        self.assertEqual(self.seen, ["a", "a"])

    def test_aBoundMethodIsFound(self) -> None:
        self.emitter.on("x", self.method)
        self.emitter.removeListener("x", self.method)
        self.emitter.once("x", self.method)
        self.emitter.removeListener("x", self.method)
        self.assertIs(self.emitter.emit("x"), False)

    def method(self) -> None:
        """
        A listener.
        """

    def test_removeAllListenersOfATypeLeavesTheOthers(self) -> None:
        self.emitter.on("x", self.says("a")).on("x", self.says("b")).on("y", self.says("c"))
        self.assertIs(self.emitter.removeAllListeners("x"), self.emitter)
        self.assertIs(self.emitter.emit("x"), False)
        self.assertIs(self.emitter.emit("y"), True)

    def test_removeAllListenersWithoutATypeClearsAll(self) -> None:
        self.emitter.on("newListener", self.says("new"))
        self.emitter.on("x", self.says("a")).once("y", self.says("b"))
        self.assertIs(self.emitter.removeAllListeners(), self.emitter)
        self.assertIs(self.emitter.emit("x"), False)
        self.assertIs(self.emitter.emit("y"), False)
        self.assertIs(self.emitter.emit("newListener"), False)

    def test_removeAllListenersOfNoneIsLetPass(self) -> None:
        self.assertIs(self.emitter.removeAllListeners("x"), self.emitter)
        self.assertIs(self.emitter.removeAllListeners(), self.emitter)


class ListenersTests(EmitterCase):
    """
    C{listeners}.
    """

    def test_listenersAreInOrder(self) -> None:
        a, b = map(self.says, "ab")
        self.assertEqual(self.emitter.listeners("x"), [])
        self.emitter.on("x", a)
        self.assertEqual(self.emitter.listeners("x"), [a])
        self.emitter.on("x", b)
        self.assertEqual(self.emitter.listeners("x"), [a, b])

    def test_theListSeesWhatIsAddedAndTakenOff(self) -> None:
        a, b = map(self.says, "ab")
        for before in [], [a]:
            with self.subTest(before=before):
                emitter = EventEmitter()
                for listener in before:
                    emitter.on("x", listener)
                live = emitter.listeners("x")
                emitter.on("x", b)
                self.assertEqual(live, [*before, b])
                emitter.on("x", a)
                emitter.removeListener("x", b)
                self.assertEqual(live, [*before, a])

    def test_theListMayBeAppendedTo(self) -> None:
        self.emitter.listeners("x").append(self.says("a"))
        self.assertIs(self.emitter.emit("x"), True)
        self.emitter.on("y", self.says("b"))
        self.emitter.listeners("y").insert(0, self.says("c"))
        self.emitter.emit("y")
        self.assertEqual(self.seen, ["a", "c", "b"])

    def test_theListIsLiveStillWhenItsLastListenerHasGone(self) -> None:
        a, b, c = map(self.says, "abc")
        self.emitter.on("x", a)
        live = self.emitter.listeners("x")
        self.emitter.removeListener("x", a)
        self.emitter.on("x", b)
        self.assertEqual(live, [b])
        live.append(c)
        self.emitter.emit("x")
        self.assertEqual(self.seen, ["b", "c"])

    def test_theListMayBeEmptied(self) -> None:
        self.emitter.on("x", self.says("a")).on("x", self.says("b"))
        self.emitter.listeners("x").clear()
        self.assertIs(self.emitter.emit("x"), False)
        self.assertEqual(self.seen, [])

    def test_toLookAtNoneMakesNone(self) -> None:
        self.emitter.listeners("error")
        self.assertRaises(NodeError, self.emitter.emit, "error")
        self.emitter.listeners("newListener")
        self.emitter.on("x", self.says("a"))
        self.emitter.removeListener("y", self.says("a"))
        self.assertIs(self.emitter.emit("y"), False)


class NewListenerTests(EmitterCase):
    """
    The event C{newListener}.
    """

    def test_newListenerComesBeforeTheListenerIsThere(self) -> None:
        def new(type: str, listener: Any) -> None:
            self.seen.append((type, listener, list(self.emitter.listeners(type))))

        a, b = map(self.says, "ab")
        self.emitter.on("newListener", new)
        self.emitter.on("x", a)
        self.emitter.on("x", b)
        self.assertEqual(self.seen, [("x", a, []), ("x", b, [a])])

    def test_theFirstNewListenerDoesNotHearOfItself(self) -> None:
        def new(type: str, listener: Any) -> None:
            self.seen.append((type, listener))

        second = self.says("second")
        self.emitter.on("newListener", new)
        self.assertEqual(self.seen, [])
        self.emitter.on("newListener", second)
        self.assertEqual(self.seen, [("newListener", second)])

    def test_newListenerOfOnceIsToldTheListenerItself(self) -> None:
        listener = self.says("a")
        self.emitter.on("newListener", lambda *args: self.seen.append(args))
        self.emitter.once("y", listener)
        self.assertEqual(self.seen, [("y", listener)])

    def test_aListenerThatNewListenerAddsComesFirst(self) -> None:
        self.emitter.once(
            "newListener", lambda type, listener: self.emitter.on(type, self.says("a"))
        )
        self.emitter.on("x", self.says("b"))
        self.emitter.emit("x")
        self.assertEqual(self.seen, ["a", "b"])

    def test_aNewListenerThatRaisesKeepsTheListenerOut(self) -> None:
        def loud(type: str, listener: Any) -> None:
            raise Loud

        self.emitter.on("newListener", loud)
        self.assertRaises(Loud, self.emitter.on, "x", self.says("a"))
        self.assertIs(self.emitter.emit("x"), False)


class ErrorEventTests(EmitterCase):
    """
    The event C{error}.
    """

    def test_errorUnheardIsRaised(self) -> None:
        loud = Loud("loud")
        self.assertIs(self.assertRaises(Loud, self.emitter.emit, "error", loud), loud)

    def test_errorUnheardThatIsNoExceptionIsRaisedInNodesWords(self) -> None:
        for args in (), ("text",), (None,), (Loud,):
            with self.subTest(args=args):
                error = self.assertRaises(NodeError, self.emitter.emit, "error", *args)
                self.assertEqual(str(error), "Uncaught, unspecified 'error' event.")

    def test_errorIsUnheardAgainWhenItsListenersAreOff(self) -> None:
        a, b = map(self.says, "ab")
        self.emitter.on("error", a).on("error", b)
        self.emitter.removeListener("error", a).removeListener("error", b)
        self.assertRaises(Loud, self.emitter.emit, "error", Loud())
        self.emitter.on("error", a).removeAllListeners("error")
        self.assertRaises(Loud, self.emitter.emit, "error", Loud())

    def test_errorHeardIsNotRaised(self) -> None:
        quiet = Loud("quiet")
        self.emitter.on("error", self.seen.append)
        self.assertIs(self.emitter.emit("error", quiet), True)
        self.emitter.on("error", self.seen.append)
        self.assertIs(self.emitter.emit("error", quiet), True)
        self.assertEqual(self.seen, [quiet] * 3)


class RaisingTests(EmitterCase):
    """
    Listeners that raise, in a call that the user made.
    """

    def loud(self) -> None:
        """
        A listener that raises.
        """
        self.seen.append("loud")
        raise Loud("stop")

    def test_whatTheOnlyListenerRaisesPropagates(self) -> None:
        self.emitter.on("t", self.loud)
        error = self.assertRaises(Loud, self.emitter.emit, "t")
        self.assertEqual(str(error), "stop")

    def test_listenersAfterOneThatRaisesAreNotCalled(self) -> None:
        self.emitter.on("t", self.says("a")).on("t", self.loud).on("t", self.says("c"))
        self.assertRaises(Loud, self.emitter.emit, "t")
        self.assertEqual(self.seen, ["a", "loud"])

    def test_whatPropagatesIsNotLoggedToo(self) -> None:
        self.emitter.on("t", self.loud)
        self.assertRaises(Loud, self.emitter.emit, "t")
        self.assertEqual(self.flushLoggedErrors(), [])

    def test_theEmitterGoesOnAfterAListenerRaised(self) -> None:
        self.emitter.on("t", self.loud)
        self.assertRaises(Loud, self.emitter.emit, "t")
        self.assertRaises(Loud, self.emitter.emit, "t")
        self.assertEqual(self.seen, ["loud", "loud"])


class ArgumentsTests(EmitterCase):
    """
    Listeners that do not take the arguments of their event, as JavaScript lets them.
    """

    def wrong(self, *args: Any) -> ListenerArgumentsError:
        """
        @return: what emitting C{x} raises.
        """
        error = self.assertRaises(ListenerArgumentsError, self.emitter.emit, "x", *args)
        self.assertIsInstance(error, TypeError)
        return error

    def test_theErrorSaysWhatIsWrongAndWhatToDo(self) -> None:
        def listener() -> None: ...

        self.emitter.on("x", listener)
        for args, count in ((1,), "1 argument"), ((1, 2), "2 arguments"):
            error = self.wrong(*args)
            self.assertEqual(
                str(error),
                f"A listener of 'x' cannot be called with the event's {count}: {listener!r}."
                " Python does not drop or fill in arguments as JavaScript does:"
                " give it a parameter for each, or *args",
            )
            self.assertEqual((error.type, error.listener), ("x", listener))
            self.assertIsInstance(error.__cause__, TypeError)

    def test_soItIsWithTooFewArguments(self) -> None:
        self.emitter.on("x", lambda had_error: None)
        self.assertIn("with the event's 0 arguments", str(self.wrong()))

    def test_soItIsForAnyKindOfListener(self) -> None:
        class Callable:
            def __call__(self) -> None: ...

            def method(self) -> None: ...

        async def coroutine() -> None: ...

        for listener in (
            Callable(),
            Callable().method,
            partial(Callable.method, Callable()),
            coroutine,
            [].clear,
        ):
            with self.subTest(listener=listener):
                self.emitter.removeAllListeners().on("x", listener)
                self.assertIs(self.wrong(1).listener, listener)

    def test_soItIsForOneOfSeveralAndOfOnce(self) -> None:
        self.emitter.on("x", self.says("a")).on("x", lambda: None)
        self.wrong(1)
        self.emitter.removeAllListeners().once("x", lambda: None)
        self.assertIn("<lambda>", str(self.wrong(1)))
        self.emitter.once("x", lambda: None).on("x", self.says("a"))
        self.wrong(1)
        self.assertEqual(self.seen, ["a"])

    def test_aTypeErrorOfTheBodyIsLeftAlone(self) -> None:
        def within() -> None: ...

        def body(argument: object) -> None:
            within(argument)  # type: ignore[call-arg]

        def unlucky(*args: object) -> None:
            raise TypeError("of the body")

        for listener in body, unlucky, [].extend, partial(int, base=5), dict.fromkeys:
            with self.subTest(listener=listener):
                for add in self.emitter.on, self.emitter.once:
                    self.emitter.removeAllListeners()
                    add("x", listener)
                    error = self.assertRaises(TypeError, self.emitter.emit, "x", 5)
                    self.assertIs(type(error), TypeError)

    def test_anInnerEmitsErrorPassesThroughTheOuter(self) -> None:
        inner = EventEmitter()
        inner.on("y", lambda: None)
        self.emitter.on("x", lambda n: inner.emit("y", n))
        self.assertEqual(self.wrong(1).type, "y")

    def test_theRecordSaysSoToo(self) -> None:
        records: list[Any] = []
        globalLogPublisher.addObserver(records.append)
        self.addCleanup(globalLogPublisher.removeObserver, records.append)
        inner = EventEmitter()
        inner.on("y", lambda: None)

        @self.emitter.on("x")
        async def listener() -> None:
            inner.emit("y", 1)

        self.emitter.emit("x")
        [failure] = self.flushLoggedErrors(ListenerArgumentsError)
        [record] = records
        self.assertEqual(record["what"], f"{self.emitter!r}: {failure.value}")


class AsyncListenerTests(EmitterCase):
    """
    Listeners that return a coroutine or a Deferred.
    """

    def setUp(self) -> None:
        super().setUp()
        self.records: list[Any] = []
        globalLogPublisher.addObserver(self.records.append)
        self.addCleanup(globalLogPublisher.removeObserver, self.records.append)

    def assertLoggedOnce(self, error: Exception) -> None:
        """
        One critical record and no other was made, with this exception.
        """
        gc.collect()  # a Deferred whose failure nobody took would tell now
        failures = [failure.value for failure in self.flushLoggedErrors()]
        self.assertEqual(failures, [error])
        [record] = self.records
        self.assertIs(record["log_level"], LogLevel.critical)
        self.assertIs(record["log_failure"].value, error)
        self.assertIs(record["log_source"], self.emitter)
        self.assertEqual(record["log_namespace"], "nodenet")

    def test_aCoroutineIsRun(self) -> None:
        ready: Deferred[int] = Deferred()

        @self.emitter.on("x")
        async def listener(value: int) -> None:
            self.seen.append(value)
            self.seen.append(await ready)

        self.assertIs(self.emitter.emit("x", 1), True)
        self.assertEqual(self.seen, [1])
        ready.callback(2)
        self.assertEqual(self.seen, [1, 2])
        self.assertEqual(self.records, [])

    def test_aCoroutineOfOnceIsRunOnce(self) -> None:
        @self.emitter.once("x")
        async def listener(value: int) -> None:
            self.seen.append(value)

        self.emitter.emit("x", 1)
        self.emitter.emit("x", 2)
        self.assertEqual(self.seen, [1])

    def test_aCoroutineThatFailsAtOnceIsLogged(self) -> None:
        loud = Loud()

        @self.emitter.on("x")
        async def listener() -> None:
            raise loud

        self.assertIs(self.emitter.emit("x"), True)
        self.assertLoggedOnce(loud)

    def test_aCoroutineThatFailsLaterIsLogged(self) -> None:
        loud = Loud()
        ready: Deferred[None] = Deferred()

        @self.emitter.on("x")
        async def listener() -> None:
            await ready
            raise loud

        self.emitter.emit("x")
        self.assertEqual(self.records, [])
        ready.callback(None)
        self.assertLoggedOnce(loud)

    def test_aDeferredThatHasFailedIsLogged(self) -> None:
        loud = Loud()
        self.emitter.on("x", lambda: fail(loud))
        self.assertIs(self.emitter.emit("x"), True)
        self.assertLoggedOnce(loud)

    def test_aDeferredThatFailsLaterIsLogged(self) -> None:
        loud = Loud()
        later: Deferred[None] = Deferred()
        self.emitter.on("x", lambda: later)
        self.emitter.emit("x")
        self.assertEqual(self.records, [])
        later.errback(loud)
        self.assertLoggedOnce(loud)

    def test_aDeferredThatSucceedsIsLeftAlone(self) -> None:
        done = succeed(5)
        self.emitter.on("x", lambda: done)
        self.emitter.emit("x")
        self.assertEqual(self.successResultOf(done), 5)
        self.assertEqual(self.records, [])

    def test_theOtherListenersAreCalledAllTheSame(self) -> None:
        loud = Loud()
        ready: Deferred[None] = Deferred()

        async def first() -> None:
            await ready
            self.seen.append("a, later")

        async def second() -> None:
            raise loud

        self.emitter.on("x", first).on("x", second).on("x", self.says("c"))
        self.assertIs(self.emitter.emit("x"), True)
        self.assertEqual(self.seen, ["c"])
        self.assertLoggedOnce(loud)
        ready.callback(None)
        self.assertEqual(self.seen, ["c", "a, later"])

    def test_eachFailureIsOneRecord(self) -> None:
        async def listener() -> None:
            raise Loud

        self.emitter.on("x", listener).on("x", lambda: fail(Loud()))
        self.emitter.emit("x")
        self.assertEqual(len(self.records), 2)
        self.assertEqual(len(self.flushLoggedErrors(Loud)), 2)

    def test_aListenerOfErrorThatFailsIsLogged(self) -> None:
        loud = Loud()

        @self.emitter.on("error")
        async def listener(error: Exception) -> None:
            raise loud

        self.assertIs(self.emitter.emit("error", ValueError("another")), True)
        self.assertLoggedOnce(loud)

    def test_theRecordNamesTheEmitter(self) -> None:
        class Braced(EventEmitter):
            def __repr__(self) -> str:
                return "<Braced {0} {nothing}>"

        emitter = Braced()
        emitter.on("x", lambda: fail(Loud()))
        emitter.emit("x")
        self.flushLoggedErrors(Loud)
        [record] = self.records
        self.assertIn("<Braced {0} {nothing}>", record["what"])
        self.assertEqual(record["log_format"].format(**record), record["what"])


class MaxListenersTests(EmitterCase):
    """
    The warning of a leak.
    """

    def add(self, count: int, type: str = "x") -> list[Any]:
        """
        @return: the warnings from adding so many listeners, one at a time.
        """
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            for _ in range(count):
                self.emitter.on(type, self.says("a"))
        return caught

    def test_tenListenersAreNotTooMany(self) -> None:
        self.assertEqual(self.add(10), [])

    def test_elevenListenersAreTooMany(self) -> None:
        self.add(10)
        [warning] = self.add(1)
        self.assertIs(warning.category, RuntimeWarning)
        self.assertEqual(
            str(warning.message),
            "possible EventEmitter memory leak detected. 11 'x' listeners"
            " added. Use emitter.setMaxListeners() to increase limit.",
        )

    def test_theWarningPointsAtWhoAddedTheListener(self) -> None:
        self.add(10)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            self.emitter.on("x", self.says("a"))
        self.assertEqual(caught[0].filename, __file__)

    def test_theWarningPointsAtTheDecorator(self) -> None:
        self.add(10)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            self.emitter.on("x")(self.says("a"))
        self.assertEqual(caught[0].filename, __file__)

    def test_theWarningComesOncePerType(self) -> None:
        self.assertEqual(len(self.add(15)), 1)
        self.assertEqual(len(self.add(15, "y")), 1)
        self.assertEqual(self.add(15), [])

    def test_listenersOfAllTypesAreNotCountedTogether(self) -> None:
        self.add(6, "x")
        self.assertEqual(self.add(6, "y"), [])

    def test_listenersThatWereTakenOffDoNotCount(self) -> None:
        for _ in range(20):
            self.assertEqual(self.add(1), [])
            self.emitter.removeListener("x", self.emitter.listeners("x")[0])

    def test_eachEmitterWarnsForItself(self) -> None:
        self.assertEqual(len(self.add(11)), 1)
        self.emitter = EventEmitter()
        self.assertEqual(len(self.add(11)), 1)

    def test_listenersOfOnceCountToo(self) -> None:
        self.add(10)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            self.emitter.once("x", self.says("a"))
        self.assertEqual(len(caught), 1)
        self.assertEqual(caught[0].filename, __file__)

    def test_setMaxListenersRaisesTheLimit(self) -> None:
        self.emitter.setMaxListeners(20)
        self.assertEqual(self.add(20), [])
        self.assertEqual(len(self.add(1)), 1)

    def test_setMaxListenersLowersTheLimit(self) -> None:
        self.emitter.setMaxListeners(1)
        self.assertEqual(self.add(1), [])
        [warning] = self.add(1)
        self.assertIn("2 'x' listeners", str(warning.message))

    def test_setMaxListenersOfZeroIsNone(self) -> None:
        self.emitter.setMaxListeners(0)
        self.assertEqual(self.add(100), [])
