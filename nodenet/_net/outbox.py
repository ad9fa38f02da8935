"""
What has been written, and waits until the transport takes it.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from nodenet._transports.wire import Wire

__all__ = ["Outbox"]

#: Pieces that one system call takes at most.
_PIECES = 64


class _Entry:
    """
    One write.

    @ivar data: what of it has not gone out.
    @ivar callback: to be called when all has.
    @ivar fd: a descriptor to send with it, which is the entry's own.
    """

    __slots__ = ("callback", "data", "fd")

    def __init__(self, data: bytes | memoryview, callback: Any, fd: int | None) -> None:
        self.data = data
        self.callback: Callable[[], Any] | None = callback
        self.fd = fd


class Outbox:
    """
    The queue of a stream; there is one only while something is in it.
    """

    __slots__ = ("_begun", "_clear", "_early", "_entries")

    def __init__(self) -> None:
        self._entries: deque[_Entry] = deque()
        # How many of the entries were written before there was a connection, until they
        # begin to go out.
        self._early = 0
        # How many of them the transport has begun to send, or may have.
        self._begun = 0
        # How many of them are to go out before TLS begins; None: it does not.
        self._clear: int | None = None

    @property
    def waits(self) -> bool:
        """
        Whether there is anything to send.
        """
        return bool(self._entries)

    def connected(self) -> None:
        """
        What is here was written before there was a connection.
        """
        self._early = len(self._entries)

    def add(self, data: bytes | memoryview, callback: Any, fd: int | None = None) -> None:
        self._entries.append(_Entry(data, callback, fd))

    @property
    def hasDescriptors(self) -> bool:
        return any(entry.fd is not None for entry in self._entries)

    def calls(self, callback: Any) -> None:
        """
        Call this when the last write has gone out.
        """
        self._entries[-1].callback = callback

    def beginTLSBehind(self) -> None:
        """
        TLS is to begin when what was written on the connection has gone out. What was
        written before there was one goes inside, but for a write that has begun to go out.
        """
        begun = [self._entries.popleft() for _ in range(min(self._begun, self._early))]
        inside = self._early - len(begun)
        self._entries.rotate(-inside)
        self._entries.extendleft(reversed(begun))
        self._clear = len(self._entries) - inside
        self._early = 0

    @property
    def securing(self) -> bool:
        """
        Whether TLS is to begin, and has not.
        """
        return self._clear is not None

    def takeTLS(self) -> bool:
        """
        @return: whether TLS is to begin now. It is told once.
        """
        if self._clear != 0:
            return False
        self._clear = None
        return True

    def send(self, wire: Wire) -> int:
        """
        Hand over what the transport takes at once. L{sent} has to follow.

        @return: how many bytes that was.
        @raise BlockingIOError: none.
        @raise OSError: the connection has failed.
        """
        first = self._entries[0]
        if first.fd is not None:
            size = wire.sendDescriptor(first.data, first.fd)
            os.close(first.fd)
            first.fd = None
            return size
        pieces = []
        for entry in islice(self._entries, min(_PIECES, self._clear or _PIECES)):
            if entry.fd is not None:
                break
            pieces.append(entry.data)
        if wire.buffers:  # it may have some of them without telling
            self._begun = len(pieces)
        return wire.sendv(pieces)

    def sent(self, size: int) -> Iterator[Callable[[], Any]]:
        """
        Take off what has gone out.

        @return: the callbacks of the writes that are done with, each to be called before
            the next is asked for.
        """
        entries = self._entries
        while entries:
            first = entries[0]
            left = len(first.data) - size
            if left > 0 or first.fd is not None:
                if size:
                    first.data = memoryview(first.data)[size:]
                    self._begun = max(self._begun, 1)
                return
            size = -left
            entries.popleft()
            self._early = max(self._early - 1, 0)
            self._begun = max(self._begun - 1, 0)
            if self._clear:
                self._clear -= 1
            if first.callback is not None:
                yield first.callback
            if self._clear == 0:
                return

    def close(self) -> None:
        """
        Nothing of this goes out.
        """
        for entry in self._entries:
            if entry.fd is not None:
                os.close(entry.fd)
        self._entries.clear()
