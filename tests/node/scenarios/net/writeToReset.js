'use strict';
const { actor, host, port } = require('../../harness');
const { about, watch } = require('../../netwatch');
const net = require('net');

const log = actor('main');
const server = net.createServer((s) => setTimeout(() => s.resetAndDestroy(), 10));
server.listen(port, host, () => {
  const s = watch(log, net.connect(port, host));
  s.pause();
  setTimeout(() => {
    log(s.write('x', (e) => log('x', about(e))), s.destroyed);
    log(s.write('y', (e) => log('y', about(e))), s.destroyed);
  }, 50);
  s.on('close', () => server.close());
});
