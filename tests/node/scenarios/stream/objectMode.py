from nodenet.node.stream import Readable, Writable
from nodenet.timers import setTimeout


def scenario(h):
    log = h.actor("main")
    r = Readable(objectMode=True, highWaterMark=2, read=lambda n: None)
    log(
        r.push(1),
        r.push(""),
        r.push({"a": 1}),
        r.readableLength,
        r.read(),
        r.read(9),
        r.readableLength,
    )
    r.push(0)
    r.push(None)
    r.on("data", lambda d: log("data", d)).on("end", lambda: log("end"))

    def write(c, e, cb):
        log("write", c, e)
        setTimeout(cb, 1)

    w = Writable(objectMode=True, highWaterMark=2, write=write)
    log(w.write({"b": 2}), w.write(0), w.write(""), w.writableLength)
