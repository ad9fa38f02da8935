"""
The connections that a daemon has open, and what is told of each at its end.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any, Protocol

from nodenet import net
from nodenet.service.accesslog import AccessLog
from nodenet.service.addresses import addressText, unmapped
from nodenet.service.admission import Admission
from nodenet.service.log import Throttle, log
from nodenet.service.proxyprotocol import Header
from nodenet.service.record import Ending, Record
from nodenet.timers import clearTimeout, setInterval

__all__ = ["Service", "Session", "Sessions", "more"]

#: How often idle connections are looked for: in such parts of their time, and every so many
#: seconds at least. That one has moved something is seen at the next look; so it may be ended
#: two of these later than its time.
SWEEP_FRACTION, SWEEP_MAX = 1 / 16, 5


class Session:
    """
    One connection, from a client to whatever serves it.

    @ivar client: the client's stream; C{None} at the end.
    @ivar ending: how it has ended; C{None} until that is known.
    @ivar error: what has failed; mostly empty.
    """

    __slots__ = (
        "_began",
        "_duration",
        "_header",
        "_listener",
        "_peer",
        "_start",
        "bytesRead",
        "bytesWritten",
        "client",
        "ending",
        "error",
        "host",
        "sessions",
    )

    def __init__(
        self,
        sessions: Sessions,
        client: net.Stream,
        header: Header | None,
        host: str | None = None,
    ) -> None:
        """
        @param header: of the PROXY protocol, if there was one.
        @param host: the IP address that it is counted by.
        """
        self.sessions = sessions
        self.client: Any = client
        self.ending: Ending | None = None
        self.error = ""
        self.bytesRead = self.bytesWritten = 0  # at the end
        self._header = header
        self.host = host
        self._start = time.time()
        self._began = sessions.reactor.seconds()
        self._duration = 0.0
        # The socket can be asked for the client's address to the end, but for its own only
        # while it is open.
        self._peer = client.transport.getPeer
        self._listener = (
            None
            if sessions.accessLog is None
            else sys.intern(addressText(self.listenerAddress()))
        )

    def peerAddress(self) -> Any:
        """
        @return: Twisted's address of the client.
        """
        return _peerOf(self._peer, self._header)

    def listenerAddress(self) -> Any:
        """
        @return: Twisted's address to which the client has connected.
        """
        header = self._header
        if header is not None and header.source is not None:
            return unmapped(header.destination)
        return unmapped(self.client.transport.getHost())

    def record(self) -> Record:
        """
        @return: what there is to say of it, now that it has ended.
        """
        assert self.ending is not None
        return Record(
            self._start,
            self._duration,
            addressText(self.peerAddress()),
            self._listener,
            None,
            0,
            self.bytesRead,
            self.bytesWritten,
            None,
            self.ending,
            self.error,
        )

    @property
    def silent(self) -> bool:
        """
        Whether the client has sent nothing.
        """
        return not self.bytesRead

    def tell(self, count: int) -> None:
        """
        Say in the log that it has ended.

        @param count: connections that this is said of.
        """
        raise NotImplementedError

    def stop(self) -> None:
        """
        The daemon stops: end what need not go on.
        """

    def cut(self, ending: Ending) -> None:
        """
        End it now.
        """
        raise NotImplementedError

    def check(self, now: float) -> None:
        """
        End it if it is idle.

        @param now: seconds, by the reactor's clock.
        """
        raise NotImplementedError

    def finish(self) -> None:
        """
        Nothing of it is left.
        """
        client, self.client = self.client, None
        self.bytesRead, self.bytesWritten = client.bytesRead, client.bytesWritten
        self._duration = self.sessions.reactor.seconds() - self._began
        self.sessions.ended(self)


class Service(Protocol):
    """
    What serves the clients: echo, or the relay.
    """

    def begin(
        self,
        sessions: Sessions,
        client: net.Stream,
        header: Header | None,
        host: str | None,
    ) -> Session:
        """
        A client has come.
        """
        raise NotImplementedError

    def sweep(self) -> None:
        """
        To be called from time to time.
        """

    def close(self) -> None:
        """
        There are no sessions any more.
        """


class _Refused:
    """
    A client that was not served.
    """

    def __init__(self, reason: str, peer: Any, detail: str) -> None:
        self.error = f"{reason}: {detail}" if detail else reason
        self.peer = addressText(peer)


class Sessions:
    """
    What is open.

    @ivar open: those that there are.
    @ivar timeout: seconds without a byte after which one is ended; 0: never.
    @ivar secure: puts a client's stream behind TLS.
    @ivar onEnd: called when one has ended.
    """

    def __init__(
        self,
        reactor: Any,
        service: Service,
        *,
        admission: Admission | None = None,
        secure: Callable[[net.Stream], Any] | None = None,
        timeout: float = 0,
        sweep: float = 0,
        keepAlive: int = 0,
        accessLog: AccessLog | None = None,
        logEmpty: bool = True,
    ) -> None:
        """
        @param admission: who may come; C{None}: everybody.
        @param sweep: the shortest timeout that a session has, in seconds; 0: none has.
        @param keepAlive: seconds of silence until the kernel probes a client; 0: it does not.
        @param logEmpty: one that gets nothing from its client has a line of its own.
        """
        self.reactor = reactor
        self.service = service
        self.admission = admission
        self.secure = secure
        self.timeout = timeout
        self.keepAlive = keepAlive
        self.accessLog = accessLog
        self.logEmpty = logEmpty
        self.open: set[Session] = set()
        self.onEnd: Callable[[], Any] = lambda: None
        self._told: Throttle[Session] = Throttle(reactor, lambda one, count: one.tell(count))
        self._refused: Throttle[_Refused] = Throttle(reactor, self._tellRefused)
        self._empty: Throttle[Session] = Throttle(reactor, self._writeEmpty)
        self._sweeping = None
        if sweep:
            interval = min(sweep * SWEEP_FRACTION, SWEEP_MAX)
            self._sweeping = setInterval(self._sweep, interval * 1000, reactor=reactor)

    def accept(self, client: net.Stream, header: Header | None = None) -> None:
        """
        A client has come.
        """
        host, admission = None, self.admission
        if admission is not None:
            if admission.byHost:
                host = getattr(_peerOf(client.transport.getPeer, header), "host", None)
            why = admission.enter(host)
            if why is not None:
                self.refuse(why, _peerOf(client.transport.getPeer, header))
                client.destroy()
                return
        if self.keepAlive:
            client.setKeepAlive(True, self.keepAlive * 1000)
        self.open.add(self.service.begin(self, client, header, host))

    def refuse(self, reason: str, peer: Any, detail: str = "") -> None:
        """
        A client is not served.

        @param reason: one of a few.
        @param peer: its address.
        @param detail: what else there is to say.
        """
        self._refused.add(reason, _Refused(reason, peer, detail))

    def _tellRefused(self, refused: _Refused, count: int) -> None:
        log.warn(
            "{peer} refused ({error}){more}",
            peer=refused.peer,
            error=refused.error,
            ended=Ending.REFUSED.value,
            count=count,
            more=more(count),
        )
        if self.accessLog is not None:
            self.accessLog.write(
                Record(
                    time.time(), 0, refused.peer, None, None, 0, 0, 0, None, Ending.REFUSED,
                    refused.error, count,
                ).json()
            )  # fmt: skip

    def ended(self, session: Session) -> None:
        """
        One has: tell of it.
        """
        self.open.discard(session)
        if self.admission is not None:
            self.admission.leave(session.host)
        self._told.add(session.ending, session)
        if self.accessLog is not None:
            if self.logEmpty or not session.silent:
                self.accessLog.write(session.record().json())
            else:
                self._empty.add(session.ending, session)
        if not self.open:
            self.onEnd()

    def _writeEmpty(self, session: Session, count: int) -> None:
        if self.accessLog is not None:
            record = session.record()
            record.count = count
            self.accessLog.write(record.json())

    def _sweep(self) -> None:
        """
        Find those that are idle, by what they have moved since the last time: there is no
        timer to be set for each byte.
        """
        now = self.reactor.seconds()
        for session in list(self.open):
            try:
                session.check(now)
            except Exception:  # a fault of ours, which is not to keep the others waiting
                log.failure("Cannot look after {peer}", peer=session.peerAddress())
        self.service.sweep()

    def stop(self) -> None:
        """
        No more clients come: end what need not go on.
        """
        for session in list(self.open):
            session.stop()

    def cut(self) -> None:
        """
        End those that are left, now.
        """
        for session in list(self.open):
            session.cut(Ending.DRAINED)

    def close(self) -> None:
        """
        There are none any more.
        """
        clearTimeout(self._sweeping)
        for each in self._told, self._refused, self._empty:
            each.stop()
        self.service.close()
        if self.accessLog is not None:
            self.accessLog.close()


def _peerOf(getPeer: Callable[[], Any], header: Header | None) -> Any:
    """
    @param getPeer: of the connection, which may be a proxy's.
    @return: Twisted's address of who the client is.
    """
    return unmapped((header and header.source) or getPeer())


def more(count: int) -> str:
    """
    @return: the end of a line that tells of so many by the last of them.
    """
    return f", and {count - 1} before it" if count > 1 else ""
