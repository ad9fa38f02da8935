"""
What is told of a connection when it has ended.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from enum import Enum
from functools import lru_cache
from json.encoder import encode_basestring_ascii
from math import floor

from nodenet.errors import TLSError

__all__ = ["Ending", "Record", "endingBy"]


class Ending(Enum):
    """
    How a connection has ended. The value is what logs say.
    """

    #: Both sides have ended, the client first.
    CLIENT_FIN = "client-fin"
    #: Both sides have ended, the upstream first.
    UPSTREAM_FIN = "upstream-fin"
    #: The client's connection broke.
    CLIENT_RESET = "client-reset"
    #: The upstream's connection broke, once there was one.
    UPSTREAM_RESET = "upstream-reset"
    #: The client ended without TLS's close_notify.
    CLIENT_TRUNCATED = "client-truncated"
    #: The upstream did.
    UPSTREAM_TRUNCATED = "upstream-truncated"
    #: Cut by us: nothing came or went.
    IDLE_TIMEOUT = "idle-timeout"
    #: Likewise, when one side had ended.
    HALF_CLOSE_TIMEOUT = "half-close-timeout"
    #: No upstream could be reached.
    CONNECT_FAILED = "connect-failed"
    #: Not served.
    REFUSED = "refused"
    #: Cut by us: the daemon stopped.
    DRAINED = "drained"

    # An enum's own is a call in Python; each connection is counted by its ending.
    __hash__ = object.__hash__


def endingBy(error: Exception, reset: Ending, truncated: Ending) -> Ending:
    """
    @param error: that a connection has ended by.
    @return: C{truncated} of a TLS peer that has ended without close_notify, else C{reset}.
    """
    isTruncated = isinstance(error, TLSError) and error.reason == "truncated"
    return truncated if isTruncated else reset


@dataclass(slots=True)
class Record:
    """
    A line of the access log.

    @ivar start: seconds since 1970.
    @ivar duration: seconds.
    @ivar peer: the client's address.
    @ivar listener: to which it has connected; C{None} of one that was refused.
    @ivar upstream: as the option has it; C{None}: none was reached.
    @ivar attempts: connections to upstreams that were tried.
    @ivar bytesRead: from the client.
    @ivar bytesWritten: to the client.
    @ivar firstByte: seconds from the start to the upstream's first byte; C{None}: none came.
    @ivar error: what has failed; mostly empty.
    @ivar count: connections that this line is of, the last of which it describes.
    """

    start: float
    duration: float
    peer: str
    listener: str | None
    upstream: str | None
    attempts: int
    bytesRead: int
    bytesWritten: int
    firstByte: float | None
    ended: Ending
    error: str
    count: int = 1

    def json(self) -> str:
        """
        @return: the line, in ASCII. By hand, as C{json.dumps} takes three times as long.
        """
        seconds = floor(self.start)
        first = "null" if self.firstByte is None else f"{self.firstByte:.6f}"
        return (
            f'{{"start": "{_second(seconds)}.{int((self.start - seconds) * 1000):03}+00:00", '
            f'"duration": {self.duration:.6f}, "peer": {_quoted(self.peer)}, '
            f'"listener": {_quoted(self.listener)}, "upstream": {_quoted(self.upstream)}, '
            f'"attempts": {self.attempts}, "bytesRead": {self.bytesRead}, '
            f'"bytesWritten": {self.bytesWritten}, "firstByte": {first}, '
            f'"ended": "{self.ended.value}", "error": {_quoted(self.error)}, '
            f'"count": {self.count}}}\n'
        )


@lru_cache(8)
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")


def _quoted(text: str | None) -> str:
    return "null" if text is None else encode_basestring_ascii(text)
