"""
Tests for L{nodenet._transports.resolver}.
"""

from __future__ import annotations

import errno
import gc
import socket
import weakref
from collections.abc import Callable
from typing import Any
from unittest import mock

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.base import ReactorBase
from twisted.internet.defer import CancelledError, Deferred, fail, succeed
from twisted.internet.error import DNSLookupError
from twisted.internet.interfaces import IHostnameResolver, IResolverSimple
from twisted.internet.task import Clock
from twisted.internet.testing import MemoryReactorClock
from twisted.logger import LogLevel, globalLogPublisher
from twisted.python.filepath import FilePath
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from nodenet._transports import resolver as module
from nodenet._transports.resolver import (
    FRESH,
    LOST,
    PATIENCE,
    STALE,
    Hints,
    Resolver,
    resolve,
)

GONE = socket.gaierror(socket.EAI_NONAME, "no such name")


class Reactor(Clock):
    """
    A clock to which threads come back at once.
    """

    def callFromThread(self, call: Callable[..., Any], *args: Any) -> None:
        call(*args)


class StandingReactor(ReactorBase):
    """
    A reactor of Twisted's, with a clock that stands still, and no I/O.
    """

    def installWaker(self) -> None:
        """
        There is nobody to be woken.
        """

    def seconds(self) -> float:
        return 5.0


@implementer(IHostnameResolver)
class Installed:
    """
    A resolver for a reactor, that the test answers for.
    """

    def __init__(self) -> None:
        self.asked: list[tuple[Any, str]] = []

    def resolveHostName(self, receiver: Any, name: str, *args: Any, **kwargs: Any) -> None:
        self.asked.append((receiver, name))
        receiver.resolutionBegan(None)

    def answer(self, *addresses: str) -> None:
        """
        Answer the look-up that has waited longest.
        """
        receiver, _ = self.asked.pop(0)
        for each in addresses:
            kind = IPv6Address if ":" in each else IPv4Address
            receiver.addressResolved(kind("TCP", each, 0))
        receiver.resolutionComplete()


def found(*addresses: str, scope: int = 0) -> list[Any]:
    """
    @return: what C{getaddrinfo} would.
    """
    return [
        (socket.AF_INET6, socket.SOCK_STREAM, 6, "", (each, 0, 0, scope))
        if ":" in each
        else (socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, 0))
        for each in addresses
    ]


class ResolverCase(SynchronousTestCase):
    """
    A resolver whose look-ups hang until the test ends them.
    """

    def setUp(self) -> None:
        self.reactor = Reactor()
        self.threads: list[Callable[[], None]] = []  # those that hang
        self.asked: list[str] = []
        self.told: list[Any] = []
        self.result: Any = None
        self.resolver = Resolver(None, self.getaddrinfo, self.threads.append)
        hosts = FilePath(self.mktemp())
        hosts.setContent(b"127.0.0.9 there # a comment\n::9 There\n127.0.0.9 there\n")
        self.patch(module, "HOSTS", hosts)

    def getaddrinfo(self, name: str, *args: Any) -> list[Any]:
        self.asked.append(name)
        self.told.append(args)
        if isinstance(self.result, Exception):
            raise self.result
        return self.result

    def end(self, *addresses: str, number: int = 0, error: Exception = GONE) -> None:
        """
        End a look-up, with an error if there are no addresses.

        @param number: how many have begun before it, of those that hang.
        """
        self.result = found(*addresses) or error
        self.threads.pop(number)()

    def ask(self, name: str = "a.test") -> Deferred[list[str]]:
        return self.resolver.resolve(self.reactor, name)

    def learn(self, *addresses: str, name: str = "a.test") -> None:
        """
        Have an answer remembered.
        """
        asked = self.ask(name)
        self.end(*addresses)
        self.assertEqual(self.successResultOf(asked), list(addresses))

    def assertNotFound(self, asked: Deferred[list[str]], name: str) -> None:
        error = self.failureResultOf(asked, socket.gaierror).value
        self.assertEqual((error.code, error.syscall), ("ENOTFOUND", "getaddrinfo"))
        self.assertIn(name, str(error))


