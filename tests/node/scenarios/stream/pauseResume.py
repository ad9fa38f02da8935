from nodenet.node.stream import Readable
from nodenet.timers import nextTick, setTimeout


def scenario(h):
    log = h.actor("main")
    r = Readable(read=lambda n: None)
    r.on("pause", lambda: log("pause")).on("resume", lambda: log("resume"))
    r.on("data", lambda d: log("data", d))
    log(r.isPaused(), r.pause() is r, r.isPaused(), r.readableFlowing)
    r.push("a")
    r.on("data", lambda d: log("second"))

    def after():
        log("after")
        r.pause()
        r.pause()
        r.push("b")

    def later():
        log("still", r.readableFlowing)
        log(r.resume() is r, r.isPaused(), r.readableFlowing)
        nextTick(after)
        setTimeout(lambda: log(r.readableLength), 10)

    setTimeout(later, 10)
