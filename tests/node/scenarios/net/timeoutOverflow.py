from nodenet.node import net


def scenario(h):
    log = h.actor("main")
    for msecs in [2**31 - 1, 2**31, 2**31 + 0.5]:
        socket = net.Socket()
        socket.setTimeout(msecs)
        log(socket.timeout)
        socket.destroy()
