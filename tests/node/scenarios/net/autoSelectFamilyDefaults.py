from nodenet.node import net
from tests.node.harness import attempt
from tests.node.netwatch import watch


def scenario(h):
    log = h.actor("main")

    def timeout(value):
        net.setDefaultAutoSelectFamilyAttemptTimeout(value)
        return net.getDefaultAutoSelectFamilyAttemptTimeout()

    log(net.getDefaultAutoSelectFamily(), net.getDefaultAutoSelectFamilyAttemptTimeout())
    for value in 1, "x", None, False:
        attempt(log, "family", lambda value=value: net.setDefaultAutoSelectFamily(value))
    for value in "1", 0, 1.5, -1, 5, 300:
        attempt(log, "timeout", lambda value=value: timeout(value))
    log(net.getDefaultAutoSelectFamily())

    def lookup(name, options, callback):
        log(options.get("all"))
        callback(None, "127.0.0.1", 4)

    watch(log, net.connect({"port": h.port, "host": "foo", "lookup": lookup}))
    net.setDefaultAutoSelectFamily(True)
    net.setDefaultAutoSelectFamilyAttemptTimeout(250)
