from nodenet.node.stream import Duplex, Readable
from nodenet.timers import setTimeout


async def scenario(h):
    log = h.actor("main")
    r = Readable(read=lambda n: None)
    r.on("end", lambda: log("end")).on("close", lambda: log("close"))
    r.push("a")
    setTimeout(lambda: (r.push("b"), r.push(None)), 5)
    async for c in r:
        log("chunk", c)
    log("over", r.destroyed, r.listenerCount("readable"))
    d = Duplex(readable=False, write=lambda *a: None)
    async for c in d:
        log("never", c)
    log("no side")
