"""
The daemon's log, in which nothing that comes often has more than a line a second.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from twisted.logger import Logger

__all__ = ["Throttle", "errorText", "log"]

log = Logger("nodenet")

#: Seconds between two lines about the same.
QUIET = 1

_T = TypeVar("_T")


def errorText(error: Any) -> str:
    """
    @param error: of a stream.
    @return: the errno's name, and more if more is known than that says.
    """
    code, text = getattr(error, "code", None), getattr(error, "strerror", None)
    if not code:
        return str(error) or type(error).__name__
    if text and text != os.strerror(error.errno):
        return f"{code}, {text}"
    return str(code)


class Throttle(Generic[_T]):
    """
    Tells of what happens, at most once a second for each key: of the first at once, of
    those within the second after it when that is over, by the last of them.
    """

    def __init__(self, reactor: Any, tell: Callable[[_T, int], Any]) -> None:
        """
        @param tell: called with the last subject, and how many there were since the call
            before.
        """
        self._reactor = reactor
        self._tell = tell
        # key -> the call that is to tell; how many, and the last of them.
        self._calls: dict[Any, Any] = {}
        self._counts: dict[Any, int] = {}
        self._last: dict[Any, _T] = {}

    def add(self, key: Any, subject: _T) -> None:
        """
        @param key: one of a few.
        """
        count = self._counts.get(key)
        if count is None:
            self._begin(key, subject, 1)
        else:
            self._counts[key] = count + 1
            self._last[key] = subject

    def _begin(self, key: Any, subject: _T, count: int) -> None:
        self._calls[key] = self._reactor.callLater(QUIET, self._again, key)
        self._counts[key] = 0
        self._tell(subject, count)

    def _again(self, key: Any) -> None:
        del self._calls[key]
        count = self._counts.pop(key)
        if count:
            self._begin(key, self._last.pop(key), count)

    def stop(self) -> None:
        """
        Tell now of those that were not told of: there will be no more.
        """
        for call in self._calls.values():
            call.cancel()
        self._calls.clear()
        for key, subject in self._last.items():
            self._tell(subject, self._counts[key])
        self._counts.clear()
        self._last.clear()
