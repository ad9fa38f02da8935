from nodenet.node.events import EventEmitter


def scenario(h):
    log = h.actor("main")
    e = EventEmitter.__new__(EventEmitter)
    e.on("x", lambda value: log("x", value))
    log(e.emit("x", 1), e.emit("y"), e.listenerCount("x"), e.eventNames())
    EventEmitter.__init__(e)
    log(e.emit("x", 2), e.getMaxListeners())
