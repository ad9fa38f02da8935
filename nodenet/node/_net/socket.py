"""
C{net.Socket}: Node 20's rules for a connection.

Its life is told in C{connection.py}, its way to a connection in C{connecting.py}.

Source: Node 20, C{lib/net.js}.
"""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING, Any, overload

from nodenet._net.idle import Idle
from nodenet.node._inspect import undefined
from nodenet.node._leaks import TIMEOUT_MAX, TimeoutOverflowWarning
from nodenet.node._net.arguments import isGiven, millisToSeconds, normalizeArgs, truthy
from nodenet.node._net.connecting import Connecting
from nodenet.node._net.connection import toBytes
from nodenet.node._net.handle import Handle
from nodenet.node.errors import ERR_MISSING_ARGS, ERR_OUT_OF_RANGE
from nodenet.node.validators import validateFunction, validateNumber, validateString

if TYPE_CHECKING:
    from typing_extensions import Self, Unpack

    from nodenet.node._inspect import Undefined
    from nodenet.node._types import (
        AddressInfo,
        Callback,
        ClientEndpoint,
        ConnectKeywords,
        ConnectOptions,
        Path,
        Port,
    )

__all__ = ["Socket"]


class Socket(Connecting):
    """
    A TCP or UNIX connection: a L{Duplex<nodenet.node.stream.Duplex>} that is a Twisted
    protocol.

    Source: Node 20, C{net.Socket}.

    It reads from the start, but keeps what it has read, up to the high-water mark, until
    somebody listens to C{data}, calls C{resume}, C{read} or C{pipe}, or iterates.

    Events, beside those of a duplex stream, each with its listener's arguments:

      - C{lookup}(error, address, family, host): a name was looked up; once for each address
        that was found, or once with an error. Not of a host that is an address.
      - C{connectionAttempt}(address, port, family): an address is being tried, 4 or 6 is its
        family; of a UNIX socket (path, None, None). Before each attempt.
      - C{connectionAttemptFailed}(address, port, family, error), and
        C{connectionAttemptTimeout}(address, port, family): that has failed, or was given up
        after C{autoSelectFamilyAttemptTimeout}. The next address is tried, if there is one.
      - C{connect}(), then C{ready}(): the connection is established. Once for each
        L{connect}; not of sockets that a server has accepted.
      - C{data}(data): C{bytes}, or C{str} after C{setEncoding}.
      - C{end}(): the peer's FIN has come, and all before it was read. Once. Unless
        C{allowHalfOpen}, our side ends after its listeners.
      - C{drain}(): after a C{write} that was false, all has gone out.
      - C{finish}(): after C{end()}, all has gone out, and so has our FIN.
      - C{readable}(), C{pause}(), C{resume}(), C{pipe}, C{unpipe}: as of any stream.
      - C{timeout}(): nothing was read or written for as long as L{setTimeout} says. Once,
        until there is activity again. The connection stays.
      - C{error}(error): it has failed; C{close} follows. At most once. When nobody listens,
        it is logged as critical, see
        L{exitOnUncaught<nodenet.node.process.exitOnUncaught>}.
      - C{close}(hadError): the last. Without an argument, as in Node, where there never was
        a connection nor an attempt at one.

    @ivar connecting: it is on its way.
    @ivar timeout: milliseconds, what L{setTimeout} was given; C{None}: nothing.
    @ivar server: that has accepted it, or C{None}.
    @ivar autoSelectFamilyAttemptedAddresses: C{'address:port'} of each that was tried, where
        there were several; else C{None}.
    """

    __slots__ = ()

    @overload
    def connect(
        self,
        options: ConnectOptions,
        callback: Callback | None = None,
        /,
        **keywords: Unpack[ConnectOptions],
    ) -> Self: ...
    @overload
    def connect(
        self,
        port: Port,
        host: str | None,
        callback: Callback | None = None,
        /,
        **keywords: Unpack[ConnectKeywords],
    ) -> Self: ...
    @overload
    def connect(
        self,
        port: Port | Path | ClientEndpoint,
        callback: Callback | None = None,
        /,
        **keywords: Unpack[ConnectKeywords],
    ) -> Self: ...
    @overload
    def connect(self, **keywords: Unpack[ConnectKeywords]) -> Self: ...
    def connect(self, *args: Any, **options: Any) -> Self:
        """
        Connect: C{connect(options, [listener])}, C{connect(port, [host], [listener])},
        C{connect(path, [listener])}, C{connect(endpoint, [listener])} with one of Twisted's.

        C{lookup}, C{connectionAttempt}, C{connect} and C{ready} follow, or C{error}. A socket
        that is closed may connect again.

        Source: Node 20, C{socket.connect}.

        @param args: the last may be a listener of C{connect}, for once.
        @param options: C{port}, C{host}, C{path}, C{localAddress}, C{localPort}, C{family},
            C{hints}, C{lookup}, C{autoSelectFamily}, C{autoSelectFamilyAttemptTimeout}
            (milliseconds).
        @raise ERR_MISSING_ARGS: neither port nor path.
        @raise ERR_INVALID_ARG_TYPE: an option is of a wrong type.
        @raise ERR_SOCKET_BAD_PORT: the port is not of 0 to 65535.
        """
        its, callback, _ = normalizeArgs(args, options)
        return self.connectTo(its, callback)

    def connectTo(self, options: dict[str, Any], callback: Any) -> Self:
        """
        As L{connect}, with its arguments in order. For L{nodenet.node.net.connect}.
        """
        if callback is not None:
            self.once("connect", callback)
        options = {name: its for name, its in options.items() if its is not undefined}
        path, endpoint = options.get("path"), options.get("endpoint")
        if not isGiven(options, "port") and path is None and endpoint is None:
            raise ERR_MISSING_ARGS(["options", "port", "path"])
        self._ended = False
        if self.destroyed:
            self._handle = None
            self._peername = self._sockname = None
            self.transport = None
        if self._handle is None:
            self._handle = Handle(self, self._reactor, truthy(path))
            self._initSocketHandle()
        self._unrefTimer()
        self.connecting = True
        if endpoint is not None:
            self._connectByEndpoint(endpoint)
        elif truthy(path):
            validateString(path, "options.path")
            self._internalConnect(str(path), None, None, None, None)
        else:
            self._lookupAndConnect(options)
        return self

    # Settings

    def setTimeout(
        self,
        msecs: float = undefined,  # type: ignore[assignment]
        callback: Callback | Undefined = undefined,
    ) -> Self:
        """
        Emit C{timeout} when nothing has been read or written for so long, whether there is
        a connection or not.

        Source: Node 20, C{socket.setTimeout}.

        @param msecs: milliseconds; 0: never.
        @param callback: a listener of C{timeout}, for once; with 0, one that is taken off.
        @raise ERR_INVALID_ARG_TYPE: C{msecs} is no number, or C{callback} no function.
        @raise ERR_OUT_OF_RANGE: C{msecs} is negative or not finite.
        """
        if self.destroyed:
            return self
        self.timeout = msecs
        msecs = _duration(msecs, "msecs")
        if self._idle is not None:
            self._idle.stop()
            self._idle = None
        if msecs:
            self._idle = Idle(self._reactor, max(msecs, 1) / 1000, self._onTimeout)
            self._idle.touch()
        if callback is not undefined:
            validateFunction(callback, "callback")
            if msecs:
                self.once("timeout", callback)  # type: ignore[call-overload]
            else:
                self.removeListener("timeout", callback)  # type: ignore[call-overload]
        return self

    def _onTimeout(self) -> None:
        handle = self._handle
        if handle is not None and handle.progressed():
            # It is being written.
            self._unrefTimer()
        else:
            self.emit("timeout")

    def setNoDelay(self, enable: bool | Undefined = undefined) -> Self:
        """
        Disable Nagle's algorithm, which holds back small pieces of data.

        Source: Node 20, C{socket.setNoDelay}.

        @param enable: C{True} by default.
        """
        on = True if enable is undefined else truthy(enable)
        if on is not self._noDelay:
            self._noDelay = on
            if self._handle is not None:
                self._handle.setNoDelay(on)
        return self

    def setKeepAlive(
        self,
        enable: bool = False,
        initialDelay: float = undefined,  # type: ignore[assignment]
    ) -> Self:
        """
        Have the kernel probe an idle connection.

        Source: Node 20, C{socket.setKeepAlive}.

        @param initialDelay: milliseconds (the kernel takes whole seconds, rounded down) until
            the first probe; 0 leaves it as it is.
        """
        on, seconds = truthy(enable), millisToSeconds(initialDelay)
        changed = on is not self._keepAlive or (on and seconds != self._keepAliveInitialDelay)
        self._keepAlive, self._keepAliveInitialDelay = on, seconds
        if self._handle is not None and changed:
            self._handle.setKeepAlive(on, seconds)
        return self

    def ref(self) -> Self:
        """
        Let L{busy<nodenet.node.process.busy>} count this socket, as it does by default.

        Source: Node 20, C{socket.ref}.
        """
        if self._handle is not None:
            self._handle.ref()
        else:
            self._unrefed = False
        return self

    def unref(self) -> Self:
        """
        Let L{busy<nodenet.node.process.busy>} leave this socket out.

        Source: Node 20, C{socket.unref}.
        """
        if self._handle is not None:
            self._handle.unref()
        else:
            self._unrefed = True  # once it is connected
        return self

    # What it is

    def address(self) -> AddressInfo:
        """
        Source: Node 20, C{socket.address}.

        @return: C{address}, C{family} and C{port} of our own end; an empty dict where there
            is no connection, or it has none.
        """
        its: Any = self._getsockname()
        return its  # type: ignore[no-any-return]

    @property
    def localAddress(self) -> str | None:
        """
        Our own IP address.
        """
        return self._getsockname().get("address")

    @property
    def localPort(self) -> int | None:
        """
        Our own port. Source: Node 20, C{net.Socket}.
        """
        return self._getsockname().get("port")

    @property
    def localFamily(self) -> str | None:
        """
        C{'IPv4'} or C{'IPv6'}.
        """
        return self._getsockname().get("family")

    @property
    def remoteAddress(self) -> str | None:
        """
        The peer's IP address; it stays known when the connection is closed, if it was asked
        for before.
        """
        return self._getpeername().get("address")

    @property
    def remotePort(self) -> int | None:
        """
        The peer's port. Source: Node 20, C{net.Socket}.
        """
        return self._getpeername().get("port")

    @property
    def remoteFamily(self) -> str | None:
        """
        C{'IPv4'} or C{'IPv6'}.
        """
        return self._getpeername().get("family")

    @property
    def bytesRead(self) -> int:
        """
        Bytes that have come.
        """
        handle = self._handle
        return self._bytesRead if handle is None else handle.bytesRead

    @property
    def bytesWritten(self) -> int:
        """
        Bytes that were written, those that still wait included.
        """
        handle = self._handle
        size = self._bytesWritten if handle is None else handle.bytesWritten
        for each in self._writableState.getBuffer():
            size += len(toBytes(each["chunk"], each["encoding"]))
        data = self._pendingData
        if isinstance(data, list):
            size += sum(len(toBytes(each["chunk"], each["encoding"])) for each in data)
        elif data:
            size += len(toBytes(data, self._pendingEncoding))
        return size

    @property
    def bufferSize(self) -> int | None:
        """
        What waits to be written; C{None} where there is no connection. C{writableLength} is
        today's name.
        """
        return None if self._handle is None else self._writableState.length

    @property
    def _connecting(self) -> bool:
        """
        C{connecting}, for programs that look at Node's own name of it.
        """
        return self.connecting


def _duration(msecs: Any, name: str) -> float:
    """
    @return: milliseconds that a timer can take.
    """
    validateNumber(msecs, name)
    if msecs < 0 or not math.isfinite(msecs):
        raise ERR_OUT_OF_RANGE(name, "a non-negative finite number", msecs)
    if msecs > TIMEOUT_MAX:
        warnings.warn(TimeoutOverflowWarning(msecs), stacklevel=3)
        return TIMEOUT_MAX
    return float(msecs)
