from nodenet.node.errors import undefined
from nodenet.node.events import EventEmitter
from tests.node.harness import attempt


def scenario(h):
    log = h.actor("main")

    def capture(value):
        EventEmitter.captureRejections = value

    async def x():
        raise Exception("x")

    log(EventEmitter.captureRejections)
    before = EventEmitter()
    EventEmitter.captureRejections = True
    after = EventEmitter()
    EventEmitter.captureRejections = False
    after.on("error", lambda err: log("captured", err))
    after.on("x", x)
    after.emit("x")
    for value in 1, None, "x", [], {}, undefined:
        attempt(log, "set", lambda: capture(value))  # noqa: B023
    for value in 1, 0, "x", "", [], None, {}:
        attempt(log, "option", lambda: EventEmitter({"captureRejections": value}))  # noqa: B023
    log(EventEmitter.captureRejections, before.listenerCount("x"))
