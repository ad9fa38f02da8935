"""
Python's files as the end of a pipeline.
"""

from __future__ import annotations

import codecs
import os
from typing import Any

from nodenet.node._streams.writable import Writable

__all__ = ["FileWritable"]


class FileWritable(Writable):
    """
    Writes to a file of Python's, which is closed at the end, or to a descriptor, which is
    not. It blocks while it writes. What comes for a text file as bytes is text in its
    encoding, which may be cut anywhere.
    """

    __slots__ = ("_decoder", "_file")

    def __init__(self, file: Any) -> None:
        """
        @param file: it or its descriptor.
        """
        isText = hasattr(file, "encoding")
        super().__init__(decodeStrings=not isText)
        self._file = file
        self._decoder: Any = None
        if isText:
            self._decoder = codecs.getincrementaldecoder(file.encoding or "utf-8")()

    def _write(self, chunk: Any, encoding: Any, callback: Any) -> None:
        file = self._file
        try:
            if isinstance(file, int):
                while chunk:
                    chunk = chunk[os.write(file, chunk) :]
            elif self._decoder is None:
                file.write(chunk)
            elif isinstance(chunk, str):
                self._decoder.decode(b"", True)  # half a character is before it
                file.write(chunk)
            else:
                file.write(self._decoder.decode(chunk))
        except Exception as e:
            callback(e)
        else:
            callback()

    def _final(self, callback: Any) -> None:
        try:
            if self._decoder is not None:
                self._decoder.decode(b"", True)
        except Exception as e:
            callback(e)
        else:
            callback()

    def _destroy(self, error: Any, callback: Any) -> None:
        try:
            if not isinstance(self._file, int):
                self._file.close()
        except Exception as e:
            error = error or e
        callback(error)
