from nodenet.node import events
from nodenet.node.errors import undefined
from nodenet.node.events import EventEmitter
from tests.node.harness import attempt, following


async def scenario(h):
    log = h.actor("main")

    class Paused(EventEmitter):
        def pause(self):
            log("pause")

        def resume(self):
            log("resume")

    def kind(options):
        events.on(e, "x", options)
        return "object"

    e = Paused()
    it = events.on(e, "x", highWaterMark=2, lowWaterMark=1, close=["end", "close"])
    for i in range(4):
        log("emit", i)
        e.emit("x", i)
    for _ in range(4):
        log(await anext(it))
    e.emit("x", "last")
    log(e.eventNames())
    e.emit("end")
    log(e.eventNames(), await anext(it), await following(it, True))
    for mark in 0, -1, 1.5, "x", float("nan"), None, undefined, True:
        attempt(log, "high", lambda: kind({"highWaterMark": mark}))  # noqa: B023
        attempt(log, "low", lambda: kind({"lowWatermark": mark}))  # noqa: B023
