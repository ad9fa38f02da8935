"""
The echo service, as a user of L{nodenet.net} would write it.
"""

from __future__ import annotations

from collections.abc import Callable

from nodenet import net

__all__ = ["echo"]


def echo(greeting: bytes = b"") -> Callable[[net.Stream], None]:
    """
    @param greeting: what each connection is sent first.
    @return: a connection listener that sends back all that it is sent.
    """

    def listener(stream: net.Stream) -> None:
        if greeting:
            stream.write(greeting)
        stream.pipe(stream, end=not stream.allowHalfOpen)

    return listener
