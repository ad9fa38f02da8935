import math

from nodenet.node import net
from nodenet.node._inspect import undefined
from tests.node.harness import attempt


def scenario(h):
    log = h.actor("main")

    # A backlog is a number, or text of one, or none.
    def listen(backlog):
        return net.createServer().listen(0, h.host, backlog).unref().close() and 1

    for backlog in ["0x50", "5", math.inf, -1, "x", True, None]:
        attempt(log, "backlog", lambda backlog=backlog: listen(backlog))
    for halfOpen in [1, "x", "", 0, {}, None]:
        log(net.createServer({"allowHalfOpen": halfOpen}).allowHalfOpen)

    def encode(encoding):
        return net.Socket().setEncoding(encoding).readableEncoding

    for encoding in [undefined, None, "", "utf-8", False, 0, {}, "x"]:
        attempt(log, "encoding", lambda encoding=encoding: encode(encoding))
    for name in "setDefaultAutoSelectFamily", "setDefaultAutoSelectFamilyAttemptTimeout":
        attempt(log, name, getattr(net, name))
    attempt(log, "signal", lambda: net.Socket({"signal": 5}))

    def connect():
        absent = dict.fromkeys(["path", "autoSelectFamily", "family"], undefined)
        s = net.connect({"port": h.port, "host": h.host, **absent})
        s.on("error", lambda e: log(e.code))

    attempt(log, "undefined", connect)

    # Of the other family.
    def across(local, to):
        its = h.actor(f"from {local}")
        s = net.connect({"port": h.port, "host": to, "localAddress": local})
        s.on("error", lambda e: its(e, e.address))

    across("::1", h.host)
    across(h.host, "::1")
