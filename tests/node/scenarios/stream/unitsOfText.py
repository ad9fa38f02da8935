from nodenet.node.stream import Readable, Writable
from nodenet.timers import setTimeout


def scenario(h):
    log = h.actor("main")
    r = Readable(encoding="utf8", read=lambda n: None)
    r.push("\U0001f600\u00e9z")
    log(r.readableLength, r.read(2) == "\U0001f600", r.readableLength, r.read())

    def write(c, e, cb):
        log(c, e, w.writableLength)
        setTimeout(cb, 1)

    w = Writable(decodeStrings=False, write=write)
    log(w.write("\U0001f600\u00e9"), w.writableLength, w.write("z", "latin1"), w.writableLength)
