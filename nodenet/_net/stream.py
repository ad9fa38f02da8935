"""
C{net.Stream}: Node's rules for a connection, and nothing about sockets.

Its life is told in C{connection.py}, writing in C{writing.py}, reading in C{reading.py},
TLS in C{securing.py}: each class stands on the one before.

Source: Node v0.3.3, C{lib/net.js}.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from twisted.internet.interfaces import (
    IFileDescriptorReceiver,
    IHalfCloseableProtocol,
    IHandshakeListener,
)
from zope.interface import implementer

from nodenet._interfaces import StreamAdders, StreamListeners
from nodenet._net.idle import Idle
from nodenet._net.securing import Securing
from nodenet._transports import sockopts

__all__ = ["Stream"]

_D = TypeVar("_D")

#: Milliseconds that setKeepAlive takes at most; the kernel takes fewer.
_DAY = 86_400_000


class Joiner(Protocol):
    """
    Moves the data of a pipe on a way of its own; see L{nodenet.splice.Splicer}.
    """

    def join(self, source: Any, dest: Any) -> None: ...


@implementer(IHalfCloseableProtocol, IFileDescriptorReceiver, IHandshakeListener)
class Stream(Securing):
    """
    A TCP or UNIX connection: an L{EventEmitter<nodenet.events.EventEmitter>}
    that is a Twisted protocol.

    Events, each with its listener's arguments:

      - C{connect}(): the connection is established. Once for each C{connect},
        before all others; not on streams that a server accepted.
      - C{data}(data): C{bytes}, or C{str} after C{setEncoding}. Never while
        paused.
      - C{end}(): the peer's FIN has come, after its last C{data}; at most once.
        Unless C{allowHalfOpen}, C{end} has been called already.
      - C{drain}(): what C{write} had queued has all gone out.
      - C{fd}(fd): a descriptor has come over a UNIX socket; it is the listener's to
        close. After the C{data} that it came with.
      - C{secure}(): the handshake of C{setSecure} is done. Before all C{data}.
      - C{timeout}(): nothing was read or written for as long as L{setTimeout}
        says. Once, until there is activity again. The connection stays.
      - C{error}(exception): the connection has failed. Directly followed by
        C{close}.
      - C{close}(had_error): the last event; nothing is left of the connection.

    An exception from a listener that the reactor called is logged as critical,
    and the stream is destroyed with it.

    @ivar allowHalfOpen: the peer's FIN does not end our side; C{end} is then the
        user's to call.
    @ivar writable: whether our side is open. It stays so after C{end} until what is
        queued has gone out.
    @ivar bytesRead: bytes received in this connection.
    @ivar bytesWritten: bytes given to the kernel (or to a transport that
        buffers) in this connection.
    @ivar bufferSize: bytes that are queued here.
    @ivar transport: as in any Twisted protocol.
    """

    __slots__ = ()

    if TYPE_CHECKING:
        # For checkers, these are no methods, but know the events. (Declared, each by itself:
        # of what is only assigned, pyright would take the base's type.)
        on: StreamAdders  # type: ignore[assignment]
        addListener: StreamAdders  # type: ignore[assignment]
        once: StreamAdders  # type: ignore[assignment]
        prependListener: StreamListeners  # type: ignore[assignment]
        prependOnceListener: StreamListeners  # type: ignore[assignment]
        off: StreamListeners  # type: ignore[assignment]
        removeListener: StreamListeners  # type: ignore[assignment]

    # Settings

    def setTimeout(self, msecs: float) -> None:
        """
        Emit C{timeout} when nothing has been read or written for so long.

        @param msecs: milliseconds; 0: never (the default).
        """
        if not msecs >= 0:
            return
        if self._idle is not None:
            self._idle.stop()
        seconds = msecs / 1000
        self._idle = Idle(self._reactor, seconds, self._onIdle) if seconds else None
        if self._state != "closed":
            self.touch()

    def _onIdle(self) -> None:
        self._deliver("timeout")

    def setNoDelay(self, noDelay: bool = True) -> None:
        """
        Disable Nagle's algorithm, which holds back small pieces of data. Does
        nothing over a UNIX socket. Under TLS it is disabled until this is called.
        """
        self._noDelay = bool(noDelay)
        if self._alive:
            sockopts.setNoDelay(self.transport, self._noDelay)

    def setKeepAlive(self, enable: bool = False, initialDelay: float = 0) -> None:
        """
        Have the kernel probe an idle connection. Does nothing over a UNIX socket.

        @param initialDelay: milliseconds (the kernel takes whole seconds,
            rounded up, and 32,767 of them at most) until the first probe; 0 leaves it as it
            is.
        """
        self._keepAlive = bool(enable), math.ceil(min(max(initialDelay, 0), _DAY) / 1000)
        if self._alive:
            sockopts.setKeepAlive(self.transport, *self._keepAlive)

    # Pipes

    def pipe(
        self,
        dest: _D,
        options: Mapping[str, bool] | None = None,
        *,
        end: bool = True,
        splice: Joiner | None = None,
    ) -> _D:
        """
        Write all that is read from here to C{dest}; see L{nodenet.stream.Stream.pipe}.

        @param splice: a L{nodenet.splice.Splicer}, which moves bulk data within the kernel
            where it can: C{data} is not emitted for that.
        """
        join = None if splice is None else splice.join
        super().pipe(dest, options, end=end)
        if join is not None:
            join(self, dest)
        return dest

    # For what moves data past the stream (L{nodenet.splice})

    @property
    def emitsPlainly(self) -> bool:
        """
        Whether what comes is emitted at once and as it is.
        """
        return self._wire is not None and self._inbox is None

    @property
    def sendsAtOnce(self) -> bool:
        """
        Whether C{write} would go straight to the transport.
        """
        return self._send is not None

    def countRead(self, size: int) -> None:
        """
        So many bytes have been read.
        """
        self.bytesRead += size
        self.touch()

    def countQueued(self, size: int) -> None:
        """
        So many bytes wait to be sent: C{end} waits for them, and C{write} queues behind.
        """
        self.bufferSize += size
        self._send = None

    def countSent(self, size: int) -> None:
        """
        So many of these have gone out.
        """
        self.bytesWritten += size
        self.bufferSize -= size
        self.touch()
        if not self.bufferSize:
            self._update()
