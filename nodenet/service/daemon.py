"""
The service that C{twistd nodenet} runs: it listens, and ends.
"""

from __future__ import annotations

import sys
from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred, DeferredList
from twisted.python.failure import Failure

from nodenet.service.addresses import addressText
from nodenet.service.log import log
from nodenet.service.sessions import Sessions

__all__ = ["CannotStart", "Daemon"]


class CannotStart(SystemExit, Exception):
    """
    Ends the process with one line and status 1. (An C{Exception} too, so that
    twistd tells the parent process and removes its pid file.)
    """

    def __init__(self, why: object) -> None:
        super().__init__(f"twistd nodenet: {why}")

    def __str__(self) -> str:
        return str(self.code)


class Daemon(Service):
    """
    Serves on endpoints until it is stopped.
    """

    def __init__(
        self,
        reactor: Any,
        factory: Any,
        endpoints: list[tuple[str, Any]],
        sessions: Sessions,
        drain: float = 5,
    ) -> None:
        """
        @param factory: of the connections.
        @param endpoints: each with the option that has asked for it, for messages.
        @param drain: seconds that connections are given to end when the service
            stops.
        """
        self.reactor = reactor
        self.factory = factory
        self.endpoints = endpoints
        self.sessions = sessions
        self.drain = drain
        self.ports: list[Any] = []
        self._bound = self._stopped = False
        self._drained: Deferred[None] | None = None
        sessions.onEnd = self._checkDrained

    def privilegedStartService(self) -> None:
        """
        Bind, while the process still may.

        @raise CannotStart: an endpoint cannot listen.
        """
        super().privilegedStartService()
        self._bound = True
        for given, endpoint in self.endpoints:
            listening = endpoint.listen(self.factory)
            listening.addCallbacks(self._listening, self._cannotListen, errbackArgs=(given,))
            result = getattr(listening, "result", None)
            if isinstance(result, Failure):
                listening.addErrback(lambda _: None)
                result.raiseException()
            # Others' endpoints may take their time: all of the addresses, or none.
            listening.addErrback(lambda _: self.reactor.callWhenRunning(self.reactor.stop))

    def startService(self) -> None:
        """
        Under a runner that knows no privileges (C{twist}), bind now.

        @raise CannotStart: an endpoint cannot listen.
        """
        super().startService()
        if not self._bound:
            self.privilegedStartService()

    def _listening(self, port: Any) -> None:
        if self._stopped:
            port.stopListening()
            return
        self.ports.append(port)
        log.info("Listening on {address}", address=addressText(port.getHost()))

    def _cannotListen(self, failure: Failure, given: str) -> None:
        reason = getattr(failure.value, "socketError", failure.value)  # of others' endpoints
        why = getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
        log.critical("{given}: cannot listen: {why}", given=given, why=why)
        # The log has sys.stderr by now; this line is for who started us.
        sys.stderr = sys.__stderr__
        raise CannotStart(f"{given}: cannot listen: {why}") from None

    def stopService(self) -> Deferred[Any]:
        """
        Accept no more, and let those that are open end.

        @return: fires when all are closed, after C{drain} seconds at the latest.
        """
        super().stopService()
        self._stopped = True
        stopped = [port.stopListening() for port in self.ports]
        self.ports = []
        drained: Deferred[None] = Deferred()
        self._drained = drained
        sessions = self.sessions
        if sessions.open:
            log.info(
                "Stopping: {count} connections have {drain:g} s to end",
                count=len(sessions.open),
                drain=self.drain,
            )
        sessions.stop()
        limit = self.reactor.callLater(self.drain, sessions.cut)
        drained.addCallback(lambda _: limit.active() and limit.cancel())
        drained.addCallback(lambda _: sessions.close())
        self._checkDrained()
        return DeferredList([drained, *(each for each in stopped if each is not None)])

    def _checkDrained(self) -> None:
        if self._drained is not None and not self.sessions.open:
            drained, self._drained = self._drained, None
            drained.callback(None)
