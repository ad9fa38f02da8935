from nodenet.node.events import EventEmitter


def scenario(h):
    log = h.actor("main")
    e = EventEmitter()

    def f(*args):
        log("f")

    e.on(
        "removeListener",
        lambda type, each: log(
            "removed", type, each == f, getattr(each, "listener", None) == f
        ),
    )
    e.once("x", f)
    e.off("x", e.rawListeners("x")[0])
    e.once("x", f).on("x", f)
    e.off("x", e.rawListeners("x")[0])
    log(e.rawListeners("x")[0] == f)
    e.off("x", f)
    e.once("x", f).once("x", f)
    e.emit("x")
