from nodenet.node import events
from nodenet.node.abort import Event, EventTarget
from nodenet.node.events import AbortController, AbortSignal, EventEmitter
from tests.node.harness import attempt


def scenario(h):
    log = h.actor("main")
    e = EventEmitter()
    for name in ["on", "once", "off", "prependListener", "prependOnceListener"]:
        attempt(log, name, getattr(e, name))
    attempt(log, "emit", e.emit)
    attempt(log, "listenerCount", e.listenerCount)
    attempt(log, "getMaxListeners", events.getMaxListeners)
    attempt(log, "addAbortListener", events.addAbortListener)
    attempt(log, "addAbortListener", lambda: events.addAbortListener(AbortController().signal))
    attempt(log, "timeout", AbortSignal.timeout)
    attempt(log, "any", AbortSignal.any)
    target = EventTarget()
    attempt(log, "addEventListener", target.addEventListener)
    attempt(log, "removeEventListener", target.removeEventListener)
    attempt(log, "removeEventListener", lambda: target.removeEventListener("x", None))
    attempt(log, "removeEventListener", lambda: target.removeEventListener("x", 5))
    attempt(log, "dispatchEvent", target.dispatchEvent)
    for wrong in [None, 5, {}]:
        attempt(log, "dispatchEvent", lambda wrong=wrong: target.dispatchEvent(wrong))
    attempt(log, "Event", Event)
    attempt(log, "Event", lambda: Event("x", 5))
    attempt(log, "Event", lambda: Event("x", None).type)
    attempt(log, "Event", lambda: Event(5).type)
    target.addEventListener(
        "x", lambda event: log(event.target is target, event.currentTarget is target)
    )
    log(target.dispatchEvent(Event("x")))
    target.addEventListener("z", {})
    log(target.dispatchEvent(Event("z")))
    ended = AbortSignal.abort()
    controller = AbortController()
    target.addEventListener("y", lambda event: log("ended"), {"signal": ended})
    target.addEventListener("y", lambda event: log("in time"), {"signal": controller.signal})
    target.dispatchEvent(Event("y"))
    controller.abort()
    target.dispatchEvent(Event("y"))
    attempt(
        log, "signal", lambda: target.addEventListener("y", lambda event: None, {"signal": 5})
    )
