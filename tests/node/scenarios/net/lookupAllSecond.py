from nodenet.node import net
from nodenet.timers import setTimeout
from tests.node.netwatch import watch


def scenario(h):
    log = h.actor("main")

    def lookup(name, options, callback):
        answer = [{"address": "::1", "family": 6}, {"address": "127.0.0.1", "family": 4}]
        setTimeout(callback, 5, None, answer)

    def listening():
        s = watch(log, net.connect({"port": h.port, "host": "foo", "lookup": lookup}))
        s.on("connect", lambda: log(s.remoteAddress, s.autoSelectFamilyAttemptedAddresses))
        s.resume()
        s.on("close", lambda *_: server.close())

    server = net.createServer(lambda s: s.end()).listen(h.port, h.host, listening)
