from nodenet.node import net
from nodenet.timers import setTimeout
from tests.node.netwatch import watch


def scenario(h):
    log = h.actor("main")
    answers = []

    def lookup(name, options, callback):
        answers.append(callback)

    s = watch(log, net.connect({"port": h.port, "host": "foo", "lookup": lookup}))
    s.destroy()

    def answer():
        found = [{"address": "127.0.0.1", "family": 4}, {"address": "::1", "family": 6}]
        answers[0](None, found)
        log("answered", s.connecting)

    setTimeout(answer, 10)

    def later(name, options, callback):
        setTimeout(callback, 10, None, "127.0.0.1", 4)

    options = {"port": h.port, "host": "foo", "family": 4, "lookup": later}
    one = watch(h.actor("one"), net.connect(options))
    one.on("lookup", lambda *_: one.destroy())
