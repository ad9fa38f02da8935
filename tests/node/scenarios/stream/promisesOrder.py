from nodenet.node import stream
from nodenet.node.stream import Readable, Writable
from nodenet.timers import nextTick


async def scenario(h):
    log = h.actor("main")
    w = Writable(write=lambda c, e, cb: nextTick(cb))
    w.on("finish", lambda: log("finish")).on("close", lambda: log("close"))
    w.end("x")
    nextTick(lambda: log("tick"))
    await stream.promises.finished(w)
    log("finished")
    r = Readable(read=lambda n: None)

    def close():
        log("r close")
        nextTick(lambda: log("tick in close"))

    r.on("end", lambda: log("end")).on("close", close)
    r.push("a")
    r.push(None)
    p = stream.promises.pipeline(r, Writable(write=lambda c, e, cb: cb()))
    p.addCallback(lambda _: log("pipeline over"))
