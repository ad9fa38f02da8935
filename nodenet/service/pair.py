"""
One connection through the relay: two streams and two pipes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from nodenet import net
from nodenet.service import proxyprotocol
from nodenet.service.log import describe, named
from nodenet.service.upstreams import Upstream, connecting
from nodenet.timers import clearTimeout

if TYPE_CHECKING:
    from nodenet.service.relay import Relay

__all__ = ["Pair", "iso"]


class Pair:
    """
    One client and its upstream.
    """

    __slots__ = (
        "_attempts",
        "_candidates",
        "_closed",
        "_cut",
        "_ends",
        "_errors",
        "_fins",
        "_firstByte",
        "_listener",
        "_moved",
        "_peer",
        "_serverOpen",
        "_since",
        "_start",
        "_timer",
        "_upstream",
        "client",
        "host",
        "relay",
        "server",
    )

    def __init__(self, relay: Relay, client: net.Stream, ends: tuple[Any, Any]) -> None:
        """
        @param ends: Twisted's addresses of the client and of what it has connected to, here
            or before a proxy.
        """
        self.relay = relay
        self.client = client
        self.server: net.Stream | None = None  # the last connection to an upstream
        self._serverOpen = False  # or about to be
        self._ends = ends
        self.host: str | None = getattr(ends[0], "host", None)  # that limits know it by
        self._peer = named(ends[0])
        # The same text for all.
        self._listener = sys.intern(named(ends[1]))
        self._start = relay.reactor.seconds()
        self._firstByte: float | None = None
        # None when one of them is connected.
        self._candidates: Iterator[Upstream] | None = relay.upstreams.candidates()
        self._upstream: Upstream | None = None
        self._attempts = 0
        self._timer: Any = None  # of the attempt to connect
        self._errors: list[str] | None = None
        self._fins: tuple[str, ...] = ()  # who has ended, in order
        self._cut = ""  # how it was ended before both had
        self._closed = False  # the client is
        self._moved = -1
        self._since = self._start  # nothing was moved
        # What it sends stays in the kernel until somebody is there to take it.
        client.pause()
        client.setNoDelay()
        client.on("error", self._clientFailed)
        client.on("close", self._clientClosed)
        if relay.secure is None:
            self._connect()
        else:
            client.once("secure", self._connect)
            relay.secure(client)

    # To find an upstream

    def _connect(self) -> None:
        assert self._candidates is not None
        upstream = self._upstream = next(self._candidates, None)
        if upstream is None:
            self.cut("connect-failed")
            return
        self._attempts += 1
        self._serverOpen = True
        upstream.active += 1
        server = self.server = net.Stream(allowHalfOpen=True, reactor=self.relay.reactor)
        self._timer = connecting(
            server, self.relay.upstreams.connectTimeout, self.relay.reactor
        )
        server.on("error", self._notConnected)
        server.on("close", self._attemptClosed)
        connect: Any = server.connect  # by a port, a path or an endpoint
        connect(*upstream.where, self._connected)

    def _connected(self) -> None:
        server, relay = self.server, self.relay
        assert server is not None
        server.setNoDelay()
        if relay.sendProxy is not None:
            server.write(proxyprotocol.format(relay.sendProxy, *self._ends))
        if relay.secureUpstream is None:
            self._established()
        else:
            server.once("secure", self._established)
            relay.secureUpstream(server)

    def _notConnected(self, error: Exception) -> None:
        assert self._upstream is not None
        self._failed(f"{self._upstream.name}: {describe(error)}")
        self.relay.upstreams.failed(self._upstream, error)

    def _attemptClosed(self, had_error: bool) -> None:
        assert self._upstream is not None
        clearTimeout(self._timer)
        self._upstream.active -= 1
        self._serverOpen = False
        if not self._closed and not self._cut:
            self._connect()
        else:
            self._finish()

    # Two pipes

    def _established(self) -> None:
        client, server, upstream = self.client, self.server, self._upstream
        assert server is not None and upstream is not None
        clearTimeout(self._timer)
        self._timer = self._candidates = None
        self.relay.upstreams.succeeded(upstream)
        server.removeAllListeners("connect")
        server.removeListener("error", self._notConnected)
        server.removeListener("close", self._attemptClosed)
        server.on("error", self._serverFailed)
        server.on("close", self._serverClosed)
        server.once("data", self._first)
        client.on("end", self._clientEnded)
        server.on("end", self._serverEnded)
        client.pipe(server, splice=self.relay.splicer)
        server.pipe(client, splice=self.relay.splicer)
        client.resume()

    def _first(self, data: bytes) -> None:
        self._firstByte = self.relay.reactor.seconds() - self._start

    def _clientEnded(self) -> None:
        self._ended("client-fin")

    def _serverEnded(self) -> None:
        self._ended("upstream-fin")

    def _ended(self, fin: str) -> None:
        if not self._fins:
            self._since = self.relay.reactor.seconds()
        self._fins += (fin,)

    def check(self, now: float) -> None:
        """
        End it if it is idle.

        @param now: seconds.
        """
        client, server = self.client, self.server
        if self._cut:
            return
        if server is None or self._candidates is not None:
            client.checkReset()
            return
        moved = client.bytesRead + client.bytesWritten + server.bytesRead + server.bytesWritten
        if moved != self._moved:
            self._moved, self._since = moved, now
        else:
            self._checkReset(client, server)
            self._checkReset(server, client)
            how, limit = self.relay.limit(bool(self._fins))
            if limit and now - self._since >= limit:
                self.cut(how)

    def _checkReset(self, source: net.Stream, dest: net.Stream) -> None:
        """
        One that is not read from, as it has ended or the other takes nothing, does not tell
        by itself that it was reset.
        """
        if source.isPaused() or not source.readable or dest.bufferSize:
            source.checkReset()

    # The end

    def cut(self, how: str) -> None:
        """
        Reset both sides.
        """
        self._cut = self._cut or how
        self.client.resetAndDestroy()
        if self.server is not None:
            self.server.resetAndDestroy()

    def _failed(self, why: str) -> None:
        if self._errors is None:
            self._errors = []
        self._errors.append(why)

    def _clientFailed(self, error: Exception) -> None:
        if not self._cut:
            self._failed(describe(error))
            self._cut = "client-reset"

    def _serverFailed(self, error: Exception) -> None:
        if not self._cut:
            self._failed(describe(error))
            self._cut = "upstream-reset"

    def _clientClosed(self, had_error: bool) -> None:
        self._closed = True
        if "client-fin" not in self._fins:
            # Without an error, if it was reset before our own FIN went.
            self._cut = self._cut or "client-reset"
        if self._cut and self.server is not None:
            self.server.resetAndDestroy()
        self._finish()

    def _serverClosed(self, had_error: bool) -> None:
        assert self._upstream is not None
        self._upstream.active -= 1
        self._serverOpen = False
        if "upstream-fin" not in self._fins:
            self._cut = self._cut or "upstream-reset"
        if self._cut:
            self.client.resetAndDestroy()
        self._finish()

    def _finish(self) -> None:
        if self._closed and not self._serverOpen:
            self.relay.ended(self)

    def record(self) -> dict[str, Any]:
        """
        @return: what there is to say of the connection, in what JSON has.
        """
        client, upstream = self.client, self._upstream
        seconds = self.relay.reactor.seconds()
        return {
            "start": iso(self._start),
            "duration": round(seconds - self._start, 6),
            "peer": self._peer,
            "listener": self._listener,
            "upstream": None if self._candidates or not upstream else upstream.name,
            "attempts": self._attempts,
            "bytesRead": client.bytesRead,
            "bytesWritten": client.bytesWritten,
            "firstByte": None if self._firstByte is None else round(self._firstByte, 6),
            "ended": self._cut or (self._fins[0] if self._fins else ""),
            "error": "; ".join(self._errors or ()),
        }


def iso(seconds: float) -> str:
    """
    @param seconds: since 1970.
    @return: ISO 8601, in UTC.
    """
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec="milliseconds")
