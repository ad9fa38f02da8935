"""
The time in which nothing is read or written.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nodenet._interfaces import ReactorLike
from nodenet.timers import theReactor

__all__ = ["Idle"]


class Idle:
    """
    Calls C{onIdle} once after each stretch of idleness. No timer is moved for what
    happens: the one there is finds out when it fires.

    @ivar seconds: how long such a stretch is.
    """

    __slots__ = ("_onIdle", "_reactor", "_since", "_timer", "seconds")

    def __init__(
        self, reactor: ReactorLike | None, seconds: float, onIdle: Callable[[], Any]
    ) -> None:
        """
        @param reactor: C{None}: the global one.
        """
        self._reactor: Any = reactor
        self.seconds = seconds
        self._onIdle = onIdle
        self._since = 0.0
        self._timer: Any = None

    def touch(self) -> None:
        """
        Something has happened.
        """
        if self._reactor is None:
            self._reactor = theReactor()
        self._since = self._reactor.seconds()
        if self._timer is None:
            self._timer = self._reactor.callLater(self.seconds, self._fired)

    def _fired(self) -> None:
        left = self._since + self.seconds - self._reactor.seconds()
        if left > 0.0005:
            self._timer = self._reactor.callLater(left, self._fired)
        else:
            self._timer = None
            self._onIdle()

    def stop(self) -> None:
        """
        Call no more, until L{touch}.
        """
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
