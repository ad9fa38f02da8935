'use strict';
const { actor, finish, host, port } = require('../../harness');
const { watch } = require('../../netwatch');
const net = require('net');

const log = actor('main');
const peer = actor('server');
const server = net.createServer({ allowHalfOpen: true }, (s) => {
  watch(peer, s).resume();
  s.on('end', () => {
    peer('in end', s.writable, s.readyState);
    setTimeout(() => { peer(s.readyState); s.end('bye'); peer(s.readyState); }, 20);
  });
  s.on('close', () => server.close());
}).listen(port, host, () => {
  const s = watch(log, net.connect({ port, host, allowHalfOpen: true }));
  s.on('data', (d) => log('data', d, s.readyState));
  s.end();
  s.on('finish', () => log(s.readyState, s.destroyed));
});
