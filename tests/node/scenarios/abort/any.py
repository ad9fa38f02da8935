from nodenet.node.abort import AbortController, AbortSignal
from nodenet.node.errors import undefined
from tests.node.harness import attempt


def scenario(h):
    log = h.actor("main")
    log(AbortSignal.any([]).aborted)
    a = AbortController()
    b = AbortController()
    both = AbortSignal.any([a.signal, b.signal])
    both.addEventListener("abort", lambda event: log("any", both.reason))
    nested = AbortSignal.any([both, AbortController().signal])
    nested.addEventListener("abort", lambda event: log("nested", nested.reason, both.aborted))
    a.signal.addEventListener("abort", lambda event: log("a", both.aborted))
    b.signal.addEventListener("abort", lambda event: log("b", both.aborted))
    a.abort("first")
    b.abort("second")
    log(both.reason)
    over = AbortSignal.any([AbortController().signal, AbortSignal.abort("over")])
    log(over.aborted, over.reason)
    for value in undefined, None, 5, "x", {}, [None], [undefined], [5], [{}]:
        attempt(log, "invalid", lambda: AbortSignal.any(value))  # noqa: B023
    c = AbortController()
    AbortSignal.any([AbortSignal.any([c.signal]), c.signal]).onabort = lambda event: log("once")
    c.abort()
