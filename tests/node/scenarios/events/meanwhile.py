from nodenet.node.events import EventEmitter


def scenario(h):
    log = h.actor("main")
    e = EventEmitter()

    def late():
        log("late")

    def last():
        log("last")

    def first():
        log("first")
        e.on("x", late)
        e.off("x", last)

    def again():
        log("once")
        e.emit("y")

    e.on("x", first)
    e.on("x", last)
    e.emit("x")
    log("again")
    e.off("x", late)
    e.emit("x")
    e.removeAllListeners()
    e.once("y", again)
    e.on("y", lambda: log("every"))
    e.emit("y")
