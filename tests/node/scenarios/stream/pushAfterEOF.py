from nodenet.node.stream import Readable


def scenario(h):
    log = h.actor("main")
    r = Readable(read=lambda n: None)
    r.on("error", lambda e: log(e, r.destroyed, r.closed))
    r.on("close", lambda: log("close", r.errored))
    r.push("a")
    r.push(None)
    log(r.push(None), r.push(""), r.push("b"), r.destroyed, r.errored)
