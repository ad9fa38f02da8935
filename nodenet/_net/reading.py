"""
What a stream does with what comes.
"""

from __future__ import annotations

import os
from errno import EPIPE

from twisted.internet import error
from twisted.logger import Logger
from twisted.python.failure import Failure

from nodenet._net.inbox import END, Inbox
from nodenet._net.writing import Writing
from nodenet._transports import sockopts
from nodenet._transports.failures import asOSError
from nodenet.encodings import Decoder
from nodenet.errors import NodeError, TLSError, errnoException

__all__ = ["Reading"]

log = Logger("nodenet")


class Reading(Writing):
    """
    A connection that is read from, too. The common way is C{dataReceived} alone; what more
    there may be to do is an L{Inbox}'s.
    """

    __slots__ = ()

    def dataReceived(self, data: bytes) -> None:
        """
        Twisted: bytes have come.
        """
        self.bytesRead += len(data)
        if self._inbox is not None:
            self._receive(data)
            return
        if self._idle is not None:
            self._idle.touch()
        try:
            self.emit("data", data)
        except Exception as e:
            self.listenerFailed(e)

    def _receive(self, data: bytes) -> None:
        """
        The same where there is more to do than to emit.
        """
        assert self._inbox is not None
        if self._wire is not None and not self._inbox.hold(data):
            self._deliverData(data)

    def _deliverData(self, data: bytes) -> None:
        self.touch()
        inbox = self._inbox
        decoded = data if inbox is None else inbox.decode(data)
        if decoded is not None:
            self._deliver("data", decoded)
        self._deliverDescriptors()

    def fileDescriptorReceived(self, descriptor: int) -> None:
        """
        Twisted: a descriptor has come; the data that it came with follows.
        """
        self._openInbox().addDescriptor(descriptor)

    def _deliverDescriptors(self) -> None:
        while self._inbox is not None:
            fd = self._inbox.nextDescriptor()
            if fd is None:
                break
            if self._events.get("fd"):
                self._deliver("fd", fd)
            else:
                os.close(fd)
                log.warn("A file descriptor that nobody listens for was closed: {fd}", fd=fd)
        self._dropIdleInbox()

    def _openInbox(self) -> Inbox:
        if self._inbox is None:
            self._inbox = Inbox()
        return self._inbox

    def _dropIdleInbox(self) -> None:
        # It stays after the end: from then on it takes what still comes.
        if self._inbox is not None and self._inbox.idle and self._wire is not None:
            self._inbox = None

    def readConnectionLost(self) -> None:
        """
        Twisted: the peer's FIN has come.
        """
        if self._inbox is None or not self._inbox.hold(END):
            self._deliverEnd()

    def _deliverEnd(self) -> None:
        if not self.readable:
            return
        if self._failure is not None:  # it was no end
            self.destroy(self._failure)
            return
        inbox = self._inbox
        rest = None if inbox is None else inbox.rest()
        if inbox is not None and rest is not None:
            self._deliver("data", rest)
            if inbox.paused:  # by a listener
                inbox.putBack(END)
                return
            if not self.readable:
                return
        self._enter("eof")
        if self._state == "closed":
            self._teardown(orderly=True)
        elif not self.allowHalfOpen:
            self.end()
        self._deliver("end")

    def writeConnectionLost(self) -> None:
        """
        Twisted: our FIN has gone. We know: it was C{end}'s.
        """

    def connectionLost(self, reason: Failure) -> None:  # type: ignore[override]
        """
        Twisted: the connection is gone.
        """
        self.connected = 0
        if self._wire is None:  # of our own doing
            return
        self._send = None
        inbox = self._inbox
        # A failure is told at once, but not before what has come.
        done = reason.check(error.ConnectionDone) is not None
        if inbox is not None and (done or inbox.held) and inbox.hold(reason):
            return
        self._deliverLoss(reason)

    def _deliverLoss(self, reason: Failure) -> None:
        if self._failure is not None:
            self.destroy(self._failure)
            return
        if reason.check(error.ConnectionDone) is None:
            session = self._session
            if session is not None and not session.secure and session.error is not None:
                self.destroy(TLSError(session.error, "handshake"))
            else:
                syscall = "handshake" if self._handshaking else "read"
                self.destroy(asOSError(reason.value, syscall))
            return
        # A transport that knows no half-close: this is the peer's FIN too.
        self._deliverEnd()
        inbox = self._inbox
        if inbox is not None and inbox.paused and self.readable:
            inbox.hold(reason)
        elif self._wire is not None:
            self.destroy(errnoException(EPIPE, "write") if self._outbox else None)

    def pause(self) -> None:
        """
        Emit no C{data} until L{resume}; what the peer sends stays in the kernel. Of a
        closed stream, this does nothing.
        """
        if self._wire is None and self._state != "opening":
            return
        self._openInbox().paused = True
        self._updateReading()

    def resume(self) -> None:
        """
        Go on reading.

        @raise NodeError: the stream is closed.
        """
        inbox = self._inbox
        if self._state == "closed" and not (inbox is not None and inbox.held):
            raise NodeError("Cannot resume() closed Stream.")
        if inbox is None:
            return
        inbox.paused = False
        while (what := inbox.next()) is not None:
            if what is END:
                self._deliverEnd()
            elif isinstance(what, Failure):
                self._deliverLoss(what)
            else:
                self._deliverData(what)
        self._deliverDescriptors()
        self._updateReading()

    def isPaused(self) -> bool:
        """
        @return: whether L{pause} was called, and L{resume} since was not.
        """
        return self._inbox is not None and self._inbox.paused

    def checkReset(self) -> bool:
        """
        Ask the kernel whether the peer has reset the connection, of which a stream that is
        not read from (paused, or after the peer's FIN) is told by nobody.

        @return: whether it has. C{error} and C{close} follow then.
        """
        fd = self.fd
        errno = 0 if fd is None else sockopts.pendingError(fd)
        if errno:
            self.destroy(errnoException(errno, "read"))
        return bool(errno)

    def setEncoding(self, encoding: str | None = None) -> None:
        """
        Emit C{data} as C{str}: C{'utf8'}, C{'ascii'}, C{'base64'}, C{'binary'}, C{'hex'}
        or C{'ucs2'}; C{None}: as C{bytes}. In the midst of a character, what had come of
        it is dropped.

        @raise ValueError: there is no such encoding.
        """
        if encoding is not None:
            self._openInbox().decoder = Decoder(encoding)
        elif self._inbox is not None:
            self._inbox.decoder = None
            self._dropIdleInbox()
