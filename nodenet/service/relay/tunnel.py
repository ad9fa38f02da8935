"""
Two connected streams, and a pipe each way: until both sides have ended, or one is cut short.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nodenet import net
from nodenet.service.log import errorText
from nodenet.service.record import Ending, endingBy
from nodenet.service.relay.kernel import LateReset, hasUnread, isReset
from nodenet.splice import Splicer

__all__ = ["Tunnel"]


class Tunnel:
    """
    C{done} is called when both streams have closed.

    A FIN goes through, behind all that came before it. When one side is cut short, by an RST
    or in TLS, what was read from it is delivered; then the other side is reset.

    Its pipes are those of C{client.pipe(server)} and back, but with one listener for each event
    of a stream and none to be taken off, which for a short connection is a third of the work.

    @ivar cause: why it was cut short, and by whom; C{None}: it was not.
    @ivar error: what has failed; mostly empty.
    @ivar firstByteAt: when the upstream's first byte came, in seconds by the reactor's clock;
        C{None}: none has.
    """

    __slots__ = (
        "_client",
        "_clientEnded",
        "_closesTruncated",
        "_done",
        "_firstFIN",
        "_lateReset",
        "_moved",
        "_open",
        "_reactor",
        "_resetAhead",
        "_server",
        "_serverEnded",
        "_since",
        "cause",
        "error",
        "firstByteAt",
    )

    def __init__(
        self,
        client: net.Stream,
        server: net.Stream,
        done: Callable[[], Any],
        reactor: Any,
        *,
        splicer: Splicer | None = None,
        closesTruncated: bool = False,
    ) -> None:
        """
        @param client: paused until now. Its C{error} and C{close} are to be passed on, to
            L{clientFailed} and L{clientClosed}.
        @param splicer: moves bulk data within the kernel.
        @param closesTruncated: a TLS peer's end without close_notify is an end as any other.
        """
        self._client = client
        self._server = server
        self._done = done
        self._reactor = reactor
        self._closesTruncated = closesTruncated
        self._open = 2
        self._clientEnded = self._serverEnded = False
        self._firstFIN: Ending | None = None
        # How it will have ended if a reset that waits behind unread data is not reached.
        self._resetAhead: Ending | None = None
        self._lateReset: LateReset | None = None
        self._moved = -1
        self._since = 0.0
        self.cause: Ending | None = None
        self.error = ""
        self.firstByteAt: float | None = None
        client.on("data", self._onClientData)
        client.on("drain", self._onClientDrain)
        client.on("end", self._onClientEnd)
        server.on("data", self._onServerData)
        server.on("drain", self._onServerDrain)
        server.on("end", self._onServerEnd)
        server.on("error", self._serverFailed)
        server.on("close", self._serverClosed)
        if splicer is not None:
            splicer.join(client, server)
            splicer.join(server, client)
        client.resume()

    @property
    def ending(self) -> Ending:
        """
        How it has ended.
        """
        ending = self.cause or self._firstFIN
        assert ending is not None
        return ending

    # The pipes

    def _onClientData(self, data: bytes) -> None:
        server = self._server
        if server.writable and not server.write(data):
            self._client.pause()

    def _onServerDrain(self) -> None:
        if self._client.readable:
            self._client.resume()

    def _onServerData(self, data: bytes) -> None:
        if self.firstByteAt is None:
            self.firstByteAt = self._reactor.seconds()
        client = self._client
        if client.writable and not client.write(data):
            self._server.pause()

    def _onClientDrain(self) -> None:
        if self._server.readable:
            self._server.resume()

    def _onClientEnd(self) -> None:
        self._clientEnded = True
        self._finReceived(Ending.CLIENT_FIN)
        self._server.end()

    def _onServerEnd(self) -> None:
        self._serverEnded = True
        self._finReceived(Ending.UPSTREAM_FIN)
        self._client.end()

    def _finReceived(self, ending: Ending) -> None:
        if self._firstFIN is None:
            self._firstFIN = ending
            self._since = self._reactor.seconds()

    # Cut short

    def clientFailed(self, error: Exception) -> None:
        self._failed(error, Ending.CLIENT_RESET, Ending.CLIENT_TRUNCATED)

    def _serverFailed(self, error: Exception) -> None:
        self._failed(error, Ending.UPSTREAM_RESET, Ending.UPSTREAM_TRUNCATED)

    def _failed(self, error: Exception, reset: Ending, truncated: Ending) -> None:
        if self.cause is None:
            self.cause = endingBy(error, reset, truncated)
            self.error = errorText(error)

    def clientClosed(self) -> None:
        self._closed(self._clientEnded, Ending.CLIENT_RESET, self._server)

    def _serverClosed(self, had_error: bool) -> None:
        self._closed(self._serverEnded, Ending.UPSTREAM_RESET, self._client)

    def _closed(self, inOrder: bool, reset: Ending, other: net.Stream) -> None:
        self._open -= 1
        if self.cause is None and not inOrder:
            # It had been reset when our own FIN was to go, which to a stream is no error.
            self.cause, self.error = reset, "ECONNRESET"
        if not self._open:
            if self._lateReset is not None:
                self._lateReset.cancel()
            # They refer to each other and to this, which only the collector would find.
            self._client.removeAllListeners()
            self._server.removeAllListeners()
            self._done()
        elif self.cause is not None:
            self._since = self._reactor.seconds()
            truncated = self.cause in (Ending.CLIENT_TRUNCATED, Ending.UPSTREAM_TRUNCATED)
            if truncated and self._closesTruncated:
                other.end()
                if other.readable:  # for its end: what it sends is for nobody
                    other.resume()
            else:
                self._lateReset = LateReset(other, self._reactor)

    def cut(self, ending: Ending) -> None:
        """
        Reset both sides, now.
        """
        if self.cause is None:
            self.cause = ending
        self._client.resetAndDestroy()
        self._server.resetAndDestroy()

    # Idle

    def check(self, now: float, timeout: float, halfCloseTimeout: float) -> None:
        """
        End it if it is idle.

        @param now: seconds.
        @param timeout: seconds without a byte; 0: no limit.
        @param halfCloseTimeout: likewise when one side has ended, in whichever way.
        """
        client, server = self._client, self._server
        moved = client.bytesRead + client.bytesWritten + server.bytesRead + server.bytesWritten
        if moved != self._moved:
            self._moved, self._since = moved, now
            return
        if self.cause is None:
            self._lookForReset(client, server, Ending.CLIENT_RESET)
            self._lookForReset(server, client, Ending.UPSTREAM_RESET)
        halfClosed = self._firstFIN or self.cause or self._resetAhead
        if halfClosed and halfCloseTimeout > 0 and not 0 < timeout < halfCloseTimeout:
            ending, limit = Ending.HALF_CLOSE_TIMEOUT, halfCloseTimeout
        else:
            ending, limit = Ending.IDLE_TIMEOUT, timeout
        if limit and now - self._since >= limit:
            if self._resetAhead is not None and self.cause is None:
                self.cause, self.error = self._resetAhead, "ECONNRESET"
            self.cut(ending)

    def _lookForReset(self, source: net.Stream, dest: net.Stream, reset: Ending) -> None:
        """
        One that is not read from, as it has ended or the other takes nothing, does not tell
        by itself that it was reset.
        """
        if not (source.isPaused() or not source.readable or dest.bufferSize):
            return
        if not hasUnread(source):
            source.checkReset()
        elif self._resetAhead is None and isReset(source):
            # What has come before is read first, if the other takes it in time.
            self._resetAhead = reset
            self._since = self._reactor.seconds()
