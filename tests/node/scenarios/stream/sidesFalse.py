from nodenet.node.stream import Duplex


def scenario(h):
    log = h.actor("main")
    r = Duplex(readable=False, read=lambda n: None, write=lambda c, e, cb: cb())
    r.on("error", lambda e: log("r error", e)).on("end", lambda: log("r end"))
    r.on("finish", lambda: log("r finish")).on("close", lambda: log("r close"))
    log(r.readable, r.readableEnded, r.writable)
    r.end()
    w = Duplex(writable=False, read=lambda n: None)
    w.on("end", lambda: log("w end")).on("finish", lambda: log("w finish"))
    w.on("close", lambda: log("w close"))
    log(w.writable, w.writableEnded, w.writableFinished, w.readable)
    w.push(None)
    w.resume()
    p = Duplex(readable=False, read=lambda n: None, write=lambda *a: None)
    p.on("error", lambda e: log("p error", e))
    log(p.push("x"))
