from nodenet.node.stream import Readable
from nodenet.timers import setTimeout


async def scenario(h):
    log = h.actor("main")
    r = Readable(read=lambda n: None)
    r.push("a")
    setTimeout(lambda: r.destroy(Exception("broken")) and None, 5)
    try:
        async for c in r:
            log(c)
    except Exception as e:
        log(e)
    p = Readable(read=lambda n: None)
    setTimeout(lambda: p.destroy() and None, 5)
    try:
        async for c in p:
            log(c)
    except Exception as e:
        log(e)
