from nodenet.node import stream
from nodenet.node.stream import PassThrough, Writable
from nodenet.timers import setTimeout


def scenario(h):
    log = h.actor("main")

    def make(name):
        s = stream.Stream()
        s.readable = True
        s.pause = lambda: log(name, "pause")
        s.resume = lambda: log(name, "resume")

        def destroy(e=None):
            log(name, "destroy", e)
            s.emit("close")

        s.destroy = destroy
        return s

    def write(c, e, cb):
        log("w", c)
        cb()

    a = make("a")
    w = Writable(write=write)
    w.on("finish", lambda: log("w finish"))
    stream.pipeline(a, w, lambda e: log("a done", e))
    a.emit("data", b"x")
    setTimeout(lambda: a.emit("end"), 3)

    async def got(source):
        async for c in source:
            log("got", c)
        return "all"

    b = make("b")
    stream.pipeline(b, got, lambda e, v: log("b done", e, v))

    def later():
        b.emit("data", "one")
        b.emit("data", "two")
        setTimeout(lambda: b.emit("end"), 3)

    setTimeout(later, 3)
    c = make("c")
    stream.pipeline(
        c,
        PassThrough(),
        Writable(write=lambda x, e, cb: cb(Exception("full"))),
        lambda e: log("c done", e),
    )
    setTimeout(lambda: c.emit("data", b"y"), 3)
