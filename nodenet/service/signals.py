"""
The daemon's signals.
"""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["handleSignals"]


def handleSignals(
    reactor: Any, cut: Callable[[], Any], others: Mapping[int, Callable[[], Any]]
) -> None:
    """
    SIGTERM and SIGINT stop the reactor; the second of them does not wait. Twisted's own
    handlers would have twistd exit by the signal: this service is meant to end by it, with
    status 0.

    @param cut: ends what is still open.
    @param others: signal -> what to do on it.
    """

    def stop(number: int, frame: object) -> None:
        reactor.callFromThread(cut if stopping else reactor.stop)
        stopping.append(number)

    def install() -> None:
        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        for number, call in others.items():
            signal.signal(number, lambda *_, call=call: reactor.callFromThread(call))
        if signal.SIGHUP not in others and not os.isatty(0):
            # Else it is the terminal that hangs up.
            signal.signal(signal.SIGHUP, signal.SIG_IGN)

    def running() -> None:
        install()
        if signal.getsignal(signal.SIGUSR1) is signal.SIG_DFL:
            # Nobody has a log to rotate: that is no reason to die.
            signal.signal(signal.SIGUSR1, signal.SIG_IGN)

    def exit() -> None:
        # With cryptography 42, to collect OpenSSL's objects as the interpreter ends may crash.
        gc.freeze()
        # Python sets the default ones when it exits, unless they are ignored.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    stopping: list[int] = []
    # Before anything listens, for whoever waits for that; and again, as the reactor
    # sets its own when it starts.
    install()
    reactor.callWhenRunning(running)
    reactor.addSystemEventTrigger("after", "shutdown", exit)
