"""
What readable and writable sides have in common.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from typing import Any

from nodenet.node._streams.abort import addAbortSignal
from nodenet.node._streams.state import Options
from nodenet.node.validators import isTruthy

__all__ = ["CHUNKS", "VIEWS", "putHooks"]

#: What a message says that a chunk must be.
CHUNKS = ("string", "Buffer", "TypedArray", "DataView")
#: What is bytes, but not a C{bytes}.
VIEWS = (bytearray, memoryview, array)


def putHooks(stream: Any, options: Options, hooks: Mapping[str, str]) -> None:
    """
    Make hooks of the options that are functions, and listen to the signal.

    @param hooks: option -> attribute.
    """
    for option, hook in hooks.items():
        function = options.get(option)
        if callable(function):
            setattr(stream, hook, function)
    signal: Any = options.get("signal")
    if isTruthy(signal):
        addAbortSignal(signal, stream)
