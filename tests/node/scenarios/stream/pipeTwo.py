from nodenet.node.stream import Readable, Writable
from nodenet.timers import setTimeout


def scenario(h):
    log = h.actor("main")
    r = Readable(read=lambda n: None)

    def make(name, ms):
        def write(c, e, cb):
            log(name, c)
            setTimeout(cb, ms)

        return Writable(highWaterMark=1, write=write)

    a = make("a", 2)
    b = make("b", 8)
    r.pipe(a)
    r.pipe(b)
    r.on("pause", lambda: log("pause")).on("resume", lambda: log("resume"))
    r.on("end", lambda: log("end"))
    r.push("x")

    def later():
        log("push", r.push("y"), r.readableFlowing)
        r.unpipe(a)
        r.push(None)

    setTimeout(later, 5)
    a.on("unpipe", lambda s, i: log("a unpipe", i))
    b.on("finish", lambda: log("b finish"))
