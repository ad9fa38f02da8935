from nodenet.node.stream import Duplex, Writable
from nodenet.timers import setTimeout


def scenario(h):
    log = h.actor("main")

    def one(how):
        def construct(cb):
            log(how, "_construct")
            if how == "sync":
                cb()
            elif how == "later":
                setTimeout(cb, 5)
            elif how == "error":
                cb(Exception("c"))
            elif how == "throw":
                raise Exception("t")
            else:
                cb()
                cb()

        def read(n):
            log(how, "_read")
            d.push(None)

        def write(c, e, cb):
            log(how, "_write", c)
            cb()

        def final(cb):
            log(how, "_final")
            cb()

        def destroy(e, cb):
            log(how, "_destroy", e)
            cb(e)

        d = Duplex(construct=construct, read=read, write=write, final=final, destroy=destroy)

        def listen(ev):
            d.on(ev, lambda e=None: log(how, ev, e))

        for ev in ["end", "finish", "close", "error"]:
            listen(ev)
        d.resume()
        d.end("x", lambda e: log(how, "ended", e))
        log(how, d.writableLength)

    for how in ["sync", "later", "error", "throw", "twice"]:
        one(how)

    def construct(cb):
        log("x")
        setTimeout(cb, 5)

    def destroy(e, cb):
        log("x _destroy", e)
        cb(e)

    x = Writable(construct=construct, write=lambda *a: None, destroy=destroy)
    x.on("close", lambda: log("x close")).on("error", lambda e: log("x error", e))
    x.destroy(Exception("early"))
    log(x.destroyed, x.closed)
