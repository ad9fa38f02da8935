import os

from nodenet.node import net


def scenario(h):
    log = h.actor("main")
    mask = os.umask(0o077)
    modes = [
        {},
        {"readableAll": True},
        {"writableAll": True},
        {"readableAll": True, "writableAll": True},
    ]

    def listen(i, mode):
        path = f"{h.dir}/{i}"
        server = net.createServer().listen({"path": path, **mode}, lambda: server.close())
        log(i, os.stat(path).st_mode & 0o777, server.address() == path)

    for i, mode in enumerate(modes):
        listen(i, mode)
    os.umask(mask)
