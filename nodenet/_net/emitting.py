"""
How a stream emits what the reactor has brought: there is no caller that could take an
exception.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any

from nodenet import stream
from nodenet.errors import watch

__all__ = ["Emitting"]


class Emitting(stream.Stream):
    """
    A stream that is destroyed by what its listeners let out.
    """

    __slots__ = ("_callbacks", "_life")

    def __init__(self) -> None:
        super().__init__()
        self._life = 0  # counts connections and attempts to have one
        # Of writes that went out at once, while one of them is being called.
        self._callbacks: deque[Callable[[], Any]] | None = None

    def _deliver(self, type: str, *args: Any) -> None:
        """
        Emit for the reactor, which is no caller that could take an exception.
        """
        try:
            self.emit(type, *args)
        except Exception as e:
            self.listenerFailed(e)

    def _callListener(self, callback: Callable[[], Any]) -> None:
        """
        Likewise, for the callback of a write.
        """
        try:
            result = callback()
            if result is not None:
                self.watchResult(result)
        except Exception as e:
            self.listenerFailed(e)

    def _runCallback(self, callback: Callable[[], Any]) -> None:
        """
        Call it now; one of a write within such a callback, when that has returned:
        a chain of them is no recursion.
        """
        if self._callbacks is not None:
            self._callbacks.append(callback)
            return
        self._callbacks = deque([callback])
        try:
            while self._callbacks:
                result = self._callbacks.popleft()()
                if result is not None:
                    self.watchResult(result)
        finally:
            self._callbacks = None

    def watchResult(self, result: object) -> None:
        watch(result, partial(self._laterFailed, self._life))

    def _laterFailed(self, life: int, error: Exception) -> None:
        """
        A coroutine of a listener has failed: it is not to end a later connection.
        """
        super().listenerFailed(error)
        if self._life == life:
            self._endBy(error)

    def listenerFailed(self, error: Exception) -> None:
        super().listenerFailed(error)
        self._endBy(error)

    def _endBy(self, error: Exception) -> None:
        """
        A listener has failed with this, which the log knows.
        """
        raise NotImplementedError
