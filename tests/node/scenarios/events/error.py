from nodenet.node.events import EventEmitter
from tests.node.harness import attempt


def scenario(h):
    log = h.actor("main")
    e = EventEmitter()
    attempt(log, "nothing", lambda: e.emit("error"))
    attempt(log, "null", lambda: e.emit("error", None))
    attempt(log, "string", lambda: e.emit("error", "x"))
    attempt(log, "quote", lambda: e.emit("error", "it's"))
    attempt(log, "number", lambda: e.emit("error", 4.5))
    attempt(log, "bool", lambda: e.emit("error", False))
    attempt(
        log, "object", lambda: e.emit("error", {"message": "Error!", "n": [1, "two", None]})
    )
    attempt(log, "bytes", lambda: e.emit("error", b"ab"))
    attempt(log, "exception", lambda: e.emit("error", TypeError("boom"), 2))
    try:
        e.emit("error", "x")
    except Exception as err:
        log(err.context)
    e.on("error", lambda err: log("heard", err))
    log(e.emit("error", "x"))
