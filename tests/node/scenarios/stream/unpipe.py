from nodenet.node.stream import PassThrough, Readable
from nodenet.timers import setTimeout


def scenario(h):
    log = h.actor("main")
    r = Readable(read=lambda n: None)
    w = PassThrough()
    w.on("unpipe", lambda s, i: log("unpipe", i))
    log(r.unpipe() is r, r.unpipe(w) is r)
    r.pipe(w)
    r.pipe(w, end=False)
    log(r.unpipe(PassThrough()) is r)
    r.unpipe(w)
    log(r.readableFlowing)
    r.unpipe()
    log(
        r.readableFlowing,
        w.listenerCount("unpipe"),
        r.listenerCount("data"),
        r.listenerCount("end"),
    )
    k = PassThrough()
    s = Readable(read=lambda n: None)
    s.pipe(k, {"end": False})
    s.on("end", lambda: setTimeout(lambda: log("not ended", k.writableEnded), 2) and None)
    s.push(None)
    z = Readable(read=lambda n: None)
    z.push(None)
    z.resume()

    def late():
        q = PassThrough()
        z.pipe(q)
        q.on("finish", lambda: log("late pipe finishes"))

    z.on("end", late)
