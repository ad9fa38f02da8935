from nodenet.node.stream import Readable, Writable


async def scenario(h):
    log = h.actor("main")
    r = Readable(read=lambda n: None)
    r.on("error", lambda e: log("r error", e)).on("close", lambda: log("r close"))
    log(await r.__aexit__(), r.destroyed)
    w = Writable(write=lambda c, e, cb: cb())
    w.on("error", lambda e: log("w error", e))
    log(await w.__aexit__(), w.destroyed)
    x = Readable(read=lambda n: None, destroy=lambda e, cb: cb(Exception("x")))
    try:
        await x.__aexit__()
    except Exception as e:
        log(e)
