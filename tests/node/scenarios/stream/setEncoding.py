from nodenet.node.stream import Readable
from tests.node.harness import attempt


def scenario(h):
    log = h.actor("main")
    r = Readable(read=lambda n: None)
    r.push(b"\xe2\x82")
    log(r.readableEncoding, r.setEncoding("UTF-8") is r, r.readableEncoding, r.readableLength)
    r.push(b"\xac\x41")
    log(r.read())
    r.push(b"\xff\xf0\x9f")
    r.push(None)
    log(r.read(), r.read())
    attempt(log, "unknown", lambda: r.setEncoding("nope"))
    for e in ["hex", "base64", "base64url", "latin1", "binary", "ascii", "utf16le", "ucs2"]:
        s = Readable(read=lambda n: None)
        s.setEncoding(e)
        s.push(b"\xfb\xff\x41\x00")
        s.push(b"\xfe")
        s.push(None)
        log(e, s.readableEncoding, s.readableLength, s.read())
