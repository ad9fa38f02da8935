"""
How the scenarios of net watch a socket or a server: a port of C{netwatch.js}.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nodenet.node.errors import messageOf

__all__ = ["about", "watch"]

_EVENTS = [
    "lookup",
    "connectionAttempt",
    "connectionAttemptFailed",
    "connectionAttemptTimeout",
    "connect",
    "ready",
    "listening",
    "connection",
    "drop",
    "end",
    "drain",
    "finish",
    "pause",
    "resume",
    "timeout",
    "error",
    "close",
]


def watch(log: Callable[..., None], emitter: Any, label: str = "") -> Any:
    """
    Log all events but C{data}, which has effects.
    """

    def listener(name: str) -> Callable[..., None]:
        return lambda *args: log(label + name, *map(about, args))

    for name in _EVENTS:
        emitter.on(name, listener(name))
    return emitter


def about(value: Any) -> Any:
    """
    @return: an error with all that there is to know of it.
    """
    if not isinstance(value, BaseException):
        return value
    its: dict[str, Any] = {"message": messageOf(value)}
    for key in "code", "syscall", "address", "port", "hostname", "localAddress":
        if getattr(value, key, None) is not None:
            its[key] = getattr(value, key)
    if hasattr(value, "errors"):
        its["errors"] = list(map(about, value.errors))
    return its
