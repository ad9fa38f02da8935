"""
Bulk data that goes from one socket to another within the kernel, past a pipe's listeners:
splice(2), through a pipe of the system's.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from typing import Any

from twisted.internet import main

from nodenet._stream import Stream
from nodenet._transport import READ_SIZE, _Direct, asOSError

__all__ = ["Pipes", "Splice", "possible"]

#: Full reads in a row after which a direction is busy.
BUSY = 4
#: Bytes below which an event has brought little, and so many such events in a row after
#: which a direction is busy no longer.
LITTLE, QUIET = 4096, 16
#: Bytes that one event of the reactor moves at most.
MOST = 1024 * 1024
#: What a pipe holds, in bytes. With the system's 64 KiB bulk data is a third slower;
#: 1 MiB is a tenth faster, but each slow reader may have the kernel hold so much.
SIZE = 256 * 1024

_FLAGS = getattr(os, "SPLICE_F_MOVE", 0) | getattr(os, "SPLICE_F_NONBLOCK", 0)


def possible(source: Stream, dest: Stream) -> bool:
    """
    @return: whether a L{Splice} can be made of them.
    """
    plain = isinstance(source.transport, _Direct) and isinstance(dest.transport, _Direct)
    return plain and hasattr(os, "splice")


class Pipes:
    """
    Pipes of the system's that are empty, for L{Splice}s to share.
    """

    def __init__(self, most: int = 64) -> None:
        """
        @param most: that are kept while nobody needs them.
        """
        self.most = most
        self.spare: list[tuple[int, int]] = []

    def take(self) -> tuple[int, int]:
        """
        @return: descriptors, to read from and to write to.
        @raise OSError: there are no more.
        """
        if self.spare:
            return self.spare.pop()
        pipe = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        with suppress(OSError):  # who is not root has a limit for all, and smaller ones then
            fcntl.fcntl(pipe[1], fcntl.F_SETPIPE_SZ, SIZE)
        return pipe

    def give(self, pipe: tuple[int, int], empty: bool) -> None:
        """
        Take back one that is needed no longer.
        """
        if empty and len(self.spare) < self.most:
            self.spare.append(pipe)
        else:
            for fd in pipe:
                os.close(fd)

    def close(self) -> None:
        """
        Close the spare ones.
        """
        while self.spare:
            for fd in self.spare.pop():
                os.close(fd)


class Splice:
    """
    Has the data of a stream that is piped into another, and that nobody else listens to
    or writes to, move within the kernel as long as there is much of it. C{data} is not
    emitted then, all other events are; the counters go on.

    Both streams are plain connections of nodenet's own (see L{possible}).

    @ivar held: bytes that are in the pipe; no more are read until they have gone.
    """

    __slots__ = (
        "_from",
        "_full",
        "_little",
        "_moved",
        "_pipe",
        "_pipes",
        "_to",
        "dest",
        "held",
        "source",
    )

    def __init__(self, source: Stream, dest: Stream, pipes: Pipes) -> None:
        self.source = source
        self.dest = dest
        self._from, self._to = source.transport, dest.transport
        self.held = 0
        self._pipes = pipes
        self._pipe: tuple[int, int] | None = None  # while splicing
        self._full = 0  # full reads
        self._moved = -1  # bytesRead at the last one, or at the last rest()
        self._little = 0  # events in a row that brought little
        source.on("close", self._closed)
        dest.on("close", self._closed)

    def filled(self) -> None:
        """
        To be called after each full read: when there were several in a row, begin.
        """
        source, dest = self.source, self.dest
        in_a_row = source.bytesRead - READ_SIZE == self._moved
        self._moved = source.bytesRead
        self._full = self._full + 1 if in_a_row else 1
        # What is queued in the stream has to go out first.
        if self._full < BUSY or dest._send is None or source._special:
            return
        try:
            self._pipe = self._pipes.take()
        except OSError:  # out of descriptors: then without
            return
        self._full = self._little = 0
        self._from.doRead = self._read
        self._to.flush = self._flush

    def _read(self) -> Any:
        """
        The reactor: there is data, or the end.
        """
        source, pipe = self.source, self._pipe
        if pipe is None or self.held:
            return None
        total = 0
        ended: Any = None
        while total < MOST and not self.held:
            try:
                # The end is 0.
                got = os.splice(self._from.fileno(), pipe[1], SIZE, flags=_FLAGS)
            except BlockingIOError:
                break
            except OSError as e:
                ended = e
                break
            if not got:
                ended = main.CONNECTION_DONE
                break
            source.bytesRead += got
            total += got
            self.held = got
            self.dest.bufferSize += got
            if not self._write():
                return None
        if self.held:
            self._from.stopReading()
            self._to.startWriting()
        self._little = self._little + 1 if total < LITTLE else 0
        if ended is not None or (self._little >= QUIET and not self.held):
            self.stop()
        return ended

    def _write(self) -> bool:
        """
        Move on what is held, as far as it fits.

        @return: whether C{dest} is still there.
        """
        dest, pipe = self.dest, self._pipe
        assert pipe is not None
        while self.held:
            try:
                sent = os.splice(pipe[0], self._to.fileno(), self.held, flags=_FLAGS)
            except BlockingIOError:
                break
            except OSError as e:
                dest.destroy(asOSError(e, "write"))
                return False
            self.held -= sent
            dest.bytesWritten += sent
            dest.bufferSize -= sent
        dest._touch()
        self.source._touch()
        return True

    def _flush(self) -> bool:
        """
        C{dest} takes data again.

        @return: whether there is more to come.
        """
        if self._pipe is None:
            return False
        # An event of the same turn may have lost C{source}.
        if self._write() and not self.held and self._from.connected:
            self._from.startReading()
        return bool(self.held)

    def rest(self) -> None:
        """
        To be called from time to time: a direction that has had nothing since the last
        call gives its pipe back.
        """
        if self._pipe is not None:
            if self._moved == self.source.bytesRead and not self.held:
                self.stop()
            self._moved = self.source.bytesRead

    def stop(self) -> None:
        """
        Go back to C{data} events.
        """
        pipe, self._pipe = self._pipe, None
        if pipe is None:
            return
        self._pipes.give(pipe, empty=not self.held)
        with suppress(AttributeError):  # closed meanwhile
            del self._from.doRead
        if self._to.flush is not None:
            self._to.flush = self.dest._flush

    def _closed(self, had_error: bool) -> None:
        self.stop()
