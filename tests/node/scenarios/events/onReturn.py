from nodenet.node import events
from nodenet.node.errors import undefined
from nodenet.node.events import EventEmitter
from tests.node.harness import attempt, following


async def scenario(h):
    log = h.actor("main")
    e = EventEmitter()
    it = events.on(e, "x")
    waiting = it.__anext__()
    await it.aclose()
    try:
        await waiting
    except StopAsyncIteration:
        log(True, True, e.eventNames())
    jt = events.on(e, "x")
    e.emit("x", "queued")
    await jt.aclose()
    e.emit("x", "too late")
    log(await anext(jt), await following(jt, True))
    kt = events.on(e, "x")
    kt.athrow(Exception("thrown"))
    log(e.eventNames())
    try:
        await anext(kt)
    except Exception as err:
        log("next", err)
    log(await following(kt, True))
    for value in undefined, None, "x", 5, {}:
        attempt(log, "throw", lambda: events.on(e, "x").athrow(value))  # noqa: B023
