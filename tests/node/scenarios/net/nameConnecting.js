'use strict';
const { actor, host, port } = require('../../harness');
const net = require('net');

const log = actor('main');
const s = net.connect(port, host);
log(s.localAddress);
s.on('connectionAttempt', () => log('attempt', s.localAddress));
s.on('connectionAttemptFailed', () => log('failed', s.localAddress, s.connecting));
s.on('error', (e) => log(e.code, s.localAddress));
s.on('close', () => {
  const bound = net.connect({ port, host, localAddress: '127.0.0.2' });
  bound.on('connectionAttempt', () => log('attempt', bound.localAddress));
  bound.on('error', (e) => log(e.code));
});
