"""
The access log: a file with a line for each connection.
"""

from __future__ import annotations

import os
from errno import EBADF
from typing import Any

from nodenet.service.log import log

__all__ = ["AccessLog"]

#: Seconds that a line waits at most, to be written with others.
DELAY = 1
#: Bytes that wait at most while nothing can be written; lines beyond are lost.
HELD = 1024 * 1024


class AccessLog:
    """
    Lines are written together, once a second; the first after a second without one at once.
    What cannot be written waits, and is tried again; the log says so once, and how many lines
    were lost when there were too many.

    @ivar name: of the file; C{-}: standard output.
    """

    def __init__(self, reactor: Any, name: str) -> None:
        """
        @param name: of the file, to which lines are added; C{-}: standard output.
        @raise OSError: it cannot be opened.
        """
        self.name = name
        self._reactor = reactor
        self._fd = self._open()
        self._lines: list[str] = []
        self._waiting = b""  # lines that could not be written
        self._begun = 0  # bytes of the first of them that were
        self._lost = 0  # lines
        self._failing = False
        self._timer: Any = None  # there was a write less than a second ago

    def _open(self) -> int:
        if self.name == "-":
            try:
                os.fstat(1)
            except OSError:
                raise OSError(EBADF, "standard output is closed") from None
            return 1  # sys.stdout is the log's
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        return os.open(self.name, flags, 0o666)

    def write(self, line: str) -> None:
        """
        @param line: with its end. After L{close}, nothing is written.
        """
        if self._fd < 0:
            return
        self._lines.append(line)
        if self._timer is None:
            self._flushSoon()

    def _flushSoon(self) -> None:
        self._flush()
        self._timer = self._reactor.callLater(DELAY, self._again)

    def _again(self) -> None:
        self._timer = None
        if self._lines or self._waiting:
            self._flushSoon()

    def _flush(self) -> None:
        """
        Write what waits, as far as that is possible.
        """
        data = self._waiting + "".join(self._lines).encode("ascii")
        self._lines.clear()
        at = self._begun
        try:
            while at < len(data):
                at += os.write(self._fd, data[at:])
        except OSError as e:
            first = data.rfind(b"\n", 0, at) + 1
            self._failed(e, data[first:], at - first)
            return
        self._waiting, self._begun = b"", 0
        if self._failing:
            self._failing = False
            log.warn("Access log is written again; {lost} lines were lost", lost=self._lost)
            self._lost = 0

    def _failed(self, error: OSError, data: bytes, begun: int) -> None:
        """
        @param data: lines, the first of which may be written in part.
        @param begun: bytes of it that are.
        """
        if not self._failing:
            self._failing = True
            log.error("Access log cannot be written: {error}", error=error.strerror)
        if len(data) > HELD:
            # The first is always kept: no other goes on where it was left.
            end = max(data.rfind(b"\n", 0, HELD), data.find(b"\n")) + 1
            self._lost += data.count(b"\n", end)
            data = data[:end]
        self._waiting, self._begun = data, begun

    def reopen(self) -> None:
        """
        Go on in a new file of that name, as the old one has been moved away.
        """
        if self.name == "-" or self._fd < 0:
            return
        self._flush()
        try:
            fd = self._open()
        except OSError as e:
            log.error(
                "Access log cannot be reopened, the old one goes on: {error}", error=e.strerror
            )
            return
        os.close(self._fd)
        self._fd = fd
        self._begun = 0  # a line is whole in one file
        log.info("Access log reopened")

    def close(self) -> None:
        """
        Write what waits, and close the file.
        """
        if self._fd < 0:
            return
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._flush()
        lost = self._lost + self._waiting.count(b"\n")
        if lost:
            log.error("Access log: {lost} lines were lost", lost=lost)
        if self.name != "-":
            os.close(self._fd)
        self._fd = -1
