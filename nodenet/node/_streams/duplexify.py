"""
A duplex of what is none. Node 20, C{Duplex.from}.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred

from nodenet.node._streams.destroy import destroyer
from nodenet.node._streams.finished import eos
from nodenet.node._streams.from_ import from_
from nodenet.node._streams.microtasks import later, run, settled
from nodenet.node._streams.readable import Readable
from nodenet.node._streams.utils import (
    callStep,
    isDuplexNodeStream,
    isIterable,
    isNodeStream,
    isReadable,
    isReadableNodeStream,
    isThenable,
    isWritable,
    isWritableNodeStream,
    returned,
    tick,
)
from nodenet.node._streams.wrap import wrapped
from nodenet.node.abort import AbortController
from nodenet.node.errors import (
    ERR_INVALID_ARG_TYPE,
    ERR_INVALID_RETURN_VALUE,
    AbortError,
)

__all__ = ["Pair", "duplexify"]

_KINDS = [
    "Blob",
    "ReadableStream",
    "WritableStream",
    "Stream",
    "Iterable",
    "AsyncIterable",
    "Function",
    "{ readable, writable } pair",
    "Promise",
]


def _part(body: Any, name: str) -> Any:
    return body.get(name) if isinstance(body, dict) else getattr(body, name, None)


def duplexify(cls: Any, body: Any, name: str = "body") -> Any:
    """
    @param cls: L{Duplex}.
    @param body: a stream; an iterable, whose items are read; a function that gets what is
        written, as an async iterable, and returns what is read, as one, or an awaitable;
        an awaitable, whose value is read; a dict of C{readable} and C{writable}.
    @return: a duplex, of which a side may be missing.
    @raise ERR_INVALID_ARG_TYPE: it is none of these.
    """
    if isDuplexNodeStream(body):
        return body
    if isReadableNodeStream(body):
        return Pair(cls, body, None).duplex
    if isWritableNodeStream(body):
        return Pair(cls, None, body).duplex
    if isNodeStream(body):
        return Pair(cls, None, None).duplex
    if callable(body) and not isinstance(body, type):
        return _function(cls, body, name)
    if isIterable(body):
        return from_(cls, body, {"objectMode": True, "writable": False})
    readable, writable = _part(body, "readable"), _part(body, "writable")
    if _isPart(readable) or _isPart(writable):
        r = readable and (
            readable if isReadableNodeStream(readable) else duplexify(cls, readable)
        )
        w = writable and (
            writable if isWritableNodeStream(writable) else duplexify(cls, writable)
        )
        return Pair(cls, r or None, w or None).duplex
    if isThenable(body):
        duplex = cls(objectMode=True, writable=False, read=lambda size: None)
        run(_read(duplex, body))
        return duplex
    raise ERR_INVALID_ARG_TYPE(name, _KINDS, body)


def _isPart(thing: Any) -> bool:
    return thing is not None and not isinstance(thing, (bool, int, float, str, bytes))


async def _read(duplex: Any, body: Any) -> None:
    try:
        value = await settled(duplex, body)
    except Exception as e:
        destroyer(duplex, e)
        return
    if value is not None:
        duplex.push(value)
    duplex.push(None)


class _Written:
    """
    What is written to a function's duplex, as the async iterable that it reads.
    """

    def __init__(self) -> None:
        self.controller = AbortController()
        self.given: Deferred[Any] = Deferred()

    async def chunks(self) -> Any:
        while True:
            given = self.given
            chunk, done, callback = await given
            await later(None)
            tick(None, callback)
            if done:
                return
            signal = self.controller.signal
            if signal.aborted:
                raise AbortError(cause=signal.reason)
            self.given = Deferred()
            yield chunk

    def write(self, chunk: Any, encoding: Any, callback: Any) -> None:
        self.given.callback((chunk, False, callback))

    def final(self, callback: Any) -> None:
        self.given.callback((None, True, callback))

    def destroy(self, error: Any, callback: Any) -> None:
        self.controller.abort()
        callback(error)


def _function(cls: Any, function: Any, name: str) -> Any:
    written = _Written()
    hooks: dict[str, Any] = {"write": written.write, "destroy": written.destroy}
    value = callStep(function, (written.chunks(),), written.controller.signal)
    if isDuplexNodeStream(value):
        return value
    if isIterable(value):
        return from_(cls, value, {"objectMode": True, **hooks, "final": written.final})
    if not isThenable(value):
        wanted = "Iterable, AsyncIterable or AsyncFunction"
        raise ERR_INVALID_RETURN_VALUE(wanted, name, returned(value))
    done: Deferred[None] = Deferred()
    failed: list[Any] = []

    async def follow() -> None:
        try:
            result = await settled(duplex, value)
            if result is not None:
                raise ERR_INVALID_RETURN_VALUE("nully", "body", result)
        except Exception as e:
            failed.append(e)
            destroyer(duplex, e)
        done.callback(None)

    def final(callback: Any) -> None:
        def read() -> None:
            done.addCallback(lambda _: tick(duplex, callback, *failed))

        written.final(read)

    duplex = cls(objectMode=True, readable=False, final=final, **hooks)
    run(follow())
    return duplex


class Pair:
    """
    A duplex of a readable and a writable.
    """

    def __init__(self, cls: Any, r: Any, w: Any) -> None:
        if r is not None and not callable(getattr(r, "read", None)):
            r = wrapped(Readable, r)
        self.begin(cls, r, w)
        if self.duplex.writable:
            eos(w, {}, lambda error=None: self.finished(r, error))
            w.on("finish", self.ended)
        if self.duplex.readable:
            eos(r, {}, lambda error=None: self.finished(r, error))

    def begin(self, cls: Any, r: Any, w: Any) -> None:
        """
        Make the duplex, with its hooks.
        """
        self.r = r
        self.w = w
        self.ondrain: Any = None
        self.onfinish: Any = None
        self.wantsMore = False
        # None: it is over. False: nobody waits for that.
        self.onclose: Any = False
        readable, writable = bool(isReadable(r)), bool(isWritable(w))
        self.duplex = duplex = cls(
            readableObjectMode=bool(getattr(r, "readableObjectMode", False)),
            writableObjectMode=bool(getattr(w, "writableObjectMode", False)),
            readable=readable,
            writable=writable,
        )
        hooks: Any = duplex
        if writable:
            hooks._write = self.write
            hooks._final = self.final
            w.on("drain", self.drained)
        if readable:
            r.on("readable", self.more)
            r.on("end", lambda: duplex.push(None))
            hooks._read = self.read
        hooks._destroy = self.destroy

    def finished(self, other: Any, error: Any) -> None:
        if error:
            destroyer(other, error)
        callback, self.onclose = self.onclose, None
        if callback:
            callback(error)
        elif error:
            self.duplex.destroy(error)

    def write(self, chunk: Any, encoding: Any, callback: Any) -> None:
        if self.w.write(chunk, encoding):
            callback()
        else:
            self.ondrain = callback

    def final(self, callback: Any) -> None:
        self.w.end()
        self.onfinish = callback

    def drained(self) -> None:
        callback, self.ondrain = self.ondrain, None
        if callback:
            callback()

    def ended(self) -> None:
        callback, self.onfinish = self.onfinish, None
        if callback:
            callback()

    def more(self) -> None:
        if self.wantsMore:
            self.wantsMore = False
            self.read()

    def read(self, size: int = 0) -> None:
        while True:
            chunk = self.r.read()
            if chunk is None:
                self.wantsMore = True
                return
            if not self.duplex.push(chunk):
                return

    def destroy(self, error: Any, callback: Any) -> None:
        if not error and self.onclose is not None:
            error = AbortError()
        self.wantsMore = False
        self.ondrain = self.onfinish = None
        if self.onclose is None:
            callback(error)
        else:
            self.onclose = callback
            destroyer(self.w, error)
            destroyer(self.r, error)
