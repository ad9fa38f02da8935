from nodenet.node.events import EventEmitter


def scenario(h):
    log = h.actor("main")
    e = EventEmitter()

    def f(*args):
        log("f")

    def new(type, listener):
        log("new", type, listener == f, e.listenerCount(type))
        if type == "x":
            e.on("x", lambda: log("added meanwhile"))

    e.once("newListener", new)
    e.on("x", f)
    e.emit("x")
    e.on("newListener", lambda type, listener: log("new", type, listener == f))
    e.once("y", f)
    e.prependOnceListener("newListener", f)
    e.on("newListener", f)
