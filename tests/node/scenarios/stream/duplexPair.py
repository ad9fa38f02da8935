from nodenet.node import stream
from nodenet.timers import setTimeout


def scenario(h):
    log = h.actor("main")
    a, b = stream.duplexPair(highWaterMark=4)

    def listen(ev):
        a.on(ev, lambda v=None: log("a", ev, v))
        b.on(ev, lambda v=None: log("b", ev, v))

    for ev in ["data", "end", "finish", "close"]:
        listen(ev)
    log(a.write("hello"), a.writableLength, b.readableLength)
    a.on("drain", lambda: log("drain"))
    b.write(b"", lambda e: log("empty written"))

    def later():
        a.end("bye")
        b.end()

    setTimeout(later, 5)
