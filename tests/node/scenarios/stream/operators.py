from nodenet.node.stream import Readable
from nodenet.timers import setTimeout


async def scenario(h):
    log = h.actor("main")
    from twisted.internet import reactor
    from twisted.internet.task import deferLater

    def of(n):
        return Readable.from_(list(range(1, n + 1)))

    async def slow(x):
        await deferLater(reactor, (6 - x) / 1000)
        return x

    async def over(x):
        return x > 3

    log(await of(4).map(lambda x: x * 2).toArray())
    log(await of(4).map(slow, {"concurrency": 3}).toArray())
    log(
        await of(5).filter(lambda x: x % 2).toArray(),
        await of(5).drop(3).toArray(),
        await of(5).take(2).toArray(),
    )
    log(
        await of(2).flatMap(lambda x: [x, x]).toArray(),
        await of(0).toArray(),
        await of(3).take(0).toArray(),
    )
    log(await of(5).find(over), await of(5).find(lambda x: x > 9))
    log(
        await of(5).some(lambda x: x > 3),
        await of(5).some(lambda x: x > 9),
        await of(5).every(lambda x: x < 9),
        await of(5).every(lambda x: x < 3),
    )
    log(await of(4).reduce(lambda a, b: a + b), await of(4).reduce(lambda a, b: a + b, 10))
    seen = []
    log(await of(3).forEach(seen.append), seen)
    s = of(9)
    log(await s.some(lambda x: x == 2))
    setTimeout(lambda: log(s.destroyed), 5)
