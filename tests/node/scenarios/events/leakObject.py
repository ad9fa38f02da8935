import warnings

from nodenet.node.events import EventEmitter


def scenario(h):
    log = h.actor("main")
    e = EventEmitter()
    e.setMaxListeners(1)
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        e.on("x", log).on("x", log)
    [warning] = found
    w = warning.message
    log(w.name, w.emitter is e, w.type, w.count, w.code)
    h.actor("process")("warning", f"{w.name}: {w}")
