"""
The daemon: what C{twistd nodenet} runs.
"""

from nodenet.service.daemon import makeService
from nodenet.service.options import Options

__all__ = ["Options", "makeService"]
