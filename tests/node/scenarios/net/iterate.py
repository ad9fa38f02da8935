from nodenet.node import net
from nodenet.timers import setTimeout
from tests.node.netwatch import watch


async def scenario(h):
    log = h.actor("main")

    def accepted(s):
        s.write("one")
        setTimeout(lambda: s.end("two"), 20)

    async def listening():
        s = watch(log, net.connect(h.port, h.host))
        async for chunk in s:
            log("chunk", chunk)
        log("through", s.destroyed, s.readableEnded)
        server.close()

    server = net.createServer(accepted).listen(h.port, h.host, listening)
