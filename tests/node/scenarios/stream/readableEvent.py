from nodenet.node.stream import Readable
from nodenet.timers import nextTick


def scenario(h):
    log = h.actor("main")
    r = Readable(read=lambda n: log("_read"))

    def readable():
        log("readable", r.readableLength)
        while (c := r.read()) is not None:
            log("read", c)

    r.on("readable", readable)
    r.on("end", lambda: log("end"))
    r.push("a")
    r.push("b")
    r.push("c")

    def tick():
        log("tick")
        r.push("d")
        nextTick(lambda: r.push(None))

    nextTick(tick)
