from nodenet.node import net
from nodenet.node.errors import Symbol
from tests.node.harness import attempt

ANSWERS = {
    "one": ["127.0.0.1", 4],
    "text": ["x"],
    "family": [[{"address": "127.0.0.1", "family": 100}]],
    "address": [[{"family": 4}]],
}


def scenario(h):
    def ask(log, answer):
        def lookup(hostname, options, callback):
            callback(None, *answer)

        socket = net.connect({"port": 1, "host": "nowhere", "lookup": lookup})
        socket.on("lookup", lambda *args: log("lookup", *args))
        socket.on("error", lambda error: log("error", error))
        socket.on("close", lambda failed: log("close", failed))

    for name, answer in ANSWERS.items():
        ask(h.actor(name), answer)
    log = h.actor("main")
    for wrong in [Symbol("s"), True, [], {}]:
        attempt(log, "connect", lambda wrong=wrong: net.connect(wrong))
        attempt(log, "listen", lambda wrong=wrong: net.createServer().listen({"port": wrong}))
    for path in ["", False, 0]:
        socket = net.connect({"path": path})
        attempt(log, "path", lambda socket=socket: socket.connecting)
        socket.destroy()
    for address in [5, True, {}, {"port": 0}, [1]]:
        options = {"port": 1, "host": h.host, "localAddress": address}
        attempt(log, "localAddress", lambda options=options: net.connect(options))
    log(
        net.SocketAddress({"flowlabel": 5}).flowlabel,
        net.SocketAddress({"family": "ipv6", "flowlabel": 5}).flowlabel,
    )
