from nodenet.node.stream import Readable, Writable
from tests.node.harness import attempt


def scenario(h):
    log = h.actor("main")
    for v in [5, True, {}, [], 1.5]:
        r = Readable(read=lambda n: None)
        r.on("error", lambda e: log("error", e))
        log(r.push(v))
        u = Readable(read=lambda n: None)
        u.on("error", lambda e: log("unshift", e))
        log(u.unshift(v))
        attempt(log, "write", lambda v=v: Writable(write=lambda *a: None).write(v))
    w = Writable(write=lambda *a: None)
    attempt(log, "null", lambda: w.write(None))
    attempt(log, "nothing", lambda: w.write())
    attempt(log, "encoding", lambda: w.write("x", "nope"))
    attempt(log, "default", lambda: w.setDefaultEncoding("nope"))
    attempt(
        log,
        "object null",
        lambda: Writable(objectMode=True, write=lambda *a: None).write(None),
    )
    log(w.destroyed, w.writableLength)
