from nodenet.node.abort import AbortSignal
from nodenet.node.errors import undefined
from nodenet.timers import setTimeout
from tests.node.harness import attempt


def scenario(h):
    log = h.actor("main")
    s = AbortSignal.abort()
    log(s.aborted, s.reason)
    log(
        AbortSignal.abort("why").reason,
        AbortSignal.abort(undefined).reason,
        AbortSignal.abort(None).reason,
    )
    s.addEventListener("abort", lambda event: log("never"))
    for value in -1, 1.5, "x", None, undefined, True, 2**32, float("nan"):
        attempt(log, "timeout", lambda: AbortSignal.timeout(value))  # noqa: B023
    t = AbortSignal.timeout(20)
    log(t.aborted)
    t.addEventListener(
        "abort", lambda event: log("timeout", event.type, t.reason, t.reason.code)
    )
    setTimeout(lambda: log("before"), 5)
    setTimeout(lambda: log("after"), 60)
