'use strict';
const { actor, host, port } = require('../../harness');
const { about, watch } = require('../../netwatch');
const net = require('net');

const log = actor('main');
const peer = actor('server');
const server = net.createServer((s) => {
  watch(peer, s).resume();
  s.on('close', () => server.close());
}).listen(port, host, () => {
  const s = net.connect(port, host);
  log(s.resetAndDestroy() === s, s.destroyed);
  s.on('close', (...a) => log('close', ...a));
  s.on('error', (e) => log('error', about(e)));
});