class WithoutLookupTests(ResolverCase):
    """
    What needs no look-up.
    """

    def test_localhostIsBothFamilies(self) -> None:
        for name in "localhost", "LocalHost", "localhost.":
            self.assertEqual(self.successResultOf(self.ask(name)), ["127.0.0.1", "::1"])
        self.assertEqual(self.threads, [])

    def hasIPv6(self, error: OSError | None = None, built: bool = True) -> bool:
        """
        @return: whether localhost has IPv6, if making a socket raises C{error}.
        """
        module._hasIPv6.cache_clear()
        self.addCleanup(module._hasIPv6.cache_clear)
        with (
            mock.patch.object(socket, "socket", side_effect=[error or mock.Mock()]),
            mock.patch.object(socket, "has_ipv6", built),
        ):
            return "::1" in self.successResultOf(self.ask("localhost"))

    def test_localhostWhereThereIsNoIPv6(self) -> None:
        self.assertTrue(self.hasIPv6())
        self.assertFalse(self.hasIPv6(built=False))
        self.assertFalse(self.hasIPv6(OSError(errno.EAFNOSUPPORT, "")))
        self.assertTrue(self.hasIPv6(OSError(errno.EMFILE, "")), "it says nothing of IPv6")

    def test_addressesAreThemselves(self) -> None:
        for name in "127.0.0.1", "10.1.2.3", "::1", "2001:db8::1":
            self.assertEqual(self.successResultOf(self.ask(name)), [name])
        self.assertEqual(self.successResultOf(self.ask("fe80::1%lo")), ["fe80::1%lo"])
        self.assertEqual(self.threads, [])

    def test_invalidNames(self) -> None:
        for name in "", ".", ".a", "a..b", "a\0b", "x" * 64, "a." * 200, "\udc80":
            self.assertNotFound(self.ask(name), name)
        self.assertEqual(self.threads, [])

    def test_aReactorWithNoWayBackFromThreads(self) -> None:
        self.assertNotFound(self.resolver.resolve(Clock(), "a.test"), "a.test")
        self.assertEqual(self.threads, [])


class LookupTests(ResolverCase):
    """
    Look-ups and what they find.
    """

    def test_theAddressesInTheirOrderEachOnce(self) -> None:
        asked = self.ask()
        self.assertNoResult(asked)
        self.end("::2", "127.0.0.3", "::2", "127.0.0.1")
        self.assertEqual(self.successResultOf(asked), ["::2", "127.0.0.3", "127.0.0.1"])
        self.assertEqual(self.asked, ["a.test"])

    def test_theZoneOfALink(self) -> None:
        index = socket.if_nametoindex("lo")
        for scope, text in (index, "fe80::1%lo"), (99999999, "fe80::1%99999999"):
            asked = self.ask(f"link{scope}.test")
            self.result = found("fe80::1", scope=scope)
            self.threads.pop()()
            self.assertEqual(self.successResultOf(asked), [text])

    def test_failures(self) -> None:
        again = socket.gaierror(socket.EAI_AGAIN, "try again")
        for error in GONE, again, OSError(errno.EMFILE, ""), UnicodeError(), MemoryError():
            asked = self.ask("B.test")
            self.end(error=error)
            self.assertNotFound(asked, "B.test")

    def test_theCauseOfAFailureIsTheSystemsOwn(self) -> None:
        asked = self.ask()
        self.end(error=GONE)
        self.assertIs(self.failureResultOf(asked).value.__cause__, GONE)

    def test_hintsAreHandedOn(self) -> None:
        for hints in Hints(), Hints(socket.AF_INET6, socket.AI_V4MAPPED):
            asked = self.resolver.resolve(self.reactor, f"{hints.flags}.test", hints)
            self.end("::ffff:127.0.0.1")
            self.assertEqual(self.successResultOf(asked), ["::ffff:127.0.0.1"])
            told = 0, hints.family, socket.SOCK_STREAM, 0, hints.flags
            self.assertEqual(self.told.pop(), told)

    def test_anAnswerIsForTheSameHintsOnly(self) -> None:
        self.learn("127.0.0.1", "::1")
        four = Hints(socket.AF_INET)
        asked = self.resolver.resolve(self.reactor, "a.test", four)
        self.assertNoResult(asked)
        self.end("127.0.0.1")
        self.assertEqual(self.successResultOf(asked), ["127.0.0.1"])
        self.assertEqual(self.successResultOf(self.ask()), ["127.0.0.1", "::1"])

    def test_withHintsTheSystemIsAskedForLocalhost(self) -> None:
        asked = self.resolver.resolve(self.reactor, "localhost", Hints())
        self.end("127.0.0.7")
        self.assertEqual(self.successResultOf(asked), ["127.0.0.7"])
        # Unless it cannot be.
        [first, *_] = self.successResultOf(
            self.resolver.resolve(Clock(), "localhost", Hints(4))
        )
        self.assertEqual(first, "127.0.0.1")

    def test_aFailureIsNotRemembered(self) -> None:
        asked = self.ask()
        self.end()
        self.assertNotFound(asked, "a.test")
        self.learn("127.0.0.1")

    def test_namesBeyondASCII(self) -> None:
        asked = self.ask("B\xfccher.test")
        self.end()
        self.assertNotFound(asked, "B\xfccher.test")
        self.assertEqual(self.asked, ["xn--bcher-kva.test"])

    def test_theReactorMayBeGone(self) -> None:
        self.ask()
        self.patch(self.reactor, "callFromThread", mock.Mock(side_effect=OSError))
        self.end("127.0.0.1")  # raises nothing in the thread

    def test_theThreadsAreDaemons(self) -> None:
        # so that nobody waits for them at the process's end
        with mock.patch.object(module, "Thread") as thread:
            Resolver(None, self.getaddrinfo).resolve(self.reactor, "a.test")
        self.assertTrue(thread.call_args.kwargs["daemon"])
        self.assertEqual(thread.return_value.start.call_count, 1)


