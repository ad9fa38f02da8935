"""
The private names of Twisted, pyOpenSSL and Python that nodenet leans on. There are no
others: a test looks through the sources.

A module that cannot do without its names says C{need(__name__)} when it is imported.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from contextlib import suppress
from dis import get_instructions
from heapq import heappush
from importlib import import_module
from itertools import count
from math import inf
from typing import Any, NamedTuple

from OpenSSL import SSL
from twisted.internet.base import DelayedCall, ReactorBase
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.task import Clock

__all__ = [
    "NAMES",
    "Name",
    "bindingOptions",
    "callFirst",
    "forgetTLSErrors",
    "isBinding",
    "need",
    "newBuffer",
    "tlsRecv",
    "tlsSend",
]


class Name(NamedTuple):
    """
    A private name that nodenet uses.

    @ivar by: the module of nodenet's that uses it, or hands it on.
    @ivar owner: the module of the class that has it, or the package of a private module.
    @ivar cls: the class; C{""}: the name is a module's.
    @ivar name: an attribute of the class, or one that its methods set.
    @ivar since: the first version with it that nodenet's tests have seen.
    @ivar why: what it is used for.
    @ivar instead: what else would do.
    """

    by: str
    owner: str
    cls: str
    name: str
    since: str
    why: str
    instead: str

    def exists(self) -> bool:
        """
        @return: whether the installed version has it.
        """
        try:
            if not self.cls:
                if hasattr(import_module(self.owner), self.name):
                    return True
                import_module(f"{self.owner}.{self.name}")
                return True
            cls = getattr(import_module(self.owner), self.cls)
        except (ImportError, AttributeError):
            return False
        return hasattr(cls, self.name) or any(
            (step.opname, step.argval) == ("STORE_ATTR", self.name)
            for each in cls.__mro__
            for method in vars(each).values()
            if self.name in getattr(getattr(method, "__code__", None), "co_names", ())
            for step in get_instructions(method)
        )

    def __str__(self) -> str:
        return ".".join(filter(None, (self.owner, self.cls, self.name)))


def _of(by: str, owner: str, cls: str, since: str, *names: tuple[str, str, str]) -> list[Name]:
    """
    @param names: name, why, and what else would do, of each.
    """
    return [Name(by, owner, cls, name, since, *rest) for name, *rest in names]


#: All of them. Those of this module and of the resolver's can be missing.
NAMES = (
    *_of(
        "nodenet._twisted",
        "twisted.internet.base",
        "ReactorBase",
        "Twisted 24.3",
        (
            "_newTimedCalls",
            "a tick is taken from here, where callLater puts what is for the next turn",
            "callLater alone: ticks then come after the I/O that is ready",
        ),
        (
            "_pendingTimedCalls",
            "a tick is put here, before all timers, while these are being called",
            "as above",
        ),
    ),
    *_of(
        "nodenet._twisted",
        "twisted.internet.asyncioreactor",
        "AsyncioSelectorReactor",
        "Twisted 24.3",
        (
            "_asyncioEventloop",
            "its call_soon comes before the I/O of the next select, its call_at after",
            "callLater alone: ticks then come after the I/O that is ready",
        ),
        (
            "_onTimer",
            "what the loop is to call",
            "as above",
        ),
    ),
    *_of(
        "nodenet.reactor",
        "twisted.internet.epollreactor",
        "EPollReactor",
        "Twisted 24.3",
        (
            "_add",
            "to know who was registered since the last wait",
            "a subclass's addReader and addWriter",
        ),
        (
            "_reads",
            "a reader is added and removed in one go, at each connection's ends",
            "EPollReactor's own addReader and removeReader, which take three calls",
        ),
        ("_writes", "likewise", "likewise"),
        (
            "_poller",
            "doPoll waits by it",
            "an epoll object of our own, which means all methods of EPollReactor",
        ),
        (
            "_selectables",
            "doPoll finds by it whose event it is",
            "as _poller",
        ),
        (
            "_doReadOrWrite",
            "what a hang-up means is left to Twisted",
            "a copy of it",
        ),
        (
            "_disconnectSelectable",
            "how a connection is lost is left to Twisted",
            "a copy of it",
        ),
    ),
    *_of(
        "nodenet._twisted",
        "twisted.internet.interfaces",
        "_Binding",
        "Twisted 26.10",
        ("_address", "what makeBinding was given, which nothing public tells", "ports only"),
        ("_port", "as _address", "as _address"),
        ("_reuseAddress", "as _address", "as _address"),
        ("_reusePort", "as _address", "as _address"),
    ),
    *_of(
        "nodenet._twisted",
        "socket",
        "socket",
        "Python 3.10",
        ("_accept", "accept() makes enums of the family and the kind each time", "accept()"),
    ),
    *_of(
        "nodenet._twisted",
        "twisted.internet.endpoints",
        "",
        "Twisted 24.3",
        ("_WrappingProtocol", "connectProtocol's, which loses half-closes", "stream.connect"),
    ),
    *_of(
        "nodenet._twisted",
        "OpenSSL",
        "",
        "pyOpenSSL 24.0",
        ("_util", "SSL_read and SSL_write, into a buffer that is made once", "recv and send"),
    ),
    *_of(
        "nodenet._twisted",
        "OpenSSL.SSL",
        "Connection",
        "pyOpenSSL 24.0",
        ("_ssl", "what SSL_read and SSL_write are called with", "recv and send"),
        ("_raise_ssl_error", "what their results mean is left to pyOpenSSL", "recv and send"),
    ),
    *_of(
        "nodenet._transports.resolver",
        "twisted.internet",
        "",
        "Twisted 24.3",
        (
            "_resolver",
            "nothing public tells a reactor's own resolver from one that was installed",
            "the reactor's resolver, whichever it is",
        ),
    ),
    *_of(
        "nodenet._transports.direct",
        "twisted.internet.abstract",
        "FileDescriptor",
        "Twisted 24.3",
        (
            "_tempDataLen",
            "whether Twisted's buffer has something: what is written goes behind it",
            "no writing past that buffer",
        ),
        (
            "_writeDisconnected",
            "a stream has sent its FIN itself, so that Twisted sends and expects none",
            "loseWriteConnection, which sends it in a later turn and drops its errno",
        ),
        (
            "_writeDisconnecting",
            "whether Twisted is to send a FIN when its buffer is empty",
            "a doWrite of our own, with all of Twisted's",
        ),
    ),
    *_of(
        "nodenet._transports.direct",
        "twisted.internet.tcp",
        "Connection",
        "Twisted 24.3",
        (
            "_shouldShutdown",
            "a connection is closed without shutdown(2), which others may have, too",
            "a connectionLost of our own, with all of Twisted's",
        ),
    ),
    *_of(
        "nodenet._transports.direct",
        "twisted.internet._newtls",
        "ServerMixin",
        "Twisted 24.3",
        (
            "_tlsClientDefault",
            "Twisted's startTLS asks each transport which side it is",
            "a transport without startTLS",
        ),
    ),
    *_of(
        "nodenet._transports.foreign",
        "twisted.internet.abstract",
        "FileDescriptor",
        "Twisted 24.3",
        (
            "_writeDisconnected",
            "a stream has sent its FIN itself, so that Twisted sends and expects none",
            "loseWriteConnection, which sends it in a later turn and drops its errno",
        ),
    ),
    *_of(
        "nodenet._transports.tls",
        "twisted.internet.abstract",
        "FileDescriptor",
        "Twisted 24.3",
        (
            "_postLoseConnection",
            "loseConnection sends a close_notify when Twisted's buffer is empty",
            "a loseConnection of our own",
        ),
        (
            "_closeWriteConnection",
            "loseWriteConnection sends a close_notify, not a FIN",
            "a loseWriteConnection of our own",
        ),
        (
            "_writeDisconnected",
            "a stream has ended its side itself, so that Twisted does not",
            "as of the transport without TLS",
        ),
    ),
    *_of(
        "nodenet._transports.choose",
        "twisted.internet.base",
        "BaseConnector",
        "Twisted 24.3",
        (
            "_makeTransport",
            "the connectors of Twisted's endpoints make nodenet's transports",
            "endpoints of our own",
        ),
    ),
    *_of(
        "nodenet._transports.buffered",
        "twisted.protocols.tls",
        "TLSMemoryBIOProtocol",
        "Twisted 24.3",
        (
            "_flushReceiveBIO",
            "the peer's close_notify is the end of its side only",
            "TLS over memory of our own; so of all of these",
        ),
        ("_tlsConnection", "what _flushReceiveBIO reads", "as above"),
        ("_lostTLSConnection", "whether it is over", "as above"),
        ("_aborted", "what comes is not delivered any more", "as above"),
        ("_reason", "why it has failed, told at the end", "as above"),
        ("_handshakeDone", "whether it failed in the handshake", "as above"),
        ("_appSendBuffer", "whether all that was written has gone out", "as above"),
        ("_flushSendBIO", "what OpenSSL has to say goes out", "as above"),
        ("_shutdownTLS", "our close_notify", "as above"),
        ("_tlsShutdownFinished", "the end of the connection below", "as above"),
    ),
)


def need(module: str) -> None:
    """
    Make sure that the private names which a module uses are there.

    @param module: its name.
    @raise ImportError: one is gone.
    """
    for each in NAMES:
        if each.by == module and not each.exists():
            raise ImportError(
                f"{module} needs {each} ({each.why}), which the installed version does not"
                f" have. {each.since} has it."
            )


def callFirst(reactor: Any, callback: Callable[..., Any], *args: Any) -> IDelayedCall:
    """
    Call C{callback(*args)} when the reactor's present event or timer has been served:
    before the next timer, and before more I/O.

    A reactor that does not have the names for that, as it is not Twisted's, calls it in
    its next turn.

    @param reactor: any C{IReactorTime}.
    @return: what can be cancelled.
    """
    return _callAt(-inf, reactor, callback, *args)


def callSoon(reactor: Any, callback: Callable[..., Any], *args: Any) -> IDelayedCall:
    """
    As L{callFirst}, but after all that it calls; several in the order they were asked for.
    """
    return _callAt(next(_soon), reactor, callback, *args)


def callAfterIO(reactor: Any, callback: Callable[..., Any], *args: Any) -> IDelayedCall:
    """
    Call C{callback(*args)} after the reactor's next I/O, after what L{callFirst} calls, but
    before what L{callSoon} does, and before all timers.
    """
    call: IDelayedCall = reactor.callLater(0, callback, *args)
    if isinstance(call, DelayedCall):
        call.time = next(_afterIO)
    return call


#: Times before all others.
_soon, _afterIO = count(-1e12), count(-2e12)


def _callAt(
    time: float, reactor: Any, callback: Callable[..., Any], *args: Any
) -> IDelayedCall:
    loop = getattr(reactor, "_asyncioEventloop", None)
    onTimer = getattr(reactor, "_onTimer", None)
    call: IDelayedCall
    if loop is None or onTimer is None:
        call = reactor.callLater(0, callback, *args)
    else:
        # asyncio serves call_at, which this reactor's own callLater uses, after the I/O
        # of its next select.
        call = ReactorBase.callLater(reactor, 0, callback, *args)
        loop.call_soon(onTimer)
    if not isinstance(call, DelayedCall):
        return call
    new = getattr(reactor, "_newTimedCalls", None)
    pending = getattr(reactor, "_pendingTimedCalls", None)
    if isinstance(reactor, Clock):  # sorts its calls before each
        call.time = time
    elif pending is not None and new and new[-1] is call:
        # Calls that are new wait for the next turn. Only this one does not.
        new.pop()
        call.time = time
        heappush(pending, call)
    return call


def accept(listening: socket.socket, family: int) -> tuple[socket.socket, Any]:
    """
    C{listening.accept()}, which asks for the family and the kind of the socket, each time
    by making an enum.

    @return: a socket that blocks, as Python's does, and the peer's address.
    """
    if not hasattr(listening, "_accept"):
        return listening.accept()
    fd, peer = listening._accept()
    return socket.socket(family, socket.SOCK_STREAM, 0, fd), peer


def isEndpointWrapper(protocol: object) -> bool:
    """
    @return: whether this is what a Twisted endpoint puts between a transport and the
        protocol that it connects.
    """
    return _Wrapper is not None and isinstance(protocol, _Wrapper)


def isBinding(thing: object) -> bool:
    """
    @return: whether this is what Twisted's C{makeBinding} (26.10) returns.
    """
    return hasattr(thing, "_reusePort") and hasattr(thing, "_reuseAddress")


def bindingOptions(binding: Any) -> dict[str, Any]:
    """
    @param binding: what Twisted's C{makeBinding} returns.
    @return: its arguments, by name.
    """
    return {
        "interface": binding._address or "",
        "port": binding._port,
        "reuseAddress": binding._reuseAddress,
        "reusePort": binding._reusePort,
    }


try:
    from twisted.internet.endpoints import _WrappingProtocol as _Wrapper
except ImportError:  # then it stays in between
    _Wrapper = None  # type: ignore[assignment,misc]

# pyOpenSSL's Connection.recv makes a buffer of the size that is asked for, each time, and
# its send looks at what it is given in several ways. OpenSSL called directly takes a third
# less. Without these names, pyOpenSSL's own methods serve.
try:
    from OpenSSL._util import ffi, lib

    _read, _write, _raise = lib.SSL_read, lib.SSL_write, SSL.Connection._raise_ssl_error  # type: ignore[attr-defined]
except (ImportError, AttributeError):

    def newBuffer(size: int) -> Any:
        return size

    def tlsRecv(connection: SSL.Connection, buffer: Any, size: int) -> bytes:
        return connection.recv(size)

    def tlsSend(connection: SSL.Connection, data: bytes | memoryview) -> int:
        return connection.send(data)

    def forgetTLSErrors() -> None:
        with suppress(SSL.Error):  # which tells of all that there are
            SSL.Context(SSL.TLS_METHOD).load_verify_locations(os.devnull)

else:

    def newBuffer(size: int) -> Any:
        """
        @param size: bytes.
        @return: a buffer for L{tlsRecv}, which any number of connections may use in turn.
        """
        return ffi.new("char[]", size)

    def tlsRecv(connection: SSL.Connection, buffer: Any, size: int) -> bytes:
        """
        C{connection.recv(size)}.

        @param buffer: of L{newBuffer}, of C{size} bytes at least.
        """
        ssl = connection._ssl
        got = _read(ssl, buffer, size)
        if got <= 0:
            _raise(connection, ssl, got)
        data: bytes = ffi.buffer(buffer, got)[:]
        return data

    def tlsSend(connection: SSL.Connection, data: bytes | memoryview) -> int:
        """
        C{connection.send(data)}.
        """
        ssl = connection._ssl
        whole = data if data.__class__ is bytes else ffi.from_buffer(data)
        sent: int = _write(ssl, whole, len(data))
        if sent <= 0:
            _raise(connection, ssl, sent)
        return sent

    def forgetTLSErrors() -> None:
        """
        Empty OpenSSL's queue of errors, which all connections of a thread have in common.
        pyOpenSSL leaves those of the system's calls there, and the next connection that has to
        wait or fails would be told of them.
        """
        lib.ERR_clear_error()
