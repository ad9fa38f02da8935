"""
The daemon: what C{twistd nodenet} runs.
"""

from __future__ import annotations

from nodenet.service.make import makeService
from nodenet.service.options import Options

__all__ = ["Options", "makeService"]
