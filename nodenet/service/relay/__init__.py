"""
The relay service: for each client a connection to an upstream, and two pipes. Half-closes
go through, each way; what is cut short on one side is reset on the other.
"""

from __future__ import annotations

from nodenet.service.relay.relay import Relay

__all__ = ["Relay"]
