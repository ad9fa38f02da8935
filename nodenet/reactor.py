"""
Twisted's epoll reactor, made to spend less on each event.

C{twistd --reactor=nodenet}, or L{install} before anything imports
C{twisted.internet.reactor}. All programs run on it; it knows nothing of the rest of
nodenet.
"""

from __future__ import annotations

from threading import get_ident
from time import monotonic, time
from typing import Any

from twisted.internet.epollreactor import (  # ImportError where there is no epoll
    EPOLLERR,
    EPOLLHUP,
    EPOLLIN,
    EPOLLOUT,
    EPollReactor,
)
from twisted.internet.error import ConnectionFdescWentAway
from twisted.internet.main import installReactor
from twisted.python import context
from twisted.python.log import ILogContext, callWithLogger, err

__all__ = ["Reactor", "install"]

#: Events that one wait takes at most: what is due by the clock waits for no more
#: than these, however many connections there are.
_EVENTS = 512

_HANGUP = EPOLLHUP | EPOLLERR
_LOST = ConnectionFdescWentAway("File descriptor lost")


class _Context(dict[Any, Any]):
    """
    The context (C{twisted.python.context}) of all events. Twisted makes one for each, with
    the transport's prefix for the log; this asks for that when somebody logs.

    @ivar serving: whose event it is, while there is one.
    """

    __slots__ = ("_outer", "_thread", "serving")

    def __init__(self) -> None:
        super().__init__()
        self.serving: Any = None
        self._outer = context.get(ILogContext)
        self._thread = get_ident()

    def __missing__(self, key: Any) -> dict[str, Any]:
        # Other threads may have it, from deferToThread: it is not their event.
        if key is not ILogContext or self.serving is None or get_ident() != self._thread:
            raise KeyError(key)
        try:
            prefix = self.serving.logPrefix()
        except Exception:
            prefix = "(buggy logPrefix method)"  # as Twisted has it
        return {**self._outer, "system": prefix}


class Reactor(EPollReactor):
    """
    What differs from Twisted's:

      - C{doRead} and C{doWrite} are called directly, not within a log context of
        their own, which takes longer than a small message.
      - A descriptor that was registered by an earlier event of the same wait does not
        get the event of a closed one, whose number it has.
      - Its clock is the monotonic one: when somebody sets the wall clock, no timer
        comes early or late.
    """

    def __init__(self) -> None:
        # Some print what seconds() says as a date.
        self._epoch = time() - monotonic()
        # Descriptors registered since the last wait: no event of it is theirs.
        self._fresh: set[int] = set()
        self._context = _Context()
        self._files = False  # there is one, which epoll does not take
        super().__init__()

    def seconds(self) -> float:
        """
        @return: seconds since 1970 by the wall clock as it was when the reactor was
            made; monotonic since then.
        """
        return monotonic() + self._epoch

    def mainLoop(self) -> None:
        self._context = _Context()  # of the thread that runs
        context.call(self._context, super().mainLoop)

    def addReader(self, reader: Any) -> None:
        fd = reader.fileno()
        if fd not in self._selectables and fd >= 0:
            try:
                self._poller.register(fd, EPOLLIN)
            except OSError:
                self._files = True
                super().addReader(reader)
                return
            self._reads.add(fd)
            self._selectables[fd] = reader
            self._fresh.add(fd)
        elif fd not in self._reads:
            super().addReader(reader)

    def removeReader(self, reader: Any) -> None:
        fd = reader.fileno()
        if fd in self._reads and fd not in self._writes:
            self._reads.remove(fd)
            del self._selectables[fd]
            self._poller.unregister(fd)
        elif fd in self._reads or fd < 0 or self._files:
            super().removeReader(reader)

    def removeWriter(self, writer: Any) -> None:
        fd = writer.fileno()
        if fd in self._writes or fd < 0 or self._files:
            super().removeWriter(writer)

    def addWriter(self, writer: Any) -> None:
        super().addWriter(writer)
        if writer.fileno() not in self._selectables:
            self._files = True

    def _add(self, xer: Any, primary: Any, other: Any, selectables: Any, *events: Any) -> None:
        fd = xer.fileno()
        if fd not in selectables:
            self._fresh.add(fd)
        super()._add(xer, primary, other, selectables, *events)

    def doPoll(self, timeout: float | None) -> None:
        """
        Wait for events, and serve them.

        @param timeout: seconds to wait at most; C{None}: until there is one.
        """
        events = self._poller.poll(timeout, _EVENTS)
        get, fresh, current = self._selectables.get, self._fresh, self._context
        fresh.clear()
        for fd, event in events:
            selectable = get(fd)
            if selectable is None or fd in fresh:  # closed by an event before this
                continue
            current.serving = selectable
            # Rare: at the end of a connection that both have ended, it comes with EPOLLIN.
            if event & _HANGUP and not event & EPOLLIN:
                callWithLogger(selectable, self._doReadOrWrite, selectable, fd, event)
                continue
            # The rest is Twisted's _doReadOrWrite, less what is for hang-ups.
            why: Any = None
            isRead = False
            try:
                if selectable.fileno() == -1:
                    why = _LOST
                else:
                    if event & EPOLLIN:
                        why = selectable.doRead()
                        isRead = True
                    if event & EPOLLOUT and not why:
                        why = selectable.doWrite()
                        isRead = False
            except BaseException as e:
                why = e
                callWithLogger(selectable, err)
            if why:
                try:
                    self._disconnectSelectable(selectable, why, isRead)
                except KeyboardInterrupt:
                    raise
                except BaseException:
                    callWithLogger(selectable, err)
        current.serving = None

    doIteration = doPoll


def install() -> None:
    """
    Make this the process's reactor.

    @raise ReactorAlreadyInstalledError: it has one.
    """
    installReactor(Reactor())
