"""
One stream's way to a connection: a name is looked up, its addresses are tried.
"""

from __future__ import annotations

from collections.abc import Callable
from errno import EADDRNOTAVAIL, EAFNOSUPPORT, EHOSTUNREACH, ENETUNREACH
from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.protocol import Factory
from twisted.python.failure import Failure

from nodenet._address import isIP
from nodenet._transports.connector import Attempt, connectTCP
from nodenet._transports.failures import asOSError
from nodenet._transports.resolver import resolve
from nodenet.timers import nextTick

__all__ = ["Connecting", "EndpointConnecting", "interleaved"]

#: Seconds after which the next address is tried beside one that has not answered
#: (RFC 8305, 5).
ATTEMPT_DELAY = 0.25
#: What is said of an address to which this machine has no way: it tells less than what
#: another address has answered.
_NO_WAY = {EADDRNOTAVAIL, EAFNOSUPPORT, EHOSTUNREACH, ENETUNREACH}

Connected = Callable[[Attempt], Any]
Failed = Callable[[BaseException], Any]


class Connecting:
    """
    Connects to a host by its name. In a later turn of the reactor C{connected} is called
    with the attempt that has succeeded, or C{failed} with an C{OSError}; neither after
    L{cancel}.

    Several addresses of a name are tried as RFC 8305 says, families taking turns: the next
    one at once when one fails, and else after a delay, beside it.
    """

    __slots__ = (
        "_attempts",
        "_connected",
        "_error",
        "_failed",
        "_lookup",
        "_port",
        "_reactor",
        "_timer",
        "_untried",
    )

    def __init__(self, reactor: Any, connected: Connected, failed: Failed) -> None:
        self._reactor = reactor
        self._connected = connected
        self._failed = failed
        self._attempts: list[Attempt] = []
        self._untried: list[str] = []
        self._port = 0
        self._error: Any = None
        self._lookup: Deferred[Any] | None = None
        self._timer: Any = None

    def host(self, host: str, port: int) -> None:
        """
        Connect over TCP.

        @param host: a name.
        """
        self._port = port
        self._lookup = resolve(self._reactor, host)
        self._lookup.addCallbacks(self._resolved, self._notResolved)

    def _resolved(self, addresses: list[str]) -> None:
        self._lookup = None
        self._untried = interleaved(addresses)
        self._tryNext()

    def _notResolved(self, failure: Failure) -> None:
        if failure.check(CancelledError) is None:
            self._lookup = None
            self._error = failure.value
            nextTick(self._unknown, reactor=self._reactor)

    def _unknown(self) -> None:
        if self._error is not None:  # else it was cancelled
            self._failed(self._error)

    def _tryNext(self) -> None:
        """
        Try the next address, if there is one.
        """
        self._stopTimer()
        host = self._untried.pop(0)
        if self._untried:
            self._timer = self._reactor.callLater(ATTEMPT_DELAY, self._late)
        attempt = connectTCP(
            self._reactor, host, self._port, self._succeeded, self._attemptFailed
        )
        self._attempts.append(attempt)

    def _late(self) -> None:
        self._timer = None
        self._tryNext()

    def _succeeded(self, attempt: Attempt) -> None:
        self._attempts.remove(attempt)
        self.cancel()
        self._connected(attempt)

    def _attemptFailed(self, attempt: Attempt, error: OSError) -> None:
        self._attempts.remove(attempt)
        if self._error is None or self._error.errno in _NO_WAY:
            self._error = error
        if self._untried:
            self._tryNext()
        elif not self._attempts:
            self._failed(self._error)

    def _stopTimer(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()

    def cancel(self) -> None:
        """
        Take it back.
        """
        self._stopTimer()
        lookup, self._lookup = self._lookup, None
        if lookup is not None:
            lookup.cancel()
        for attempt in self._attempts:
            attempt.cancel()
        self._attempts.clear()
        self._untried.clear()
        self._error = None


class EndpointConnecting(Factory):
    """
    Likewise by one of Twisted's endpoints, which hands its transport to the protocol itself
    (C{makeConnection}).

    @ivar arrived: the endpoint has a connection, and has asked for the protocol.
    """

    noisy = False

    def __init__(
        self,
        endpoint: Any,
        protocol: Any,
        failed: Failed,
        where: tuple[str | None, int | None],
    ) -> None:
        """
        @param where: host or path, and port, for errors.
        """
        self._endpoint = endpoint
        self._where = where
        self._protocol = protocol
        self._failed: Failed | None = failed
        self._attempt: Deferred[Any] | None = None
        self.arrived = False

    def connect(self) -> None:
        attempt = self._attempt = self._endpoint.connect(self)
        attempt.addErrback(self._endpointFailed)

    def buildProtocol(self, addr: object) -> Any:
        self.arrived = True
        return self._protocol

    def _endpointFailed(self, failure: Failure) -> None:
        failed, self._failed = self._failed, None
        if failed is not None:
            failed(asOSError(failure.value, "connect", *self._where))

    def cancel(self) -> None:
        """
        Take it back.
        """
        self._failed = None
        if self._attempt is not None:
            self._attempt.cancel()


def interleaved(addresses: list[str]) -> list[str]:
    """
    @return: the same, with a change of family at every place where that can be; the first
        stays the first.
    """
    first = [each for each in addresses if isIP(each) == isIP(addresses[0])]
    other = [each for each in addresses if isIP(each) != isIP(addresses[0])]
    mixed = [each for pair in zip(first, other, strict=False) for each in pair]
    shorter = min(len(first), len(other))
    return mixed + first[shorter:] + other[shorter:]
