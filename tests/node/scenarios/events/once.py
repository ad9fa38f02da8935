from nodenet.node.events import EventEmitter, once


def scenario(h):
    log = h.actor("main")
    e = EventEmitter()
    e.on("foo", lambda *args: log("listener"))
    once(e, "foo").addCallback(lambda args: log("once", args))
    e.on("foo", lambda *args: log("later listener"))
    e.emit("foo", 1, "x")
    log("emitted", e.listenerCount("foo"), e.listenerCount("error"))
    once(e, "foo").addErrback(lambda failure: log("failed", failure.value))
    e.emit("error", Exception("boom"))
    log("left", e.eventNames())
    once(e, "error").addCallback(lambda args: log("error", args))
    e.emit("error", TypeError("waited for"))
