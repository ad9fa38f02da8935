from nodenet.node import stream
from nodenet.node.events import AbortSignal
from nodenet.node.stream import Duplex, PassThrough, Readable, Transform, Writable
from tests.node.harness import attempt


def scenario(h):
    log = h.actor("main")
    attempt(log, "addAbortSignal", lambda: stream.addAbortSignal(AbortSignal.abort()))
    attempt(log, "destroy", stream.destroy)
    attempt(log, "isDisturbed", stream.isDisturbed)
    attempt(log, "isErrored", stream.isErrored)
    attempt(log, "isReadable", stream.isReadable)
    attempt(log, "setDefaultHighWaterMark", stream.setDefaultHighWaterMark)
    attempt(log, "from", Readable.from_)
    attempt(log, "Duplex.from", Duplex.from_)
    attempt(log, "_read", Readable()._read)
    attempt(log, "_write", Writable()._write)
    attempt(log, "_transform", Transform()._transform)

    def returns(value):
        attempt(log, "returns", lambda: value() and "something")

    returns(lambda: stream.pipeline(lambda: None, PassThrough(), lambda: None))
    returns(lambda: stream.pipeline(["a"], lambda s: None, PassThrough(), lambda: None))
    returns(lambda: stream.pipeline(["a"], lambda s: None, lambda: None))
    returns(lambda: Duplex.from_(lambda s: None))
    for cls in [Readable, Writable, Duplex, Transform]:
        for signal in [5, "x", True, {}, [], None, 0, ""]:
            attempt(log, "signal", lambda cls=cls, signal=signal: cls(signal=signal) and "made")
