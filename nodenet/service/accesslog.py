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
        self._rest = b""  # what could not be written
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
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
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
        if self._lines or self._rest:
            self._flushSoon()

    def _flush(self) -> None:
        """
        Write what waits, as far as that is possible.
        """
        data = self._rest + "".join(self._lines).encode("ascii")
        self._rest, count = b"", len(self._lines)
        self._lines.clear()
        try:
            while data:
                data = data[os.write(self._fd, data) :]
        except OSError as e:
            self._failed(e, data, count)
        else:
            if self._failing:
                self._failing = False
                log.warn("Access log is written again; {lost} lines were lost", lost=self._lost)
                self._lost = 0

    def _failed(self, error: OSError, data: bytes, count: int) -> None:
        if not self._failing:
            self._failing = True
            log.error("Access log cannot be written: {error}", error=error.strerror)
        if len(data) > HELD:
            kept = data[: data.rfind(b"\n", 0, HELD) + 1]
            self._lost += data.count(b"\n", len(kept))
            data = kept
        self._rest = data

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
        lost = self._lost + self._rest.count(b"\n")
        if lost:
            log.error("Access log: {lost} lines were lost", lost=lost)
        if self.name != "-":
            os.close(self._fd)
        self._fd = -1
