"""
What a stream does with what is written.
"""

from __future__ import annotations

import os
from errno import EBADF
from typing import Any, overload

from nodenet._interfaces import Callback, Data
from nodenet._net.arguments import writeArguments
from nodenet._net.connection import Connection
from nodenet._net.outbox import Outbox
from nodenet.encodings import encode, normalize
from nodenet.errors import EndedError, NodeError, errnoException

__all__ = ["Writing"]

#: Bytes that go with a descriptor at most, where the socket is not there to be asked.
_WHOLE = 1024


class Writing(Connection):
    """
    A connection that is written to. The common way is C{write} alone; what the kernel
    does not take at once is an L{Outbox}'s.
    """

    __slots__ = ()

    @overload
    def write(
        self,
        data: Data,
        encoding: str | None = None,
        fileDescriptor: int | None = None,
        callback: Callback | None = None,
    ) -> bool: ...
    @overload
    def write(self, data: Data, callback: Callback, /) -> bool: ...
    @overload
    def write(self, data: Data, encoding: str | None, callback: Callback, /) -> bool: ...
    @overload
    def write(
        self, data: Data, fileDescriptor: int, callback: Callback | None = None, /
    ) -> bool: ...
    def write(
        self,
        data: Any,
        encoding: Any = None,
        fileDescriptor: Any = None,
        callback: Any = None,
    ) -> bool:
        """
        Send C{data}: C{write(data, [encoding], [fileDescriptor], [callback])}.

        @param encoding: of a C{str}; utf8 by default.
        @param fileDescriptor: to be sent along, over a UNIX socket. It may be closed
            when C{write} has returned.
        @param callback: called when this data has gone out, in order.
        @return: whether the kernel took all of it at once; if not, the rest is
            queued and C{drain} follows.
        @raise NodeError: the stream is not writable, or L{end} was called (an
            L{EndedError<nodenet.errors.EndedError>} until all has gone out); a
            descriptor without data, or not over a UNIX socket.
        @raise OSError: C{EBADF}: the descriptor is not open.
        @raise TypeError: an argument is of a wrong type.
        @raise ValueError: there is no such encoding.
        """
        # The common case comes first: bytes, and nothing is queued, so that they
        # go straight to the kernel, which takes them all.
        send = self._send
        if (
            send is None
            or data.__class__ is not bytes
            or encoding is not None
            or fileDescriptor is not None
            or callback is not None
        ):
            return self._write(data, encoding, fileDescriptor, callback)
        try:
            sent = send(data)
        except BlockingIOError:
            sent = 0
        except OSError as e:
            self.sendFailed(e)
            return False
        self.bytesWritten += sent
        if self._idle is not None:
            self._idle.touch()
        if sent == len(data):
            return True
        self._enqueue(memoryview(data)[sent:] if sent else data, None)
        return False

    def _write(self, data: Any, encoding: Any, fileDescriptor: Any, callback: Any) -> bool:
        """
        All other cases: sort the arguments, make them bytes, and send or queue
        these.
        """
        encoding, fileDescriptor, callback = writeArguments(encoding, fileDescriptor, callback)
        if isinstance(data, str):
            data = encode(data, encoding)
        elif isinstance(data, (bytes, bytearray, memoryview)):
            if encoding is not None:
                normalize(encoding)
            if data.__class__ is not bytes:
                # A copy: the user may change it before it has gone out.
                data = bytes(memoryview(data))
        else:
            raise TypeError(f"data must be str or bytes, not {data!r:.60}")
        if not self.writable:
            raise NodeError("Stream is not writable")
        if self._ended:
            raise EndedError(self)
        if fileDescriptor is not None:
            return self._writeDescriptor(data, fileDescriptor, callback)  # pyright: ignore[reportArgumentType]
        if self._send is None:
            self._enqueue(data, callback)  # pyright: ignore[reportArgumentType]
            return False
        life = self._life
        if self.write(data):
            if callback is not None:
                self._runCallback(callback)
            return True
        if self._outbox is not None and self._life == life:
            self._outbox.calls(callback)
        return False

    def _writeDescriptor(self, data: bytes, fd: int, callback: Any) -> bool:
        if not data:
            raise NodeError("File descriptors can only be written with data")
        wire = self._wire
        if not (self._toPath if wire is None else wire.passesDescriptors()):
            raise NodeError("File descriptors can only be written to UNIX sockets")
        if self._credentials is not None:
            raise NodeError("File descriptors cannot be written to a secure stream")
        try:
            duplicate = os.dup(fd)
        except OSError as e:
            raise errnoException(e.errno or EBADF, "dup") from None
        atOnce = self._send is not None
        # It goes with the last piece of the data, which the kernel takes as a whole: so it
        # comes after all of the data, and a small message is one.
        last = _WHOLE if wire is None else wire.wholeMessage()
        if len(data) > last:
            self._enqueue(memoryview(data)[:-last], None)
        self._enqueue(data[-last:], None, duplicate)
        if not atOnce:
            assert self._outbox is not None
            self._outbox.calls(callback)
            return False
        self._flush(drain=False)
        if not self.writable:  # it has failed
            return False
        if self._outbox is None:
            if callback is not None:
                self._runCallback(callback)
            return True
        self._outbox.calls(callback)
        return False

    def _enqueue(self, data: bytes | memoryview, callback: Any, fd: int | None = None) -> None:
        if self._outbox is None:
            self._outbox = Outbox()
            if self._send is not None:
                self._send = None
                assert self._wire is not None
                self._wire.startWriting()
        self._outbox.add(data, callback, fd)
        self.bufferSize += len(data)

    def onWritable(self) -> bool:
        """
        The transport takes data again.

        @return: whether there is more to come.
        """
        return self._flush()

    def _flush(self, drain: bool = True) -> bool:
        """
        Send what is queued, as far as the transport takes it.

        @param drain: tell when all has gone out.
        @return: whether there is more to come.
        """
        while True:
            outbox, wire = self._outbox, self._wire
            if outbox is None or wire is None or not self.connected:
                return False
            if outbox.takeTLS():
                self._startTLS()
                return False
            if self._handshaking:
                return False
            if not outbox.waits:
                break
            try:
                sent = outbox.send(wire)
            except BlockingIOError:
                wire.startWriting()
                return True
            except OSError as e:
                self.sendFailed(e)
                return False
            self.bytesWritten += sent
            self.bufferSize -= sent
            self.touch()
            for callback in outbox.sent(sent):
                self._callListener(callback)
                if self._outbox is not outbox:  # destroyed by it
                    return False
        self._outbox = None
        wire.stopWriting()
        self._update()
        if drain:
            self._deliver("drain")
        return self._outbox is not None

    def onTransportWrite(self, data: bytes) -> bool:
        """
        Somebody has called the transport's own C{write}: it is as if it was ours, but that
        Twisted's is silent where this one would raise.

        @return: whether it has gone out.
        """
        return self.writable and not self._ended and self.write(data)

    def end(self, data: Data | None = None, encoding: str | None = None) -> None:
        """
        Send our FIN, after all that was written. The peer may still send.

        @param data: written before; C{end(data, encoding)} is
            C{write(data, encoding)}, then C{end()}.
        """
        if not self.writable or self._ended:
            return
        if data:
            self.write(data, encoding)
            if not self.writable:
                return
        self._ended = True
        self._update()