class SharingTests(ResolverCase):
    """
    Several who wait for one name.
    """

    def test_oneLookup(self) -> None:
        asked = [self.ask(name) for name in ("a.test", "A.TEST", "a.test")]
        self.assertEqual(len(self.threads), 1)
        self.end("127.0.0.1")
        results = [self.successResultOf(each) for each in asked]
        self.assertEqual(results, [["127.0.0.1"]] * 3)
        results[0].clear()  # each has a list of its own
        self.assertEqual(results[1], ["127.0.0.1"])
        self.assertEqual(self.successResultOf(self.ask()), ["127.0.0.1"])

    def test_eachHasItsError(self) -> None:
        one, two = self.ask("a.test"), self.ask("A.test")
        self.end()
        self.assertNotFound(one, "a.test")
        self.assertNotFound(two, "A.test")

    def test_aNameThatHangsDelaysNoOther(self) -> None:
        for i in range(100):
            self.ask(f"hangs{i}.test")
        asked = self.ask("b.test")
        self.end("127.0.0.1", number=100)
        self.assertEqual(self.successResultOf(asked), ["127.0.0.1"])

    def test_cancellingOneLeavesTheOthers(self) -> None:
        one, two = self.ask(), self.ask()
        one.cancel()
        self.failureResultOf(one, CancelledError)
        self.end("127.0.0.1")
        self.assertEqual(self.successResultOf(two), ["127.0.0.1"])

    def test_cancellingAllLeavesTheAnswer(self) -> None:
        asked = self.ask()
        asked.cancel()
        self.failureResultOf(asked, CancelledError)
        self.end("127.0.0.1")
        self.assertEqual(self.successResultOf(self.ask()), ["127.0.0.1"])

    def test_oneIsCancelledByAnothersCallback(self) -> None:
        one, two = self.ask(), self.ask()
        one.addCallback(lambda _: two.cancel())
        self.end("127.0.0.1")
        self.failureResultOf(two, CancelledError)

    def test_askingAgainInACallback(self) -> None:
        again: list[Deferred[list[str]]] = []
        self.ask().addErrback(lambda _: again.append(self.ask()))
        self.end()
        self.assertEqual(len(self.threads), 1)
        self.end("127.0.0.1")
        self.assertEqual(self.successResultOf(again[0]), ["127.0.0.1"])

    def test_aLookupThatNeverEndsIsGivenUp(self) -> None:
        lost = self.ask()
        self.reactor.advance(LOST - 1)
        self.ask()
        self.assertEqual(len(self.threads), 1)
        self.reactor.advance(1)
        asked = self.ask()
        self.end("127.0.0.2", number=1)
        self.assertEqual(self.successResultOf(asked), ["127.0.0.2"])
        self.assertNoResult(lost)
        self.end("127.0.0.1")
        self.assertEqual(self.successResultOf(lost), ["127.0.0.1"])


