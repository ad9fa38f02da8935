'use strict';
const { actor, host, port } = require('../../harness');
const { watch } = require('../../netwatch');
const net = require('net');

const log = actor('main');
const server = net.createServer((s) => s.end('x')).listen(port, host, () => {
  const s = watch(log, net.connect({ port, host, writable: false }));
  log(s.writable, s.readyState);
  s.on('data', (d) => log('data', d));
  s.on('close', () => server.close());
});
