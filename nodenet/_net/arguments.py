"""
Arguments by position, as Node sorts them.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from twisted.internet.interfaces import IStreamClientEndpoint

from nodenet._address import toPort
from nodenet._twisted import isBinding

__all__ = ["Target", "connectArguments", "listenArguments", "writeArguments"]


@dataclass(frozen=True)
class Target:
    """
    Where to connect or listen: one of C{port} (with C{host}), C{path} and C{endpoint}.

    @ivar binding: of Twisted's C{makeBinding}, with a port of its own.
    """

    port: int | None = None
    host: str | None = None
    path: bytes | None = None
    endpoint: Any = None
    backlog: int | None = None
    callback: Callable[..., Any] | None = None
    binding: Any = None

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
    rest = list(args)
    if rest and callable(rest[-1]) and callback is None:
        callback = rest.pop()
    endpoint = None
    if rest and port is None and path is None:
        where = rest.pop(0)
        if IStreamClientEndpoint.providedBy(where):
            endpoint = where
        elif toPort(where) is None:
            path = where
        else:
            port = where
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
    if rest and callable(rest[-1]) and callback is None:
        callback = rest.pop()
    if path is None and port is None:
        port = rest.pop(0) if rest else 0
        if port is None:
            port = 0
        elif isBinding(port):
            return _target("listen", rest, 0, host, path, None, backlog, callback, port)
        elif toPort(port) is None:
            port, path = None, port
    return _target("listen", rest, port, host, path, None, backlog, callback)


def _target(
    what: str,
    rest: list[Any],
    port: Any,
    host: Any,
    path: Any,
    endpoint: Any,
    backlog: Any,
    callback: Any,
    binding: Any = None,
) -> Target:
    if rest and host is None and port is not None:
        host = rest.pop(0)
    if rest:
        raise TypeError(f"{what}() got an argument too many: {rest[0]!r:.60}")
    if callback is not None and not callable(callback):
        raise TypeError(f"callback must be callable, not {callback!r:.60}")
    if sum(each is not None for each in (port, path, endpoint)) != 1:
        raise TypeError(f"{what}() needs a port or a path")
    if host is not None and (port is None or not isinstance(host, str)):
        raise TypeError(f"host must be a string that goes with a port, not {host!r:.60}")
    if backlog is not None and (not isinstance(backlog, int) or isinstance(backlog, bool)):
        raise TypeError(f"backlog must be an int, not {backlog!r:.60}")
    if path is not None and toPort(path) is not None:
        raise TypeError(f"path must be a path, not {path!r:.60}")
    return Target(
        port=None if port is None else _port(port),
        host=host or None,
        path=None if path is None else os.fsencode(path),
        endpoint=endpoint,
        backlog=backlog,
        callback=callback,
        binding=binding,
    )


def _port(port: Any) -> int:
    number = toPort(port)
    if number is None:
        raise TypeError(f"port must be a number, not {port!r:.60}")
    return number


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
