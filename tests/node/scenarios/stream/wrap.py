from nodenet.node.events import EventEmitter
from nodenet.node.stream import Readable
from nodenet.timers import setTimeout


def scenario(h):
    log = h.actor("main")
    old = EventEmitter()
    old.pause = lambda: log("old pause")
    old.resume = lambda: log("old resume")
    r = Readable(highWaterMark=3).wrap(old)
    r.on("end", lambda: log("end")).on("close", lambda: log("close"))
    old.emit("data", b"abcd")
    log(r.readableLength)

    def end():
        old.emit("data", b"e")
        old.emit("end")

    def later():
        r.on("data", lambda d: log("data", d))
        setTimeout(end, 5)

    setTimeout(later, 5)
