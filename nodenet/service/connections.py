"""
What the daemon keeps of each connection that a listener serves by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nodenet import net
from nodenet.service.log import describe, log, named

__all__ = ["Connections"]


class Connections:
    """
    A connection listener that puts another on the record.

    @ivar open: the connections that there are.
    @ivar onEnd: called when one has ended.
    """

    def __init__(
        self,
        reactor: Any,
        serve: Callable[[net.Stream], Any],
        secure: Callable[[net.Stream], Any] | None = None,
        timeout: float = 0,
    ) -> None:
        """
        @param serve: the other.
        @param secure: puts a stream behind TLS.
        @param timeout: seconds after which an idle connection is closed; 0: none.
        """
        self.reactor = reactor
        self.serve = serve
        self.secure = secure
        self.timeout = timeout
        self.open: set[_Connection] = set()
        self.onEnd: Callable[[], Any] = lambda: None

    def __call__(self, stream: net.Stream) -> None:
        self.open.add(_Connection(self, stream))
        if self.secure is not None:
            self.secure(stream)
        self.serve(stream)

    def stop(self) -> None:
        """
        End each, after what is queued for it.
        """
        for connection in list(self.open):
            connection.stream.end()

    def cut(self) -> None:
        """
        Close what is still open.
        """
        for connection in list(self.open):
            connection.why = "cut"
            connection.stream.destroy()

    def close(self) -> None:
        """
        There are none any more.
        """

    def ended(self, connection: _Connection) -> None:
        self.open.discard(connection)
        self.onEnd()


class _Connection:
    """
    One of them.
    """

    __slots__ = ("all", "peer", "since", "stream", "why")

    def __init__(self, all: Connections, stream: net.Stream) -> None:
        self.all = all
        self.stream = stream
        self.peer = named(stream.transport.getPeer())
        self.since = all.reactor.seconds()
        self.why = ""
        stream.on("error", self.failed)
        stream.on("close", self.closed)
        if all.timeout:
            stream.setTimeout(all.timeout * 1000)
            stream.on("timeout", self.idle)

    def idle(self) -> None:
        self.why = "idle"
        self.stream.destroy()

    def failed(self, error: Any) -> None:
        self.why = describe(error)

    def closed(self, had_error: bool) -> None:
        stream = self.stream
        log.info(
            "{peer} closed{how}: {bytesRead} bytes in, {bytesWritten} bytes out,"
            " {duration:.3f} s",
            peer=self.peer,
            how=self.why and f" ({self.why})",
            why=self.why,
            bytesRead=stream.bytesRead,
            bytesWritten=stream.bytesWritten,
            duration=self.all.reactor.seconds() - self.since,
        )
        self.all.ended(self)
