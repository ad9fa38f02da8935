"""
A signal that destroys a stream. Node 20, C{stream.addAbortSignal}.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from nodenet.node._streams.finished import eos
from nodenet.node._streams.utils import isNodeStream
from nodenet.node.abort import addAbortListener
from nodenet.node.errors import ERR_INVALID_ARG_TYPE, AbortError

if TYPE_CHECKING:
    from nodenet.node._types import SignalLike

from nodenet.node.validators import forgiving

__all__ = ["addAbortSignal"]

_S = TypeVar("_S")


@forgiving
def addAbortSignal(signal: SignalLike, stream: _S) -> _S:
    """
    Destroy the stream with an AbortError when the signal says so.

    Source: Node 20, C{stream.addAbortSignal}.

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

    its: Any = stream

    def abort(*_: Any) -> None:
        its.destroy(AbortError(cause=getattr(signal, "reason", None)))

    if signal.aborted:
        abort()
    else:
        forget = addAbortListener(signal, abort).dispose
        eos(stream, {}, lambda error=None: forget())
    return stream
