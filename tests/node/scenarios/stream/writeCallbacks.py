from nodenet.node.stream import Writable
from nodenet.timers import nextTick, setTimeout


def scenario(h):
    log = h.actor("main")

    def write(c, e, cb):
        log("_write", c, e)
        nextTick(cb)

    w = Writable(highWaterMark=4, write=write)
    w.on("drain", lambda: log("drain", w.writableLength)).on("finish", lambda: log("finish"))
    w.on("close", lambda: log("close"))
    log(w.write("ab", lambda e: log("ab written", e)), w.writableLength, w.writableNeedDrain)
    log(
        w.write("cde", "latin1", lambda e: log("cde written", e)),
        w.writableLength,
        w.writableNeedDrain,
    )
    log(w.write(b"f"), len(w.writableBuffer))
    nextTick(lambda: log("tick"))
    setTimeout(lambda: w.end("bye", lambda e: log("ended", e)) and None, 5)
