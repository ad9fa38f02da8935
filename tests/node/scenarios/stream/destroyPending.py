from nodenet.node.stream import Writable
from nodenet.timers import nextTick, setTimeout


def scenario(h):
    log = h.actor("main")
    w = Writable(write=lambda c, e, cb: setTimeout(cb, 5) and None)

    def listen(ev):
        w.on(ev, lambda e=None: log(ev, e))

    for ev in ["error", "close", "finish"]:
        listen(ev)
    w.write("a", lambda e: log("a", e))
    w.write("b", lambda e: log("b", e))
    w.end(lambda e: log("end", e))
    log(w.destroy(Exception("x")) is w, w.destroyed, w.closed, w.errored, w.writableLength)
    w.destroy(Exception("y"))
    nextTick(lambda: log("tick", w.closed))
