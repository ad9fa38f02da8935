from nodenet.node.stream import Readable
from nodenet.timers import setTimeout


def scenario(h):
    log = h.actor("main")
    n = 0

    def give():
        nonlocal n
        n += 1
        r.push("a" if n == 1 else None)

    def read(size):
        log("_read")
        setTimeout(give, 1)

    r = Readable(highWaterMark=0, read=read)
    r.on("readable", lambda: log("readable", r.read()))
    r.on("end", lambda: log("end"))
