"""
Bulk data that goes from one socket to another within the kernel, past a pipe's listeners:
splice(2), through a pipe of the system's.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from functools import partial
from typing import Any

from twisted.internet import main

from nodenet._net.stream import Stream
from nodenet._transports.choose import isDirect
from nodenet._transports.wire import READ_SIZE

__all__ = ["Splicer"]

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


class Splicer:
    """
    What C{source.pipe(dest, splice=splicer)} takes: as long as there is much of it, data
    moves within the kernel. C{data} is not emitted then, all other events are; the counters
    go on. When somebody else listens to C{data}, or the source is paused, gets an encoding
    or is secured, data comes as events again.

    It needs two connected streams over nodenet's own transports, without TLS, and Linux; where
    something is missing, the pipe is as any other.

    One may serve any number of pipes, which share what pipes of the system's it has.

    @ivar spare: pipes that nobody needs now: descriptors, to read from and to write to.
    """

    def __init__(self, most: int = 64) -> None:
        """
        @param most: spare pipes that are kept.
        """
        self._most = most
        self.spare: list[tuple[int, int]] = []
        self._active: set[Joint] = set()  # those that have a pipe

    def join(self, source: Any, dest: Any) -> None:
        """
        See to a pipe, which has just begun to listen to the source's C{data}; called by
        L{Stream.pipe<nodenet.net.Stream.pipe>}.
        """
        if not (
            hasattr(os, "splice") and isinstance(source, Stream) and isinstance(dest, Stream)
        ):
            return
        transport, to = source.transport, dest.transport
        if isDirect(transport) and isDirect(to) and source is not dest:
            listener = source.rawListeners("data")[-1]
            transport.onFullRead = partial(self._firstFullRead, source, dest, to, listener)

    def take(self) -> tuple[int, int]:
        """
        @return: a pipe that is empty.
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
        if empty and len(self.spare) < self._most:
            self.spare.append(pipe)
        else:
            for fd in pipe:
                os.close(fd)

    def releaseIdle(self) -> None:
        """
        To be called from time to time: a direction that has had nothing since the last
        call gives its pipe back.
        """
        for joint in list(self._active):
            joint.releaseIfIdle()

    def close(self) -> None:
        """
        Close the spare pipes.
        """
        while self.spare:
            for fd in self.spare.pop():
                os.close(fd)

    def _firstFullRead(self, source: Stream, dest: Stream, to: Any, listener: Any) -> None:
        if dest.transport is not to:  # secured meanwhile, or it is another connection
            source.transport.onFullRead = None
            return
        joint = Joint(self, source, dest, listener, self._active)
        source.transport.onFullRead = joint.onFullRead
        joint.onFullRead()


class Joint:
    """
    One pipe that has been busy.

    @ivar held: bytes that are in the system's pipe; no more are read until they have gone.
    """

    __slots__ = (
        "_active",
        "_from",
        "_full",
        "_listener",
        "_little",
        "_moved",
        "_pipe",
        "_splicer",
        "_to",
        "dest",
        "held",
        "source",
    )

    def __init__(
        self,
        splicer: Splicer,
        source: Stream,
        dest: Stream,
        listener: Any,
        active: set[Joint],
    ) -> None:
        """
        @param listener: the pipe's own, to C{data}.
        @param active: those that have a pipe of the system's.
        """
        self.source = source
        self.dest = dest
        self._from, self._to = source.transport, dest.transport
        self.held = 0
        self._listener = listener
        self._splicer = splicer
        self._active = active
        self._pipe: tuple[int, int] | None = None  # while splicing
        self._full = 0  # full reads
        self._moved = -1  # bytesRead at the last one, or when idleness was last looked for
        self._little = 0  # events in a row that brought little
        source.on("close", self._closed)
        dest.on("close", self._closed)

    def _alone(self) -> bool:
        """
        @return: whether nobody but the pipe sees the data, and what it writes would go
            straight to the kernel.
        """
        source, dest = self.source, self.dest
        return (
            source.emitsPlainly
            and source.transport is self._from
            and source.rawListeners("data") == [self._listener]
            and not source.listenerCount("fd")  # which splice(2) drops
            and dest.transport is self._to
            and dest.sendsAtOnce
        )

    def onFullRead(self) -> None:
        """
        To be called after each full read: when there were several in a row, begin.
        """
        source = self.source
        inARow = source.bytesRead - READ_SIZE == self._moved
        self._moved = source.bytesRead
        self._full = self._full + 1 if inARow else 1
        # There is one at a time for each destination.
        if self._full < BUSY or self._to.diverted or not self._alone():
            return
        try:
            self._pipe = self._splicer.take()
        except OSError:  # out of descriptors: then without
            return
        self._active.add(self)
        self._full = self._little = 0
        self._from.divertReads(self._read)
        self._to.divertWrites(self._flush)

    def _read(self) -> Any:
        """
        The reactor: there is data, or the end.
        """
        source, pipe = self.source, self._pipe
        if pipe is None:
            return None
        if self.held:
            self._from.stopReading()  # resume() had it start
            return None
        if not self._alone():
            self.stop()
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
            source.countRead(got)
            total += got
            self.held = got
            self.dest.countQueued(got)
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

        @return: whether C{dest} still takes data.
        """
        dest, pipe = self.dest, self._pipe
        assert pipe is not None
        while self.held:
            try:
                sent = os.splice(pipe[0], self._to.fileno(), self.held, flags=_FLAGS)
            except BlockingIOError:
                break
            except OSError as e:
                self.stop()
                dest.sendFailed(e)
                return False
            self.held -= sent
            dest.countSent(sent)
        self.source.touch()
        return True

    def _flush(self) -> bool:
        """
        C{dest} takes data again.

        @return: whether there is more to come.
        """
        if self._pipe is None:
            return False
        if self._write() and not self.held:
            if self._from.connected:
                self._readOn()
            else:
                self._closed()
        return self.held > 0

    def _readOn(self) -> None:
        if self._from.connected and not self.source.isPaused():
            self._from.startReading()

    def releaseIfIdle(self) -> None:
        if not self.held and (self._moved == self.source.bytesRead or not self._alone()):
            self.stop()
        self._moved = self.source.bytesRead

    def stop(self) -> None:
        """
        Go back to C{data} events.
        """
        pipe, self._pipe = self._pipe, None
        if pipe is None:
            return
        self._active.discard(self)
        held, self.held = self.held, 0
        self._splicer.give(pipe, empty=not held)
        self._from.undivertReads()
        self._to.divertWrites(None)
        if held:  # dest has gone, and we had stopped
            self._readOn()

    def _closed(self, had_error: bool = False) -> None:
        """
        One of the two has gone. What is held is still to reach the other.
        """
        if self.held and self._to.connected:
            return
        self.stop()
        self.source.removeListener("close", self._closed)
        self.dest.removeListener("close", self._closed)
