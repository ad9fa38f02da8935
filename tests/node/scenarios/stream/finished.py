from nodenet.node import stream
from nodenet.node.stream import Duplex, PassThrough, Readable, Writable
from nodenet.timers import setTimeout


def scenario(h):
    log = h.actor("main")
    finished = stream.finished
    r = Readable(read=lambda n: None)
    finished(r, lambda e: log("r", e, r.readableEnded))
    r.push(None)
    r.resume()
    w = Writable(write=lambda c, e, cb: cb())
    finished(w, lambda e: log("w", e, w.writableFinished))
    w.end()
    p = Readable(read=lambda n: None)
    finished(p, lambda e: log("p", e))
    p.destroy()
    x = Duplex(read=lambda n: None, write=lambda c, e, cb: cb())
    finished(x, {"readable": False}, lambda e: log("x writable side", e))
    finished(x, {"writable": False}, lambda e: log("x readable side", e))
    finished(x, lambda e: log("x", e))
    x.end()
    setTimeout(lambda: x.destroy(Exception("broken")) and None, 5)
    x.on("error", lambda e: log("x error", e))
    setTimeout(lambda: finished(r, lambda e: log("again", e)) and None, 10)
    cleanup = finished(PassThrough(), lambda e: log("never"))
    log("function")
    cleanup()
