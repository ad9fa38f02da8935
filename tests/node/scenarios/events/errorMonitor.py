from nodenet.node import events
from nodenet.node.events import EventEmitter
from tests.node.harness import attempt


def scenario(h):
    log = h.actor("main")
    e = EventEmitter()
    e.on(events.errorMonitor, lambda err, more: log("monitor", err, more))
    attempt(log, "unheard", lambda: e.emit("error", Exception("a"), 1))
    e.on("error", lambda err, *more: log("heard", err))
    log(e.emit("error", Exception("b"), 2))
    log(e.emit(events.errorMonitor, Exception("c"), 3), len(e.eventNames()))
    log(EventEmitter.errorMonitor is events.errorMonitor, str(events.errorMonitor))
