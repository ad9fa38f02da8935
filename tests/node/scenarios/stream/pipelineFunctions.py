from nodenet.node import stream
from nodenet.node.stream import PassThrough, Writable
from tests.node.harness import attempt


def scenario(h):
    log = h.actor("main")

    async def source():
        yield "a"
        yield "b"

    async def twice(source):
        async for c in source:
            h.actor("value")("through", c)
            yield c + c

    async def whole(source):
        all = ""
        async for c in source:
            all += c
        return all

    stream.pipeline(source, twice, whole, lambda e, v: h.actor("value")("value", e, v))

    async def got(source):
        async for c in source:
            h.actor("list")("got", c)

    stream.pipeline(
        ["x", "y"],
        PassThrough(objectMode=True),
        got,
        lambda e, v: h.actor("list")("list", e, v),
    )

    async def failing():
        yield 1
        raise Exception("gen")

    async def same(source):
        async for c in source:
            yield c

    def write(c, e, cb):
        h.actor("failed")("w", c)
        cb()

    stream.pipeline(
        failing,
        same,
        Writable(objectMode=True, write=write),
        lambda e: h.actor("failed")("failed", e),
    )

    async def sink(source):
        raise Exception("sink")

    stream.pipeline(["q"], sink, lambda e: h.actor("sink")("sink", e))
    attempt(log, "returns", lambda: stream.pipeline(lambda: 5, PassThrough(), lambda: None))
    attempt(
        log, "middle", lambda: stream.pipeline(["a"], lambda s: 5, PassThrough(), lambda: None)
    )
    attempt(log, "last", lambda: stream.pipeline(["a"], lambda s: 5, lambda: None))
