"""
When a program that is written as for Node is at its end.

Node's process ends when nothing is left to come, or with an exception that nobody catches. A
reactor does neither by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.logger import ILogObserver, LogLevel, globalLogPublisher
from twisted.python.failure import Failure
from zope.interface import implementer

from nodenet.node._net.handle import busy
from nodenet.timers import theReactor

__all__ = ["busy", "exitOnUncaught"]


def exitOnUncaught(reactor: Any = None) -> Callable[[], Failure | None]:
    """
    From now on, end the reactor when an exception is caught by nobody: an C{error} event
    without a listener, what a listener raises, or what a coroutine of one fails with. By
    default such an exception is logged as critical, and the program goes on.

    Source: Node 20, C{process}, event C{uncaughtException}.

    @return: a function that tells the failure that has ended it; C{None}: there was none. A
        program's exit status can come of that.
    """
    failure: Failure | None = None

    @implementer(ILogObserver)
    def observe(event: Any) -> None:
        nonlocal failure
        if event.get("log_level") is not LogLevel.critical or "log_failure" not in event:
            return
        if failure is None:
            failure = event["log_failure"]
            its = theReactor(reactor)
            if its.running:
                its.callLater(0, _stop, its)

    globalLogPublisher.addObserver(observe)
    return lambda: failure


def _stop(reactor: Any) -> None:
    if reactor.running:
        reactor.stop()
