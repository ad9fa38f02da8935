"""
Sockets that systemd hands over.
"""

from __future__ import annotations

from collections.abc import MutableMapping

__all__ = ["nameDescriptors"]


def nameDescriptors(environ: MutableMapping[str, str]) -> None:
    """
    Give names to sockets that came without: systemd-socket-activate leaves C{LISTEN_FDNAMES}
    out, and Twisted then takes none of them.

    Source: C{sd_listen_fds_with_names(3)}, which names them C{unknown}.

    @param environ: the process's. Twisted reads it when C{twisted.internet.endpoints} is
        imported.
    """
    count = environ.get("LISTEN_FDS", "")
    if count.isdecimal() and not environ.get("LISTEN_FDNAMES"):
        environ["LISTEN_FDNAMES"] = ":".join(["unknown"] * int(count))
