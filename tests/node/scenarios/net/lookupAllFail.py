from nodenet.node import net
from nodenet.timers import setTimeout
from tests.node.netwatch import watch


def scenario(h):
    log = h.actor("main")

    def lookup(name, options, callback):
        log("asked", name, options.get("family"), options["hints"], options.get("all"))
        found = [("127.0.0.1", 4), ("127.0.0.2", 4), ("::1", 6), ("127.0.0.1", 4)]
        answer = [{"address": address, "family": family} for address, family in found]
        setTimeout(callback, 5, None, answer)

    s = watch(log, net.connect({"port": h.port, "host": "foo", "lookup": lookup}))
    s.on("close", lambda *_: log(s.autoSelectFamilyAttemptedAddresses))
