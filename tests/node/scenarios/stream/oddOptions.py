from nodenet.node.errors import Symbol
from nodenet.node.stream import Duplex, PassThrough, Readable, Writable, finished
from tests.node.harness import attempt


def scenario(h):
    log = h.actor("main")

    def _write(chunk, its, callback):
        log("_write", chunk, its)
        callback()

    for encoding in ["bogus", 5, {}, True, "", "UTF8", "UCS-2", None]:
        w = Writable(write=_write)
        attempt(log, "write", lambda w=w, its=encoding: w.write("6162", its))
        attempt(log, "setEncoding", lambda its=encoding: Readable().setEncoding(its) and "set")
        attempt(log, "option", lambda its=encoding: Readable(encoding=its) and "made")
    for mode in [{}, [], float("nan"), "x", 0]:
        duplex = Duplex({"writableObjectMode": mode})
        log(Readable({"objectMode": mode}).readableObjectMode, duplex.writableObjectMode)
    r = Readable(read=lambda size: None)
    for encoding in [1, True, {}, "hex"]:
        log("push", r.push("6162", encoding), r.read())
    log("unshift", r.unshift("6162", 1), r.read())
    for stream in [Readable(), Writable(), PassThrough(), Duplex()]:
        before = stream.eventNames()
        cleanup = finished(stream, lambda: None)
        for name in ["other", "error", "data", Symbol("s")]:
            stream.on(name, lambda *args: None)
        log(before, stream.eventNames()[:-1])
        cleanup()
        stream.removeAllListeners()
        stream.on("end", lambda: None).on("close", lambda: None)
        log(stream.eventNames())
