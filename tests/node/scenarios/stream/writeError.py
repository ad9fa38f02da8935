from nodenet.node.stream import Writable
from nodenet.timers import nextTick


def scenario(h):
    log = h.actor("main")

    def one(autoDestroy, sync):
        name = f"{autoDestroy} {sync}".lower()

        def write(c, e, cb):
            if sync:
                cb(Exception("w"))
            else:
                nextTick(cb, Exception("w"))

        w = Writable(autoDestroy=autoDestroy, write=write)
        w.on("error", lambda e: log(name, "error", e, w.destroyed))
        w.on("close", lambda: log(name, "close")).on("finish", lambda: log(name, "finish"))
        log(
            name,
            w.write("a", lambda e: log(name, "a", e)),
            w.write("b", lambda e: log(name, "b", e)),
        )
        w.end(lambda e: log(name, "end", e))
        log(name, w.errored, w.writable)

    for autoDestroy in [True, False]:
        for sync in [True, False]:
            one(autoDestroy, sync)
