"""
The echo service's sessions, as the daemon sees them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nodenet import net
from nodenet.service.addresses import addressText
from nodenet.service.log import errorText, log
from nodenet.service.proxyprotocol import Header
from nodenet.service.record import Ending, endingBy
from nodenet.service.sessions import Session, Sessions, more

__all__ = ["Echo", "EchoSession"]


class Echo:
    """
    Serves each client by a connection listener.
    """

    def __init__(self, serve: Callable[[net.Stream], Any]) -> None:
        """
        @param serve: the listener.
        """
        self._serve = serve

    def begin(
        self,
        sessions: Sessions,
        client: net.Stream,
        header: Header | None,
        host: str | None = None,
    ) -> EchoSession:
        """
        A client has come.
        """
        return EchoSession(self._serve, sessions, client, header, host)

    def sweep(self) -> None:
        """
        There is nothing to be looked after.
        """

    def close(self) -> None:
        """
        There is nothing to be closed.
        """


class EchoSession(Session):
    """
    A connection that a listener serves by itself.
    """

    __slots__ = ("_moved", "_since")

    def __init__(
        self,
        serve: Callable[[net.Stream], Any],
        sessions: Sessions,
        client: net.Stream,
        header: Header | None,
        host: str | None,
    ) -> None:
        super().__init__(sessions, client, header, host)
        self._moved = 0
        self._since = self._began
        client.on("error", self._failed)
        client.on("close", self._closed)
        if sessions.secure is not None:
            sessions.secure(client)
        serve(client)

    def _failed(self, error: Exception) -> None:
        self.error = errorText(error)
        self.ending = endingBy(error, Ending.CLIENT_RESET, Ending.CLIENT_TRUNCATED)

    def _closed(self, had_error: bool) -> None:
        if self.ending is None:
            self.ending = Ending.CLIENT_FIN
        self.finish()

    def stop(self) -> None:
        self.client.end()

    def cut(self, ending: Ending) -> None:
        if self.ending is None:
            self.ending = ending
        self.client.destroy()

    def check(self, now: float) -> None:
        moved = self.client.bytesRead + self.client.bytesWritten
        if moved != self._moved:
            self._moved, self._since = moved, now
        elif 0 < self.sessions.timeout <= now - self._since:
            self.cut(Ending.IDLE_TIMEOUT)

    def tell(self, count: int) -> None:
        assert self.ending is not None
        ours = {Ending.IDLE_TIMEOUT: "idle", Ending.DRAINED: "cut"}
        why = ours.get(self.ending, self.error)
        log.info(
            "{peer} closed{how}: {bytesRead} bytes in, {bytesWritten} bytes out,"
            " {duration:.3f} s{more}",
            peer=addressText(self.peerAddress()),
            how=why and f" ({why})",
            why=why,
            bytesRead=self.bytesRead,
            bytesWritten=self.bytesWritten,
            duration=self._duration,
            count=count,
            more=more(count),
        )
