from nodenet.node.stream import Duplex
from nodenet.timers import setTimeout


def scenario(h):
    log = h.actor("main")

    def thrown(e, cb):
        raise Exception("thrown")

    def twice(e, cb):
        cb(e)
        cb(Exception("second"))

    hooks = {
        "swallow": lambda e, cb: cb(),
        "own": lambda e, cb: cb(Exception("own")),
        "thrown": thrown,
        "twice": twice,
        "later": lambda e, cb: setTimeout(cb, 5, e) and None,
    }

    def one(how):
        d = Duplex(destroy=hooks[how], read=lambda n: None, write=lambda *a: None)
        d.on("error", lambda e: log(how, "error", e))
        d.on("close", lambda: log(how, "close", d.errored))
        d.destroy(Exception("first"))
        log(how, d.closed, d.errored)

    for how in hooks:
        one(how)
