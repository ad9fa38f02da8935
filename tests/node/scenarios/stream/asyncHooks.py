from nodenet.node.stream import Readable, Transform, Writable


def scenario(h):
    log = h.actor("readable")
    chunks = [b"x", b"x", None]

    async def read(size):
        log("read")
        r.push(chunks.pop(0))

    r = Readable(read=read)
    r.on("data", lambda chunk: log("data", chunk)).on("end", lambda: log("end"))
    writable = h.actor("writable")

    async def construct(callback):
        writable("construct")
        callback()

    async def write(chunk, encoding, callback):
        writable("write", chunk)
        callback()

    async def final(callback):
        writable("final")
        callback()

    async def destroy(error, callback):
        writable("destroy", error)
        callback(error)

    async def ended(error):
        writable("ended")

    w = Writable(construct=construct, write=write, final=final, destroy=destroy)
    w.on("finish", lambda: writable("finish")).on("close", lambda: writable("close"))
    w.end("a", ended)

    async def writev(chunks, callback):
        h.actor("writev")("writev", len(chunks))
        callback()

    async def written(error):
        h.actor("writev")("written")

    v = Writable(writev=writev)
    v.cork()
    v.write("a", written)
    v.write("b")
    v.uncork()

    async def transform(chunk, encoding, callback):
        h.actor("transform")("transform", chunk)
        callback(None, chunk)

    async def flush(callback):
        h.actor("transform")("flush")
        callback(None, "last")

    t = Transform(transform=transform, flush=flush)
    t.on("data", lambda chunk: h.actor("transform")("data", chunk))
    t.end("a")

    async def fails(chunk, encoding, callback):
        raise Exception("not caught")

    failing = Writable(write=fails)
    failing.on("error", lambda error: h.actor("failing")("error", error))
    failing.write("a", lambda error: h.actor("failing")("written", error))
