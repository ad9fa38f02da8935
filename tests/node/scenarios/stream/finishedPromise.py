from nodenet.node import stream
from nodenet.node.abort import AbortController
from nodenet.node.stream import Readable
from nodenet.timers import setTimeout


async def scenario(h):
    log = h.actor("main")
    finished = stream.promises.finished
    r = Readable(read=lambda n: None)
    setTimeout(lambda: (r.push(None), r.resume()), 5)
    x = await finished(r)
    log(x, r.listenerCount("end"))
    b = Readable(read=lambda n: None)
    setTimeout(lambda: b.destroy(Exception("b")), 5)
    try:
        await finished(b, {"cleanup": True})
    except Exception as e:
        log(e, b.listenerCount("end"))
    try:
        await finished({})
    except Exception as e:
        log(e)
    ac = AbortController()
    s = Readable(read=lambda n: None)
    setTimeout(lambda: ac.abort(), 5)
    try:
        await finished(s, {"signal": ac.signal})
    except Exception as e:
        log(e, s.destroyed)
