from nodenet.node import net
from tests.node.netwatch import watch


async def scenario(h):
    log = h.actor("main")

    def accepted(s):
        s.on("error", lambda e: None)
        s.write("one")

    async def listening():
        s = watch(log, net.connect(h.port, h.host))
        iterator = s.__aiter__()
        async for chunk in iterator:
            log("chunk", chunk)
            break
        await iterator.aclose()
        log("left", s.destroyed)
        server.close()

    server = net.createServer(accepted).listen(h.port, h.host, listening)
