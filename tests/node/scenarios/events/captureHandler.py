from nodenet.node.events import EventEmitter


def scenario(h):
    log = h.actor("main")

    class E(EventEmitter):
        def onRejection(self, err, type, *args):
            log("rejected", err, type, args)

    def late(error):
        async def listener(*args):
            raise error

        return listener

    e = E(captureRejections=True)
    e.on("x", late(Exception("late")))
    e.on("error", late(TypeError("of error")))
    e.emit("x", 1, "two")
    e.emit("error", Exception("first"))
