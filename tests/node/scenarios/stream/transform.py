from nodenet.node.stream import Transform


def scenario(h):
    log = h.actor("main")

    def transform(c, e, cb):
        log("_transform", c, e)
        t.push(c)
        cb(None, "!")

    def flush(cb):
        log("_flush")
        cb(None, "flushed")

    t = Transform(transform=transform, flush=flush)

    def listen(ev):
        t.on(ev, lambda v=None: log(ev, v))

    for ev in ["data", "prefinish", "finish", "end", "close"]:
        listen(ev)
    t.write("a")
    t.end("b", lambda e: log("ended"))
    log("sync over")
