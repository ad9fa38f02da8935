"""
The PROXY protocol: who the client is, said by the proxy before us or to the one behind us.
What is in a header is in L{nodenet.service.proxyprotocol.header}, how it comes off a
connection in L{nodenet.service.proxyprotocol.factory}.

Twisted's own (C{twisted.protocols.haproxy}) wraps the connection for as long as it
lasts, and its wrapper knows no half-close; here it is out of the way after the header.
"""

from __future__ import annotations

from nodenet.service.proxyprotocol.factory import HEADER_TIMEOUT, ProxiedFactory
from nodenet.service.proxyprotocol.header import Address, Header, format, parse

__all__ = ["HEADER_TIMEOUT", "Address", "Header", "ProxiedFactory", "format", "parse"]
