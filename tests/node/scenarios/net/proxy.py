from nodenet.node import net
from nodenet.timers import setTimeout
from tests.node.netwatch import watch


def scenario(h):
    log = h.actor("main")
    client = h.actor("client")

    def listening():
        def accepted(s):
            other = net.connect(upstream.address()["port"], h.host)
            s.pipe(other).pipe(s)
            s.on("close", lambda *_: log("client gone"))

            def gone(*_):
                log("upstream gone")
                upstream.close()
                proxy.close()

            other.on("close", gone)

        def proxying():
            s = watch(client, net.connect(h.port, h.host))
            got = []

            def data(d):
                got.append(d)
                if len("".join(got)) == 9:
                    s.end()

            s.setEncoding("latin1").on("data", data)
            s.on("close", lambda *_: client("".join(got)))
            s.write("through")
            setTimeout(lambda: s.write("!!"), 20)

        proxy = net.createServer(accepted).listen(h.port, h.host, proxying)

    upstream = net.createServer(lambda s: s.pipe(s)).listen(0, h.host, listening)
