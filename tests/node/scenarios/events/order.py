from nodenet.node.events import EventEmitter


def scenario(h):
    log = h.actor("main")
    e = EventEmitter()
    e.on("x", lambda: log("a"))
    e.prependListener("x", lambda: log("b"))
    e.prependOnceListener("x", lambda: log("c once"))
    e.once("x", lambda: log("d once"))
    log(e.emit("x"), e.emit("x"), e.emit("y"))
    log(
        e.on("x", log) is e,
        e.off("x", log) is e,
        e.once("x", log) is e,
        e.removeAllListeners() is e,
    )
    log(e.prependListener("x", log) is e, e.setMaxListeners(3) is e, e.getMaxListeners())
