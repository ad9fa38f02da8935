from nodenet.node import net
from tests.node.harness import attempt
from tests.node.netwatch import about, watch


def scenario(h):
    log = h.actor("main")
    server = watch(log, net.createServer())
    attempt(log, "what", lambda: server.close("what") is server)
    server.close(lambda *a: log("first", *map(about, a)))
    server.close(lambda *a: log("second", *map(about, a)))
    log(server.listening, server.address())
