"""
Arguments by position, as Node sorts them.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, NamedTuple

from twisted.internet.interfaces import IStreamClientEndpoint

from nodenet._address import toPath, toPort
from nodenet._twisted import isBinding

__all__ = ["Target", "connectArguments", "listenArguments", "writeArguments"]


class Target(NamedTuple):
    """
    Where to connect or listen: C{port} (with C{host}) or C{path}.

    @ivar other: Twisted's: an endpoint to connect to instead, or what C{makeBinding} returns
        to listen by, which has a port of its own.
    """

    port: int | None = None
    host: str | None = None
    path: bytes | None = None
    other: Any = None
    backlog: int | None = None
    callback: Callable[..., Any] | None = None

    @property
    def where(self) -> str | None:
        """
        The host or the path, as text.
        """
        return self.host if self.path is None else os.fsdecode(self.path)


def connectArguments(
    args: tuple[Any, ...],
    port: Any = None,
    host: Any = None,
    path: Any = None,
    callback: Any = None,
) -> Target:
    """
    C{(port, [host], [callback])}, C{(path, [callback])} or C{(endpoint, [callback])}.

    @raise TypeError: they are not of the right number or types.
    @raise ValueError: C{port} is not of 0 to 65535.
    """
    if len(args) == 2 and port is host is path is None:  # the common case
        where, name = args
        if where.__class__ is int and 0 <= where <= 65535 and name.__class__ is str and name:
            return Target(where, name, None, None, None, callback)
    rest = list(args)
    if callback is None and rest and callable(rest[-1]):
        callback = rest.pop()
    endpoint = None
    if rest and port is None and path is None:
        where = rest.pop(0)
        if isinstance(where, _WHERE):
            port = toPort(where)
            if port is None:
                path = where
        elif IStreamClientEndpoint.providedBy(where):
            endpoint = where
        else:
            raise TypeError(f"expected a port, a path or an endpoint, not {where!r:.60}")
    return _target("connect", rest, port, host, path, endpoint, None, callback)


def listenArguments(
    args: tuple[Any, ...],
    port: Any = None,
    host: Any = None,
    path: Any = None,
    backlog: Any = None,
    callback: Any = None,
) -> Target:
    """
    C{([port], [host], [callback])} or C{(path, [callback])}. Instead of a port, what
    Twisted's C{makeBinding} returns.

    @raise TypeError: they are not of the right number or types.
    @raise ValueError: C{port} is not of 0 to 65535.
    """
    rest = list(args)
    if callback is None and rest and callable(rest[-1]):
        callback = rest.pop()
    if path is None and port is None:
        where = rest.pop(0) if rest else None
        if where is None:
            port = 0
        elif isBinding(where):
            port = where
        else:
            port = toPort(where)
            if port is None:
                path = where
    binding = port if isBinding(port) else None
    if binding is not None:
        if rest or host is not None:
            raise TypeError("a binding has an address of its own, and takes no host")
        port = 0
    return _target("listen", rest, port, host, path, binding, backlog, callback)


#: What tells a port or a path.
_WHERE = (int, str, bytes, os.PathLike)


def _target(
    what: str,
    rest: list[Any],
    port: Any,
    host: Any,
    path: Any,
    other: Any,
    backlog: Any,
    callback: Any,
) -> Target:
    """
    @param other: an endpoint to connect to, or a binding to listen by.
    """
    if rest and host is None and port is not None:
        host = rest.pop(0)
    if rest:
        raise TypeError(f"{what}() got an argument too many: {rest[0]!r:.60}")
    if callback is not None and not callable(callback):
        raise TypeError(f"callback must be callable, not {callback!r:.60}")
    if backlog is not None and (not isinstance(backlog, int) or isinstance(backlog, bool)):
        raise TypeError(f"backlog must be an int, not {backlog!r:.60}")
    if port is not None and path is None:
        if host is not None and not isinstance(host, str):
            raise TypeError(f"host must be a string, not {host!r:.60}")
        if port.__class__ is not int or not 0 <= port <= 65535:
            number = toPort(port)
            if number is None:
                raise TypeError(f"port must be a number, not {port!r:.60}")
            port = number
    elif port is not None or (path is None) is (other is None):
        raise TypeError(f"{what}() needs a port or a path")
    elif host is not None:
        raise TypeError(f"a host goes with a port: {host!r:.60}")
    if path is not None:
        path = toPath(path)
    return Target(port, host or None, path, other, backlog, callback)


def writeArguments(encoding: Any, fd: Any, callback: Any) -> tuple[str | None, int | None, Any]:
    """
    Sort C{([encoding], [fileDescriptor], [callback])}, each of which may be left out.

    @return: encoding, descriptor and callback.
    @raise TypeError: one of them is of a wrong type.
    """
    if callable(encoding) and callback is None:
        encoding, callback = None, encoding
    elif isinstance(encoding, int):
        if callable(fd) and callback is None:
            fd, callback = None, fd
        if fd is not None:
            raise TypeError(f"encoding must be a string, not {encoding!r:.60}")
        encoding, fd = None, encoding
    elif callable(fd) and callback is None:
        fd, callback = None, fd
    if encoding is not None and not isinstance(encoding, str):
        raise TypeError(f"encoding must be a string, not {encoding!r:.60}")
    if fd is not None and (not isinstance(fd, int) or isinstance(fd, bool)):
        raise TypeError(f"fileDescriptor must be an int, not {fd!r:.60}")
    if callback is not None and not callable(callback):
        raise TypeError(f"callback must be callable, not {callback!r:.60}")
    return encoding, fd, callback
