from nodenet.node.stream import Writable
from nodenet.timers import nextTick


def scenario(h):
    log = h.actor("main")

    def one(how):
        def final(cb):
            log(how, "_final")
            if how == "sync":
                cb()
            elif how == "tick":
                nextTick(cb)
            elif how == "error":
                cb(Exception("final"))
            elif how == "throw":
                raise Exception("thrown")
            else:
                cb()
                cb()

        w = Writable(write=lambda c, e, cb: cb(), final=final)

        def listen(ev):
            w.on(ev, lambda e=None: log(how, ev, e))

        for ev in ["prefinish", "finish", "close", "error"]:
            listen(ev)
        w.end("x", lambda e: log(how, "end", e))

    for how in ["sync", "tick", "error", "throw", "twice"]:
        one(how)
