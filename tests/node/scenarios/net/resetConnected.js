'use strict';
const { actor, host, port } = require('../../harness');
const { watch } = require('../../netwatch');
const net = require('net');

const log = actor('main');
const peer = actor('server');
const server = net.createServer((s) => {
  watch(peer, s).resume();
  s.on('close', () => server.close());
}).listen(port, host, () => {
  const s = watch(log, net.connect(port, host));
  s.on('connect', () => {
    setTimeout(() => log(s.resetAndDestroy() === s, s.destroyed), 20);
  });
});
