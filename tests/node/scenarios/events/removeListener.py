from nodenet.node.events import EventEmitter


def scenario(h):
    log = h.actor("main")
    e = EventEmitter()

    def f(*args):
        log("f")

    def g(*args):
        log("g")

    e.on(
        "removeListener",
        lambda type, each: log("removed", type, each == f, each == g, e.listenerCount(type)),
    )
    e.on("x", f).on("x", g).on("x", f)
    e.off("x", f)
    log(["f" if each == f else "g" for each in e.listeners("x")])
    e.once("x", f)
    e.off("x", f)
    e.off("x", g)
    e.off("x", g)
    e.off("x", f)
    e.once("y", g)
    e.emit("y")
    e.once("y", g).on("y", f)
    e.emit("y")
    e.off("y", f)
    e.off("none", f)
    log(e.eventNames())
