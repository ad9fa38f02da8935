'use strict';
const { actor } = require('../../harness');
const { watch } = require('../../netwatch');
const net = require('net');

const log = actor('main');
const s = new net.Socket();
log(s.address(), s.remoteAddress, s.remotePort, s.remoteFamily, s.localAddress, s.localPort);
log(s.bytesRead, s.bytesWritten, s.bufferSize, s.readyState, s.pending, s.connecting);
log(s.timeout, s.destroyed, s.closed, s.readable, s.writable, s.allowHalfOpen, s.server);
log(s.autoSelectFamilyAttemptedAddresses, s.writableHighWaterMark, s.listenerCount('end'));
log(s.setNoDelay() === s, s.setKeepAlive(true, 1000) === s, s.ref() === s, s.unref() === s);
log(s.pause() === s, s.resume() === s, s._handle, s._connecting);
watch(log, s);
log(s.destroy() === s, s.readyState, s.destroyed);
log(s.setNoDelay() === s, s.setKeepAlive() === s, s.address());
