from nodenet.node import net
from tests.node.harness import attempt
from tests.node.netwatch import watch


def scenario(h):
    log = h.actor("main")
    answers = {
        "ip": [4, None, "zz", 4],
        "family": [4, None, "127.0.0.1", 100],
        "nothing": [4, None, None, None],
        "failed": [4, Exception("mine")],
        "all": [0, None, [{"address": "x", "family": 4}]],
        "allFamily": [0, None, [{"address": "127.0.0.1", "family": 5}]],
        "allFailed": [0, Exception("mine")],
    }
    for name, (family, *answer) in answers.items():

        def lookup(n, o, callback, answer=answer):
            callback(*answer)

        options = {"port": h.port, "host": "foo", "family": family, "lookup": lookup}
        watch(h.actor(name), net.connect(options))

    def throws(*_):
        raise Exception("thrown")

    options = {"port": h.port, "host": "foo", "lookup": throws}
    attempt(log, "throws", lambda: net.connect(options))
