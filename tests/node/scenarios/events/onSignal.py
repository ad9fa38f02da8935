from nodenet.node import events
from nodenet.node.abort import AbortController, AbortSignal
from nodenet.node.events import EventEmitter
from nodenet.timers import setTimeout
from tests.node.harness import attempt, following


async def scenario(h):
    log = h.actor("main")
    e = EventEmitter()
    attempt(log, "over", lambda: events.on(e, "x", {"signal": AbortSignal.abort()}))
    for signal in 1, {}, "hi", None, False:
        attempt(log, "invalid", lambda: events.on(e, "x", {"signal": signal}))  # noqa: B023
    attempt(log, "no emitter", lambda: events.on({}, "x"))
    ac = AbortController()
    setTimeout(lambda: ac.abort("why"), 10)
    try:
        async for args in events.on(e, "x", signal=ac.signal):
            log(args)
    except Exception as err:
        log(err, err.cause)
    log(e.eventNames(), len(events.getEventListeners(ac.signal, "abort")))
    bc = AbortController()
    it = events.on(e, "x", signal=bc.signal)
    e.emit("x", 1)
    bc.abort()
    e.emit("x", 2)
    value = await anext(it)
    try:
        await anext(it)
    except Exception as err:
        log(value, err, await following(it, True))
    cc = AbortController()
    jt = events.on(e, "x", signal=cc.signal)
    log(len(events.getEventListeners(cc.signal, "abort")))
    await jt.aclose()
    log(len(events.getEventListeners(cc.signal, "abort")))
