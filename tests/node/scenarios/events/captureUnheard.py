from nodenet.node.events import EventEmitter
from nodenet.timers import setTimeout


def scenario(h):
    log = h.actor("main")

    def late(error):
        async def listener(*args):
            raise error

        return listener

    e = EventEmitter(captureRejections=True)
    e.on("x", late(Exception("nobody hears")))
    e.emit("x")
    f = EventEmitter(captureRejections=True)
    f.on("error", late(TypeError("of error")))
    f.on("x", late(Exception("of x")))
    f.emit("x")
    g = EventEmitter()
    g.on("error", lambda err: log("never"))
    g.on("x", late(OverflowError("not captured")))
    setTimeout(lambda: g.emit("x"), 50)
