from nodenet.node import events
from nodenet.node.events import EventEmitter


def scenario(h):
    log = h.actor("main")
    e = EventEmitter()

    def f():
        pass

    def g():
        pass

    e.on("x", f).once("x", f)
    copy = e.listeners("x")
    copy.append(f)
    copy[0] = None
    log([each == f for each in e.listeners("x")], e.listenerCount("x"))
    raw = e.rawListeners("x")
    log(raw[0] == f, raw[1] == f, raw[1].listener == f)
    raw[1]()
    log(len(e.listeners("x")))
    raw[1]()
    log(e.listeners("none"), e.rawListeners("none"), e.listenerCount("none"))
    e.on("x", f).once("x", g)
    log(
        e.listenerCount("x", f),
        e.listenerCount("x", g),
        e.listenerCount("x", log),
        e.listenerCount("none", f),
        e.listenerCount("x", None),
    )
    log(events.listenerCount(e, "x"))
