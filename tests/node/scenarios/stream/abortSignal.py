from nodenet.node import stream
from nodenet.node.abort import AbortController
from nodenet.node.stream import Readable, Writable
from nodenet.timers import setTimeout
from tests.node.harness import attempt


def scenario(h):
    log = h.actor("main")
    ac = AbortController()
    r = stream.addAbortSignal(ac.signal, Readable(read=lambda n: None))
    w = Writable(signal=ac.signal, write=lambda *a: None)
    r.on("error", lambda e: log("r", e, e.cause)).on("close", lambda: log("r close"))
    w.on("error", lambda e: log("w", e))
    setTimeout(lambda: ac.abort(), 5)
    done = AbortController()
    done.abort()
    over = Readable(signal=done.signal, read=lambda n: None)
    log(over.destroyed)
    over.on("error", lambda e: log("over", e))
    attempt(log, "signal", lambda: stream.addAbortSignal("x", r))
    attempt(log, "stream", lambda: stream.addAbortSignal(ac.signal, {}))
