"""
Node's streams.

Source: Node 20, C{stream}.
"""

from __future__ import annotations

from nodenet.node._streams.abort import addAbortSignal
from nodenet.node._streams.compose import compose
from nodenet.node._streams.destroy import destroyer as destroy
from nodenet.node._streams.duplex import Duplex, duplexPair
from nodenet.node._streams.finished import finished
from nodenet.node._streams.legacy import Stream
from nodenet.node._streams.pipeline import pipeline
from nodenet.node._streams.promises import promises
from nodenet.node._streams.readable import Readable
from nodenet.node._streams.state import getDefaultHighWaterMark, setDefaultHighWaterMark
from nodenet.node._streams.transform import PassThrough, Transform
from nodenet.node._streams.utils import (
    isDestroyed,
    isDisturbed,
    isErrored,
    isReadable,
    isWritable,
)
from nodenet.node._streams.writable import Writable

__all__ = [
    "Duplex",
    "PassThrough",
    "Readable",
    "Stream",
    "Transform",
    "Writable",
    "addAbortSignal",
    "compose",
    "destroy",
    "duplexPair",
    "finished",
    "getDefaultHighWaterMark",
    "isDestroyed",
    "isDisturbed",
    "isErrored",
    "isReadable",
    "isWritable",
    "pipeline",
    "promises",
    "setDefaultHighWaterMark",
]
