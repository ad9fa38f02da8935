"""
The parts of L{nodenet.node.stream}, cut as Node 20 cuts them.
"""

from __future__ import annotations

# It gives readables their compose.
from nodenet.node._streams import compose as _compose

__all__ = ["_compose"]
