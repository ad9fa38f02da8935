from nodenet.node.stream import Writable
from nodenet.timers import nextTick


def scenario(h):
    log = h.actor("main")
    w = Writable(write=lambda c, e, cb: cb())
    w.on("error", lambda e: log("error", e)).on("close", lambda: log("close"))
    w.on("finish", lambda: log("finish"))
    w.end("a")
    log(w.write("b", lambda e: log("b", e)), w.destroyed, w.errored)
    nextTick(lambda: log("tick"))
    d = Writable(write=lambda c, e, cb: cb())
    d.on("error", lambda e: log("never", e)).on("close", lambda: log("d close"))
    d.destroy()
    log(d.write("x", lambda e: log("x", e)), d.end(lambda e: log("end", e)) is d)
