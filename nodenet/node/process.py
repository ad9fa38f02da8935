"""
When a program that is written as for Node is at its end.

Node's process ends when nothing is left to come, or with an exception that nobody catches. A
reactor does neither by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from twisted.logger import ILogObserver, LogLevel, globalLogPublisher
from twisted.python.failure import Failure
from zope.interface import implementer

from nodenet.node._net.waiting import busy
from nodenet.timers import theReactor

if TYPE_CHECKING:
    from nodenet._interfaces import ReactorLike

__all__ = ["Uncaught", "busy", "exitOnUncaught"]


def exitOnUncaught(reactor: ReactorLike | None = None) -> Uncaught:
    """
    From now on, end the reactor when an exception is caught by nobody: an C{error} event
    without a listener, what a listener raises, or what a coroutine of one fails with. By
    default such an exception is logged as critical, and the program goes on. A reactor that
    does not run yet ends as soon as it does.

    Source: Node 20, C{process}, event C{uncaughtException}.

    @param reactor: the global one by default.
    @return: what tells the failure. A program's exit status can come of that.
    """
    return Uncaught(reactor)


@implementer(ILogObserver)
class Uncaught:
    """
    Ends the reactor when the log hears of an exception that nobody has caught.

    @ivar failure: the first; C{None}: there was none.
    """

    def __init__(self, reactor: ReactorLike | None) -> None:
        self._reactor = reactor
        self.failure: Failure | None = None
        globalLogPublisher.addObserver(self)

    def __call__(self, event: Any) -> None:
        # By Twisted 24.3, a reactor's own comes through the old log, as "failure".
        failure = event.get("log_failure", event.get("failure"))
        if event.get("log_level") is not LogLevel.critical or failure is None:
            return
        if self.failure is None:
            self.failure = failure
            its = theReactor(self._reactor)
            if its.running:
                its.callLater(0, _stop, its)
            else:  # as soon as it runs
                its.callWhenRunning(_stop, its)

    def cancel(self) -> None:
        """
        Let the program go on again.
        """
        globalLogPublisher.removeObserver(self)


def _stop(reactor: Any) -> None:
    if reactor.running:
        reactor.stop()
