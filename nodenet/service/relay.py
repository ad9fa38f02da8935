"""
The relay service: for each client a connection to an upstream, and two pipes. Half-closes
go through, each way; what is cut short on one side is reset on the other.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from nodenet import net
from nodenet.service.limits import Limits, Refusals
from nodenet.service.log import AccessLog, log, named
from nodenet.service.pair import Pair, iso
from nodenet.service.proxyprotocol import Header
from nodenet.service.upstreams import Upstreams
from nodenet.splice import Splicer
from nodenet.timers import clearTimeout, setInterval

__all__ = ["Relay"]

#: How much later than its time an idle connection may be closed: a part of that time, and
#: at most so many seconds.
LATE, LATEST = 1 / 16, 5


class Relay:
    """
    A connection listener that connects each client to an upstream.

    @ivar open: the connections that there are.
    @ivar onEnd: called when one has ended.
    """

    def __init__(
        self,
        reactor: Any,
        upstreams: Upstreams,
        limits: Limits,
        *,
        secure: Callable[[net.Stream], Any] | None = None,
        secureUpstream: Callable[[net.Stream], Any] | None = None,
        sendProxy: int | None = None,
        timeout: float = 3600,
        halfCloseTimeout: float = 60,
        accessLog: AccessLog | None = None,
        splices: bool = True,
    ) -> None:
        """
        @param secure: puts a client's stream behind TLS.
        @param secureUpstream: likewise an upstream's.
        @param sendProxy: version of the PROXY header that upstreams get.
        @param timeout: seconds without a byte after which a connection is cut; 0: never.
        @param halfCloseTimeout: likewise, when one side has sent its FIN.
        @param splices: move bulk data within the kernel.
        """
        self.reactor = reactor
        self.upstreams = upstreams
        self.limits = limits
        self.secure = secure
        self.secureUpstream = secureUpstream
        self.sendProxy = sendProxy
        self.timeout = timeout
        self.halfCloseTimeout = halfCloseTimeout
        self.accessLog = accessLog
        self.splicer = Splicer() if splices else None
        self.refusals = Refusals(reactor, self._refused)
        self.open: set[Pair] = set()
        self.onEnd: Callable[[], Any] = lambda: None
        soonest = min(filter(None, (timeout, halfCloseTimeout)), default=LATEST / LATE)
        interval = min(soonest * LATE, LATEST)
        self._sweeping = setInterval(self._sweep, interval * 1000, reactor=reactor)

    def __call__(self, client: net.Stream, header: Header | None = None) -> None:
        """
        @param header: the PROXY header that it began with: who it is, if that names
            somebody.
        """
        transport = client.transport
        ends = (transport.getPeer(), transport.getHost())
        if header is not None and header.source is not None:
            ends = header
        host = getattr(ends[0], "host", None)
        why = self.limits.enter(host)
        if why is None:
            self.open.add(Pair(self, client, ends))
        else:
            self.refusals.add(why, ends[0])
            client.destroy()

    def _sweep(self) -> None:
        """
        Find those that are idle, by what they have moved since the last time: there is no
        timer to be set for each byte.
        """
        now = self.reactor.seconds()
        for pair in list(self.open):
            pair.check(now)
        if self.splicer is not None:
            self.splicer.releaseIdle()

    def limit(self, halfClosed: bool) -> tuple[str, float]:
        """
        @return: how a connection ends that is idle for so many seconds; 0: it does not.
        """
        if halfClosed and 0 < self.halfCloseTimeout <= (self.timeout or math.inf):
            return "half-close-timeout", self.halfCloseTimeout
        return "idle-timeout", self.timeout

    def stop(self) -> None:
        """
        No more clients come. Those that there are go on.
        """

    def cut(self) -> None:
        """
        Reset those that there are.
        """
        for pair in list(self.open):
            pair.cut("drained")

    def close(self) -> None:
        """
        There are none any more.
        """
        clearTimeout(self._sweeping)
        self.upstreams.stop()
        self.refusals.stop()
        if self.splicer is not None:
            self.splicer.close()
        if self.accessLog is not None:
            self.accessLog.close()

    def ended(self, pair: Pair) -> None:
        """
        Tell of a connection at its end.
        """
        self.open.discard(pair)
        self.limits.leave(pair.host)
        record = pair.record()
        log.info(
            "{peer} -> {to} {ended}{why}: {bytesRead} bytes in, {bytesWritten} bytes"
            " out, {duration:.3f} s",
            to=record["upstream"] or "nobody",
            why=record["error"] and f" ({record['error']})",
            **record,
        )
        if self.accessLog is not None:
            self.accessLog.write(record)
        self.onEnd()

    def _refused(self, reason: str, peer: Any, detail: str, count: int) -> None:
        start, name = iso(self.reactor.seconds()), named(peer)
        why = f"{reason}: {detail}" if detail else reason
        log.warn(
            "{peer} refused ({error}){more}",
            peer=name,
            error=why,
            ended="refused",
            count=count,
            more=f", and {count - 1} before it" if count > 1 else "",
        )
        if self.accessLog is not None:
            self.accessLog.write(
                {"start": start, "peer": name, "ended": "refused", "error": why, "count": count}
            )
