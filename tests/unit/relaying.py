"""
What the tests of the relay have in common: transports in memory that are full when told so.
"""

from __future__ import annotations

from errno import ECONNRESET
from typing import Any

from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from nodenet import net
from nodenet.errors import errnoException

__all__ = ["Transport", "lose", "opened"]


class Transport(StringTransport):
    """
    One end of a connection: what is written to it, and how it was ended.

    @ivar calls: C{"end"}, C{"abort"}: how our side was ended, in order.
    """

    def __init__(self) -> None:
        super().__init__()
        self.producer: Any = None
        self.calls: list[str] = []

    @property
    def ended(self) -> str:
        """
        How it was ended first.
        """
        return self.calls[0] if self.calls else ""

    def loseConnection(self) -> None:
        self.calls.append("end")

    def abortConnection(self) -> None:
        self.calls.append("abort")

    def fill(self) -> None:
        """
        From now on it takes nothing.
        """
        self.producer.pauseProducing()

    def empty(self) -> None:
        """
        It takes data again.
        """
        self.producer.resumeProducing()

    @property
    def reads(self) -> bool:
        return bool(self.producerState == "producing")


def opened(reactor: Any) -> net.Stream:
    """
    @return: a stream that is connected.
    """
    stream = net.Stream(allowHalfOpen=True, reactor=reactor)
    stream.makeConnection(Transport())
    return stream


def lose(stream: net.Stream, error: BaseException | None = None) -> None:
    """
    The peer has reset the connection.
    """
    if stream.transport is not None:
        stream.transport.producer = None  # as Twisted's transports do
    stream.connectionLost(Failure(error or errnoException(ECONNRESET, "read")))
