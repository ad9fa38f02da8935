from nodenet.node.stream import Writable
from nodenet.timers import nextTick


def scenario(h):
    log = h.actor("main")

    def write(c, e, cb):
        log("_write", c)
        cb()
        log("back")

    w = Writable(highWaterMark=3, write=write)
    w.on("drain", lambda: log("drain")).on("prefinish", lambda: log("prefinish"))
    w.on("finish", lambda: log("finish"))

    def f(e):
        log("written", e)

    nextTick(lambda: log("tick"))
    log(w.write("abc", f), w.write("d", f), w.write("efghi"), w.writableLength)
    w.end(lambda e: log("ended"))
    log(w.writableEnded, w.writableFinished, w.writable)
