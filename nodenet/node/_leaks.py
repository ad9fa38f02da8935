"""
Node's warnings, and how many listeners an emitter, or a signal, has without one.

Source: Node 20, C{events.defaultMaxListeners}.
"""

from __future__ import annotations

from typing import Any

from nodenet.node._inspect import className, text

__all__ = ["TIMEOUT_MAX", "Defaults", "MaxListenersExceededWarning", "TimeoutOverflowWarning"]

#: Milliseconds; a timer of Node's takes no more.
TIMEOUT_MAX = 2**31 - 1


class Defaults:
    """
    What holds for emitters that say nothing else.
    """

    maxListeners: float = 10
    captureRejections = False


class MaxListenersExceededWarning(RuntimeWarning):
    """
    An emitter has got more listeners than it is likely to need.

    Source: Node 20, C{MaxListenersExceededWarning}.

    @ivar emitter: that has them.
    @ivar target: the same, of an C{EventTarget}.
    @ivar type: of the event.
    @ivar count: of the listeners.
    @ivar name: C{'MaxListenersExceededWarning'}.
    @ivar message: Node's.
    @ivar code: C{None}, as Node gives it none.
    """

    name = "MaxListenersExceededWarning"
    code = None

    def __init__(
        self, emitter: Any, type: object, count: int, most: float, *, target: bool = False
    ) -> None:
        """
        @param target: it is an C{EventTarget}.
        """
        kind, call = ("EventTarget", "events") if target else ("EventEmitter", "emitter")
        name = className(emitter)
        # As Node prints an object whose contents are not wanted.
        shown = name if name == "EventTarget" else f"[{name}]"
        super().__init__(
            f"Possible {kind} memory leak detected. {count} {text(type)} listeners added to"
            f" {shown}. MaxListeners is {text(most)}."
            f" Use {call}.setMaxListeners() to increase limit"
        )
        self.message = str(self)
        self.emitter = self.target = emitter
        self.type = type
        self.count = count


class TimeoutOverflowWarning(RuntimeWarning):
    """
    A timeout is longer than Node's timers can be.

    @ivar name: C{'TimeoutOverflowWarning'}.
    @ivar message: Node's.
    """

    name = "TimeoutOverflowWarning"

    def __init__(self, msecs: float) -> None:
        self.message = (
            f"{text(msecs)} does not fit into a 32-bit signed integer."
            f"\nTimer duration was truncated to {TIMEOUT_MAX}."
        )
        super().__init__(self.message)
