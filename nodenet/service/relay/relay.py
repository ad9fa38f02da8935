"""
A client's way through the relay: a search for an upstream, then a tunnel to it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nodenet import net
from nodenet.service.addresses import addressText
from nodenet.service.log import errorText, log
from nodenet.service.proxyprotocol import Header, format
from nodenet.service.record import Ending, Record
from nodenet.service.relay.dial import Dial
from nodenet.service.relay.kernel import hasUnread
from nodenet.service.relay.tunnel import Tunnel
from nodenet.service.relay.upstreams import Upstream, Upstreams
from nodenet.service.sessions import Session, Sessions, more
from nodenet.splice import Splicer

__all__ = ["Relay"]


class Relay:
    """
    What all sessions of a relay have in common.
    """

    def __init__(
        self,
        reactor: Any,
        upstreams: Upstreams,
        *,
        secure: Callable[[net.Stream], Any] | None = None,
        sendProxy: int | None = None,
        halfCloseTimeout: float = 60,
        keepAlive: int = 0,
        closesTruncated: bool = False,
        splices: bool = True,
    ) -> None:
        """
        @param secure: puts an upstream's stream behind TLS.
        @param sendProxy: version of the PROXY header that upstreams get.
        @param halfCloseTimeout: seconds without a byte after which a connection is cut, when
            one side has ended; 0: as others.
        @param keepAlive: seconds of silence until the kernel probes an upstream; 0: it does
            not.
        @param closesTruncated: a TLS peer's end without close_notify is an end as any other.
        @param splices: move bulk data within the kernel.
        """
        self.reactor = reactor
        self.upstreams = upstreams
        self.secure = secure
        self.sendProxy = sendProxy
        self.halfCloseTimeout = halfCloseTimeout
        self.keepAlive = keepAlive
        self.closesTruncated = closesTruncated
        self.splicer = Splicer() if splices else None

    def begin(
        self,
        sessions: Sessions,
        client: net.Stream,
        header: Header | None,
        host: str | None = None,
    ) -> RelaySession:
        """
        A client has come.
        """
        return RelaySession(self, sessions, client, header, host)

    def sweep(self) -> None:
        """
        To be called from time to time.
        """
        if self.splicer is not None:
            self.splicer.releaseIdle()

    def close(self) -> None:
        """
        There are no sessions any more.
        """
        self.upstreams.stop()
        if self.splicer is not None:
            self.splicer.close()


class RelaySession(Session):
    """
    One client, and its upstream.
    """

    __slots__ = (
        "_attempts",
        "_dial",
        "_firstByte",
        "_relay",
        "_tunnel",
        "_unread",
        "_upstream",
    )

    def __init__(
        self,
        relay: Relay,
        sessions: Sessions,
        client: net.Stream,
        header: Header | None,
        host: str | None,
    ) -> None:
        super().__init__(sessions, client, header, host)
        self._relay = relay
        self._firstByte: float | None = None
        self._attempts = 0
        self._unread = False
        self._upstream: Upstream | None = None
        self._dial: Dial | None = None
        self._tunnel: Tunnel | None = None
        # What it sends stays in the kernel until somebody is there to take it.
        client.pause()
        client.setNoDelay()
        client.on("error", self._clientFailed)
        client.on("close", self._clientClosed)
        if sessions.secure is None:
            self._connect()
        else:
            client.on("secure", self._connect)
            sessions.secure(client)

    def _connect(self) -> None:
        relay = self._relay
        first = b""
        if relay.sendProxy is not None:
            first = format(relay.sendProxy, self.peerAddress(), self.listenerAddress())
        self._dial = Dial(
            relay.upstreams,
            self._connected,
            self._notConnected,
            header=first,
            secure=relay.secure,
        )
        self._dial.next()

    def _connected(self, server: net.Stream, upstream: Upstream) -> None:
        if self.client.readyState == "closed":
            # Lost in this very turn: its close, by which all ends, is still to come.
            upstream.active -= 1
            server.resetAndDestroy()
            return
        relay = self._relay
        self._endDial()
        self._upstream = upstream
        if relay.keepAlive:
            server.setKeepAlive(True, relay.keepAlive * 1000)
        self._tunnel = Tunnel(
            self.client,
            server,
            self._tunnelDone,
            relay.reactor,
            splicer=relay.splicer,
            closesTruncated=relay.closesTruncated,
        )

    def _endDial(self) -> None:
        dial, self._dial = self._dial, None
        if dial is not None:
            dial.cancel()
            self._attempts = dial.attempts
            self.error = "; ".join(dial.errors)

    def _notConnected(self) -> None:
        self.cut(Ending.CONNECT_FAILED)

    # The end

    def _clientFailed(self, error: Exception) -> None:
        if self._tunnel is not None:
            self._tunnel.clientFailed(error)
        elif self.ending is None:
            self._endDial()
            self._lost(errorText(error))

    def _lost(self, why: str) -> None:
        """
        The client has, before there was an upstream.
        """
        self.ending = Ending.CLIENT_RESET
        self._addError(why)

    def _addError(self, why: str) -> None:
        self.error = "; ".join(filter(None, [self.error, why]))

    def _clientClosed(self, had_error: bool) -> None:
        if self._tunnel is not None:
            self._tunnel.clientClosed()
            return
        self._endDial()
        if self.ending is None:
            self._lost("ECONNRESET")
        self.finish()

    def _tunnelDone(self) -> None:
        tunnel, upstream = self._tunnel, self._upstream
        assert tunnel is not None and upstream is not None
        upstream.active -= 1
        self.ending = tunnel.ending
        self._addError(tunnel.error)
        if tunnel.firstByteAt is not None:
            self._firstByte = tunnel.firstByteAt - self._began
        self._tunnel = None
        self.finish()

    def cut(self, ending: Ending) -> None:
        if self._tunnel is not None:
            self._tunnel.cut(ending)
            return
        self._endDial()
        if self.ending is None:
            self.ending = ending
        # What it has sent was not read, as there was nobody to take it.
        self._unread = hasUnread(self.client)
        self.client.resetAndDestroy()

    @property
    def silent(self) -> bool:
        return not (self.bytesRead or self._unread)

    def check(self, now: float) -> None:
        if self._tunnel is not None:
            self._tunnel.check(now, self.sessions.timeout, self._relay.halfCloseTimeout)
        elif self.client is not None:
            self.client.checkReset()

    def record(self) -> Record:
        record = super().record()
        record.upstream = None if self._upstream is None else self._upstream.name
        record.attempts = self._attempts
        record.firstByte = self._firstByte
        return record

    def tell(self, count: int) -> None:
        assert self.ending is not None
        tell = log.warn if self.ending is Ending.CONNECT_FAILED else log.info
        tell(
            "{peer} -> {to} {ended}{why}: {bytesRead} bytes in, {bytesWritten} bytes"
            " out, {duration:.3f} s{more}",
            peer=addressText(self.peerAddress()),
            to="nobody" if self._upstream is None else self._upstream.name,
            ended=self.ending.value,
            error=self.error,
            why=self.error and f" ({self.error})",
            bytesRead=self.bytesRead,
            bytesWritten=self.bytesWritten,
            duration=self._duration,
            count=count,
            more=more(count),
        )
