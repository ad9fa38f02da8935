from nodenet.node import net
from nodenet.timers import setTimeout
from tests.node.netwatch import watch


def scenario(h):
    log = h.actor("main")
    made = []

    def buffer():
        made.append(1)
        return bytearray(3)

    def listening():
        def onread(n, its):
            log("read", its[:n].decode("latin-1"), len(made) > 0)

            def later():
                log("resuming")
                s.resume()

            setTimeout(later, 20)
            return False

        onread = {"buffer": buffer, "callback": onread}
        s = watch(log, net.connect({"port": h.port, "host": h.host, "onread": onread}))
        s.on("close", lambda *_: server.close())

    server = net.createServer(lambda s: s.end("abcdef")).listen(h.port, h.host, listening)
