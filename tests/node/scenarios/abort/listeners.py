from nodenet.node import events
from nodenet.node.abort import AbortController
from tests.node.harness import attempt


def scenario(h):
    log = h.actor("main")

    class G:
        def handleEvent(self, event):
            log("g", event.type, self is g)

    def f(event):
        log("f")

    def hh(event):
        log("h")

    def late(event):
        log("late")

    def changes(event):
        signal.removeEventListener("abort", late)
        signal.addEventListener("abort", lambda event: log("added meanwhile"))

    ac = AbortController()
    signal = ac.signal
    g = G()
    signal.addEventListener("abort", f)
    signal.addEventListener("abort", f, {"once": True})
    signal.addEventListener("abort", g)
    signal.addEventListener("abort", None)
    for value in 5, "x", True:
        attempt(log, "invalid", lambda: signal.addEventListener("abort", value))  # noqa: B023
    signal.addEventListener("abort", hh, {"once": True})
    log(len(events.getEventListeners(signal, "abort")))
    signal.addEventListener("abort", changes)
    signal.addEventListener("abort", late)
    signal.removeEventListener("abort", lambda event: None)
    ac.abort()
    log(len(events.getEventListeners(signal, "abort")))
    signal.onabort = f
    log(signal.onabort is f)
    signal.onabort = 5
    log(signal.onabort)
