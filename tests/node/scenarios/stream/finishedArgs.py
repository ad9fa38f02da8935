from nodenet.node import stream
from nodenet.node.stream import Readable
from tests.node.harness import attempt


def scenario(h):
    log = h.actor("main")
    finished = stream.finished
    r = Readable(read=lambda n: None)
    attempt(log, "callback", lambda: finished(r, "foo"))
    attempt(log, "options", lambda: finished(r, "foo", lambda e: None))
    attempt(log, "both", lambda: finished(r, {}, "foo"))
    attempt(log, "stream", lambda: finished({}, lambda e: None))
    attempt(log, "none", lambda: finished(None, lambda e: None))
    attempt(log, "signal", lambda: finished(r, {"signal": 5}, lambda e: None))
    log(r.listenerCount("end"), r.listenerCount("close"))
