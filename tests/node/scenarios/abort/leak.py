from nodenet.node import events
from nodenet.node.abort import AbortController, EventTarget


def scenario(h):
    log = h.actor("main")
    signal = AbortController().signal
    log(events.getMaxListeners(signal))
    for _ in range(12):
        signal.addEventListener("abort", lambda event: None)
    events.setMaxListeners(1, signal)
    log(events.getMaxListeners(signal))
    signal.addEventListener("abort", lambda event: None)
    t = EventTarget()
    events.setMaxListeners(1, t)
    t.addEventListener("x", lambda event: None)
    t.addEventListener("x", lambda event: None)
    t.addEventListener("y", lambda event: None)
    t.addEventListener("y", lambda event: None)
