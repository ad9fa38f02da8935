from nodenet.node.stream import Readable
from tests.node.harness import attempt


def scenario(h):
    log = h.actor("main")
    r = Readable(highWaterMark=5, read=lambda n: None)
    r.push("abc")
    r.push("defg")
    log(
        r.read(2),
        r.readableLength,
        r.read(0),
        r.read(9),
        r.readableHighWaterMark,
        r.read(3),
        r.readableLength,
    )
    r.push(None)
    log(r.read(100), r.readableHighWaterMark, r.read())
    attempt(log, "too much", lambda: r.read(0x40000001))
    log(r.read(-1), r.read("1"))
