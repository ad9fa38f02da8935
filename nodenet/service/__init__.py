"""
The daemon: what C{twistd nodenet} runs.
"""

from __future__ import annotations

import os

from nodenet.service.systemd import nameDescriptors

nameDescriptors(os.environ)  # before anything imports Twisted's endpoints

from nodenet.service.make import makeService  # noqa: E402
from nodenet.service.options import Options  # noqa: E402

__all__ = ["Options", "makeService"]
