from nodenet.node.errors import Symbol
from nodenet.node.events import EventEmitter


def scenario(h):
    h.actor("main")

    class Foo(EventEmitter):
        pass

    def f(*args):
        pass

    e = Foo()
    for _ in range(12):
        e.on("x", f)
    for _ in range(11):
        e.once(None, f)
    e.setMaxListeners(1)
    e.on("y", f).on("y", f)
    e.on(Symbol("s"), f)
    s = Symbol("symbol")
    e.on(s, f).prependListener(s, f)
    e.setMaxListeners(0)
    e.on("z", f).on("z", f)
    e.setMaxListeners(2.5)
    e.on("w", f).on("w", f).on("w", f).on("w", f)
    e.off("w", f).off("w", f).on("w", f).on("w", f)
    e.removeAllListeners("w")
    e.on("w", f).on("w", f).on("w", f)
    plain = EventEmitter()
    plain.setMaxListeners(1).on("x", f).on("x", f)
