'use strict';
const { actor, host, port } = require('../../harness');
const { about, watch } = require('../../netwatch');
const net = require('net');

const log = actor('main');
const s = watch(log, net.connect(port, host));
log(s.write('x', (e) => log('x', about(e))), s.write('y', (e) => log('y', about(e))));
log(s.bytesWritten, s.writableLength, s.bufferSize);
s.end((e) => log('end', about(e)));
s.destroy();
log(s.connecting, s.pending, s.bytesWritten);
