"""
The contract between a stream and its transport.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

__all__ = ["CHUNK", "READ_SIZE", "Owner", "Wire"]

#: Bytes that one read takes at most.
READ_SIZE = 64 * 1024
#: Bytes that a transport which buffers gets at once.
CHUNK = 64 * 1024


class Owner(Protocol):
    """
    The stream that a wire serves.
    """

    def onWritable(self) -> bool:
        """
        The transport takes data again, after C{startWriting}.

        @return: whether there is more to come.
        """

    def touch(self) -> None:
        """
        Something has come or gone that is no data.
        """

    def onTransportWrite(self, data: bytes) -> bool:
        """
        Somebody has given data to the transport itself.

        @return: whether it has gone out.
        """


class Wire(Protocol):
    """
    What a stream needs of its transport. nodenet's own transports are wires themselves;
    L{nodenet._transports.choose.wireFor} finds one for any other.
    """

    @property
    def buffers(self) -> bool:
        """
        Whether it may have taken what it has not counted as sent.
        """

    @property
    def send(self) -> Callable[[bytes], int]:
        """
        As C{socket.send}: hand over now what fits.

        @raise BlockingIOError: nothing fits.
        @raise OSError: the connection has failed.
        """

    def sendv(self, pieces: Sequence[bytes | memoryview]) -> int:
        """
        As C{send}, for several pieces in a row.
        """

    def sendDescriptor(self, data: bytes | memoryview, fd: int) -> int:
        """
        As C{send}, with a descriptor.
        """

    def passesDescriptors(self) -> bool: ...

    def wholeMessage(self) -> int:
        """
        @return: bytes that one C{sendDescriptor} takes all or none of.
        """

    def startWriting(self) -> None:
        """
        Call the stream's C{onWritable} when more fits.
        """

    def stopWriting(self) -> None: ...

    def startReading(self) -> None: ...

    def stopReading(self) -> None: ...

    def shutdown(self) -> None:
        """
        Send our FIN; what comes from the peer is still read.

        @raise OSError: the connection has failed.
        """

    def close(self) -> None:
        """
        Close the descriptor now, as close(2).
        """

    def finish(self) -> None:
        """
        Close when all that was sent has gone: both sides have ended.
        """

    def release(self) -> None:
        """
        Leave the transport to another wire.
        """
