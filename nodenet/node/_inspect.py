"""
How Node prints a value in its messages.

Source: Node 20, C{util.inspect} and C{internal/errors}, for what Python has of it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any, Final

__all__ = ["Symbol", "Undefined", "className", "inspect", "specificType", "text", "undefined"]

#: Columns in which an object is printed on one line.
BREAK = 80
#: Bytes, and elements of a list, that are printed.
MAX_BYTES = 50
MAX_ELEMENTS = 100
#: Levels of an object that are printed, and of these how many on one line.
DEPTH = 2
COMPACT = 3

#: What Python's own classes are in JavaScript.
_NAMES: dict[type, str] = {
    dict: "Object",
    object: "Object",
    list: "Array",
    tuple: "Array",
    set: "Set",
    frozenset: "Set",
    bytes: "Buffer",
    bytearray: "Uint8Array",
    memoryview: "Uint8Array",
    Exception: "Error",
    BaseException: "Error",
    OverflowError: "RangeError",
    IndexError: "RangeError",
}
_ESCAPES = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", "\\": "\\\\"}


class Undefined:
    """
    The class of L{undefined}.

    Source: Node 20, C{undefined}.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return "undefined"

    def __bool__(self) -> bool:
        return False

    def __reduce__(self) -> str:
        return "undefined"


#: What was not given, where None is something that was: JavaScript's C{null}.
undefined: Final = Undefined()


class Symbol:
    """
    A name that is equal to itself only.

    Source: Node 20, C{Symbol}.

    @ivar description: for people.
    """

    __slots__ = ("description",)

    def __init__(self, description: str) -> None:
        self.description = description

    def __repr__(self) -> str:
        return f"Symbol({self.description})"


def _number(value: float) -> str:
    """
    @return: C{value} as JavaScript prints it.
    """
    if isinstance(value, float):
        if math.isnan(value):
            return "NaN"
        if math.isinf(value):
            return "Infinity" if value > 0 else "-Infinity"
    if abs(value) < 1e21 and value == int(value):
        return str(int(value))
    digits = repr(float(value))
    mantissa, _, exponent = digits.partition("e")
    mantissa = mantissa.removesuffix(".0")
    if exponent:
        power = int(exponent)
        if power >= -6 and power < 0:  # Python's exponents begin at -5, JavaScript's at -7
            sign = "-" if mantissa.startswith("-") else ""
            return f"{sign}0.{'0' * (-power - 1)}{mantissa.lstrip('-').replace('.', '')}"
        return f"{mantissa}e{power:+d}"
    return mantissa


def text(value: object) -> str:
    """
    @return: JavaScript's C{String(value)}, of what may be a name or a number.
    """
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return _number(value)
    return str(value)


def className(value: object) -> str:
    """
    @return: the name of a value's class; of Python's own classes, that of JavaScript's.
    """
    its = type(value)
    return _NAMES.get(its, its.__name__)


def _functionName(function: Any) -> str:
    name = getattr(function, "__name__", "")
    return "" if not isinstance(name, str) or name == "<lambda>" else name


def specificType(value: object) -> str:
    """
    What was received, in the words of C{ERR_INVALID_ARG_TYPE}.

    @return: C{"undefined"}, C{"type number (5)"}, C{"an instance of Foo"}...
    """
    if value is None or value is undefined:
        return "null" if value is None else "undefined"
    if isinstance(value, bool):
        return f"type boolean ({text(value)})"
    if isinstance(value, (int, float)):
        return f"type number ({inspect(value)})"
    if isinstance(value, Symbol):
        return f"type symbol ({value!r})"
    if isinstance(value, str):
        if len(value) > 28:
            value = f"{value[:25]}..."
        quoted = f"'{value}'" if "'" not in value else json.dumps(value, ensure_ascii=False)
        return f"type string ({quoted})"
    if callable(value):
        return f"function {_functionName(value)}"
    return f"an instance of {className(value)}"


def inspect(value: object) -> str:
    """
    @return: what Node's C{util.inspect} prints of numbers, strings, buffers, functions,
        dicts and lists; of other objects the name of the class, and the public
        attributes.
    """
    return _Inspection().format(value, 0)


