from nodenet.node import net
from nodenet.timers import setTimeout
from tests.node.netwatch import watch


def scenario(h):
    log = h.actor("main")

    def lookup(name, options, callback):
        log("asked", name, options.get("family"), options["hints"], options.get("all"))
        setTimeout(callback, 5, None, "127.0.0.1", 4)

    options = {"port": h.port, "host": "foo", "family": 4, "lookup": lookup}
    s = watch(log, net.connect(options))
    log(s.connecting)
