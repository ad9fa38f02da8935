'use strict';
const { actor, host, port } = require('../../harness');
const { watch } = require('../../netwatch');
const net = require('net');

const log = actor('main');
const server = net.createServer((s) => s.end()).listen(port, host, () => {
  const s = watch(log, net.connect(port, host)).resume();
  s.on('end', () => {
    log('in end', s.writable, s.write('x'), s.destroyed);
    setTimeout(() => log('later', s.writable, s.write('y', (e) => log('y', e))), 20);
  });
  s.on('close', () => server.close());
});
