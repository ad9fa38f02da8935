"""
From one stream to another. Node 20, C{readable.pipe}.
"""

from __future__ import annotations

from typing import Any

from nodenet.node._streams.destroy import errorOrDestroy
from nodenet.node._streams.utils import tick

__all__ = ["Pipe"]


class Pipe:
    """
    What listens to a source and to its destination while they are piped.
    """

    __slots__ = ("dest", "draining", "over", "source")

    def __init__(self, source: Any, dest: Any, end: bool) -> None:
        """
        @param end: end the destination with the source.
        """
        self.source = source
        self.dest = dest
        self.over = False
        self.draining = False
        state = source._readableState
        ended = self.onend if end else self.unpipe
        if state.endEmitted:
            tick(source, ended)
        else:
            source.on("end", ended)
        dest.on("unpipe", self.onunpipe)
        source.on("data", self.ondata)
        # No once, which costs an object each: they take themselves off.
        # Before those of users: it must be unpiped when they are told.
        prepend = getattr(dest, "prependListener", None) or dest.on
        prepend("error", self.onerror)
        dest.on("close", self.onover)
        dest.on("finish", self.onover)
        dest.emit("pipe", source)
        if getattr(dest, "writableNeedDrain", None) is True:
            self.pause()
        elif not state.flowing:
            source.resume()

    def ondata(self, chunk: Any = None, *_: Any) -> None:
        if self.dest.write(chunk) is False:
            self.pause()

    def pause(self) -> None:
        dest = self.dest
        # A write may have unpiped us: then nobody would call resume.
        if not self.over:
            state = self.source._readableState
            pipes = state.pipes
            if len(pipes) == 1 and pipes[0] is dest:
                state.awaitDrainWriters = dest
                state.multiAwaitDrain = False
            elif len(pipes) > 1 and any(each is dest for each in pipes):
                state.awaitDrainWriters.add(dest)
            self.source.pause()
        if not self.draining:
            # Once for all: adding and removing it each time is too slow.
            self.draining = True
            dest.on("drain", self.ondrain)

    def ondrain(self, *_: Any) -> None:
        state = self.source._readableState
        waiting = state.awaitDrainWriters
        if waiting is self.dest:
            waiting = state.awaitDrainWriters = None
        elif state.multiAwaitDrain:
            waiting.discard(self.dest)
        none = waiting is None or (isinstance(waiting, set) and not waiting)
        if none and state.dataListening:
            self.source.resume()

    def onend(self, *_: Any) -> None:
        self.source.removeListener("end", self.onend)
        self.dest.end()

    def unpipe(self, *_: Any) -> None:
        self.source.removeListener("end", self.unpipe)
        self.source.unpipe(self.dest)

    def onerror(self, error: Any = None, *_: Any) -> None:
        dest = self.dest
        self.unpipe()
        dest.removeListener("error", self.onerror)
        if dest.listenerCount("error"):
            return
        # We were the only one: it must not get lost.
        state = getattr(dest, "_writableState", None) or getattr(dest, "_readableState", None)
        if state is not None and not state.errorEmitted:
            errorOrDestroy(dest, error)  # somebody else has emitted it
        else:
            dest.emit("error", error)

    def onover(self, *_: Any) -> None:
        self.dest.removeListener("close", self.onover)
        self.dest.removeListener("finish", self.onover)
        self.unpipe()

    def onunpipe(self, source: Any = None, info: Any = None, *_: Any) -> None:
        if source is self.source and info and info.get("hasUnpiped") is False:
            info["hasUnpiped"] = True
            self._cleanUp()

    def _cleanUp(self) -> None:
        source, dest = self.source, self.dest
        dest.removeListener("close", self.onover)
        dest.removeListener("finish", self.onover)
        if self.draining:
            dest.removeListener("drain", self.ondrain)
        dest.removeListener("error", self.onerror)
        dest.removeListener("unpipe", self.onunpipe)
        source.removeListener("end", self.onend)
        source.removeListener("end", self.unpipe)
        source.removeListener("data", self.ondata)
        self.over = True
        # If the source waits for us, it must not do so for ever.
        if self.draining and source._readableState.awaitDrainWriters is not None:
            state = getattr(dest, "_writableState", None)
            if state is None or state.needDrain:
                self.ondrain()
