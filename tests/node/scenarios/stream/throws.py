from nodenet.node.stream import Readable, Writable
from nodenet.timers import setTimeout
from tests.node.harness import attempt


def scenario(h):
    log = h.actor("main")

    def data(c):
        raise Exception("in data")

    def drain():
        raise Exception("in drain")

    def written(e):
        raise Exception("in callback")

    def ended(e):
        raise Exception("in end")

    def end():
        raise Exception("in end event")

    r = Readable(read=lambda n: None)
    r.on("data", data)
    setTimeout(lambda: attempt(log, "push", lambda: r.push("x")), 3)
    w = Writable(write=lambda c, e, cb: cb())
    w.on("drain", drain)
    w.write("x", written)
    w.on("finish", lambda: log("finish"))
    w.end(ended)
    setTimeout(lambda: log(w.writableFinished, w.writableLength), 5)
    u = Readable(read=lambda n: None)
    u.on("close", lambda: log("u close"))
    u.on("end", end)
    u.push(None)
    u.resume()
    setTimeout(lambda: log(u.destroyed, u.readableEnded), 5)
