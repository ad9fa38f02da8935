from nodenet.node import stream
from nodenet.node.stream import Duplex, Readable, Transform, Writable
from tests.node.harness import attempt


def scenario(h):
    log = h.actor("main")
    for hwm in [0, 5, 2.0, -1, 1.5, float("nan"), "x", True, {}]:
        attempt(log, "r", lambda v=hwm: Readable(highWaterMark=v).readableHighWaterMark)
        attempt(log, "d", lambda v=hwm: Duplex(readableHighWaterMark=v).readableHighWaterMark)
        attempt(
            log, "t", lambda v=hwm: Transform(writableHighWaterMark=v).writableHighWaterMark
        )
    attempt(log, "encoding", lambda: Readable(encoding="nope"))
    attempt(log, "default", lambda: Readable(defaultEncoding="nope"))
    attempt(log, "default", lambda: Writable(defaultEncoding="nope"))
    d = Duplex(readableObjectMode=True, writableHighWaterMark=7)
    log(
        d.readableObjectMode,
        d.writableObjectMode,
        d.readableHighWaterMark,
        d.writableHighWaterMark,
    )
    o = Duplex(objectMode=True, highWaterMark=3, readableHighWaterMark=5)
    log(
        o.readableObjectMode,
        o.writableObjectMode,
        o.readableHighWaterMark,
        o.writableHighWaterMark,
    )
    z = Transform(readableHighWaterMark=0)
    log(z.readableHighWaterMark, z.writableHighWaterMark)
    log(stream.getDefaultHighWaterMark(False), stream.getDefaultHighWaterMark(True))
    attempt(log, "set", lambda: stream.setDefaultHighWaterMark(False, "x"))
    attempt(log, "set", lambda: stream.setDefaultHighWaterMark(False, -1))
