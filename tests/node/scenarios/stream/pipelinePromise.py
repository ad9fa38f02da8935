from nodenet.node import stream
from nodenet.node.abort import AbortController
from nodenet.node.stream import PassThrough, Readable, Writable
from nodenet.timers import setTimeout


async def scenario(h):
    log = h.actor("main")
    pipeline = stream.promises.pipeline

    async def count(s):
        n = 0
        async for _ in s:
            n += 1
        return n

    log(await pipeline(["a", "b"], count))
    try:
        await pipeline(
            Readable.from_(["x"]),
            Writable(objectMode=True, write=lambda c, e, cb: cb(Exception("w"))),
        )
    except Exception as e:
        log(e)
    ac = AbortController()
    r = Readable(read=lambda n: None)
    w = PassThrough()
    setTimeout(lambda: ac.abort(), 5)
    try:
        await pipeline(r, w, {"signal": ac.signal})
    except Exception as e:
        log(e, r.destroyed, w.destroyed)
    k = PassThrough()
    await pipeline(Readable.from_(["y"]), k, {"end": False})
    log(k.writableEnded, k.destroyed)
    try:
        await pipeline(r)
    except Exception as e:
        log(e)
