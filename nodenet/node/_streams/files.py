"""
Python's files as the end of a pipeline.
"""

from __future__ import annotations

import os
from typing import Any

from nodenet.node._streams.writable import Writable

__all__ = ["FileWritable"]


class FileWritable(Writable):
    """
    Writes to a file of Python's, which is closed at the end, or to a descriptor, which is
    not. It blocks while it writes.
    """

    __slots__ = ("_file",)

    def __init__(self, file: Any) -> None:
        """
        @param file: it or its descriptor.
        """
        super().__init__(decodeStrings=not hasattr(file, "encoding"))
        self._file = file

    def _write(self, chunk: Any, encoding: Any, callback: Any) -> None:
        file = self._file
        try:
            if isinstance(file, int):
                while chunk:
                    chunk = chunk[os.write(file, chunk) :]
            elif isinstance(chunk, bytes) and hasattr(file, "encoding"):
                file.write(chunk.decode(file.encoding))
            else:
                file.write(chunk)
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
