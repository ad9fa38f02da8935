"""
What comes in, where there is more to do than to emit it.
"""

from __future__ import annotations

import os
from collections import deque
from typing import Any

from nodenet.encodings import Decoder

__all__ = ["END", "Inbox"]

#: The peer's FIN, among what is held.
END = object()


class Inbox:
    """
    The rare things of reading. A stream has one only while any of them is on.

    @ivar decoder: of C{setEncoding}.
    @ivar paused: nothing is to be delivered.
    @ivar held: what has come while paused, from transports that do not stop at once: bytes,
        L{END}, or the reason for which the connection was lost.
    @ivar descriptors: received; they are delivered after the data that they came with.
    """

    __slots__ = ("decoder", "descriptors", "held", "paused")

    def __init__(self, decoder: Decoder | None = None) -> None:
        self.decoder = decoder
        self.paused = False
        self.held: deque[Any] | None = None
        self.descriptors: list[int] | None = None

    @property
    def idle(self) -> bool:
        """
        Whether it could as well not be there.
        """
        return not (self.decoder or self.paused or self.held or self.descriptors)

    def hold(self, what: Any) -> bool:
        """
        @return: whether C{what} has to wait, and now does.
        """
        if not (self.paused or self.held):
            return False
        if self.held is None:
            self.held = deque()
        self.held.append(what)
        return True

    def putBack(self, what: Any) -> None:
        """
        C{what} is to be delivered next.
        """
        self.held = deque([what, *(self.held or ())])

    def next(self) -> Any:
        """
        @return: what is to be delivered next; C{None}: nothing.
        """
        return self.held.popleft() if self.held and not self.paused else None

    def decode(self, data: bytes) -> bytes | str | None:
        """
        @return: what to emit; C{None}: nothing, for a character is not complete.
        """
        return data if self.decoder is None else self.decoder.write(data) or None

    def rest(self) -> str | None:
        """
        @return: what to emit at the end of the data, for a character that stays incomplete.
        """
        return None if self.decoder is None else self.decoder.end() or None

    def addDescriptor(self, fd: int) -> None:
        if self.descriptors is None:
            self.descriptors = []
        self.descriptors.append(fd)

    def nextDescriptor(self) -> int | None:
        """
        @return: a descriptor to deliver, which is the caller's now.
        """
        return self.descriptors.pop(0) if self.descriptors and not self.paused else None

    def close(self) -> None:
        """
        Nothing of this is delivered.
        """
        self.held = None
        self.paused = False
        for fd in self.descriptors or ():
            os.close(fd)
        self.descriptors = None
