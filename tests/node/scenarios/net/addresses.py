from nodenet.node import net


def scenario(h):
    log = h.actor("main")
    hosts = [None, "127.0.0.1", "0.0.0.0", "::1", "::", "localhost"]

    def accepted(s):
        log(s.remoteFamily, s.localFamily, s.remoteAddress, s.localAddress, s.localPort)
        log(sorted(s.address()), s.address()["family"])
        s.end()

    def next():
        if not hosts:
            return
        server = net.createServer(accepted)
        its = hosts.pop(0)

        def listening():
            log(server.address())
            s = net.connect(h.port, its if its == "::1" else h.host).resume()

            def closed(*_):
                log(s.remoteAddress, s.remotePort)
                server.close(next)

            s.on("close", closed)
            s.on(
                "connect",
                lambda: log(s.remoteAddress, s.remoteFamily, s.localAddress, s.localFamily),
            )

        server.listen({"port": h.port, "host": its}, listening)

    next()
