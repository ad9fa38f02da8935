from nodenet.node import stream
from nodenet.node.events import EventEmitter
from nodenet.timers import nextTick


def scenario(h):
    log = h.actor("main")
    finished = stream.finished
    w = EventEmitter()
    w.write = lambda c: True

    def end():
        w.writable = False
        w.emit("finish")

    w.end = end
    w.writable = True
    finished(w, lambda e: log("w", e))
    w.end()
    c = EventEmitter()
    c.write = lambda c: True
    c.writable = True
    finished(c, lambda e: log("c", e))
    c.emit("close")
    r = EventEmitter()
    r.pipe = lambda d: None
    r.readable = True
    finished(r, lambda e: log("r", e))
    r.emit("end")
    x = EventEmitter()
    x.pipe = lambda d: None
    x.pause = x.resume = lambda: None
    finished(x, lambda e: log("x", e))
    x.emit("close")
    e = EventEmitter()
    e.pipe = lambda d: None
    finished(e, lambda err: log("e", err))
    e.emit("error", Exception("legacy"))
    a = EventEmitter()
    a.pipe = lambda d: None
    a.aborted = False
    finished(a, lambda err: log("a", err))
    a.emit("aborted")
    stream.destroy(w)
    d = EventEmitter()
    d.write = lambda c: True
    d.close = lambda: log("closed")
    stream.destroy(d, Exception("x"))
    n = EventEmitter()
    n.write = lambda c: True
    n.on("error", lambda err: log("n", err)).on("close", lambda: log("n close"))
    stream.destroy(n, Exception("y"))
    nextTick(lambda: log("tick"))
