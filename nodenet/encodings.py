"""
Node's encodings: strings to bytes for C{write}, bytes to strings for C{data}.

The names are C{utf8} (C{utf-8}), C{ascii}, C{base64}, C{binary} (C{latin1}), C{hex}
and C{ucs2} (C{ucs-2}, C{utf16le}, C{utf-16le}), in any case. Source: Node v0.3.3, C{Buffer}
and C{string_decoder}; C{hex} and C{ucs2} as Node had them soon after.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import re

__all__ = ["Decoder", "encode", "normalize"]

_ALIASES = {
    "utf8": "utf8",
    "utf-8": "utf8",
    "ascii": "ascii",
    "base64": "base64",
    "binary": "binary",
    "latin1": "binary",
    "hex": "hex",
    "ucs2": "ucs2",
    "ucs-2": "ucs2",
    "utf16le": "ucs2",
    "utf-16le": "ucs2",
}
#: nodenet's name -> Python's codec, for those that Python decodes by itself
_CODECS = {"utf8": "utf-8", "ascii": "ascii", "binary": "latin-1", "ucs2": "utf-16-le"}
_NOT_BASE64 = re.compile(r"[^A-Za-z0-9+/]")


def normalize(encoding: str) -> str:
    """
    @return: the one name that nodenet uses for this encoding.
    @raise ValueError: there is no such encoding.
    """
    try:
        return _ALIASES[encoding.lower()]
    except (KeyError, AttributeError):
        raise ValueError(f"Unknown encoding: {encoding!r}") from None


def encode(text: str, encoding: str | None = None) -> bytes:
    """
    The bytes that C{write(text, encoding)} sends.

    C{utf8}, the default, and C{ucs2} send U+FFFD for a lone surrogate; C{ascii} and
    C{binary} send the low eight bits of each code point; C{base64} reads past
    what is not of its alphabet (and takes C{-_} for C{+/}), as Node does.

    @raise ValueError: there is no such encoding, or C{text} is not hexadecimal.
    """
    name = "utf8" if encoding is None else normalize(encoding)
    if name == "utf8" or name == "ucs2":
        try:
            return text.encode(_CODECS[name])
        except UnicodeEncodeError:  # surrogates: pairs become one, others U+FFFD
            wide = text.encode("utf-16-le", "surrogatepass")
            return wide.decode("utf-16-le", "replace").encode(_CODECS[name])
    if name == "hex":
        try:
            return binascii.unhexlify(text)
        except ValueError:
            raise ValueError("Invalid hex string") from None
    if name == "base64":
        text = text.partition("=")[0].replace("-", "+").replace("_", "/")
        text = _NOT_BASE64.sub("", text)
        if len(text) % 4 == 1:  # six bits are no byte
            text = text[:-1]
        return base64.b64decode(text + "=" * (-len(text) % 4))
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return bytes(ord(char) & 0xFF for char in text)


class Decoder:
    """
    Turns the bytes of one stream into text, bit by bit, without breaking a
    character (or a group of C{base64}) that is split between two reads.

    @ivar encoding: the name, as L{normalize} gives it.
    @raise ValueError: there is no such encoding.
    """

    __slots__ = ("_codec", "_held", "encoding")

    def __init__(self, encoding: str) -> None:
        self.encoding = normalize(encoding)
        codec = _CODECS.get(self.encoding)
        self._codec = codec and codecs.getincrementaldecoder(codec)("replace")
        self._held = b""  # of base64: what makes no group of three bytes yet

    def write(self, data: bytes, final: bool = False) -> str:
        """
        @param final: nothing will follow: do not hold back any of it.
        @return: the text that is complete by now, which may be empty. Malformed
            input becomes U+FFFD.
        """
        if self._codec:
            return self._codec.decode(data, final)
        if self.encoding == "hex":
            return data.hex()
        data = self._held + data
        whole = len(data) if final else len(data) - len(data) % 3
        self._held = data[whole:]
        return base64.b64encode(data[:whole]).decode("ascii")

    def end(self) -> str:
        """
        @return: the text of what was held back, when nothing will follow.
        """
        return self.write(b"", final=True)
