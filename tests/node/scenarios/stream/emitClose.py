from nodenet.node.stream import Readable
from nodenet.timers import setTimeout


def scenario(h):
    log = h.actor("main")
    r = Readable(emitClose=False, read=lambda n: None)
    r.on("close", lambda: log("never")).on("error", lambda e: log("error", e))
    r.destroy(Exception("x"))
    setTimeout(lambda: log(r.closed, r.destroyed), 5)
    k = Readable(autoDestroy=False, read=lambda n: None)
    k.on("end", lambda: log("end")).on("close", lambda: log("never"))
    k.push(None)
    k.resume()
    setTimeout(lambda: log(k.destroyed, k.readableEnded), 5)