class RememberingTests(ResolverCase):
    """
    What is remembered, and for how long.
    """

    def setUp(self) -> None:
        super().setUp()
        self.records: list[str] = []
        globalLogPublisher.addObserver(self.observe)
        self.addCleanup(globalLogPublisher.removeObserver, self.observe)

    def observe(self, event: Any) -> None:
        if event["log_level"] is LogLevel.warn and event.get("log_namespace") == "nodenet":
            self.records.append(event["name"])

    def test_freshAnswersAreServedWithoutALookup(self) -> None:
        self.learn("127.0.0.1")
        self.reactor.advance(FRESH - 0.5)
        self.assertEqual(self.successResultOf(self.ask("A.test")), ["127.0.0.1"])
        self.assertEqual(self.threads, [])

    def test_aNameThatChangesItsMindIsFollowed(self) -> None:
        self.learn("127.0.0.1")
        self.reactor.advance(FRESH)
        asked = self.ask()
        self.reactor.advance(PATIENCE / 2)
        self.assertNoResult(asked)
        self.end("127.0.0.2")
        self.assertEqual(self.successResultOf(asked), ["127.0.0.2"])
        self.assertEqual(self.successResultOf(self.ask()), ["127.0.0.2"])
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_theOldAnswerServesWhileALookupHangs(self) -> None:
        self.learn("127.0.0.1")
        self.reactor.advance(FRESH)
        one, two = self.ask(), self.ask()
        self.reactor.advance(PATIENCE)
        for asked in one, two, self.ask():  # the last need not wait: it is known to hang
            self.assertEqual(self.successResultOf(asked), ["127.0.0.1"])
        self.assertEqual(len(self.threads), 1)
        self.end("127.0.0.2")
        self.assertEqual(self.successResultOf(self.ask()), ["127.0.0.2"])

    def test_theOldAnswerServesWhenALookupFails(self) -> None:
        self.learn("127.0.0.1")
        for _ in range(3):
            self.reactor.advance(FRESH)
            asked = self.ask()
            self.end()
            for each in asked, self.ask():  # not asked for again at once
                self.assertEqual(self.successResultOf(each), ["127.0.0.1"])
            self.assertEqual(self.threads, [])
        self.assertEqual(self.records, ["a.test"], "said once")
        self.reactor.advance(FRESH)
        self.learn("127.0.0.2")
        self.reactor.advance(FRESH)
        self.ask()
        self.end()
        self.assertEqual(self.records, ["a.test"] * 2)

    def test_aLookupThatHungAndFailed(self) -> None:
        self.learn("127.0.0.1")
        self.reactor.advance(FRESH)
        self.ask()
        self.reactor.advance(10)
        self.end()
        self.assertEqual(self.successResultOf(self.ask()), ["127.0.0.1"])

    def test_anOldAnswerServesWhileALostLookupIsBegunAnew(self) -> None:
        self.learn("127.0.0.1")
        self.reactor.advance(FRESH)
        self.ask()
        self.reactor.advance(LOST)
        asked = self.ask()
        self.assertEqual(len(self.threads), 2)
        self.reactor.advance(PATIENCE)
        self.assertEqual(self.successResultOf(asked), ["127.0.0.1"])

    def test_anOldAnswerDoesNotServeForEver(self) -> None:
        self.learn("127.0.0.1")
        self.reactor.advance(STALE - 1)
        asked = self.ask()
        self.end()
        self.assertEqual(self.successResultOf(asked), ["127.0.0.1"])
        self.reactor.advance(FRESH)
        asked = self.ask()
        self.end()
        self.assertNotFound(asked, "a.test")

    def test_anAnswerThatGrowsTooOldWhileALookupHangs(self) -> None:
        self.learn("127.0.0.1")
        self.reactor.advance(STALE - PATIENCE / 2)
        asked = self.ask()
        self.reactor.advance(PATIENCE)
        self.assertNoResult(asked)
        self.end()
        self.assertNotFound(asked, "a.test")

    def test_cancelledBeforeTheOldAnswerServes(self) -> None:
        self.learn("127.0.0.1")
        self.reactor.advance(FRESH)
        asked = self.ask()
        asked.cancel()
        self.failureResultOf(asked, CancelledError)
        self.reactor.advance(PATIENCE)

    def test_theOldestIsForgottenWhenThereAreTooMany(self) -> None:
        self.patch(module, "NAMES", 2)
        for name in "a.test", "b.test":
            self.learn("127.0.0.1", name=name)
        self.reactor.advance(FRESH)
        for name in "a.test", "c.test":  # a is younger than b now
            self.learn("127.0.0.1", name=name)
        self.successResultOf(self.ask("a.test"))
        self.successResultOf(self.ask("c.test"))
        self.assertNoResult(self.ask("b.test"))


