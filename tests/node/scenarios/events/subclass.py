from nodenet.node import events
from nodenet.node.events import EventEmitter


def scenario(h):
    log = h.actor("main")

    class Foo(EventEmitter):
        def on(self, type, listener):
            log("on", type)
            return super().on(type, listener)

        def removeListener(self, type, listener):
            log("off", type)
            return super().removeListener(type, listener)

        def emit(self, type, *args):
            log("emit", type)
            return super().emit(type, *args)

    e = Foo()
    e.once("x", lambda: log("x"))
    e.emit("x")
    e.prependListener("y", lambda: None)
    e.on("newListener", lambda *args: None)
    e.on("removeListener", lambda *args: None)
    e.prependOnceListener("y", lambda: None)
    e.removeAllListeners("y")
    events.once(e, "z")
    e.emit("z")
