"""
Streams of the old kind. Node 20, C{readable.wrap}.
"""

from __future__ import annotations

from typing import Any

from nodenet.node._streams.destroy import destroyer, errorOrDestroy
from nodenet.node._streams.state import Options

__all__ = ["wrap", "wrapped"]


def wrap(readable: Any, stream: Any) -> None:
    """
    @param readable: gets what the other one emits.
    @param stream: an emitter of C{data} and C{end}, maybe with C{pause} and C{resume}.
    """
    paused = False

    def ondata(chunk: Any = None, *_: Any) -> None:
        nonlocal paused
        if not readable.push(chunk) and callable(getattr(stream, "pause", None)):
            paused = True
            stream.pause()

    def read(size: int = 0) -> None:
        nonlocal paused
        if paused and callable(getattr(stream, "resume", None)):
            paused = False
            stream.resume()

    stream.on("data", ondata)
    stream.on("end", lambda *_: readable.push(None))
    stream.on("error", lambda error=None, *_: errorOrDestroy(readable, error))
    stream.on("close", lambda *_: readable.destroy())
    stream.on("destroy", lambda *_: readable.destroy())
    readable._read = read
    # What else it can do, such as a filter's setters.
    for name, method in list(getattr(stream, "__dict__", {}).items()):
        if callable(method) and getattr(readable, name, None) is None:
            setattr(readable, name, method)


def wrapped(cls: Any, stream: Any, options: Options | None = None) -> Any:
    """
    Node 20, C{Readable.wrap}.

    @param cls: L{Readable}.
    @param options: of the one that is made.
    @return: one that reads the other stream, and destroys it with itself.
    """
    objects = getattr(stream, "readableObjectMode", None)
    if objects is None:
        objects = getattr(stream, "objectMode", None)

    def destroy(error: Any, callback: Any) -> None:
        destroyer(stream, error)
        callback(error)

    objectMode = True if objects is None else bool(objects)
    readable = cls({"objectMode": objectMode, **(options or {}), "destroy": destroy})
    wrap(readable, stream)
    return readable
