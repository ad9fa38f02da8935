from nodenet.node import events
from nodenet.node.abort import AbortController, AbortSignal
from nodenet.node.events import EventEmitter


def scenario(h):
    log = h.actor("main")

    def failed(label):
        def listener(failure):
            err = failure.value
            log(label, err, err.cause)

        return listener

    e = EventEmitter()
    over = AbortSignal.abort("why")
    events.once(e, "x", {"signal": over}).addErrback(failed("over"))
    log(e.eventNames())
    ac = AbortController()
    events.once(e, "x", signal=ac.signal).addErrback(failed("aborted"))
    log(e.eventNames(), len(events.getEventListeners(ac.signal, "abort")))
    ac.abort(TypeError("reason"))
    log(e.eventNames(), len(events.getEventListeners(ac.signal, "abort")))
    bc = AbortController()
    events.once(e, "x", signal=bc.signal).addCallback(lambda args: log("x", args))
    e.emit("x", 5)
    log(e.eventNames(), len(events.getEventListeners(bc.signal, "abort")))
    bc.abort()
    for signal in 1, {}, "hi", None, False:
        events.once(e, "x", {"signal": signal}).addErrback(lambda f: log("invalid", f.value))
    events.once({}, "x").addErrback(lambda f: log("no emitter", f.value))
