'use strict';
const { actor, attempt, dir } = require('../../harness');
const { watch } = require('../../netwatch');
const net = require('net');

const log = actor('main');
const peer = actor('server');
const path = dir + '/s';
const server = net.createServer((s) => {
  watch(peer, s);
  peer(s.address(), s.remoteAddress, s.localAddress, server.address() === path);
  s.pipe(s);
}).listen(path, () => {
  const s = watch(log, net.connect(path));
  s.on('connect', () => {
    log(s.address(), s.remoteAddress, s.remotePort, s.readyState);
    attempt(log, 'reset', () => s.resetAndDestroy());
  });
  s.on('data', (d) => log('data', d));
  s.end('over');
  s.on('close', () => server.close(() => log(require('fs').existsSync(path))));
});
