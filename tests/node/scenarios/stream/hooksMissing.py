from nodenet.node.stream import Readable, Transform, Writable
from tests.node.harness import attempt


def scenario(h):
    log = h.actor("main")
    r = Readable()
    r.on("error", lambda e: log("r", e))
    r.read()
    attempt(log, "w", lambda: Writable().write("x"))
    attempt(log, "t", lambda: Transform().write("x"))

    def writev(chunks, cb):
        log("writev", [c["chunk"] for c in chunks])
        cb()

    w = Writable(writev=writev)
    w.write("a")

    def read(n):
        raise Exception("in read")

    thrown = Readable(read=read)
    thrown.on("error", lambda e: log("thrown", e)).on("close", lambda: log("close"))
    log(thrown.read())
