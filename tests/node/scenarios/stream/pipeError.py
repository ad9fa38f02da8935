from nodenet.node.stream import Readable, Writable
from nodenet.timers import setTimeout


def scenario(h):
    log = h.actor("main")
    r = Readable(read=lambda n: None)
    w = Writable(write=lambda c, e, cb: cb(Exception("w")))
    w.on("error", lambda e: log("w error", e, r.readableFlowing))
    w.on("unpipe", lambda s, i: log("unpipe")).on("close", lambda: log("w close"))
    r.on("close", lambda: log("never"))
    r.pipe(w)
    r.push("x")
    setTimeout(lambda: log(r.destroyed, r.readableFlowing), 5)
    u = Writable(write=lambda c, e, cb: cb(Exception("unheard")))
    s = Readable(read=lambda n: None)
    s.pipe(u)
    s.push("x")
