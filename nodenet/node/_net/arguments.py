"""
Arguments by position, as an object, or as keywords; made one dict.

Source: Node 20, C{lib/net.js}, C{normalizeArgs}.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping
from typing import Any

from twisted.internet.interfaces import IStreamClientEndpoint

from nodenet._twisted import isBinding
from nodenet.node._inspect import Symbol, undefined
from nodenet.node.validators import isNumber, toNumber

__all__ = ["isGiven", "isPipeName", "millisToSeconds", "normalizeArgs", "numberOf", "truthy"]


def isPipeName(value: object) -> bool:
    """
    @return: whether this is a path, as it is text and no number.
    """
    return isinstance(value, str) and numberOf(value) is False


def numberOf(value: object) -> Any:
    """
    @return: the value, if it is a number of 0 or more, or text of one; else C{False}.
    """
    if value is None or isinstance(value, bool):
        return value or 0  # Number(null) is 0, Number(true) 1
    if isNumber(value) or isinstance(value, str):
        return value if toNumber(value) >= 0 else False
    return False


def isGiven(options: Mapping[str, Any], name: str) -> bool:
    """
    @return: whether this option is there: JavaScript's C{!== undefined}.
    """
    return options.get(name, undefined) is not undefined


def truthy(value: object) -> bool:
    """
    @return: JavaScript's C{Boolean(value)}: what is empty is true, but for text.
    """
    if value is None or value is undefined or value is False or value == "":
        return False
    return not (isNumber(value) and (value == 0 or value != value))


def millisToSeconds(value: Any) -> int:
    """
    @return: JavaScript's C{~~(value / 1000)}.
    """
    if not isNumber(value) or not math.isfinite(value):
        return 0
    return int(value / 1000)


def normalizeArgs(
    args: tuple[Any, ...], keywords: Mapping[str, Any]
) -> tuple[dict[str, Any], Callable[..., Any] | None, Any]:
    """
    C{(options, [cb])}, C{(path, [cb])}, C{(port, [host], [cb])}, C{(endpoint, [cb])}; with
    or without keywords, among which C{callback} is the last of these.

    @return: the options, the callback, and the options as they were given, for messages.
    """
    keywords = dict(keywords)
    callback = keywords.pop("callback", None)
    options: dict[str, Any] = {}
    given: Any = options
    if args:
        first = args[0]
        if isinstance(first, Mapping):
            options = dict(first)
            given = first
        elif isinstance(first, (os.PathLike, bytes)):
            options["path"] = os.fsdecode(first)
        elif isPipeName(first):
            options["path"] = first
        elif IStreamClientEndpoint.providedBy(first):
            options["endpoint"] = first
        elif isBinding(first):
            options["port"], options["binding"] = 0, first
        elif _isObject(first):
            given = first
        else:
            if first is not undefined:
                options["port"] = first
            if len(args) > 1 and isinstance(args[1], str):
                options["host"] = args[1]
        if callback is None and callable(args[-1]):
            callback = args[-1]
    if keywords:
        options.update(keywords)
        given = options
    return options, callback, given


def _isObject(value: object) -> bool:
    """
    @return: JavaScript's C{typeof value === 'object'}, of what is no dict.
    """
    return not (
        value is None
        or value is undefined
        or isinstance(value, (str, int, float, Symbol))
        or callable(value)
    )
