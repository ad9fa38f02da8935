from nodenet.node.stream import Readable


def scenario(h):
    from twisted.internet import reactor
    from twisted.internet.task import deferLater

    async def gen():
        try:
            yield "a"
            await deferLater(reactor, 0.005)
            yield "b"
        finally:
            h.actor("r")("finally")

    r = Readable.from_(gen())
    r.on("data", lambda d: h.actor("r")("data", d)).on("end", lambda: h.actor("r")("end"))
    r.on("close", lambda: h.actor("r")("close"))

    async def failing():
        yield 1
        raise Exception("async")

    f = Readable.from_(failing())
    f.on("data", lambda d: h.actor("f")("f", d)).on("error", lambda e: h.actor("f")("f", e))
    f.on("close", lambda: h.actor("f")("f close"))

    async def two():
        try:
            yield 1
            yield 2
        finally:
            h.actor("d")("left")

    d = Readable.from_(two())

    def once(c):
        h.actor("d")("d", c)
        d.destroy()

    d.once("data", once)
    d.on("close", lambda: h.actor("d")("d close"))
