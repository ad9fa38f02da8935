from twisted.internet.defer import Deferred

from nodenet.node.events import EventEmitter
from nodenet.timers import queueMicrotask


async def scenario(h):
    log = h.actor("main")

    async def x(value):
        log("a", value)
        await succeedLater()
        log("b", value)

    async def y():
        raise Exception("nobody catches")

    def succeedLater():
        later = Deferred()
        queueMicrotask(later.callback, None)
        return later

    e = EventEmitter()
    e.on("x", x)
    e.on("x", lambda value: log("c", value))
    e.emit("x", 1)
    e.on("y", y)
    e.emit("y")
    log("emitted")
