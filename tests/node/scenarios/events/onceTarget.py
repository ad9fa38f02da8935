from nodenet.node import events
from nodenet.node.abort import AbortController, Event, EventTarget


def scenario(h):
    log = h.actor("main")

    def x(args):
        [event] = args
        log("x", event.type, event.target is t)

    t = EventTarget()
    events.once(t, "x").addCallback(x)
    t.dispatchEvent(Event("x"))
    ac = AbortController()
    events.once(t, "y", {"signal": ac.signal}).addErrback(lambda failure: log(failure.value))
    log(len(events.getEventListeners(t, "y")))
    try:
        ac.abort()
    except Exception as err:
        log("threw", err)
    log(len(events.getEventListeners(t, "y")))
