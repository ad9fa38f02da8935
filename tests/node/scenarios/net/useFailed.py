from nodenet.node import net
from tests.node.netwatch import about

# In connectionAttemptFailed the socket is there still.
USES = {
    "text": lambda s, log: log(
        s.write("abc", lambda e=None: log("written", about(e))), s.bytesWritten
    ),
    "bytes": lambda s, log: log(s.write(b"abc"), s.bytesWritten),
    "read": lambda s, log: log(s.read(), s.destroyed),
    "end": lambda s, log: s.end(lambda e=None: log("ended", about(e))),
}


def scenario(h):
    def one(use, to, log):
        s = net.connect(to)
        s.on("connectionAttemptFailed", lambda *_: use(s, log))
        s.on("finish", lambda: log("finish"))
        s.on("error", lambda e: log("error", about(e)))
        s.on("close", lambda had: log("close", had))

    for name, use in USES.items():
        one(use, {"port": h.port, "host": h.host}, h.actor(f"{name} tcp"))
        one(use, {"path": f"{h.dir}/none"}, h.actor(f"{name} path"))
