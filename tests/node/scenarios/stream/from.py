from nodenet.node.stream import Readable
from tests.node.harness import attempt


def scenario(h):
    log = h.actor("main")
    for n, v in [("list", [1, 2, 3]), ("str", "abc"), ("bytes", b"xyz")]:
        r = Readable.from_(v)
        log(n, r.readableObjectMode, r.readableHighWaterMark)
        r.on("data", lambda d, n=n: log(n, "data", d)).on("end", lambda n=n: log(n, "end"))
        r.on("close", lambda n=n: log(n, "close"))
    attempt(log, "bad", lambda: Readable.from_(5.0))
    attempt(log, "bad", lambda: Readable.from_(None))
    attempt(log, "bad", lambda: Readable.from_({}))
    attempt(log, "bad", lambda: Readable.from_(True))
    n = Readable.from_([1, None])
    n.on("error", lambda e: log("null", e)).on("data", lambda d: log("null", d))
    b = Readable.from_(["a", "b"], objectMode=False)
    log(b.readableObjectMode)
    b.on("data", lambda d: log("bytes", d))

    def gen():
        try:
            yield 1
            raise Exception("gen")
        finally:
            log("finally")

    g = Readable.from_(gen())
    g.on("error", lambda e: log("gen", e)).on("data", lambda d: log("gen", d))
