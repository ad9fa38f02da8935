"""
Text in streams: Node 20's encodings, and the length of a string.

L{nodenet.encodings} has most of it; what has changed since v0.3.3 is here.
"""

from __future__ import annotations

import base64
import codecs
import re
from typing import Any

from nodenet import encodings
from nodenet.node._inspect import undefined
from nodenet.node.errors import ERR_UNKNOWN_ENCODING

__all__ = ["Decoder", "encode", "isEncoding", "units", "unitsBefore"]

_NAMES = {
    "utf8": "utf8",
    "utf-8": "utf8",
    "ascii": "ascii",
    "latin1": "latin1",
    "binary": "latin1",
    "ucs2": "utf16le",
    "ucs-2": "utf16le",
    "utf16le": "utf16le",
    "utf-16le": "utf16le",
    "base64": "base64",
    "base64url": "base64url",
    "hex": "hex",
}
_PAIRS = re.compile(r"(?:[0-9A-Fa-f]{2})*")


def isEncoding(encoding: object) -> bool:
    """
    Node 20, C{Buffer.isEncoding}.
    """
    return isinstance(encoding, str) and encoding.lower() in _NAMES


def encode(text: str, encoding: Any) -> bytes:
    """
    Node 20, C{Buffer.from(text, encoding)}: as L{encodings.encode}, but C{hex} ends at
    what is no pair of digits, and half of a surrogate pair is kept by C{utf16le}.

    @raise ERR_UNKNOWN_ENCODING: there is no such encoding.
    """
    # What is no string counts as none; Node passes on what forEach(stream.push) has given.
    name = _NAMES.get(encoding.lower()) if isinstance(encoding, str) else "utf8"
    if name is None:
        raise ERR_UNKNOWN_ENCODING(encoding)
    if name == "hex":
        found = _PAIRS.match(text)
        return bytes.fromhex(found.group() if found else "")
    if name == "utf16le":
        return text.encode("utf-16-le", "surrogatepass")
    if name == "latin1" or name == "ascii":
        try:
            return text.encode("latin-1")
        except UnicodeEncodeError:  # the low byte of each UTF-16 unit
            return text.encode("utf-16-le", "surrogatepass")[::2]
    return encodings.encode(text, "base64" if name == "base64url" else name)


def units(text: str) -> int:
    """
    @return: JavaScript's length of the text: how many units it has in UTF-16.
    """
    if text.isascii():
        return len(text)
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def unitsBefore(text: str, count: int) -> tuple[str, str]:
    """
    @return: the first C{count} units of UTF-16 of the text, and what follows them.
    """
    if text.isascii():
        return text[:count], text[count:]
    wide = text.encode("utf-16-le", "surrogatepass")
    head, tail = wide[: 2 * count], wide[2 * count :]
    return (
        head.decode("utf-16-le", "surrogatepass"),
        tail.decode("utf-16-le", "surrogatepass"),
    )


class Decoder:
    """
    Bytes to text, without breaking a character in two. Node 20, C{StringDecoder}.

    @ivar encoding: its name, of the several, the one that Node prints.
    @raise ERR_UNKNOWN_ENCODING: there is no such encoding.
    """

    __slots__ = ("_decoder", "_held", "encoding")

    def __init__(self, encoding: object) -> None:
        if encoding is None or encoding is undefined or encoding == "":
            encoding = "utf8"
        name = _NAMES.get(encoding.lower()) if isinstance(encoding, str) else None
        if name is None:
            raise ERR_UNKNOWN_ENCODING(encoding)
        self.encoding = name
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._held = b""

    def write(self, data: bytes | bytearray | memoryview | str) -> str:
        """
        @return: the text that is complete by now, which may be empty.
        """
        if isinstance(data, str):
            return data
        if self.encoding == "utf8":
            return self._decoder.decode(data)
        return self._other(bytes(data), False)

    def end(self) -> str:
        """
        @return: the text of what was held back, when nothing will follow.
        """
        if self.encoding == "utf8":
            text = self._decoder.decode(b"", True)
            self._decoder.reset()
            return text
        return self._other(b"", True)

    def _other(self, data: bytes, final: bool) -> str:
        name = self.encoding
        if name == "latin1":
            return data.decode("latin-1")
        if name == "ascii":  # Node takes the eighth bit off
            return bytes(byte & 0x7F for byte in data).decode("ascii")
        if name == "hex":
            return data.hex()
        data = self._held + data
        if name == "utf16le":
            whole = len(data) & ~1
            # The first half of a pair waits for the second.
            if not final and whole and data[whole - 1] & 0xFC == 0xD8:
                whole -= 2
        else:
            whole = len(data) if final else len(data) - len(data) % 3
        self._held = b"" if final else data[whole:]
        if name == "utf16le":
            return data[:whole].decode("utf-16-le", "surrogatepass")
        text = base64.b64encode(data[:whole]).decode("ascii")
        if name == "base64url":
            text = text.replace("+", "-").replace("/", "_").rstrip("=")
        return text
