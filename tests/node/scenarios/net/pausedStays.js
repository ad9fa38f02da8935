'use strict';
const { actor, host, port } = require('../../harness');
const { watch } = require('../../netwatch');
const net = require('net');

const log = actor('main');
const server = net.createServer((s) => s.end('abc')).listen(port, host, () => {
  const s = watch(log, net.connect(port, host));
  s.pause();
  s.on('data', (d) => log('data', d));
  setTimeout(() => {
    log(s.isPaused(), s.readableFlowing, s.bytesRead);
    s.resume();
    s.on('close', () => server.close());
  }, 50);
});
