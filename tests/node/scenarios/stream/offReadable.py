from nodenet.node.stream import Readable
from nodenet.timers import nextTick, setTimeout


def scenario(h):
    log = h.actor("main")
    r = Readable(read=lambda n: None)

    def f():
        log("readable", r.read())

    r.on("readable", f)
    r.on("data", lambda d: log("data", d))
    r.push("a")

    def tick():
        log(r.readableFlowing)
        r.push("b")
        r.removeAllListeners("data")
        log(r.readableFlowing)
        r.push("c")

    def later():
        r.off("readable", f)
        log(r.readableFlowing)
        nextTick(tick)
        setTimeout(lambda: log(r.readableFlowing, r.readableLength), 5)

    setTimeout(later, 5)
