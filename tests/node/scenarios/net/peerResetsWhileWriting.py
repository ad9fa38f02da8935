from nodenet.node import net
from nodenet.timers import clearInterval, setInterval
from tests.node.netwatch import about, watch


# A socket that is read from, then one whose buffer is full.
def scenario(h):
    client = None

    def connection(s):
        if not client.readableFlowing:
            s.write(bytes(200_000))

        def look():
            full = client.readableLength >= client.readableHighWaterMark
            if not client.readableFlowing and not full:
                return
            clearInterval(every)
            s.resetAndDestroy()

        every = setInterval(look, 20)

    def run(name, following):
        nonlocal client
        log = h.actor(name)
        client = watch(log, net.connect(h.port, h.host))
        if name == "flowing":
            client.resume()
        client.on(
            "connect",
            lambda: client.write(bytes(20_000_000), lambda e=None: log("written", about(e))),
        )
        client.on("close", lambda *_: following())

    server = net.createServer({"pauseOnConnect": True}, connection)
    server.listen(h.port, h.host, lambda: run("flowing", lambda: run("full", server.close)))
