from nodenet.node.stream import Readable
from tests.node.harness import attempt


async def scenario(h):
    log = h.actor("main")
    r = Readable(objectMode=True, read=lambda n: r.push(1))
    r.on("close", lambda: log("close", r.errored))
    async for c in r:
        log(c)
        break
    log("broke", r.destroyed)
    k = Readable(objectMode=True, read=lambda n: k.push(2))
    k.on("close", lambda: log("never"))
    async for c in k.iterator(destroyOnReturn=False):
        log(c)
        break
    log("kept", k.destroyed, k.listenerCount("readable"))
    attempt(log, "options", lambda: k.iterator(42))
    k.removeAllListeners()
    t = Readable(objectMode=True, read=lambda n: t.push(3))
    try:
        async for _ in t:
            raise Exception("in loop")
    except Exception as e:
        log(e, t.destroyed)
