from nodenet.node import net
from tests.node.harness import attempt
from tests.node.netwatch import about, watch


def scenario(h):
    log = h.actor("main")
    from nodenet.node._inspect import undefined

    s = watch(log, net.Socket())
    log(s.write("x", lambda e: log("callback", about(e))), s.bytesWritten, s.writableLength)
    for chunk in 5, None, undefined, {}, True:
        attempt(log, "write", lambda chunk=chunk: s.write(chunk))
    attempt(log, "encoding", lambda: s.write("x", "nope"))
