"""
What a program waits for, as one for Node does.
"""

from __future__ import annotations

from typing import Any

from nodenet.node._net.turns import pending
from nodenet.timers import theReactor, ticksLeft

__all__ = ["Referenced", "busy", "closed", "opened"]


class Referenced:
    """
    What a program waits for, unless it says that it does not.

    @ivar referenced: L{unref} was not called.
    """

    __slots__ = ("referenced",)

    def __init__(self) -> None:
        self.referenced = True

    def ref(self) -> None:
        self.referenced = True

    def unref(self) -> None:
        self.referenced = False

    def hasRef(self) -> bool:
        return self.referenced


#: Those that are open, which live whoever refers to them.
_open: dict[Any, None] = {}  # which takes less than a set


def busy(reactor: Any = None) -> bool:
    """
    Whether a program as for Node has anything left to wait for: a socket, a server or a
    look-up that is not C{unref}ed, or what such a one is about to tell. Timers are not
    counted: they are the reactor's.

    Source: Node 20, event C{beforeExit} of C{process}: that comes when nothing is left.

    @param reactor: the global one by default.
    """
    reactor = theReactor(reactor)
    return (
        pending(reactor)
        or ticksLeft(reactor)
        or any(
            each.active and each.referenced and theReactor(each.reactor) is reactor
            for each in _open
        )
    )


def opened(handle: Any) -> None:
    """
    It is open from now on: it has C{active}, C{referenced} and C{reactor}.
    """
    _open[handle] = None


def closed(handle: Any) -> None:
    """
    It is so no longer.
    """
    _open.pop(handle, None)
