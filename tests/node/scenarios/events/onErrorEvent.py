from nodenet.node import events
from nodenet.node.abort import Event, EventTarget
from nodenet.node.events import EventEmitter
from nodenet.timers import nextTick


async def scenario(h):
    log = h.actor("main")

    def two():
        e.emit("error", Exception("an event"))
        e.emit("error", "x")

    def three():
        for type in "x", "error", "x":
            t.dispatchEvent(Event(type))

    e = EventEmitter()
    nextTick(two)
    n = 0
    async for args in events.on(e, "error"):
        log(args)
        n += 1
        if n == 2:
            break
    log(e.eventNames())
    t = EventTarget()
    nextTick(three)
    n = 0
    async for [event] in events.on(t, "x"):
        log(event.type)
        n += 1
        if n == 2:
            break
    log(len(events.getEventListeners(t, "x")))
