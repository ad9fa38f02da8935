from nodenet.node.events import EventEmitter
from nodenet.node.stream import PassThrough, Readable, Stream, Transform, Writable


def scenario(h):
    hooks = h.actor("hooks")
    w = Writable(
        construct=lambda callback: callback(None, 1, 2),
        write=lambda chunk, encoding, callback: callback(None, 1, 2),
        final=lambda callback: callback(None, 1, 2),
        destroy=lambda error, callback: callback(error, 1, 2),
    )
    w.on("close", lambda: hooks("close"))
    w.end("x")
    v = Writable(writev=lambda chunks, callback: callback(None, 1, 2))
    v.on("close", lambda: h.actor("writev")("close"))
    v.cork()
    v.write("a")
    v.write("b")
    v.end()
    t = Transform(
        transform=lambda chunk, encoding, callback: callback(None, chunk, 1, 2),
        flush=lambda callback: callback(None, "last", 1, 2),
    )
    t.on("data", lambda chunk: h.actor("transform")("data", chunk))
    t.on("end", lambda: h.actor("transform")("end"))
    t.end("x")

    source = Readable(read=lambda size: None)
    dest = PassThrough()
    source.pipe(dest)
    dest.on("data", lambda chunk: h.actor("pipe")("data", chunk))
    source.emit("data", "x", 1, 2)
    dest.emit("drain", 1, 2)
    source.emit("end", 1, 2)
    dest.on("end", lambda: h.actor("pipe")("end"))
    old = EventEmitter()
    wrapped = Readable().wrap(old)
    wrapped.on("data", lambda chunk: h.actor("wrap")("data", chunk))
    wrapped.on("end", lambda: h.actor("wrap")("end"))
    old.emit("data", "x", 1, 2)
    old.emit("end", 1, 2)

    def write(chunk, encoding, callback):
        h.actor("legacy")("write", chunk)
        callback()

    legacy = Stream()
    sink = Writable(write=write)
    sink.on("finish", lambda: h.actor("legacy")("finish"))
    legacy.pipe(sink)
    legacy.emit("data", "x", 1, 2)
    sink.emit("drain", 1, 2)
    legacy.emit("end", 1, 2)
