from nodenet.node.abort import AbortController, AbortSignal
from tests.node.harness import attempt


def scenario(h):
    log = h.actor("main")
    ac = AbortController()
    signal = ac.signal
    log(signal.aborted, signal.reason, signal is ac.signal, signal.throwIfAborted())
    signal.addEventListener(
        "abort", lambda event: log("event", event.type, event.target is signal, signal.aborted)
    )
    signal.onabort = lambda event: log("onabort", event.type)
    signal.addEventListener("abort", lambda event: log("after"))
    ac.abort()
    ac.abort("again")
    log(signal.aborted, signal.reason)
    attempt(log, "throwIfAborted", lambda: signal.throwIfAborted())
    signal.addEventListener("abort", lambda event: log("never"))
    bc = AbortController()
    bc.abort("why")
    log(bc.signal.reason)
    cc = AbortController()
    cc.abort(TypeError("own"))
    attempt(log, "throwIfAborted", lambda: cc.signal.throwIfAborted())
    dc = AbortController()
    dc.abort(None)
    log(dc.signal.aborted, dc.signal.reason)
    attempt(log, "new", lambda: AbortSignal())
