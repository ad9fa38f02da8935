from nodenet.node import stream
from nodenet.node.stream import Readable, Writable


def scenario(h):
    log = h.actor("main")
    r = Readable(read=lambda n: None)
    log(
        r.readableDidRead,
        r.readableAborted,
        stream.isDisturbed(r),
        stream.isReadable(r),
        stream.isErrored(r),
    )
    r.push("a")
    r.read()
    log(r.readableDidRead, r.readableAborted, stream.isDisturbed(r))
    r.on(
        "error",
        lambda e: log(r.readableAborted, stream.isErrored(r), stream.isReadable(r), r.errored),
    )
    r.destroy(Exception("x"))
    log(
        r.readableAborted,
        stream.isErrored(r),
        stream.isReadable(r),
        r.readable,
        r.closed,
        stream.isDestroyed(r),
    )
    w = Writable(write=lambda c, e, cb: cb())
    log(w.writableAborted, stream.isWritable(w), stream.isReadable(w), w.writable)
    w.end()
    log(stream.isWritable(w), w.writable, w.writableEnded, w.writableFinished)
