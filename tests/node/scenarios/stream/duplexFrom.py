from nodenet.node.stream import Duplex, Readable, Writable
from tests.node.harness import attempt


def scenario(h):
    log = h.actor("main")
    from twisted.internet.defer import succeed

    def t(s):
        all = []
        s.on("data", all.append).on("end", lambda: log("end", all))

    t(Duplex.from_(["a", "b"]))

    async def upper(source):
        async for c in source:
            yield c.upper()

    idle = Duplex.from_(upper)
    t(idle.on("close", lambda: log("close")).on("finish", lambda: log("finish")))
    d = Duplex.from_(upper)
    t(d)
    d.write("x")
    d.end("y")
    t(Duplex.from_(succeed("promised")))

    def write(c, e, cb):
        log("w", c)
        cb()

    p = Duplex.from_({"readable": Readable.from_(["r"]), "writable": Writable(write=write)})
    t(p)
    p.end("to w")
    attempt(log, "bad", lambda: Duplex.from_(5))
