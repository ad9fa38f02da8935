"""
Whether what was given is what was asked for; where it is not, Node's error.

JavaScript has one type of numbers: an C{int} or a C{float}, but never a C{bool}. What
was not given is L{undefined}; C{None} is C{null}.

Source: Node 20, C{internal/validators}.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from nodenet.node._inspect import text
from nodenet.node.errors import (
    ERR_INVALID_ARG_TYPE,
    ERR_INVALID_ARG_VALUE,
    ERR_OUT_OF_RANGE,
    ERR_SOCKET_BAD_PORT,
    undefined,
)

__all__ = [
    "MAX_SAFE_INTEGER",
    "forgiving",
    "isInteger",
    "isNumber",
    "isTruthy",
    "toNumber",
    "validateAbortSignal",
    "validateArray",
    "validateBoolean",
    "validateBuffer",
    "validateFunction",
    "validateInt32",
    "validateInteger",
    "validateNumber",
    "validateObject",
    "validateOneOf",
    "validatePort",
    "validateString",
    "validateStringArray",
    "validateUint32",
]

#: JavaScript's C{Number.MAX_SAFE_INTEGER}.
MAX_SAFE_INTEGER = 2**53 - 1
_NUMERAL = re.compile(r"[+-]?(\d+\.?\d*([eE][+-]?\d+)?|\.\d+([eE][+-]?\d+)?|Infinity)", re.A)
_PREFIXED = re.compile(r"0([xX][0-9a-fA-F]+|[oO][0-7]+|[bB][01]+)")

_F = TypeVar("_F", bound=Callable[..., Any])


def isNumber(value: object) -> bool:
    """
    @return: JavaScript's C{typeof value === 'number'}.
    """
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def forgiving(function: _F) -> _F:
    """
    For a function that JavaScript calls with fewer arguments than it has: what is missing is
    L{undefined}, and is refused in Node's words. For checkers it stays needed.
    """
    code, given = function.__code__, function.__defaults__ or ()
    names = code.co_varnames[: code.co_argcount]
    missing = len(names) - len(given) - (names[0] in ("self", "cls"))
    function.__defaults__ = (undefined,) * missing + given
    return function


def isTruthy(value: object) -> bool:
    """
    @return: JavaScript's C{!!value}: an empty list is true, and NaN is not.
    """
    if value is None or value is undefined:
        return False
    if isinstance(value, (bool, int, float, str)):
        return bool(value) and value == value
    return True


def isInteger(value: Any) -> bool:
    """
    @return: JavaScript's C{Number.isInteger}.
    """
    return isNumber(value) and math.isfinite(value) and value == int(value)


def toNumber(value: object) -> float:
    """
    @return: JavaScript's C{+value}, of a string or a number; NaN where there is none.
    """
    if isinstance(value, str):
        numeral = value.strip()
        if not numeral:
            return 0
        if _PREFIXED.fullmatch(numeral):
            return int(numeral, 0)
        return float(numeral) if _NUMERAL.fullmatch(numeral) else math.nan
    return value if isinstance(value, (int, float)) else math.nan


def validateString(value: object, name: str) -> None:
    """
    @raise ERR_INVALID_ARG_TYPE: it is not a C{str}.
    """
    if not isinstance(value, str):
        raise ERR_INVALID_ARG_TYPE(name, "string", value)


def validateBoolean(value: object, name: str) -> None:
    """
    @raise ERR_INVALID_ARG_TYPE: it is not a C{bool}.
    """
    if not isinstance(value, bool):
        raise ERR_INVALID_ARG_TYPE(name, "boolean", value)


def validateFunction(value: object, name: str) -> None:
    """
    @raise ERR_INVALID_ARG_TYPE: it cannot be called.
    """
    if not callable(value):
        raise ERR_INVALID_ARG_TYPE(name, "Function", value)


def validateNumber(
    value: Any, name: str, min: float | None = None, max: float | None = None
) -> None:
    """
    @raise ERR_INVALID_ARG_TYPE: it is not a number.
    @raise ERR_OUT_OF_RANGE: it is less than C{min}, more than C{max}, or NaN where
        one of these is given.
    """
    if not isNumber(value):
        raise ERR_INVALID_ARG_TYPE(name, "number", value)
    limits = []
    if min is not None:
        limits.append(f">= {text(min)}")
    if max is not None:
        limits.append(f"<= {text(max)}")
    fits = (min is None or value >= min) and (max is None or value <= max)
    if not fits:
        raise ERR_OUT_OF_RANGE(name, " && ".join(limits), value)


def validateInteger(
    value: Any, name: str, min: int = -MAX_SAFE_INTEGER, max: int = MAX_SAFE_INTEGER
) -> None:
    """
    @raise ERR_INVALID_ARG_TYPE: it is not a number.
    @raise ERR_OUT_OF_RANGE: it is not an integer, or not from C{min} to C{max}.
    """
    if not isNumber(value):
        raise ERR_INVALID_ARG_TYPE(name, "number", value)
    if not isInteger(value):
        raise ERR_OUT_OF_RANGE(name, "an integer", value)
    if not min <= value <= max:
        raise ERR_OUT_OF_RANGE(name, f">= {text(min)} && <= {text(max)}", value)


def validateInt32(value: Any, name: str, min: int = -(2**31), max: int = 2**31 - 1) -> None:
    """
    As L{validateInteger}, of 32 bits.
    """
    validateInteger(value, name, min, max)


def validateUint32(value: Any, name: str, positive: bool = False) -> None:
    """
    As L{validateInteger}, of 32 bits, 0 or more.

    @param positive: 1 or more.
    """
    validateInteger(value, name, 1 if positive else 0, 2**32 - 1)


def validateOneOf(value: object, name: str, oneOf: Sequence[object]) -> None:
    """
    @raise ERR_INVALID_ARG_VALUE: it is not one of these.
    """
    if not any(type(value) is type(each) and value == each for each in oneOf):
        allowed = ", ".join(
            f"'{each}'" if isinstance(each, str) else text(each) for each in oneOf
        )
        raise ERR_INVALID_ARG_VALUE(name, value, f"must be one of: {allowed}")


def validateObject(
    value: object,
    name: str,
    *,
    nullable: bool = False,
    arrays: bool = False,
    functions: bool = False,
) -> None:
    """
    @param nullable: C{None} will do.
    @param arrays: a list will do.
    @param functions: what can be called will do.
    @raise ERR_INVALID_ARG_TYPE: it is not an object, such as a dict.
    """
    if value is None:
        fits = nullable
    elif isinstance(value, (list, tuple)):
        fits = arrays
    elif value is undefined or isinstance(value, (str, bool, int, float)):
        fits = False
    else:
        fits = functions or not callable(value)
    if not fits:
        raise ERR_INVALID_ARG_TYPE(name, "Object", value)


def validateArray(value: Any, name: str, minLength: int = 0) -> None:
    """
    @raise ERR_INVALID_ARG_TYPE: it is not a list or a tuple.
    @raise ERR_INVALID_ARG_VALUE: it is too short.
    """
    if not isinstance(value, (list, tuple)):
        raise ERR_INVALID_ARG_TYPE(name, "Array", value)
    if len(value) < minLength:
        raise ERR_INVALID_ARG_VALUE(name, value, f"must be longer than {minLength}")


def validateStringArray(value: Any, name: str) -> None:
    """
    @raise ERR_INVALID_ARG_TYPE: it is not a list of strings.
    """
    validateArray(value, name)
    for index, each in enumerate(value):
        validateString(each, f"{name}[{index}]")


def validateBuffer(value: object, name: str = "buffer") -> None:
    """
    @raise ERR_INVALID_ARG_TYPE: it is not bytes.
    """
    if not isinstance(value, (bytes, bytearray, memoryview)):
        raise ERR_INVALID_ARG_TYPE(name, ["Buffer", "TypedArray", "DataView"], value)


def validatePort(port: object, name: str = "Port", allowZero: bool = True) -> int:
    """
    @param port: a number, or a string with one, C{'0x50'} too.
    @return: the port.
    @raise ERR_SOCKET_BAD_PORT: it is not from 0 to 65535.
    """
    number = toNumber(port)
    fits = isNumber(port) or (isinstance(port, str) and port.strip() != "")
    if not (fits and 0 <= number <= 0xFFFF and number == int(number)):
        raise ERR_SOCKET_BAD_PORT(name, port, allowZero)
    # Node looks at what was given here: '0' is let pass.
    if number == 0 and not allowZero and not isinstance(port, str):
        raise ERR_SOCKET_BAD_PORT(name, port, allowZero)
    return int(number)


def validateAbortSignal(signal: object, name: str) -> None:
    """
    @param signal: anything with C{aborted}; or L{undefined}.
    @raise ERR_INVALID_ARG_TYPE: it is neither.
    """
    if signal is not undefined and not hasattr(signal, "aborted"):
        raise ERR_INVALID_ARG_TYPE(name, "AbortSignal", signal)
