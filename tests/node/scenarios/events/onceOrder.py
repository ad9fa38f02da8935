from nodenet.node import events
from nodenet.node.events import EventEmitter
from nodenet.timers import nextTick


def scenario(h):
    log = h.actor("main")

    def second():
        nextTick(lambda: log("tick of a listener"))
        log("second")

    def tick():
        log("tick")
        e.emit("x")
        nextTick(lambda: log("later tick"))

    e = EventEmitter()
    e.on("x", lambda: log("first"))
    events.once(e, "x").addCallback(lambda args: log("microtask"))
    e.on("x", second)
    nextTick(tick)
    nextTick(lambda: log("other tick"))
