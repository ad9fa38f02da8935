from nodenet.node.stream import Writable


def scenario(h):
    log = h.actor("main")

    def write(c, e, cb):
        cb()
        cb()

    w = Writable(write=write)
    w.on("error", lambda e: log("error", e)).on("close", lambda: log("close"))
    log(w.write("a"), w.destroyed)
    p = Writable(write=lambda *a: None)
    p.on("error", lambda e: log("pipe", e))
    log(p.pipe(w))
