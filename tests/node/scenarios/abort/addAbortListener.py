from nodenet.node import events
from nodenet.node.abort import AbortController
from nodenet.node.errors import undefined
from nodenet.timers import nextTick
from tests.node.harness import attempt


def scenario(h):
    log = h.actor("main")
    ac = AbortController()
    d = events.addAbortListener(ac.signal, lambda event: log("a", event.type))
    gone = events.addAbortListener(ac.signal, lambda event: log("never"))
    gone.dispose()
    log(len(events.getEventListeners(ac.signal, "abort")))
    ac.abort()
    log(len(events.getEventListeners(ac.signal, "abort")))
    d.dispose()
    events.addAbortListener(ac.signal, lambda: log("microtask")).dispose()
    nextTick(lambda: log("tick"))
    log("end")
    for value in undefined, None, {}, 5:
        attempt(log, "signal", lambda: events.addAbortListener(value, print))  # noqa: B023
    for value in undefined, None, {}, 5:
        attempt(log, "listener", lambda: events.addAbortListener(ac.signal, value))  # noqa: B023
