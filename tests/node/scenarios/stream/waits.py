from nodenet.node.stream import Readable
from nodenet.timers import setTimeout


def scenario(h):
    log = h.actor("main")
    r = Readable(read=lambda n: log("_read", n))
    r.on("end", lambda: log("end"))
    log(r.push("abc"), r.push(None), r.readableLength, r.readableFlowing)

    def later():
        log("later", r.readableLength, r.readableEnded)
        r.on("data", lambda d: log("data", d))

    setTimeout(later, 10)
