import socket

from nodenet.node import net


def scenario(h):
    log = h.actor("main")
    both = socket.AI_V4MAPPED | socket.AI_ALL
    asked = [
        ("127.1", 0, 0),
        ("127.1", 4, socket.AI_ADDRCONFIG),
        ("127.1", 6, 0),
        ("127.1", 6, socket.AI_ALL),
        ("127.1", 6, socket.AI_V4MAPPED),
        ("127.1", 6, both),
        ("127.1", 4, both),
        ("a..b", 0, 0),
        ("x" * 256, 0, 0),
        ("x." * 150, 4, socket.AI_ADDRCONFIG),
    ]

    def next(*_):
        if not asked:
            return
        host, family, hints = asked.pop(0)
        label = f"{host[:5]} {family} {'mapped' if hints & socket.AI_V4MAPPED else ''}"

        def looked(error, address, kind, name):
            log(label, error.code if error else None, address, kind, name == host)
            s.destroy()

        s = net.connect(port=1, host=host, family=family, hints=hints, autoSelectFamily=False)
        s.on("lookup", looked)
        s.on("error", lambda e: log(e.message[:40], e.code, e.syscall, e.hostname == host))
        s.on("close", next)

    next()