class TooManyTests(ResolverCase):
    """
    A flood of names that hang.
    """

    def setUp(self) -> None:
        super().setUp()
        self.patch(module, "THREADS", 2)
        self.hanging = [self.ask(f"hangs{i}.test") for i in range(2)]
        for each in self.hanging:  # that may have failed
            self.addCleanup(each.addErrback, lambda _: None)

    def test_theOthersWaitForAThread(self) -> None:
        b, c = self.ask("b.test"), self.ask("c.test")
        self.assertEqual(len(self.threads), 2)
        self.end("127.0.0.1")
        self.assertEqual(len(self.threads), 2)
        self.end("127.0.0.2", number=1)
        self.assertEqual(self.successResultOf(b), ["127.0.0.2"])
        self.end("127.0.0.3", number=1)
        self.assertEqual(self.successResultOf(c), ["127.0.0.3"])
        self.assertNoResult(self.hanging[1])

    def test_namesInTheHostsFileDoNotWait(self) -> None:
        asked = self.ask("THERE")
        self.assertEqual(self.successResultOf(asked), ["127.0.0.9", "::9"])

    def test_theHostsFileMayBeMissing(self) -> None:
        module.HOSTS.remove()
        self.assertNoResult(self.ask("there"))

    def test_thoseThatWaitAreShared(self) -> None:
        asked = [self.ask("b.test"), self.ask("b.test")]
        self.end()
        self.end("127.0.0.1", number=1)
        for each in asked:
            self.assertEqual(self.successResultOf(each), ["127.0.0.1"])

    def test_thoseThatNobodyWaitsForAreForgotten(self) -> None:
        one, two = self.ask("b.test"), self.ask("b.test")
        one.cancel()
        self.failureResultOf(one, CancelledError)
        self.end()
        self.assertEqual(len(self.threads), 2, "somebody waits")
        three = self.ask("c.test")
        for each in two, three:
            each.cancel()
            self.failureResultOf(each, CancelledError)
        self.end()
        self.assertEqual(len(self.threads), 1, "not that of c.test")
        self.assertNoResult(self.ask("c.test"))

    def test_anOldAnswerServesWhileItsLookupWaits(self) -> None:
        self.end("127.0.0.1")
        self.assertEqual(self.successResultOf(self.hanging[0]), ["127.0.0.1"])
        self.ask("hangs2.test")
        self.reactor.advance(FRESH)
        asked = self.ask("hangs0.test")
        self.reactor.advance(PATIENCE)
        self.assertEqual(self.successResultOf(asked), ["127.0.0.1"])

    def noMore(self, call: object) -> None:
        raise RuntimeError("can't start new thread")

    def test_theSystemHasNoMoreThreads(self) -> None:
        self.patch(module, "THREADS", 100)
        self.resolver._startThread = self.noMore
        b, c = self.ask("b.test"), self.ask("c.test")
        self.assertEqual(self.successResultOf(self.ask("there")), ["127.0.0.9", "::9"])
        self.end()
        self.assertNoResult(b)
        self.end()  # the last that could have made room
        self.assertNotFound(b, "b.test")
        self.assertNotFound(c, "c.test")


