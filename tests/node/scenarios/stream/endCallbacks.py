from nodenet.node.stream import Writable
from nodenet.timers import setTimeout


def scenario(h):
    log = h.actor("main")
    w = Writable(write=lambda c, e, cb: cb())

    def finish():
        log("finish")
        w.end(lambda e: log("in finish", e))

    def close():
        log("close")
        w.end(lambda e: log("in close", e))

    w.on("finish", finish).on("close", close)
    w.end("x", "utf8", lambda e: log("first", e))
    w.end(lambda e: log("second", e))

    def later():
        w.end(lambda e: log("late", e))
        w.end("y", lambda e: log("late with data", e))
        log("asked")

    setTimeout(later, 5)
    w.on("error", lambda e: log("error", e))
