from nodenet.node import events
from nodenet.node.events import EventEmitter
from nodenet.timers import nextTick
from tests.node.harness import following


async def scenario(h):
    log = h.actor("main")

    def two():
        e.emit("x", "bar")
        e.emit("x", 42, "more")

    def three():
        e.emit("x", 1)
        e.emit("x", 2)
        e.emit("error", Exception("boom"))
        e.emit("x", 3)

    e = EventEmitter()
    nextTick(two)
    async for args in events.on(e, "x"):
        log(args, e.listenerCount("x"), e.listenerCount("error"))
        if args[0] == 42:
            break
    log("left", e.eventNames())
    nextTick(three)
    it = events.on(e, "x")
    try:
        async for args in it:
            log(args)
    except Exception as err:
        log("failed", err)
    log(await following(it, "done") == "done", e.eventNames())
