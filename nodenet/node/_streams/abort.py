"""
A signal that destroys a stream. Node 20, C{stream.addAbortSignal}.
"""

from __future__ import annotations

from typing import Any

from nodenet.node._streams.finished import eos
from nodenet.node._streams.utils import isNodeStream
from nodenet.node.abort import addAbortListener
from nodenet.node.errors import ERR_INVALID_ARG_TYPE, AbortError, undefined

__all__ = ["addAbortSignal"]


def addAbortSignal(signal: Any = undefined, stream: Any = undefined) -> Any:
    """
    Destroy the stream with an AbortError when the signal says so.

    @param signal: see L{nodenet.node.abort}.
    @return: the stream.
    @raise ERR_INVALID_ARG_TYPE: that is no signal, or no stream.
    """
    if not hasattr(signal, "aborted"):
        raise ERR_INVALID_ARG_TYPE("signal", "AbortSignal", signal)
    if not isNodeStream(stream):
        raise ERR_INVALID_ARG_TYPE(
            "stream", ["ReadableStream", "WritableStream", "Stream"], stream
        )

    def abort(*_: Any) -> None:
        stream.destroy(AbortError(cause=getattr(signal, "reason", None)))

    if signal.aborted:
        abort()
    else:
        forget = addAbortListener(signal, abort).dispose
        eos(stream, {}, lambda error=None: forget())
    return stream
