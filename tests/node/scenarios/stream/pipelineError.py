from nodenet.node import stream
from nodenet.node.stream import PassThrough, Readable, Writable
from nodenet.timers import setTimeout


def scenario(h):
    log = h.actor("main")

    def one(which):
        r = Readable(read=lambda n: None)
        t = PassThrough()
        w = Writable(write=lambda c, e, cb: cb(Exception("end") if which == "end" else None))

        def listen(n, s):
            s.on("error", lambda e: log(which, n, "error", e))
            s.on("close", lambda: log(which, n, "close"))

        for n, s in [("r", r), ("t", t), ("w", w)]:
            listen(n, s)
        stream.pipeline(
            r,
            t,
            w,
            lambda e: log(which, "done", e, w.listenerCount("error"), r.listenerCount("error")),
        )
        r.push("x")

        def later():
            if which == "source":
                r.destroy(Exception("source"))
            if which == "middle":
                t.destroy(Exception("middle"))
            if which == "closed":
                w.destroy()

        setTimeout(later, 5)

    for which in ["source", "middle", "end", "closed"]:
        one(which)
