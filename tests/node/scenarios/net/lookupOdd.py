from nodenet.node import net
from nodenet.node.errors import nameOf
from nodenet.timers import setTimeout
from tests.node.netwatch import watch


def scenario(h):
    # What is no list, where all addresses were asked for.
    answers = {
        "text": lambda done: done(None, "1.2", 4),
        "nothing": lambda done: done(None, []),
        "empty": lambda done: done(None, ""),
        "noFamily": lambda done: done(None, [{"address": h.host}]),
        "mixed": lambda done: done(
            None, [{"address": "x", "family": 4}, {"address": h.host, "family": 5}]
        ),
    }

    def one(log, answer):
        def lookup(host, options, done):
            def later():
                try:
                    answer(done)
                except Exception as e:
                    log("threw", nameOf(e))

            log(host, options["hints"], options["all"])
            setTimeout(later, 1)

        try:
            watch(log, net.connect({"port": h.port, "host": "some.name", "lookup": lookup}))
        except Exception as e:
            log(e)

    for name, answer in answers.items():
        one(h.actor(name), answer)
