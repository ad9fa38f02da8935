from nodenet.node.stream import PassThrough
from nodenet.timers import setTimeout


def scenario(h):
    log = h.actor("main")
    p = PassThrough(highWaterMark=3)
    log(p.write("abcd"), p.write("ef"), p.writableLength, p.readableLength, p.writableNeedDrain)
    p.on("drain", lambda: log("drain"))
    p.on("end", lambda: log("end"))

    def last():
        log(p.read(), p.writableLength)
        p.end()
        p.resume()

    def later():
        log(p.read(2), p.read(), p.read())
        setTimeout(last, 5)

    setTimeout(later, 5)
