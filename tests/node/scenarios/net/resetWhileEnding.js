'use strict';
const { actor, attempt, finish, host, port } = require('../../harness');
const { watch } = require('../../netwatch');
const net = require('net');

const log = actor('main');
const server = net.createServer((s) => {
  watch(log, s);
  s.on('error', () => log(s.destroyed, s.pending, s.localAddress));
  s.end();
  attempt(log, 'reset', () => s.resetAndDestroy() === s);
  log(s.destroyed, s.pending);
  server.close();
}).listen(port, host, () => net.connect(port, host).resume());
finish(50);
