from nodenet.node.stream import Readable
from nodenet.timers import nextTick


def scenario(h):
    log = h.actor("main")
    r = Readable(read=lambda n: None)

    def listen(ev):
        r.on(ev, lambda v=None: log(ev, v))

    for ev in ["data", "end", "close", "resume", "pause"]:
        listen(ev)
    log(r.readableFlowing, r.readableLength, r.push("abc"), r.readableLength)

    def tick():
        log("tick", r.readableFlowing)
        r.push(b"de")
        r.push(None)
        log("pushed", r.readable, r.readableEnded)

    nextTick(tick)
