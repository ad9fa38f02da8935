from nodenet.node import stream
from nodenet.node.stream import PassThrough, Readable, Transform, Writable
from tests.node.harness import attempt


def scenario(h):
    log = h.actor("main")

    def up():
        return Transform(transform=lambda c, e, cb: cb(None, c.decode().upper()))

    async def loud(source):
        async for c in source:
            yield c + b"!"

    d = stream.compose(up(), PassThrough(), loud)
    all = []
    d.on("data", lambda c: all.append(c.decode()))
    d.on("end", lambda: log("end", "".join(all))).on("finish", lambda: log("finish"))
    d.on("close", lambda: log("close"))
    d.write("a")
    d.end("b")
    f = stream.compose(
        up(), Transform(transform=lambda c, e, cb: cb(Exception("middle"))), PassThrough()
    )
    f.on("error", lambda e: h.actor("f")(e)).on("close", lambda: h.actor("f")("close"))
    f.resume()
    f.end("x")
    upper = Transform(transform=lambda c, e, cb: cb(None, c.decode().upper()))
    r = stream.compose(Readable.from_(["q"]), upper)
    r.on("data", lambda c: h.actor("r")(c.decode())).on("end", lambda: h.actor("r")("end"))
    log(r.writable, r.readable, d.writable)
    x = stream.compose(up(), up())
    x.on("error", lambda e: h.actor("x")(e)).on("close", lambda: h.actor("x")("close"))
    x.destroy()
    attempt(log, "none", lambda: stream.compose())
    for two in [
        (Writable(write=lambda *a: None), PassThrough()),
        (PassThrough(), Readable(read=lambda n: None)),
    ]:
        try:
            stream.compose(*two)
        except Exception as e:
            log(e.code)
