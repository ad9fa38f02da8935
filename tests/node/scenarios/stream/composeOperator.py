from twisted.internet.defer import Deferred

from nodenet.node.abort import AbortController, AbortSignal
from nodenet.node.stream import Readable, Transform
from tests.node.harness import attempt


def up():
    return Transform(
        objectMode=True, transform=lambda c, e, callback: callback(None, str(c).upper())
    )


async def twice(source):
    async for c in source:
        yield f"{c}{c}"


async def fails(source):
    async for c in source:
        raise Exception(f"at {c}")
        yield


def scenario(h):
    async def all(name, stream):
        log = h.actor(name)
        try:
            log(await stream.toArray())
        except Exception as e:
            log("failed", e)

    def start(name, stream):
        Deferred.fromCoroutine(all(name, stream))

    def silent():
        return Readable(read=lambda size: None)

    start("stream", Readable.from_(["a", "b"]).compose(up()))
    start("generator", Readable.from_(["a", "b"]).compose(twice))
    both = Readable.from_(["a", "b"]).compose(up()).compose(twice)
    start("both", both.map(lambda c: f"{c}!"))
    start("fails", Readable.from_(["a"]).compose(fails))
    over = AbortSignal.abort()
    start("over", Readable.from_(["a"]).compose(up(), {"signal": over}))
    controller = AbortController()
    start("aborted", silent().compose(up(), signal=controller.signal))
    controller.abort()

    log = h.actor("arguments")
    try:
        Readable.from_(["a"]).compose(silent())
    except TypeError as e:
        log(e.code)
    attempt(log, "options", lambda: Readable.from_(["a"]).compose(up(), 1))
    attempt(log, "signal", lambda: Readable.from_(["a"]).compose(up(), {"signal": 1}))
