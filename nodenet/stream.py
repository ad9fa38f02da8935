"""
Node's C{Stream}: an emitter that can be piped into another.

Source: Node v0.3.3, C{lib/stream.js}.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from nodenet.errors import EndedError
from nodenet.events import EventEmitter

__all__ = ["Stream"]

_D = TypeVar("_D")


class Stream(EventEmitter):
    """
    What can be piped: an emitter of C{data}, C{end} and C{close} that has
    C{pause()} and C{resume()}.
    """

    __slots__ = ()

    def pipe(
        self, dest: _D, options: Mapping[str, bool] | None = None, *, end: bool = True
    ) -> _D:
        """
        Write all that is read from here to C{dest}, no faster than it takes it.

        C{dest} is any emitter of C{drain} and C{close} with C{write(data)},
        C{end()} and C{writable}. The source is paused while C{write} returns
        C{False}, until C{drain}. When either side closes, and when the source
        has ended, the pipe takes its listeners off both.

        @param options: as in Node, C{{'end': False}}.
        @param end: call C{dest.end()} when the source ends.
        @return: C{dest}.
        @raise TypeError: C{dest} is no such thing.
        """
        for name in "on", "removeListener", "write", "end":
            if not callable(getattr(dest, name, None)):
                raise TypeError(f"cannot pipe to what has no {name}(): {dest!r:.60}")
        if options is not None:
            end = options.get("end", end)
        _Pipe(self, dest, end is not False)
        return dest


class _Pipe:
    """
    The listeners of one pipe.
    """

    __slots__ = ("dest", "end", "paused", "source")

    def __init__(self, source: Any, dest: Any, end: bool) -> None:
        self.source = source
        self.dest = dest
        self.end = end
        self.paused = False
        source.on("data", self.ondata)
        source.on("end", self.onend)
        source.on("close", self.onclose)
        dest.on("drain", self.ondrain)
        if dest is not source:
            dest.on("close", self.onclose)

    def ondata(self, chunk: Any) -> None:
        dest = self.dest
        if dest.writable:
            try:
                if dest.write(chunk) is False:
                    self.paused = True
                    self.source.pause()
            except EndedError as e:
                if e.stream is not dest:
                    raise
                # Someone has ended dest, which is still writing what it has
                # queued: nothing more can go there.
                self.onclose()

    def ondrain(self) -> None:
        if self.paused:
            self.paused = False
            if getattr(self.source, "readable", True):
                self.source.resume()

    def onend(self) -> None:
        self.cleanup()
        if self.end:
            self.dest.end()

    def onclose(self, had_error: bool = False) -> None:
        self.cleanup()
        # The pause was the pipe's too; without it the source can end.
        self.ondrain()

    def cleanup(self) -> None:
        source, dest = self.source, self.dest
        source.removeListener("data", self.ondata)
        source.removeListener("end", self.onend)
        source.removeListener("close", self.onclose)
        dest.removeListener("drain", self.ondrain)
        if dest is not source:
            dest.removeListener("close", self.onclose)
