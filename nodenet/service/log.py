"""
How the log names what there is, and the log of accesses.
"""

from __future__ import annotations

import json
import os
import sys
from errno import EBADF
from typing import Any, TextIO

from twisted.logger import Logger

__all__ = ["AccessLog", "describe", "log", "named"]

log = Logger("nodenet")


def named(address: Any) -> str:
    """
    @param address: Twisted's, of one end of a connection.
    @return: C{127.0.0.1:8124}, C{[::1]:8124}, C{unix:/path}, or C{unix} of one that has
        no name.
    """
    host = getattr(address, "host", None)
    if host is None:
        name = getattr(address, "name", None)
        if not name:
            return "unix"
        # One of the abstract namespace begins with a NUL, by convention shown as @.
        text = name.decode(errors="replace").replace("\0", "@")
        if not text.isprintable():  # a PROXY header's, perhaps
            text = text.encode("unicode_escape").decode()
        return f"unix:{text}"
    return f"[{host}]:{address.port}" if ":" in host else f"{host}:{address.port}"


def describe(error: Any) -> str:
    """
    @param error: of a stream.
    @return: the errno's name, and more if more is known than that says.
    """
    code, text = getattr(error, "code", None), getattr(error, "strerror", None)
    if not code:
        return str(error) or type(error).__name__
    if text and text != os.strerror(error.errno):
        return f"{code}, {text}"
    return str(code)


class AccessLog:
    """
    A file with a line of JSON for each connection.
    """

    def __init__(self, name: str) -> None:
        """
        @param name: of the file, to which lines are added; C{-}: standard output.
        @raise OSError: it cannot be opened.
        """
        # twistd may go elsewhere before it is opened again.
        self.name = name if name == "-" else os.path.abspath(name)
        self._failing = False
        self._file = self._open()

    def _open(self) -> TextIO:
        if self.name == "-":
            if sys.__stdout__ is None:
                raise OSError(EBADF, "standard output is closed")
            return sys.__stdout__  # sys.stdout will be the log's
        return open(self.name, "a", encoding="utf-8", buffering=1)

    def reopen(self) -> None:
        """
        Go on in a new file of that name, as the old one has been moved away.
        """
        if self.name == "-":
            return
        try:
            file = self._open()
        except OSError as e:
            log.error("Access log cannot be reopened, the old one goes on: {error}", error=e)
            return
        self.close()
        self._file = file
        self._failing = False
        log.info("Access log reopened")

    def write(self, record: dict[str, Any]) -> None:
        """
        Add a line. If that fails, the log says so, once until it succeeds.
        """
        if self._file.closed:  # one that was refused after the end
            return
        try:
            self._file.write(json.dumps(record) + "\n")
            self._file.flush()
        except OSError as e:
            if not self._failing:
                log.error("Access log cannot be written: {error}", error=e)
            self._failing = True
        else:
            self._failing = False

    def close(self) -> None:
        if self.name != "-":
            try:
                self._file.close()
            except OSError as e:  # what could not be written before
                log.error("Access log cannot be written: {error}", error=e)
