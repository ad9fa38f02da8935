from nodenet.node import events
from nodenet.node.events import EventEmitter
from tests.node.harness import attempt


def scenario(h):
    log = h.actor("main")

    def of(error):
        def listener(*args):
            raise error

        return listener

    e = EventEmitter()
    e.on(events.errorMonitor, of(Exception("of the monitor")))
    e.on("error", lambda *args: log("never"))
    attempt(log, "emit", lambda: e.emit("error", Exception("a")))
    e.removeAllListeners()
    e.on("x", of(TypeError("of a listener")))
    e.on("x", lambda: log("never"))
    attempt(log, "emit", lambda: e.emit("x"))
