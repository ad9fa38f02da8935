from nodenet.node import events
from nodenet.node.events import EventEmitter
from tests.node.harness import attempt


def scenario(h):
    log = h.actor("main")

    def default(n):
        EventEmitter.defaultMaxListeners = n

    e = EventEmitter()
    log(e.getMaxListeners(), EventEmitter.defaultMaxListeners, events.getMaxListeners(e))
    EventEmitter.defaultMaxListeners = 5
    log(e.getMaxListeners(), EventEmitter().getMaxListeners())
    e.setMaxListeners(0)
    log(e.getMaxListeners())
    for n in (-1, float("nan"), -0.5, "x", None, True, [], "5"):
        attempt(log, "emitter", lambda: e.setMaxListeners(n))  # noqa: B023
        attempt(log, "default", lambda: default(n))  # noqa: B023
        attempt(log, "function", lambda: events.setMaxListeners(n))  # noqa: B023
    attempt(log, "none", lambda: e.setMaxListeners())
    log(e.getMaxListeners(), EventEmitter.defaultMaxListeners)
    events.setMaxListeners(7)
    log(EventEmitter.defaultMaxListeners)
    events.setMaxListeners(3, e)
    log(e.getMaxListeners(), EventEmitter.defaultMaxListeners)
    attempt(log, "target", lambda: events.setMaxListeners(3, {}))
    attempt(log, "get", lambda: events.getMaxListeners({}))
    e.setMaxListeners(float("inf"))
    log(e.getMaxListeners())
    EventEmitter.defaultMaxListeners = 10
