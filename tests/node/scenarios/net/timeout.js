'use strict';
const { actor, host, port } = require('../../harness');
const { watch } = require('../../netwatch');
const net = require('net');

const log = actor('main');
const server = net.createServer((s) => {
  s.resume();
  setTimeout(() => s.write('x'), 60);
  setTimeout(() => s.end(), 300);
}).listen(port, host, () => {
  const s = watch(log, net.connect({ port, host, timeout: 100 }));
  log(s.timeout);
  s.on('data', (d) => log('data', d));
  s.on('close', () => server.close());
});
