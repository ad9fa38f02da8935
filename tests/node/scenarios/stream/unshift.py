from nodenet.node.stream import Readable


def scenario(h):
    log = h.actor("main")
    r = Readable(read=lambda n: None)
    r.on("error", log)
    r.push("world")
    r.unshift("hello ")
    log(r.read(), r.unshift("again"), r.read(2), r.unshift(b"x"), r.read())
    r.push(None)
    log(r.unshift("last"))
    r.on("data", lambda d: log("data", d))
    r.on("end", lambda: log("end", r.unshift("late")))
