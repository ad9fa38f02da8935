from nodenet.node.stream import Writable


def scenario(h):
    log = h.actor("main")

    def write(c, e, cb):
        log("_write", c)
        cb()

    def writev(chunks, cb):
        log(
            "_writev",
            [c["chunk"] for c in chunks],
            [c["encoding"] for c in chunks],
            chunks.allBuffers,
        )
        cb()

    w = Writable(write=write, writev=writev)
    w.cork()
    w.cork()
    w.write("a")
    w.write(b"b", lambda e: log("b written", e))
    log(w.writableCorked, w.writableLength)
    w.uncork()
    log(w.writableCorked, w.writableLength)
    w.uncork()
    log(w.writableCorked, w.writableLength)
    w.uncork()
    w.cork()
    w.write("c")
    w.write("d")
    w.end("e")
    log(w.writableCorked)
    w.on("finish", lambda: log("finish"))
