from nodenet.node.events import AbortController, EventEmitter
from nodenet.node.stream import PassThrough, Readable, Writable
from nodenet.timers import setTimeout
from tests.node.harness import attempt


def scenario(h):
    log = h.actor("main")

    def source():
        return Readable.from_(["a", "b"])

    attempt(log, "wrong", lambda: source().compose())
    for wrong in [None, True]:
        attempt(log, "wrong", lambda wrong=wrong: source().compose(wrong))
    for options in [5, "x", [], {"signal": 5}]:
        attempt(log, "options", lambda its=options: source().compose(PassThrough(), its))
    attempt(log, "made", lambda: source().compose(PassThrough(), None))
    try:
        source().compose(source())
    except Exception as error:
        log(error.code, error.message.split(".")[0])

    async def doubled(chunks):
        async for chunk in chunks:
            yield chunk + chunk

    twice = source().compose(doubled)
    twice.on("data", lambda chunk: h.actor("twice")("data", chunk))
    twice.on("close", lambda: h.actor("twice")("close"))

    def write(chunk, encoding, callback):
        h.actor("sink")("write", chunk)
        callback()

    sink = source().compose(Writable(objectMode=True, write=write))
    sink.on("end", lambda: h.actor("sink")("end")).resume()
    controller = AbortController()
    aborted = source().compose(PassThrough(objectMode=True), signal=controller.signal)
    aborted.on("error", lambda error: h.actor("aborted")(error))
    setTimeout(controller.abort, 0)

    old = EventEmitter()
    old.destroy = lambda error=None: h.actor("old")("destroy")
    wrapped = Readable.wrap(old)
    other = Readable.wrap(EventEmitter(), {"objectMode": False})
    log(wrapped.readableObjectMode, other.readableObjectMode)
    wrapped.on("data", lambda chunk: h.actor("old")("data", chunk))
    wrapped.on("close", lambda: h.actor("old")("close"))
    old.emit("data", "x")
    setTimeout(wrapped.destroy, 0)
