from nodenet.node import stream
from nodenet.node.stream import Writable
from nodenet.timers import setTimeout
from tests.node.harness import attempt


def scenario(h):
    log = h.actor("main")
    s = stream.Stream()
    s.readable = True
    s.pause = lambda: log("pause")
    s.resume = lambda: log("resume")

    def write(c, e, cb):
        log("_write", c)
        setTimeout(cb, 1)

    w = Writable(highWaterMark=2, write=write)
    w.on("pipe", lambda s: log("pipe")).on("finish", lambda: log("finish"))
    w.on("drain", lambda: log("drain"))
    log(s.pipe(w) is w)
    s.emit("data", b"abc")

    def later():
        s.emit("end")
        log(s.listenerCount("data"), w.listenerCount("drain"))

    setTimeout(later, 5)
    e = stream.Stream()
    e.pipe(Writable(write=lambda *a: None))
    attempt(log, "unheard", lambda: e.emit("error", Exception("legacy")))
