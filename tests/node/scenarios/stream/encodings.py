from nodenet.node import stream
from nodenet.node.stream import Writable


def scenario(h):
    log = h.actor("main")

    def write(c, e, cb):
        log(c, e)
        cb()

    w = Writable(decodeStrings=False, defaultEncoding="hex", write=write)
    w.write("ab")
    w.write("ab", "UTF8")
    w.write(b"x", "latin1")
    log(w.setDefaultEncoding("UTF-8") is w)
    w.write("cd")
    b = Writable(write=write)
    for s, *e in [
        ("6162zz", "hex"),
        ("YWI=", "base64"),
        ("YW-_", "base64url"),
        ("\u20ac\xe9", "latin1"),
        ("\xe9", "ascii"),
        ("\u20ac", "ucs2"),
        ("\ud800", "utf8"),
        ("\xe9",),
    ]:
        b.write(s, *e)
    log(stream.isWritable(b))
