from nodenet.node import net


def scenario(h):
    log = h.actor("main")
    net.connect(h.port, h.host).on("close", lambda *a: log("close", *a))
