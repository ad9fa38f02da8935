"""
What the kernel knows of a connection, besides what a stream tells.
"""

from __future__ import annotations

import fcntl
import os
import select
import socket
import struct
import termios
from typing import Any

from nodenet import net
from nodenet.timers import clearTimeout, setTimeout

__all__ = ["LateReset", "hasUnread", "isGone", "isReset"]

#: The state of a connection that is no more (Linux, tcp_states.h).
_CLOSED = 7
#: Milliseconds between two looks whether all has been delivered: at first, and at most.
SOON, LATER = 5, 500


def _count(fd: int, request: int) -> int:
    """
    @return: bytes; 0 where that cannot be asked.
    """
    try:
        count: int = struct.unpack("i", fcntl.ioctl(fd, request, b"\0" * 4))[0]
    except OSError:
        return 0
    return count


def hasUnread(stream: net.Stream) -> bool:
    """
    @return: whether the kernel holds what has come and nobody has read.
    """
    return stream.fd is not None and _count(stream.fd, termios.FIONREAD) > 0


def isReset(stream: net.Stream) -> bool:
    """
    @return: whether the peer has reset the connection. Unlike L{net.Stream.checkReset}, this
        leaves the error to be read, behind what has come before it.
    """
    if stream.fd is None:
        return False
    poll = select.poll()
    poll.register(stream.fd, 0)
    return any(events & select.POLLERR for _, events in poll.poll(0))


def isGone(stream: net.Stream) -> bool:
    """
    @return: whether nothing that is sent can reach the peer any more. Unlike L{isReset}, this
        knows of a reset that somebody was told of already, too.
    """
    fd = stream.fd
    if fd is None:  # a transport without a socket tells by itself
        return False
    poll = select.poll()
    poll.register(fd, 0)
    for _, events in poll.poll(0):
        if events & select.POLLERR:
            return True
        if not events & select.POLLHUP:
            return False
        # Both directions are shut. Of TCP, what was sent before may still be on its way.
        with socket.socket(fileno=os.dup(fd)) as skt:
            if skt.family == socket.AF_UNIX:
                return True
            return skt.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == _CLOSED
    return False


class LateReset:
    """
    Resets a connection as soon as the peer has all that was written to it: an RST throws away
    what is on its way.
    """

    __slots__ = ("_delay", "_reactor", "_stream", "_timer")

    def __init__(self, stream: net.Stream, reactor: Any) -> None:
        self._stream = stream
        self._reactor = reactor
        self._delay = SOON
        self._timer: Any = None
        self._look()

    def _look(self) -> None:
        self._timer = None  # which has fired, and would keep this alive
        stream = self._stream
        if (stream.bufferSize or self._inKernel()) and not isGone(stream):
            self._timer = setTimeout(self._look, self._delay, reactor=self._reactor)
            self._delay = min(2 * self._delay, LATER)
        else:
            stream.resetAndDestroy()

    def _inKernel(self) -> bool:
        """
        @return: whether the peer has not acknowledged all that the kernel has taken.
        """
        fd = self._stream.fd
        # Another name of SIOCOUTQ.
        return fd is not None and _count(fd, termios.TIOCOUTQ) > 0

    def cancel(self) -> None:
        """
        Leave it to somebody else.
        """
        timer, self._timer = self._timer, None
        clearTimeout(timer)
