from nodenet.node import net
from nodenet.timers import setTimeout
from tests.node.netwatch import watch


def scenario(h):
    log = h.actor("main")
    peer = h.actor("server")

    def connected(s):
        watch(peer, s).resume()

        def later():
            peer(s.readyState)
            s.end("bye")
            peer(s.readyState)

        def end():
            peer("in end", s.writable, s.readyState)
            setTimeout(later, 20)

        s.on("end", end)
        s.on("close", lambda *_: server.close())

    def listening():
        s = watch(log, net.connect({"port": h.port, "host": h.host, "allowHalfOpen": True}))
        s.on("data", lambda d: log("data", d, s.readyState))
        s.end()
        s.on("finish", lambda: log(s.readyState, s.destroyed))

    server = net.createServer({"allowHalfOpen": True}, connected)
    server.listen(h.port, h.host, listening)
