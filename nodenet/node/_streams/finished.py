"""
When a stream is over. Node 20, C{stream.finished}.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, overload

from twisted.internet.defer import Deferred

from nodenet.node._streams.microtasks import settle
from nodenet.node._streams.state import Options, merge
from nodenet.node._streams.utils import (
    callBack,
    isClosed,
    isNodeStream,
    isReadable,
    isReadableErrored,
    isReadableFinished,
    isReadableNodeStream,
    isWritable,
    isWritableErrored,
    isWritableFinished,
    isWritableNodeStream,
    tick,
    willEmitClose,
)
from nodenet.node.abort import addAbortListener
from nodenet.node.errors import (
    ERR_INVALID_ARG_TYPE,
    ERR_STREAM_PREMATURE_CLOSE,
    AbortError,
    undefined,
)
from nodenet.node.validators import (
    forgiving,
    validateAbortSignal,
    validateBoolean,
    validateFunction,
    validateObject,
)

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from nodenet.node._types import FinishedOptions, Outcome, StreamLike

__all__ = ["asException", "eos", "finished", "promised"]


class _Watch:
    """
    What listens to a stream until it is over.

    @ivar callback: C{None}: it was called, or nobody wants it any more.
    """

    __slots__ = (
        "callback",
        "closed",
        "forget",
        "readable",
        "readableFinished",
        "signal",
        "stream",
        "willEmitClose",
        "writable",
        "writableFinished",
    )

    def __init__(
        self, stream: Any, options: Options, callback: Callable[..., Any] | None
    ) -> None:
        self.stream = stream
        self.callback = callback
        self.forget: Callable[[], None] | None = None
        readable, writable = options.get("readable"), options.get("writable")
        isR, isW = isReadableNodeStream(stream), isWritableNodeStream(stream)
        self.readable = isR if readable is None else readable
        self.writable = isW if writable is None else writable
        # There are streams which do not emit it, whatever they say.
        self.willEmitClose = (
            bool(willEmitClose(stream)) and isR == self.readable and isW == self.writable
        )
        self.writableFinished = isWritableFinished(stream, False)
        self.readableFinished = isReadableFinished(stream, False)
        self.closed = isClosed(stream)
        self._listen(options)
        self._perhapsOver()
        self.signal = signal = options.get("signal")
        if signal is not None and not self.closed:
            if signal.aborted:
                tick(stream, self.abort)
            else:
                self.forget = addAbortListener(signal, self.abort).dispose

    def _listen(self, options: Options) -> None:
        stream = self.stream
        if self._isRequest():
            stream.on("complete", self.onfinish)
            if not self.willEmitClose:
                stream.on("abort", self.onclose)
            if getattr(stream, "req", None):
                self.onrequest()
            else:
                stream.on("request", self.onrequest)
        elif self.writable and getattr(stream, "_writableState", None) is None:
            stream.on("end", self.onlegacyfinish)
            stream.on("close", self.onlegacyfinish)
        # Not all streams close after this.
        if not self.willEmitClose and isinstance(getattr(stream, "aborted", None), bool):
            stream.on("aborted", self.onclose)
        stream.on("end", self.onend)
        stream.on("finish", self.onfinish)
        if options.get("error") is not False:
            stream.on("error", self.onerror)
        stream.on("close", self.onclose)

    def _isRequest(self) -> bool:
        stream = self.stream
        return bool(
            getattr(stream, "setHeader", None) and callable(getattr(stream, "abort", None))
        )

    def _perhapsOver(self) -> None:
        # It may be over already; then no event will tell.
        stream = self.stream
        w = getattr(stream, "_writableState", None)
        r = getattr(stream, "_readableState", None)
        will = self.willEmitClose
        if self.closed:
            tick(stream, self.onclose)
        elif getattr(w, "errorEmitted", False) or getattr(r, "errorEmitted", False):
            if not will:
                tick(stream, self.onclosed)
        elif (
            (
                not self.readable
                and (not will or isReadable(stream))
                and (self.writableFinished or isWritable(stream) is False)
                and not getattr(w, "pendingcb", 0)
            )
            or (
                not self.writable
                and (not will or isWritable(stream))
                and (self.readableFinished or isReadable(stream) is False)
            )
            or (
                r is not None and getattr(stream, "req", None) and getattr(stream, "aborted", 0)
            )
        ):
            tick(stream, self.onclosed)

    def done(self, *error: Any) -> None:
        callback, self.callback = self.callback, None
        if self.forget is not None:
            self.forget()
            self.forget = None
        if callback is not None:
            callback(*error)

    def onlegacyfinish(self, *_: Any) -> None:
        if not getattr(self.stream, "writable", None):
            self.onfinish()

    def onfinish(self, *_: Any) -> None:
        self.writableFinished = True
        stream = self.stream
        # Whoever destroys it here does something that we do not know.
        if getattr(stream, "destroyed", False):
            self.willEmitClose = False
        if self.willEmitClose and (not getattr(stream, "readable", None) or self.readable):
            return
        if not self.readable or self.readableFinished:
            self.done()

    def onend(self, *_: Any) -> None:
        self.readableFinished = True
        stream = self.stream
        if getattr(stream, "destroyed", False):
            self.willEmitClose = False
        if self.willEmitClose and (not getattr(stream, "writable", None) or self.writable):
            return
        if not self.writable or self.writableFinished:
            self.done()

    def onerror(self, error: Any = None, *_: Any) -> None:
        self.done(error)

    def onclose(self, *_: Any) -> None:
        self.closed = True
        stream = self.stream
        errored = isWritableErrored(stream) or isReadableErrored(stream)
        if errored and not isinstance(errored, bool):
            self.done(errored)
        elif (
            self.readable
            and not self.readableFinished
            and isReadableNodeStream(stream, True)
            and not isReadableFinished(stream, False)
        ) or (
            self.writable
            and not self.writableFinished
            and not isWritableFinished(stream, False)
        ):
            self.done(ERR_STREAM_PREMATURE_CLOSE())
        else:
            self.done()

    def onclosed(self) -> None:
        self.closed = True
        errored = isWritableErrored(self.stream) or isReadableErrored(self.stream)
        if errored and not isinstance(errored, bool):
            self.done(errored)
        else:
            self.done()

    def onrequest(self, *_: Any) -> None:
        self.stream.req.on("finish", self.onfinish)

    def abort(self, *_: Any) -> None:
        callback, self.callback = self.callback, None
        if self.forget is not None:
            self.forget()
            self.forget = None
        self.cleanup()
        if callback is not None:
            callback(AbortError(cause=getattr(self.signal, "reason", None)))

    def cleanup(self) -> None:
        """
        Listen no more, and call nobody.
        """
        self.callback = None
        stream = self.stream
        remove = stream.removeListener
        for event, listener in (
            ("aborted", self.onclose),
            ("complete", self.onfinish),
            ("abort", self.onclose),
            ("request", self.onrequest),
            ("end", self.onlegacyfinish),
            ("close", self.onlegacyfinish),
            ("finish", self.onfinish),
            ("end", self.onend),
            ("error", self.onerror),
            ("close", self.onclose),
        ):
            remove(event, listener)
        if getattr(stream, "req", None):
            stream.req.removeListener("finish", self.onfinish)


def eos(stream: Any, options: Options, callback: Callable[..., Any]) -> Callable[[], None]:
    """
    As L{finished}, for callers of our own: what they give is right, and their callback takes
    an error or nothing.
    """
    return _Watch(stream, options, callback).cleanup


@overload
def finished(stream: StreamLike, callback: Outcome, /) -> Callable[[], None]: ...
@overload
def finished(
    stream: StreamLike,
    options: FinishedOptions | None,
    callback: Outcome,
    /,
    **keywords: Unpack[FinishedOptions],
) -> Callable[[], None]: ...
@overload
def finished(
    stream: StreamLike, options: FinishedOptions = ..., /, **keywords: Unpack[FinishedOptions]
) -> Deferred[None]: ...
@forgiving
def finished(stream: Any, *args: Any, **keywords: Any) -> Any:
    """
    Node 20, C{stream.finished}: tell when a stream is not readable or writable any more, has
    failed, or was closed too early.

    C{finished(stream, callback)}, C{finished(stream, options, callback)}; without a callback
    a Deferred is returned, as by C{stream.promises.finished}.

    @param args: options: C{readable}, C{writable} (C{False}: that side does not matter),
        C{error} (C{False}: only its callback is to be told of an error), C{signal},
        C{cleanup}; and callback(error).
    @return: a function that takes the listeners off, which otherwise stay; or the Deferred.
    @raise ERR_INVALID_ARG_TYPE: that is no stream, or no callback.
    """
    if len(args) > 1:
        options, callback = args[0], args[1]
        if options is None or options is undefined:
            options = {}
        else:
            validateObject(options, "options")
    elif args and not isinstance(args[0], dict):
        options, callback = {}, args[0]
    else:
        return promised(stream, merge(args[0] if args else None, keywords))
    options = merge(options, keywords)
    validateFunction(callback, "callback")
    _validate(stream, options)

    def call(*error: Any) -> None:
        callBack(callback, *(error or (None,)))

    return eos(stream, options, call)


def _validate(stream: Any, options: Options) -> None:
    if "signal" in options:
        validateAbortSignal(options["signal"], "options.signal")
    if not isNodeStream(stream):
        raise ERR_INVALID_ARG_TYPE(
            "stream", ["ReadableStream", "WritableStream", "Stream"], stream
        )


@forgiving
def promised(
    stream: StreamLike,
    options: FinishedOptions | None = None,
    /,
    **keywords: Unpack[FinishedOptions],
) -> Deferred[None]:
    """
    Node 20, C{stream.promises.finished}.

    @return: fails as L{finished}'s callback is told; to cancel it takes the listeners off.
    @raise ERR_INVALID_ARG_TYPE: through the Deferred.
    """
    options = merge(options, keywords)
    autoCleanup = options.get("cleanup")
    cleanup: Callable[[], None] | None = None

    def cancel(_: Deferred[None]) -> None:
        if cleanup is not None:
            cleanup()

    result: Deferred[None] = Deferred(cancel)

    def callback(error: Any = None) -> None:
        if autoCleanup and cleanup is not None:
            cleanup()
        settle(stream, result, error)

    try:
        if autoCleanup:
            validateBoolean(autoCleanup, "cleanup")
        _validate(stream, options)
        cleanup = eos(stream, options, callback)
    except Exception as e:
        result.errback(e)
    return result


def asException(error: Any) -> BaseException:
    """
    @return: what a Deferred can fail with, where JavaScript throws anything.
    """
    return error if isinstance(error, BaseException) else Exception(error)
