from nodenet.node.stream import Readable
from nodenet.timers import nextTick


def scenario(h):
    log = h.actor("main")
    r = Readable(read=lambda n: None)
    r.on("error", lambda e: log("error", e, r.closed)).on("close", lambda: log("close"))
    nextTick(lambda: log("tick before"))
    log(
        r.destroyed,
        r.destroy(Exception("a"), lambda e: log("callback", e)) is r,
        r.destroyed,
        r.closed,
    )
    nextTick(lambda: log("tick after"))
    r.destroy(Exception("b"), lambda e=None: log("second", e))
    log(r.push("x"), r.read())
    q = Readable(read=lambda n: None)
    q.on("close", lambda: log("q close")).on("error", lambda: log("never"))
    q.destroy()
    log(q.errored, q.readable)
