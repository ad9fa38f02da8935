from nodenet.node import events
from nodenet.node.events import EventEmitter
from nodenet.timers import nextTick, setTimeout


async def scenario(h):
    log = h.actor("main")

    def three():
        e.emit("x", 4)
        e.emit("x", 5)
        e.emit("y", 6)

    e = EventEmitter()
    setTimeout(lambda: e.emit("x", 1, 2), 10)
    log(await events.once(e, "x"))
    setTimeout(lambda: e.emit("error", Exception("boom")), 10)
    try:
        await events.once(e, "x")
    except Exception as err:
        log("caught", err)
    nextTick(lambda: e.emit("x", 3))
    log(await events.once(e, "x"), e.eventNames())
    nextTick(three)
    y = events.once(e, "y")
    log(await events.once(e, "x"), await y)
