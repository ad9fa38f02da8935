from nodenet.node.errors import Symbol
from nodenet.node.events import EventEmitter


def scenario(h):
    log = h.actor("main")
    e = EventEmitter()
    s = Symbol("s")

    def f():
        pass

    e.on("b", f).on(s, f).on("a", f).on("__proto__", f).on("toString", f).on(
        "hasOwnProperty", f
    )
    log([str(each) for each in e.eventNames()])
    e.off("a", f).off("none", f)
    log([str(each) for each in e.eventNames()], e.listenerCount(s), e.emit(s))
    e.removeAllListeners(s)
    log(e.eventNames(), e.emit("toString"), e.emit("__defineGetter__"))
