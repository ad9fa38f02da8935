from nodenet.node.abort import AbortController
from nodenet.node.stream import Readable
from nodenet.timers import setTimeout


async def scenario(h):
    log = h.actor("main")

    def of(n):
        return Readable.from_(list(range(1, n + 1)))

    async def tell(label, f):
        try:
            value = f()
            log(label, await value)
        except Exception as e:
            log(label, e)

    def thrown(x):
        raise Exception(f"m{x}")

    async def rejects(x):
        if x == 2:
            raise Exception(f"r{x}")
        return x

    async def each(x):
        raise Exception("each")

    await tell("fn", lambda: of(1).map())
    await tell("fn", lambda: of(1).filter(5))
    await tell("fn", lambda: of(1).forEach("x"))
    await tell("options", lambda: of(1).map(lambda x: x, 1))
    await tell("concurrency", lambda: of(1).map(lambda x: x, {"concurrency": "x"}))
    await tell("concurrency", lambda: of(1).map(lambda x: x, {"concurrency": -1}))
    await tell("signal", lambda: of(1).toArray({"signal": True}))
    await tell("number", lambda: of(1).take(-1))
    await tell("reducer", lambda: of(1).reduce(5))
    await tell("empty", lambda: of(0).reduce(lambda a, b: a))
    await tell("throws", lambda: of(3).map(thrown).toArray())
    await tell("rejects", lambda: of(3).map(rejects).toArray())
    await tell("forEach", lambda: of(3).forEach(each))
    ac = AbortController()
    r = Readable(objectMode=True, read=lambda n: None)
    r.push(1)

    def abort():
        ac.abort()
        r.push(2)

    setTimeout(abort, 5)
    await tell("aborted", lambda: r.toArray({"signal": ac.signal}))
    await tell("aborted", lambda: of(2).reduce(lambda a, b: a, 0, {"signal": ac.signal}))
