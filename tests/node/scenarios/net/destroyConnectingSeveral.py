from nodenet.node import net
from nodenet.timers import nextTick
from tests.node.netwatch import watch


def scenario(h):
    log = h.actor("main")

    def lookup(name, options, callback):
        addresses = h.host, "127.0.0.2"
        callback(None, [{"address": each, "family": 4} for each in addresses])

    def listening():
        s = watch(log, net.connect({"port": h.port, "host": "some.name", "lookup": lookup}))
        nextTick(s.destroy)
        s.on("close", lambda *_: server.close())

    server = net.createServer().listen(h.port, h.host, listening)
