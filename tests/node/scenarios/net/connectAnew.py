from twisted.internet.defer import Deferred

from nodenet.node import net
from nodenet.timers import setTimeout


def scenario(h):
    # A connect of one that is connecting, connected, or has just failed or been destroyed.
    def twice(c):
        c.connect(h.port, h.host)
        c.connect(h.port, h.host)

    def twoTargets(c):
        c.connect(1, h.host)
        c.connect(h.port, h.host)

    def again(c):
        left = [c]

        def connect(*_):
            if left:
                left.pop().connect(h.port, h.host)

        return connect

    def inConnect(c):
        c.connect(h.port, h.host, again(c))

    def inError(c):
        c.on("error", again(c))
        c.connect(1, h.host)

    def inClose(c):
        c.on("close", again(c))
        c.connect(1, h.host)

    def destroyed(c):
        c.connect(h.port, h.host)
        c.destroy()
        c.connect(h.port, h.host)

    def accepted(s):
        s.on("error", lambda error: None)
        s.write("hello")

    def wait(msecs):
        done = Deferred()
        setTimeout(done.callback, msecs, None)
        return done

    async def run():
        for program in twice, twoTargets, inConnect, inError, inClose, destroyed:
            log = h.actor(program.__name__)
            c = net.Socket()

            def heard(name, log=log):
                return lambda *_: log(name)

            for event in "connectionAttempt", "connect", "close":
                c.on(event, heard(event))
            c.on(
                "error",
                lambda error, log=log: log(error.code, error.syscall, error.port == h.port),
            )
            c.on("data", lambda chunk, log=log: log("data", chunk))
            program(c)
            await wait(60)
            log(c.readyState, c.destroyed)
            c.destroy()
            await wait(20)
            server.getConnections(lambda error, count, log=log: log("left", count))
        server.close()

    server = net.createServer(accepted)
    server.listen(h.port, h.host, run)
