from nodenet.node import net
from tests.node.netwatch import watch


def scenario(h):
    log = h.actor("main")
    s = net.Socket()
    log(s.address(), s.remoteAddress, s.remotePort, s.remoteFamily, s.localAddress, s.localPort)
    log(s.bytesRead, s.bytesWritten, s.bufferSize, s.readyState, s.pending, s.connecting)
    log(s.timeout, s.destroyed, s.closed, s.readable, s.writable, s.allowHalfOpen, s.server)
    log(s.autoSelectFamilyAttemptedAddresses, s.writableHighWaterMark, s.listenerCount("end"))
    log(s.setNoDelay() is s, s.setKeepAlive(True, 1000) is s, s.ref() is s, s.unref() is s)
    log(s.pause() is s, s.resume() is s, s._handle, s._connecting)
    watch(log, s)
    log(s.destroy() is s, s.readyState, s.destroyed)
    log(s.setNoDelay() is s, s.setKeepAlive() is s, s.address())
