from nodenet.node import events
from nodenet.node.events import EventEmitter
from nodenet.timers import nextTick


def scenario(h):
    log = h.actor("main")

    def nextOf(it, label):
        def failed(failure):
            if failure.check(StopAsyncIteration):
                log(label, "none", True)
            else:
                log(label, failure.value)

        it.__anext__().addCallbacks(lambda value: log(label, value, False), failed)

    def then():
        jt = events.on(e, "x")
        e.emit("x", 1)
        e.emit("x", 2)
        e.emit("error", TypeError("later"))
        log(e.eventNames())
        for label in "efgh":
            nextOf(jt, label)

    e = EventEmitter()
    it = events.on(e, "x")
    nextOf(it, "a")
    nextOf(it, "b")
    e.emit("x", 1)
    nextOf(it, "c")
    e.emit("error", Exception("boom"))
    nextOf(it, "d")
    nextTick(then)
