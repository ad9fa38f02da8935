"""
Streams with Deferreds. Node 20, C{stream/promises}.
"""

from __future__ import annotations

from nodenet.node._streams import finished as _finished
from nodenet.node._streams import pipeline as _pipeline

__all__ = ["promises"]


class promises:
    """
    Node 20, C{stream.promises}: L{finished} and L{pipeline} that return a Deferred.
    """

    finished = staticmethod(_finished.promised)
    pipeline = staticmethod(_pipeline.promised)
