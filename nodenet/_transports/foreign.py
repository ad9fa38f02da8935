"""
A wire for Twisted's own transports over a socket.
"""

from __future__ import annotations

import socket
from typing import Any

from twisted.internet.interfaces import IPullProducer
from zope.interface import implementer

from nodenet._transports.direct import Direct
from nodenet._transports.failures import DONE
from nodenet._transports.wire import Owner
from nodenet._twisted import need

__all__ = ["SocketWire"]

need(__name__)


@implementer(IPullProducer)
class SocketWire:
    """
    Writes go past the transport, which is asked for one more turn when the socket is full.
    """

    __slots__ = ("_owner", "_registered", "send", "socket", "transport")

    def __init__(self, transport: Any, skt: socket.socket, owner: Owner) -> None:
        self.transport = transport
        self.socket = skt
        self._owner = owner
        self._registered = False
        self.send = skt.send

    buffers = False
    sendv = Direct.sendv
    sendDescriptor = Direct.sendDescriptor
    passesDescriptors = Direct.passesDescriptors
    wholeMessage = Direct.wholeMessage

    def startWriting(self) -> None:
        if not self._registered:
            self.transport.registerProducer(self, False)
            self._registered = True
        self.transport.startWriting()

    def stopWriting(self) -> None:
        if self._registered:
            self._registered = False
            self.transport.unregisterProducer()
            self.transport.stopWriting()

    def resumeProducing(self) -> None:
        if self._registered:  # registerProducer asks too, before it is needed
            self._owner.onWritable()
        if self._registered:
            self.transport.startWriting()

    def stopProducing(self) -> None:
        self._registered = False

    release = stopWriting

    def startReading(self) -> None:
        self.transport.resumeProducing()

    def stopReading(self) -> None:
        self.transport.pauseProducing()

    def shutdown(self) -> None:
        self.transport._writeDisconnected = True
        self.socket.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        if not self.transport.disconnected:
            self.transport.connectionLost(DONE)

    finish = close
