from nodenet.node.abort import AbortController


def scenario(h):
    log = h.actor("main")

    def throws(event):
        raise Exception("of a listener")

    async def later(event):
        raise TypeError("later")

    ac = AbortController()
    ac.signal.addEventListener("abort", throws)
    ac.signal.addEventListener("abort", lambda event: log("called all the same"))
    ac.signal.addEventListener("abort", later)
    ac.abort()
    log("aborted")
