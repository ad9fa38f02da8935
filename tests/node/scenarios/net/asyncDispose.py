from nodenet.node import net
from tests.node.netwatch import watch


async def scenario(h):
    log = h.actor("main")

    async def listening():
        await server.__aexit__(None, None, None)
        log("disposed", server.listening)
        await server.__aexit__(None, None, None)
        log("again")

    server = watch(log, net.createServer()).listen(h.port, h.host, listening)
