"""
The search for an upstream: one candidate after the other, until one is connected.
"""

from __future__ import annotations

from collections.abc import Callable
from errno import ECONNRESET
from typing import Any

from nodenet import net
from nodenet.errors import errnoException
from nodenet.service.log import errorText
from nodenet.service.relay.upstreams import Upstream, Upstreams

__all__ = ["Dial"]


class Dial:
    """
    After L{next}, calls C{connected} with the stream, which nobody listens to, and its
    L{Upstream}, or C{failed} when no candidate is left; neither after L{cancel}. The connection
    is counted in C{upstream.active}: whoever has it then is to take it off when it closes.

    @ivar attempts: connections that were tried.
    @ivar errors: what has failed, one text for each attempt.
    """

    __slots__ = (
        "_candidates",
        "_connected",
        "_failed",
        "_header",
        "_secure",
        "_stream",
        "_upstream",
        "_upstreams",
        "attempts",
        "errors",
    )

    def __init__(
        self,
        upstreams: Upstreams,
        connected: Callable[[net.Stream, Upstream], Any],
        failed: Callable[[], Any],
        *,
        header: bytes = b"",
        secure: Callable[[net.Stream], Any] | None = None,
    ) -> None:
        """
        @param header: to be sent first, before TLS.
        @param secure: puts a stream behind TLS.
        """
        self.attempts = 0
        self.errors: list[str] = []
        self._upstreams = upstreams
        self._candidates = upstreams.candidates()
        self._connected = connected
        self._failed = failed
        self._header = header
        self._secure = secure
        self._upstream: Any = None
        self._stream: net.Stream | None = None  # of the attempt that goes on

    def next(self) -> None:
        """
        Try the next candidate. To be called once: after that it goes on by itself.
        """
        upstream = self._upstream = next(self._candidates, None)
        if upstream is None:
            self._failed()
            return
        upstreams = self._upstreams
        self.attempts += 1
        upstream.active += 1
        stream = self._stream = net.Stream(allowHalfOpen=True, reactor=upstreams.reactor)
        upstreams.deadlines.add(stream)
        stream.on("error", self._attemptFailed)
        stream.on("close", self._attemptClosed)
        stream.on("connect", self._attemptConnected)
        stream.connect(*upstream.where)

    def _attemptConnected(self) -> None:
        stream = self._stream
        assert stream is not None
        stream.setNoDelay()
        if self._header:
            stream.write(self._header)
        if self._secure is None:
            self._succeed()
        else:
            stream.on("secure", self._succeed)
            self._secure(stream)

    def _succeed(self) -> None:
        stream, upstream = self._stream, self._upstream
        assert stream is not None
        self._upstreams.deadlines.remove(stream)
        self._stream = None
        stream.removeAllListeners()
        self._upstreams.succeeded(upstream)
        self._connected(stream, upstream)

    def _attemptFailed(self, error: Exception) -> None:
        self.errors.append(f"{self._upstream.name}: {errorText(error)}")
        self._upstreams.failed(self._upstream, error)

    def _attemptClosed(self, had_error: bool) -> None:
        self._upstream.active -= 1
        stream, self._stream = self._stream, None
        if stream is not None:
            if not had_error:  # it has ended before TLS was there
                self._attemptFailed(errnoException(ECONNRESET, "handshake"))
            self._upstreams.deadlines.remove(stream)
            self.next()

    def cancel(self) -> None:
        """
        Nobody wants a connection any more. What is there already is left alone.
        """
        stream, self._stream = self._stream, None
        if stream is not None:
            self._upstreams.deadlines.remove(stream)
            stream.resetAndDestroy()
