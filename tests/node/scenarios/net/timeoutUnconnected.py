from nodenet.node import net


def scenario(h):
    log = h.actor("main")
    h.finish(150)
    s = net.Socket()

    def timeout():
        log("timeout", s.listenerCount("timeout"), s.destroyed)

    log(s.setTimeout(30, timeout) is s)
    off = net.Socket()
    off.setTimeout(30, lambda: log("off"))
    off.setTimeout(0)
    log(off.timeout, off.listenerCount("timeout"))
