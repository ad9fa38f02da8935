'use strict';
const { actor, host, port } = require('../../harness');
const { watch } = require('../../netwatch');
const net = require('net');

const log = actor('main');
const server = net.createServer((s) => s.resume().end('x')).listen(port, host, () => {
  const s = watch(log, net.connect({ port, host, readable: false }));
  log(s.readable, s.readyState);
  s.on('data', (d) => log('data', d));
  s.on('close', () => server.close());
  s.end('y');
});
