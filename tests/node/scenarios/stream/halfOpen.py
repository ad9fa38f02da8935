from nodenet.node.stream import Duplex
from nodenet.timers import setTimeout


def scenario(h):
    log = h.actor("main")

    def one(allowHalfOpen):
        d = Duplex(
            allowHalfOpen=allowHalfOpen, read=lambda n: None, write=lambda c, e, cb: cb()
        )

        def listen(ev):
            d.on(ev, lambda: log(allowHalfOpen, ev, d.writable, d.destroyed))

        for ev in ["end", "finish", "close"]:
            listen(ev)
        d.push(None)
        d.resume()

        def later():
            log(allowHalfOpen, d.writable, d.destroyed)
            d.end()

        setTimeout(later, 5)

    one(True)
    one(False)