class ReactorsResolverTests(SynchronousTestCase):
    """
    The reactor's own resolver, and that which somebody has installed.
    """

    def setUp(self) -> None:
        self.reactor: Any = Reactor()
        self.installed = self.reactor.nameResolver = Installed()

    def test_theInstalledOneIsAsked(self) -> None:
        one, two = resolve(self.reactor, "A.test"), resolve(self.reactor, "a.test")
        [(_, name)] = self.installed.asked
        self.assertEqual(name, "a.test")
        self.installed.answer("::2", "127.0.0.1", "::2")
        for asked in one, two, resolve(self.reactor, "a.test"):
            self.assertEqual(self.successResultOf(asked), ["::2", "127.0.0.1"])
        self.assertEqual(self.installed.asked, [])

    def test_itsOldAnswersServe(self) -> None:
        asked = resolve(self.reactor, "a.test")
        self.installed.answer("127.0.0.1")
        self.reactor.advance(FRESH)
        asked = resolve(self.reactor, "a.test")
        self.reactor.advance(PATIENCE)
        self.assertEqual(self.successResultOf(asked), ["127.0.0.1"])
        self.installed.answer()
        asked = resolve(self.reactor, "a.test")
        self.assertEqual(self.successResultOf(asked), ["127.0.0.1"])

    def test_itFindsNothing(self) -> None:
        asked = resolve(self.reactor, "a.test")
        self.installed.answer()
        self.assertEqual(self.failureResultOf(asked).value.code, "ENOTFOUND")

    def test_itRaises(self) -> None:
        self.installed.resolveHostName = mock.Mock(side_effect=ZeroDivisionError)
        asked = resolve(self.reactor, "a.test")
        self.assertEqual(self.failureResultOf(asked).value.code, "ENOTFOUND")
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    def test_anotherDoesNotHaveItsAnswers(self) -> None:
        resolve(self.reactor, "a.test")
        self.installed.answer("127.0.0.1")
        other = self.reactor.nameResolver = Installed()
        asked = resolve(self.reactor, "a.test")
        other.answer("127.0.0.2")
        self.assertEqual(self.successResultOf(asked), ["127.0.0.2"])

    def test_eachReactorHasItsAnswers(self) -> None:
        resolve(self.reactor, "a.test")
        self.installed.answer("127.0.0.1")
        other: Any = Reactor()
        other.nameResolver = self.installed
        self.assertNoResult(resolve(other, "a.test"))

    def test_itDoesNotKeepTheReactorAlive(self) -> None:
        asked = resolve(self.reactor, "a.test")
        self.installed.answer("127.0.0.1")
        self.assertEqual(self.successResultOf(asked), ["127.0.0.1"])
        gone = weakref.ref(self.reactor)
        self.reactor = asked = None
        gc.collect()
        self.assertIsNone(gone())

    def test_theReactorInMemory(self) -> None:
        reactor = MemoryReactorClock()
        asked = resolve(reactor, "a.test")
        if hasattr(reactor, "nameResolver"):
            self.assertEqual(self.successResultOf(asked), ["127.0.0.1"])
        else:  # of Twisted 24.3
            self.assertEqual(self.failureResultOf(asked).value.code, "ENOTFOUND")

    def threads(self, reactor: Any) -> int:
        """
        @return: how many threads a look-up on this reactor has.
        """
        with mock.patch.object(module, "Thread") as thread:
            resolve(reactor, "a.test")
        return thread.call_count

    def test_twistedsOwnIsNotUsed(self) -> None:
        self.assertEqual(self.threads(StandingReactor()), 1)

    def test_aReactorWithoutOne(self) -> None:
        self.assertEqual(self.threads(Reactor()), 1)

    def test_withoutTwistedsPrivateNameTheReactorsIsUsed(self) -> None:
        self.patch(module, "GAIResolver", None)
        reactor: Any = StandingReactor()
        reactor.installNameResolver(Installed())
        self.assertEqual(self.threads(reactor), 0)

    def test_installNameResolver(self) -> None:
        reactor: Any = StandingReactor()
        reactor.installNameResolver(self.installed)
        asked = resolve(reactor, "a.test")
        self.installed.answer("127.0.0.1")
        self.assertEqual(self.successResultOf(asked), ["127.0.0.1"])

    def test_installResolver(self) -> None:
        @implementer(IResolverSimple)
        class Simple:
            def getHostByName(self, name: str, timeout: Any = ()) -> Deferred[str]:
                if name == "a.test":
                    return succeed("127.0.0.1")
                return fail(DNSLookupError(name))

        reactor: Any = StandingReactor()
        reactor.installResolver(Simple())
        self.assertEqual(self.successResultOf(resolve(reactor, "a.test")), ["127.0.0.1"])
        error = self.failureResultOf(resolve(reactor, "b.test")).value
        self.assertEqual(error.code, "ENOTFOUND")