def _quote(value: str) -> str:
    quote = "'"
    if "'" in value:
        if '"' not in value:
            quote = '"'
        elif "`" not in value and "${" not in value:
            quote = "`"
    escaped = []
    for char in value:
        code = ord(char)
        if char in _ESCAPES:
            escaped.append(_ESCAPES[char])
        elif char == quote and quote == "'":
            escaped.append("\\'")
        elif code < 32 or 127 <= code < 160:
            escaped.append(f"\\x{code:02X}")
        elif 0xD800 <= code < 0xE000:
            escaped.append(f"\\u{code:x}")
        else:
            escaped.append(char)
    return quote + "".join(escaped) + quote


def _buffer(value: bytes) -> str:
    shown = value[:MAX_BYTES].hex(" ")
    more = len(value) - MAX_BYTES
    if more > 0:
        shown += f" ... {more} more byte{'s' if more > 1 else ''}"
    return f"<Buffer {shown}>" if shown else "<Buffer >"


class _Inspection:
    """
    One call of L{inspect}.

    @ivar deepest: the level of the object that was printed last.
    @ivar indent: columns.
    """

    def __init__(self) -> None:
        self.deepest = 0
        self.indent = 0
        self.within: list[int] = []

    def format(self, value: Any, level: int) -> str:
        """
        @param level: how deep C{value} lies in what is printed.
        """
        simple = self._simple(value)
        if simple is not None:
            return simple
        if id(value) in self.within:
            return "[Circular *1]"
        if isinstance(value, (list, tuple)):
            name = className(value)
            prefix = "" if name == "Array" else f"{name}({len(value)}) "
            return self._object(f"{prefix}[", "]", value, level, self._elements, name)
        if isinstance(value, dict):
            name, prefix, its = className(value), "", value
        else:
            name = className(value)
            prefix = f"{name} "
            its = {k: v for k, v in getattr(value, "__dict__", {}).items() if k[:1] != "_"}
        if name != "Object":
            prefix = f"{name} "
        return self._object(f"{prefix}{{", "}", its, level, self._members, name, value)

    @staticmethod
    def _simple(value: Any) -> str | None:
        """
        @return: C{None} if this is an object with contents.
        """
        if isinstance(value, float) and value == 0 and math.copysign(1, value) < 0:
            return "-0"
        if value is None or isinstance(value, (bool, int, float, Undefined, Symbol)):
            return text(value)
        if isinstance(value, str):
            return _quote(value)
        if isinstance(value, (bytes, bytearray, memoryview)):
            return _buffer(bytes(value))
        if isinstance(value, BaseException):
            message = str(value)
            name = className(value)
            return f"[{name}: {message}]" if message else f"[{name}]"
        if isinstance(value, type):
            return f"[class {value.__name__}]"
        if callable(value):
            name = _functionName(value)
            return f"[Function: {name}]" if name else "[Function (anonymous)]"
        return None

    def _object(
        self,
        start: str,
        end: str,
        contents: Any,
        level: int,
        lines: Callable[[Any, int], list[str]],
        name: str,
        value: object = None,
    ) -> str:
        if level > DEPTH:
            return f"[{name}]"
        self.deepest = level
        self.within.append(id(contents if value is None else value))
        self.indent += 2
        entries = lines(contents, level + 1)
        self.indent -= 2
        self.within.pop()
        if not entries:
            return f"{start}{end}"
        if self.deepest - level < COMPACT:
            # Node's own sum: the entries, the commas between them, and some room.
            length = sum(map(len, entries)) + 2 * len(entries) + self.indent + len(start) + 10
            if length <= BREAK and not any("\n" in e for e in entries):
                return f"{start} {', '.join(entries)} {end}"
        line = "\n" + " " * self.indent
        return f"{start}{line}  {f',{line}  '.join(entries)}{line}{end}"

    def _elements(self, value: list[Any], level: int) -> list[str]:
        entries = [self.format(each, level) for each in value[:MAX_ELEMENTS]]
        more = len(value) - MAX_ELEMENTS
        if more > 0:
            entries.append(f"... {more} more item{'s' if more > 1 else ''}")
        return entries

    def _members(self, value: dict[Any, Any], level: int) -> list[str]:
        return [f"{self._key(key)}: {self.format(its, level)}" for key, its in value.items()]

    @staticmethod
    def _key(key: object) -> str:
        if isinstance(key, Symbol):
            return f"[{key!r}]"
        name = text(key)
        plain = name.isascii() and name.replace("$", "_").isidentifier()
        return name if plain else _quote(name)
