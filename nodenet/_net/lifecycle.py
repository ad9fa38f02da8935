"""
The life of a stream: its states, what leads from one to another, and the questions that
are asked of them after each event.
"""

from __future__ import annotations

__all__ = ["TRANSITIONS", "WRITABLE", "finIsDue", "mayRead", "maySendAtOnce"]

#: (C{readyState}, what happens) -> C{readyState}. What happens is C{connect} (the user asks
#: for a connection), C{connected}, C{eof} (the peer's FIN has come), C{fin} (ours has gone)
#: or C{destroy}.
TRANSITIONS = {
    ("closed", "connect"): "opening",
    ("closed", "connected"): "open",
    ("closed", "destroy"): "closed",
    ("opening", "connected"): "open",
    ("opening", "destroy"): "closed",
    ("open", "eof"): "writeOnly",
    ("open", "fin"): "readOnly",
    ("open", "destroy"): "closed",
    ("readOnly", "eof"): "closed",
    ("readOnly", "destroy"): "closed",
    ("writeOnly", "fin"): "closed",
    ("writeOnly", "destroy"): "closed",
}

#: States in which our side is open, or will be.
WRITABLE = frozenset({"opening", "open", "writeOnly"})


def finIsDue(state: str, ended: bool, queued: bool, securing: bool) -> bool:
    """
    @param ended: C{end} was called.
    @param queued: something has not gone out.
    @param securing: TLS has been asked for and is not established.
    @return: whether our FIN is to be sent now.
    """
    return ended and not (queued or securing) and (state == "open" or state == "writeOnly")


def mayRead(state: str, paused: bool) -> bool:
    """
    @return: whether what the peer sends is to be delivered now.
    """
    return not paused and (state == "open" or state == "readOnly")


def maySendAtOnce(state: str, ended: bool, queued: bool, securing: bool) -> bool:
    """
    @return: whether what is written goes to the kernel without having been queued.
    """
    return not (ended or queued or securing) and (state == "open" or state == "writeOnly")
