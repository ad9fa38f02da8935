from nodenet.node.events import EventEmitter
from nodenet.timers import nextTick


def scenario(h):
    log = h.actor("main")
    e = EventEmitter({"captureRejections": True})

    async def x(value):
        log("x", value)
        raise Exception("late")

    e.on("x", x)
    e.on("error", lambda err: log("error", err))
    log(e.emit("x", 1))
    nextTick(lambda: log("tick"))
    log("emitted")
