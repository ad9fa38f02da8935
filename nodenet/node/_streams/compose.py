"""
Several streams as one. Node 20, C{stream.compose}.
"""

from __future__ import annotations

from typing import Any

from nodenet.node._streams.destroy import destroyer
from nodenet.node._streams.duplex import Duplex
from nodenet.node._streams.duplexify import Pair, duplexify
from nodenet.node._streams.finished import eos
from nodenet.node._streams.operators import composers
from nodenet.node._streams.pipeline import pipeline
from nodenet.node._streams.utils import isNodeStream, isReadable, isWritable
from nodenet.node.errors import ERR_INVALID_ARG_VALUE, ERR_MISSING_ARGS, AbortError

__all__ = ["compose"]


class _Composed(Pair):
    """
    A duplex that writes to the first of a pipeline and reads from the last.
    """

    def __init__(self, streams: list[Any]) -> None:
        tail = pipeline(streams, self.through)
        self.begin(Duplex, tail, streams[0])
        if self.duplex.writable:
            eos(tail, {}, lambda error=None: self.ended())

    def through(self, error: Any = None) -> None:
        callback, self.onclose = self.onclose, None
        duplex = self.duplex
        if callback:
            callback(error)
        elif error:
            duplex.destroy(error)
        elif (
            duplex._readableState.readable is False and duplex._writableState.writable is False
        ):
            duplex.destroy()

    def destroy(self, error: Any, callback: Any) -> None:
        if not error and self.onclose is not None:
            error = AbortError()
        self.wantsMore = False
        self.ondrain = self.onfinish = None
        if isNodeStream(self.r):
            destroyer(self.r, error)
        if self.onclose is None:
            callback(error)
        else:
            self.onclose = callback


def compose(*streams: Any) -> Any:
    """
    Node 20, C{stream.compose}: a duplex of streams, iterables and functions in a row, see
    L{nodenet.node.stream.pipeline}: what is written to it goes to the first, and what comes
    out of the last is read from it.

    @raise ERR_MISSING_ARGS: there is none.
    @raise ERR_INVALID_ARG_VALUE: one before the last cannot be read from, or one after the
        first cannot be written to.
    """
    if not streams:
        raise ERR_MISSING_ARGS("streams")
    if len(streams) == 1:
        return duplexify(Duplex, streams[0])
    given = streams
    made = list(streams)
    for index in (0, -1):
        if callable(made[index]) and not isNodeStream(made[index]):
            made[index] = duplexify(Duplex, made[index])
    for index, stream in enumerate(made):
        if not isNodeStream(stream):
            continue
        if index < len(made) - 1 and not isReadable(stream):
            raise ERR_INVALID_ARG_VALUE(f"streams[{index}]", given[index], "must be readable")
        if index and not isWritable(stream):
            raise ERR_INVALID_ARG_VALUE(f"streams[{index}]", given[index], "must be writable")
    return _Composed(made).duplex


composers.append(compose)
