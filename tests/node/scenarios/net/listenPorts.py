from nodenet.node import net
from tests.node.netwatch import about


def scenario(h):
    log = h.actor("main")
    ports = [None, None, "0", "0x0", 0]

    def next():
        if not ports:
            return
        server = net.createServer()
        server.on("error", lambda e: log("error", about(e)))

        def listening():
            its = server.address()
            log(its["address"], its["family"], its["port"] > 0, server.listening)
            server.close(next)
            log(server.address(), server.listening)

        server.listen(ports.pop(0), listening)
        log(server.listening, server.address() is not None)

    next()
