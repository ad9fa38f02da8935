from nodenet.node import stream
from nodenet.node.stream import Readable, Transform, Writable
from tests.node.harness import attempt


def scenario(h):
    log = h.actor("main")
    pipeline = stream.pipeline
    r = Readable(read=lambda n: None)
    t = Transform(transform=lambda c, e, cb: cb(None, c.decode().upper()))

    def write(c, e, cb):
        log("_write", c)
        cb()

    w = Writable(write=write)
    log(pipeline(r, t, w, lambda e: log("done", e, r.destroyed, t.destroyed, w.destroyed)) is w)

    def listen(ev):
        w.on(ev, lambda: log("w", ev))

    for ev in ["finish", "close"]:
        listen(ev)
    r.push("abc")
    r.push(None)
    attempt(log, "none", lambda: pipeline())
    attempt(log, "one", lambda: pipeline(Readable(read=lambda n: None), lambda: None))
    attempt(log, "callback", lambda: pipeline(lambda: None))
    attempt(log, "no callback", lambda: pipeline(5.0, 6.0))
