from nodenet.node.events import EventEmitter


def scenario(h):
    log = h.actor("main")
    e = EventEmitter()

    def f():
        pass

    def g():
        pass

    e.on("a", f).on("b", f).on("b", g).once("c", g)
    e.removeAllListeners("b")
    log(e.eventNames())
    e.removeAllListeners()
    log(e.eventNames(), e.listeners("a"))
    e.on("removeListener", lambda type, each: log("removed", type, "f" if each == f else "g"))
    e.on("removeListener", lambda type, each: log("and", type))
    e.on("a", f).on("b", f).on("b", g).once("b", f).once("c", g)
    e.removeAllListeners("b")
    log(e.eventNames())
    e.removeAllListeners(None)
    e.on("b", f)
    e.removeAllListeners()
    log(e.eventNames())
