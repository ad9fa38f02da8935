from nodenet.node.stream import Transform


def scenario(h):
    log = h.actor("main")

    def one(how):
        def transform(c, e, cb):
            if how == "callback":
                cb(Exception("t"))
                return
            if how == "pushed null":
                t.push(None)
            cb()

        t = Transform(
            transform=transform, flush=lambda cb: cb(Exception("f") if how == "flush" else None)
        )
        if how == "final":

            def final(cb):
                log(how, "_final")
                cb()

            t._final = final

        def listen(ev):
            t.on(ev, lambda v=None: log(how, ev, v))

        for ev in ["error", "finish", "end", "close"]:
            listen(ev)
        t.resume()
        t.end("x", lambda e: log(how, "ended", e))

    for how in ["callback", "flush", "final", "pushed null"]:
        one(how)
