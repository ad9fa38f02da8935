from nodenet.node.stream import Readable, Writable
from nodenet.timers import setTimeout


def scenario(h):
    log = h.actor("main")
    r = Readable(read=lambda n: None)

    def write(c, e, cb):
        log("_write", c)
        setTimeout(cb, 2)

    w = Writable(highWaterMark=3, write=write)

    def listen(ev):
        w.on(
            ev,
            lambda s=None, i=None: log(
                "w", ev, s is r, w.listenerCount("error"), w.listenerCount("drain")
            ),
        )

    def hear(ev):
        r.on(ev, lambda: log("r", ev))

    for ev in ["pipe", "unpipe", "drain", "finish", "close"]:
        listen(ev)
    for ev in ["pause", "resume", "end", "close"]:
        hear(ev)
    log(
        r.pipe(w) is w,
        r.listenerCount("data"),
        w.listenerCount("unpipe"),
        w.listenerCount("close"),
    )
    r.push("abcd")
    r.push("e")
    r.push(None)
